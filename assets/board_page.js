/* The page around a board: the edit mode and its buttons, what is said about saving, undo and redo, the menus
   of the widgets, and the bars that appear when something needs a decision. */
(function () {
  'use strict';
  const { Dashboard, ask, boardDrawers: drawers, boardShare, boardVersions, isPhone, dom: { h, askFor, confirm, trouble, ago } } = window.Housecount;
  let board = null;
  let wasEditing = null;

  const find = (selector) => board?.root.querySelector(selector);
  const typing = (target) => target.closest?.('input, textarea, select, [contenteditable="true"], dialog[open], [role="dialog"]');

  /* The page of a board has come, or gone; a filter in the address makes it come anew. */
  function look() {
    const root = document.querySelector('#react-entry-point [data-dashboard]');
    if (board && !board.root.isConnected) {
      if (!root || root.dataset.dashboard !== board.id) { board.end(); board = null; wasEditing = null; }
    }
    if (!root || root.dataset.bound) return;
    root.dataset.bound = '1';
    const before = board;
    board = new Dashboard(root, before);
    board.on(heard);
    board.begin();
    window.Housecount.openBoard = board;
    if (wasEditing === board.id || (!before && new URLSearchParams(location.search).has('edit'))) board.edit(true);
    buttons();
  }

  function heard(what, details = {}) {
    if (what === 'saving') saving(details);
    if (what === 'editing') {
      wasEditing = details.on ? board.id : null;
      if (!details.on) { drawers.leave(); forgetEdit(); }
      board.say(details.on
        ? (isPhone() ? 'Editing. Use the buttons on each widget to order them.'
          : 'Editing. Arrow keys on a widget’s handle move it, with Shift they resize it; Escape ends editing.')
        : 'Editing ended.');
    }
    if (what === 'removed') toast(`${details.title} removed`, 'Undo', () => board.undo());
    if (what === 'newer') newer(details.theirs);
    if (what === 'gone') gone(details.gone);
    if (what === 'looked') looked();
    if (what === 'sorry') toast(details.text);
    if (what === 'full') toast(`A board holds ${details.most} widgets at the most.`);
    if (what === 'renamed') {
      Object.assign(find('[data-board-name]'), { textContent: details.name, title: details.name });
      document.title = `${details.name} · Housecount`;
    }
    buttons();
  }

  /* An address that began in the edit mode does not lead back into it once it has ended. */
  function forgetEdit() {
    const query = new URLSearchParams(location.search);
    if (!query.has('edit')) return;
    query.delete('edit');
    history.replaceState(history.state, '', `${location.pathname}${query.size ? `?${query}` : ''}`);
  }

  function buttons() {
    if (!board) return;
    for (const [action, on] of [['undo', board.history.mayUndo], ['redo', board.history.mayRedo]]) {
      const button = find(`[data-board-action="${action}"]`);
      if (!button) continue;
      const held = button === document.activeElement;
      button.disabled = !on;
      // A button that is no more to be pressed loses the focus: the other way there is one.
      if (held && !on) rest();
    }
    board.root.querySelectorAll('[data-board-action="edit"]').forEach((button) => {
      button.setAttribute('aria-pressed', String(board.editing));
    });
  }

  /* Saved, saving, and what else there is to say about it. */
  function saving({ state, theirs, by = 'you', ...refusal }) {
    const node = find('[data-save-state]');
    if (!node) return;  // Whoever only looks has nothing to save.
    const words = {
      saving: 'Saving…', saved: `Saved ${clock()}`,
      retrying: 'Not saved: retrying', conflict: 'Not saved: conflict', refused: 'Not saved',
    };
    node.dataset.saveState = state;
    if (node.textContent !== words[state]) node.textContent = words[state];
    node.title = state === 'retrying' ? 'Your changes are kept in this browser until the server can be reached.' : '';
    if (state === 'saved') {
      bar(null);
      find('[data-board-sub]').textContent = `Version ${board.version}, saved by ${by} at ${clock()}`;
    }
    if (state === 'conflict') conflict(theirs);
    if (state === 'refused') refused(refusal);
  }

  const clock = () => new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

  /* One bar above the board at a time: a text and what can be done about it. */
  function bar(text, ...actions) {
    const place = find('[data-board-bars]');
    if (!place) return;
    place.replaceChildren(...(text === null ? [] : [
      h('div', { class: 'banner', role: 'alert' }, h('div', { class: 'grow' }, text), ...actions),
    ]));
  }

  const button = (text, onclick, kind = 'button-quiet') => h('button', { type: 'button', class: kind, onclick }, text);

  function conflict(theirs) {
    const who = theirs.savedBy;
    const mine = board.saving.waiting || board.document;
    bar(
      [h('b', {}, `${who} saved version ${theirs.version} ${ago(theirs.updatedAt)}.`),
        ' Your changes are not saved, and nothing was overwritten.'],
      button('See theirs', () => {
        board.adopt(theirs);
        bar(null);
        toast('This is their version. Yours is one undo away.', 'Undo', () => board.undo());
      }),
      button('Keep mine as a copy', () => keepAsCopy(mine)),
    );
  }

  function newer(theirs) {
    bar([h('b', {}, `${theirs.savedBy} saved version ${theirs.version} ${ago(theirs.updatedAt)}.`), ' You see an older one.'],
      button('See theirs', () => { board.adopt(theirs); bar(null); }));
  }

  function gone(away) {
    if (!away) { bar(null); return; }
    bar([h('b', {}, 'This board is no longer here.'),
      ' It was moved to the trash, or is no longer shared with you. The figures below are the last ones.'],
    board.mayEdit && button('Keep mine as a copy', () => keepAsCopy(board.saving.waiting || board.document)),
    h('a', { class: 'button-quiet', href: '/dashboards' }, 'All dashboards'));
  }

  /* Nothing more is saved until what the server does not take is gone; a copy of it would be refused as well. */
  function refused({ detail, gone, widget }) {
    if (gone) {
      bar([h('b', {}, 'You can no longer save this board.'), ` ${detail}`],
        button('Keep mine as a copy', () => keepAsCopy(board.saving.waiting || board.document)));
      return;
    }
    const there = widget && board.widget(widget);
    bar([h('b', {}, 'This cannot be saved.'), ` ${there ? `${board.titleOf(widget)}: ` : ''}${detail}`,
      ` ${there ? 'Change or remove that widget' : 'Undo the last changes'}; until then your changes are kept in this browser only.`],
    board.history.mayUndo && button('Undo', () => board.undo()),
    there && button('Remove the widget', () => board.remove(widget)));
  }

  async function keepAsCopy(document) {
    const answer = await ask('/api/v1/dashboards', 'POST', { name: `${board.name.slice(0, 105)} (my version)`, document });
    if (answer.status !== 201) { toast(trouble(answer)); return; }
    board.saving.adopt(board.version);
    location.assign(`/dashboards/${answer.body.id}`);
  }

  /* A version looked at: nothing is saved until it is restored. */
  function preview(document, title, restore) {
    board.edit(false);
    const now = board.document;
    const back = () => {
      board.looking = null;
      board.show(now);
      bar(null);
    };
    board.looking?.();
    board.looking = back;
    board.show(document);
    bar([h('b', {}, title), ' You are looking at it; nothing has changed.'],
      restore && button('Restore this version', async () => {
        board.looking = null;
        const wrong = await restore();
        if (wrong) toast(wrong); else bar(null);
      }, 'button-main'),
      button('Back to now', back));
  }

  /* The focus of a button that is gone goes to what is most like it. */
  const rest = () => [...board.root.querySelectorAll('.button-pair button:enabled, [data-board-action="done"], [data-board-action="edit"]')]
    .find((each) => each.checkVisibility())?.focus();

  let toasting = 0;

  /* A short word at the foot of the page, with a way back where there is one. */
  function toast(text, action, done) {
    document.querySelector('.snackbar')?.remove();
    const box = h('div', { class: 'snackbar', role: 'status' }, text,
      action && button(action, () => { box.remove(); done(); rest(); }, 'button-text'));
    // Nothing is seen behind an open dialog; and what it says holds when the dialog has gone.
    const over = [...document.querySelectorAll('dialog[open]')].at(-1);
    (over || document.body).append(box);
    over?.addEventListener('close', () => { if (over.contains(box)) document.body.append(box); }, { once: true });
    clearTimeout(toasting);
    const held = () => box.contains(document.activeElement);
    const away = () => { if (held()) toasting = setTimeout(away, 1000); else box.remove(); };
    toasting = setTimeout(away, 8000);
  }

  const actions = {
    edit: () => {
      const pressed = document.activeElement?.dataset?.boardAction === 'edit';
      board.edit(!board.editing);
      if (pressed) find('[data-board-action="done"]').focus();
    },
    done: () => { board.edit(false); find('[data-board-action="edit"]')?.focus(); },
    add: () => drawers.gallery(board),
    undo: () => board.undo(),
    redo: () => board.redo(),
    versions: () => boardVersions(board, { preview, toast }),
    share: () => boardShare(board, { toast }),
    rename: () => askFor('Rename this board', {
      label: 'Name', value: board.name, action: 'Rename',
      done: async (name) => {
        if (name === board.name) return '';
        const answer = await board.rename(name);
        return answer.status === 200 ? '' : trouble(answer);
      },
    }),
    duplicate: async () => {
      const answer = await ask(`/api/v1/dashboards/${board.id}/duplicate`, 'POST', {});
      if (answer.status === 201) location.assign(`/dashboards/${answer.body.id}`);
      else toast(trouble(answer));
    },
    trash: () => confirm('Move this board to the trash?',
      'It goes out of sight for everybody it is shared with, and its links stop working. You can restore it.', 'Move to trash',
      async () => {
        const answer = await ask(`/api/v1/dashboards/${board.id}`, 'DELETE', null, { headers: { 'If-Match': `"${board.version}"` } });
        if (answer.status >= 300 || !answer.status) return trouble(answer);
        location.assign('/dashboards');
        return '';
      }),
  };

  const widgetActions = {
    configure: (id) => drawers.settings(board, id),
    duplicate: (id) => board.duplicate(id),
    remove: (id) => board.remove(id),
    phone: (id, step) => board.movePhone(id, Number(step)),
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('button');
    if (!board || !button || !board.root.contains(button)) return;
    const { boardAction } = button.dataset;
    const id = button.closest('.slot')?.dataset.of;
    const name = Object.keys(widgetActions).find((action) => action in button.dataset);
    if (!boardAction && !(id && name)) return;
    const menu = button.closest('details');
    if (menu) menu.open = false;
    if (boardAction) actions[boardAction]?.();
    else if (board.mayEdit) widgetActions[name](id, button.dataset[name]);
  });

  document.addEventListener('keydown', (event) => {
    if (!board || typing(event.target)) return;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && board.editing && (key === 'z' || key === 'y')) {
      event.preventDefault();
      if (key === 'y' || event.shiftKey) board.redo(); else board.undo();
    } else if (!command && !event.altKey && key === 'e' && board.mayEdit) {
      event.preventDefault();
      actions.edit();
    } else if (event.key === 'Escape' && board.editing && !document.querySelector('details[open], .ui-draggable-dragging')) {
      actions.done();
    } else if (event.key === 'Delete' && board.editing && event.target.matches('.gs-handle')) {
      board.remove(event.target.closest('.slot').dataset.of);
    }
  }, true);  // Before an open menu closes itself with the same key.

  /* Another look at the same board, by its address: the widgets are drawn anew in their places, the page
     stays. Says whether there is a board to do it. */
  function lookAt(search) {
    if (!board || !board.root.isConnected || location.pathname !== `/dashboards/${board.id}`) return false;
    if (search !== location.search) history.pushState({}, '', `${location.pathname}${search}`);
    window.Housecount.filters.asking();
    board.drawing.redraw(true);
    return true;
  }

  let chosen = '';  // The menu of the last choice: it gets the focus back.

  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('#react-entry-point .board-look a');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.pathname !== location.pathname || !lookAt(link.search)) return;
    event.preventDefault();
    event.stopPropagation();  // Else Dash would go there, and draw the whole page anew.
    const menu = link.closest('details');
    chosen = menu?.dataset.filter || 'range';
    if (menu) menu.open = false;
  }, true);
  addEventListener('popstate', () => lookAt(location.search));

  /* The other pages are opened with what is looked at here: their links stand outside of what is drawn anew. */
  function carry(query) {
    document.querySelectorAll('#react-entry-point :is(.nav-item, .tab, .tabs .menu-item)[id]').forEach((link) => {
      const id = JSON.parse(link.id);
      window.dash_clientside.set_props(id, { href: query ? `${id.i}?${query}` : id.i });
    });
  }

  function looked() {
    const bar = find('.filter-bar');
    if (bar) {
      delete bar.dataset.seen;  // React keeps the element: others take it for the one they have seen.
      carry(bar.dataset.carried);
    }
    window.Housecount.filters.answered();
    const lost = document.activeElement === document.body || !document.activeElement?.isConnected;
    if (chosen && lost) find(`[data-filter="${chosen}"] > summary`)?.focus({ preventScroll: true });
    chosen = '';
  }

  const there = () => Boolean(board?.root.isConnected);

  window.Housecount.boards = { look: lookAt, there, redraw: () => board?.drawing.redraw() };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  look();
})();
