/* The list of dashboards: new ones, from a template or empty, and what a card's menu does. */
(function () {
  'use strict';
  const { ask, dom: { h, icon, dialog, askFor, confirm, trouble } } = window.Housecount;
  const URL = '/api/v1/dashboards';

  const list = () => document.querySelector('#react-entry-point [data-board-list]');

  /* The same small picture as components/board_grid.py draws. */
  function outline(boxes) {
    const standing = boxes.filter(([, y]) => y < 14);
    const rows = Math.min(14, Math.max(6, ...standing.map(([, y, , high]) => y + high)));
    return h('div', { class: 'outline', style: `--rows:${rows}`, 'aria-hidden': 'true' },
      standing.map(([x, y, w, high, name]) =>
        h('div', { style: `grid-column:${x + 1} / span ${w};grid-row:${y + 1} / span ${high}` }, high >= 3 && icon(name))));
  }

  function templates() {
    try { return JSON.parse(list().dataset.templates); } catch { return []; }
  }

  async function create(name, template) {
    const answer = await ask(URL, 'POST', { name, ...(template ? { template } : {}) });
    if (answer.status !== 201) return trouble(answer);
    location.assign(`/dashboards/${answer.body.id}${template ? '' : '?edit=1'}`);
    return '';
  }

  /* A name and what to begin with. */
  function newBoard(chosen = '') {
    const choices = [{ name: '', label: 'Empty board', description: 'Add widgets one by one.', boxes: [] }, ...templates()];
    const field = h('input', { class: 'entry', type: 'text', maxlength: 120, required: true, 'aria-label': 'Name' });
    const wrong = h('p', { class: 'form-wrong', role: 'alert' });
    const send = h('button', { class: 'button-main', type: 'submit' }, 'Create');
    let touched = false;
    const suggest = (choice) => { if (!touched) field.value = choice.name ? choice.label : 'New dashboard'; };
    const options = choices.map((choice) => {
      const radio = h('input', {
        type: 'radio', name: 'template', value: choice.name, checked: choice.name === chosen,
        onchange: () => suggest(choice),
      });
      return h('label', { class: 'template-choice' }, radio, outline(choice.boxes),
        h('span', { class: 'template-name' }, choice.label), h('span', { class: 'muted small' }, choice.description));
    });
    const form = h('form', {
      onsubmit: async (event) => {
        event.preventDefault();
        if (!field.value.trim()) return;
        send.disabled = true;
        wrong.textContent = await create(field.value.trim(), form.elements.template.value);
        send.disabled = false;
      },
    }, h('fieldset', { class: 'template-choices' }, h('legend', { class: 'field-label' }, 'Begin with'), h('div', { class: 'template-grid' }, options)),
    h('label', { class: 'field-label' }, 'Name', field), wrong, h('div', { class: 'form-foot' }, send));
    field.addEventListener('input', () => { touched = true; });
    suggest(choices.find((choice) => choice.name === chosen) || choices[0]);
    dialog('wide-dialog', 'New dashboard', form);
    field.focus();
    field.select();
  }

  const done = (answer) => {
    if (answer.status !== 200 && answer.status !== 204) return trouble(answer);
    location.reload();
    return '';
  };

  /* A change of the board as it is now: its newest version is asked for first. */
  async function change(id, method, sent, query = '') {
    const found = await ask(`${URL}/${id}`, 'GET');
    if (found.status !== 200) return trouble(found);
    return done(await ask(`${URL}/${id}${query}`, method, sent, { headers: { 'If-Match': `"${found.body.version}"` } }));
  }

  const sorry = (title, text) => text && confirm(title, text, 'Close', async () => '');

  const actions = {
    duplicate: async (id) => {
      const answer = await ask(`${URL}/${id}/duplicate`, 'POST', {});
      if (answer.status === 201) location.assign(`/dashboards/${answer.body.id}`);
      else sorry('No copy was made', trouble(answer));
    },
    rename: (id, name) => askFor('Rename this board', {
      label: 'Name', value: name, action: 'Rename', done: (changed) => change(id, 'PATCH', { name: changed }),
    }),
    trash: (id, name) => confirm(`Move “${name}” to the trash?`,
      'It goes out of sight for everybody it is shared with, and its links stop working. You can restore it.',
      'Move to trash', () => change(id, 'DELETE')),
    restore: async (id) => sorry('It was not restored', await change(id, 'PATCH', { trashed: false })),
    purge: (id, name) => confirm(`Remove “${name}” for good?`, 'Nobody can bring it back.', 'Remove for good',
      () => change(id, 'DELETE', null, '?purge=1')),
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-list-action], [data-card-action], [data-template]');
    if (!button || !list()?.contains(button)) return;
    button.closest('details')?.removeAttribute('open');
    if (button.dataset.listAction === 'new') newBoard();
    if (button.dataset.template) newBoard(button.dataset.template);
    const card = button.closest('[data-board-card]');
    if (button.dataset.cardAction) actions[button.dataset.cardAction](card.dataset.boardCard, card.dataset.cardName);
  });

  /* A field to find a board by its name. */
  function finder() {
    const place = document.querySelector('#react-entry-point [data-list-finder]');
    if (!place || place.firstChild) return;
    place.append(h('input', {
      class: 'entry', type: 'search', placeholder: 'Find a board', 'aria-label': 'Find a board',
      oninput: (event) => {
        const words = event.target.value.trim().toLowerCase();
        document.querySelectorAll('[data-board-card]').forEach((card) => {
          card.hidden = !card.dataset.cardName.toLowerCase().includes(words);
        });
      },
    }));
  }

  new MutationObserver(finder).observe(document.documentElement, { childList: true, subtree: true });
  finder();
})();
