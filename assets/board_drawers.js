/* The drawers of the edit mode: the gallery of widgets, and the settings of one with a live preview in its
   own place on the board. */
(function () {
  'use strict';
  const { ask, BoardForm, boardModel: model, samples, dom: { h, icon, dialog, trouble } } = window.Housecount;
  const QUIET = 350;
  let catalogue = null;

  /* The widgets there are, and the metrics and dimensions to choose from; asked for once. */
  async function there() {
    if (catalogue) return catalogue;
    const answer = await ask('/api/v1/widgets', 'GET');
    if (answer.status !== 200) throw new Error(trouble(answer));
    catalogue = answer.body;
    return catalogue;
  }

  async function gallery(board) {
    const list = h('div', { class: 'gallery' }, h('p', { class: 'muted' }, 'Reading the gallery…'));
    const field = h('input', { class: 'entry', type: 'search', placeholder: 'Find a widget', 'aria-label': 'Find a widget' });
    const box = dialog('drawer drawer-gallery', 'Add a widget', field, list);
    box.addEventListener('close', () => samples.takeDown(list));
    let known = [];
    try { known = (await there()).widgets; } catch (error) { list.replaceChildren(h('p', { class: 'form-wrong', role: 'alert' }, error.message)); return; }

    function show() {
      const wanted = field.value.trim().toLowerCase().split(/\s+/);
      const found = known.filter((one) => {
        const text = `${one.label} ${one.name} ${one.description} ${one.groupLabel}`.toLowerCase();
        return wanted.every((word) => text.includes(word));
      });
      const groups = new Map();
      for (const one of found) groups.set(one.groupLabel, [...(groups.get(one.groupLabel) || []), one]);
      samples.takeDown(list);
      list.replaceChildren(...(found.length ? [...groups].map(([group, some]) => h('section', {},
        h('h3', { class: 'side-title' }, group), h('ul', { class: 'gallery-group' }, some.map(card)))) : [
        h('p', { class: 'muted' }, `No widget is called “${field.value.trim()}”. The custom widget shows any metric by any dimension.`)]));
    }

    const card = (one) => h('li', {}, samples.picture(board.root.dataset.pictures, one), h('button', {
      type: 'button', class: 'gallery-card', onclick: () => { box.close(); board.add(one.name, {}); },
    }, h('b', {}, icon(one.icon || 'grid'), one.label, one.live && h('span', { class: 'mark live-mark' }, 'Live')),
    h('span', { class: 'muted small' }, one.description)));

    field.addEventListener('input', show);
    field.addEventListener('keydown', (event) => {
      // Not for the button behind the drawer, which has the focus again by the time this key is let go.
      if (event.key === 'Enter') { event.preventDefault(); list.querySelector('.gallery-card')?.click(); }
      if (event.key === 'ArrowDown') { event.preventDefault(); list.querySelector('.gallery-card')?.focus(); }
    });
    list.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const cards = [...list.querySelectorAll('.gallery-card')];
      (cards[cards.indexOf(document.activeElement) + step] || field).focus();
    });
    show();
    field.focus();
  }

  let open = null;

  /* What is tried is shown on the board and nowhere kept, until it is applied. */
  async function settings(board, id) {
    open?.cancel();
    const placed = board.widget(id);
    let known = null;
    try { known = await there(); } catch (error) { board.notify('sorry', { text: error.message }); return; }
    const kind = known.widgets.find((one) => one.name === placed.widget);
    let tried = { title: placed.title, settings: placed.settings };
    let timer = 0;
    const show = (values) => board.show({ ...board.document, widgets: model.changed(board.widgets, id, values) });
    const attempt = (values) => {
      wrong.textContent = form.complain([]).join(' ');
      tried = { ...tried, ...values };
      clearTimeout(timer);
      timer = setTimeout(() => show(tried), QUIET);
    };
    const title = h('input', {
      class: 'entry', type: 'text', maxlength: 120, value: placed.title, id: 'widget-title',
      placeholder: placed.title ? kind?.label : board.titleOf(id), oninput: (event) => attempt({ title: event.target.value }),
    });
    const form = new BoardForm(kind?.settings || {}, placed.settings, known, (values) => attempt({ settings: values }));
    const close = h('button', { class: 'icon-button bare', type: 'button', 'aria-label': 'Close, as it was' }, icon('close'));
    const cancel = h('button', { class: 'button-quiet', type: 'button' }, 'Cancel');
    const apply = h('button', { class: 'button-main', type: 'submit' }, 'Apply');
    const wrong = h('p', { class: 'form-wrong grow', role: 'alert' });
    const box = h('form', { class: `drawer drawer-settings ${side(board.grid.slotOf(id))}`, role: 'dialog', 'aria-label': `Settings of ${board.titleOf(id)}` },
      h('header', { class: 'drawer-head' }, h('h2', { class: 'grow' }, kind?.label || placed.widget), close),
      h('div', { class: 'drawer-body' },
        kind && h('p', { class: 'muted small' }, kind.description),
        h('div', { class: 'field-row' }, h('label', { class: 'field-label', for: 'widget-title' }, 'Title'), title), form.element),
      h('footer', { class: 'drawer-foot' }, wrong, cancel, apply));

    const end = () => {
      clearTimeout(timer);
      open = null;
      box.remove();
      board.grid.slotOf(id)?.classList.remove('configured');
      const slot = board.grid.slotOf(id);
      (slot?.querySelector('.gs-handle') || slot?.querySelector('summary'))?.focus();
    };
    const drop = () => {
      end();
      show({ title: placed.title, settings: placed.settings });
      board.commit();  // Only something if the widget was moved meanwhile.
    };
    open = { cancel: drop };
    close.addEventListener('click', drop);
    cancel.addEventListener('click', drop);
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') { event.stopPropagation(); drop(); }
    });
    /* What the server would not keep stays in the form. Where it cannot be asked, saving will find out. */
    const refused = async () => {
      if (model.same(tried.settings, placed.settings)) return false;
      apply.disabled = true;
      const { status, body } = await ask(`/api/v1/widgets/${encodeURIComponent(placed.widget)}/check`, 'POST', { settings: tried.settings });
      apply.disabled = false;
      if (status !== 422) return false;
      wrong.textContent = form.complain(body.faults || [{ field: '', detail: body.detail }]).join(' ');
      form.element.querySelector('.form-wrong')?.scrollIntoView({ block: 'nearest' });
      return true;
    };
    box.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (apply.disabled || await refused() || !box.isConnected) return;
      end();
      show(tried);
      board.commit();
      if (board.drawing.wanted.has(id)) board.drawing.fresh = id;  // Its handle comes anew, and with it the focus.
    });
    document.body.append(box);
    const slot = board.grid.slotOf(id);
    slot.classList.add('configured');
    slot.scrollIntoView({ block: 'nearest' });
    title.focus();
  }

  /* The drawer stands on the side where it does not hide the widget. */
  function side(slot) {
    const { left, right } = slot.getBoundingClientRect();
    return innerWidth - right < 420 && left > innerWidth - right ? 'at-left' : '';
  }

  window.Housecount.boardDrawers = { gallery, settings, leave: () => open?.cancel() };
})();
