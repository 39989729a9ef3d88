/* The drawers of a board: the rows behind a figure (menu of a widget, or shift and click on a value), page
   by page, and the notes on the time axis. What they show comes from the REST routes anybody may use. */
(function () {
  'use strict';
  const { format: { count, money } } = window.Housecount;
  const ROWS = '/api/v1/analytics/rows';
  const PAGE = 100;

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }
  const icon = (name) => make('i', { class: `ico ico-${name}`, 'aria-hidden': 'true' });

  /* A question to the REST routes: its answer, or an Error in words for people. */
  async function ask(url, { method = 'GET', body } = {}) {
    const headers = { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}) };
    let answer;
    try {
      answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Error('The server cannot be reached. Try again in a moment.');
    }
    if (answer.status === 401) { window.Housecount.signIn(); throw new Error('Sign in again.'); }
    if (answer.status === 204) return null;
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || 'The server cannot answer this right now.');
    return told;
  }

  /* A dialog at the side; the focus goes back to where it came from when it closes. */
  function drawer(title, narrow) {
    document.querySelectorAll('.side-drawer').forEach((other) => other.close());
    const from = document.activeElement;
    const sub = make('div', { class: 'drawer-sub' });
    const body = make('div', { class: 'drawer-scroll', tabindex: '0', 'aria-label': title });
    const foot = make('footer');
    const close = make('button', { class: 'icon-button bare', type: 'button', 'aria-label': 'Close' }, icon('close'));
    const head = make('header', {}, make('div', { class: 'grow' }, make('h2', {}, title), sub), close);
    const dialog = make('dialog', { class: `side-drawer${narrow ? ' narrow' : ''}`, 'aria-label': title }, head, body, foot);
    close.addEventListener('click', () => dialog.close());
    dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener('close', () => {
      const tray = dialog.querySelector('.export-tray');  // Downloads that go on are watched on the page.
      if (tray) document.body.append(tray);
      dialog.remove();
      if (from?.isConnected) from.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
    return { dialog, head, sub, body, foot };
  }

  const stamps = new Map();  // A formatter costs more than a hundred rows.
  function stamp(zone) {
    if (!stamps.has(zone)) {
      stamps.set(zone, new Intl.DateTimeFormat('en-GB', {
        day: '2-digit', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
        timeZone: zone || 'UTC', hourCycle: 'h23',
      }));
    }
    return stamps.get(zone);
  }

  function cell(column, value, row, page) {
    if (column.unit === 'money') {
      const currency = row[page.columns.findIndex((other) => other.name === 'currency')];
      if (value == null) return make('td', { class: 'right muted', title: 'Amounts are not part of this view' }, '•••');
      return make('td', { class: 'right' }, money(value, currency, page.exponents[currency] ?? 2, true));
    }
    if (column.unit) return make('td', { class: 'right' }, count(value));
    if (column.kind === 'time') {
      const zone = row[page.columns.findIndex((other) => other.name === 'time_zone')] || page.zone;
      return make('td', { class: 'num' }, stamp(zone).format(new Date(value)));
    }
    const kind = column.name === 'customer' || column.name === 'ticket' ? 'hash' : '';
    return make('td', { class: kind }, value === '' ? '–' : String(value));
  }

  /* What can be taken away of the rows: files have them all as far as their format allows, a picture has those
     that are shown. `said(shown, more)` keeps the words of the menu true. */
  function downloads(question, drawn) {
    const extent = {};
    const onPaper = Number(document.querySelector('[data-on-paper]').dataset.onPaper);  // Rows of a table in a PDF.
    const entry = (format, label, act) => {
      extent[format] = make('span', { class: 'muted small' });
      const button = make('button', { class: 'menu-item', type: 'button', 'data-rows-as': format },
        make('span', { class: 'menu-name' }, label, extent[format]));
      button.addEventListener('click', () => { menu.open = false; act(); });
      return make('li', {}, button);
    };
    const file = (format, label) => entry(format, label, () => window.Housecount.exports.start({ format, rows: question }));
    const menu = make('details', { class: 'switcher' },
      make('summary', { class: 'icon-button', title: 'Download', 'aria-label': 'Download these rows' }, icon('download')),
      make('ul', { class: 'menu to-right export-menu' },
        file('csv', 'CSV'), file('xlsx', 'Excel workbook'), file('pdf', 'PDF'),
        entry('png', 'PNG', () => window.Housecount.exports.drawRows(drawn()))));
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      event.preventDefault();  // The drawer stays.
      event.stopPropagation();
      menu.open = false;
      menu.querySelector('summary').focus();
    });
    const said = (shown, more) => {
      const all = more ? 'All rows' : `All ${count(shown)} rows`;
      extent.csv.textContent = all;
      extent.xlsx.textContent = all;
      extent.pdf.textContent = more || shown > onPaper ? `The newest ${onPaper} rows at most` : all;
      extent.png.textContent = more ? `The newest ${count(shown)} rows, as shown here` : `${all}, as shown here`;
    };
    said(0, true);
    return { menu, said };
  }

  /* The rows of a question, as `data-drill` of a widget has it; `words` say of what they are, the rest range and zone. */
  function openRows(question, words, [range, zone] = []) {
    const title = question.kind === 'scans' ? 'Scans' : 'Lines of sale';
    const { dialog, head, sub, body, foot } = drawer(title);
    sub.textContent = words;
    const heads = make('tr');
    const lines = make('tbody');
    const table = make('table', { class: 'rows-table' }, make('thead', {}, heads), lines);
    const more = make('button', { class: 'button-plain', type: 'button', hidden: true }, 'Show more');
    const said = make('span', { class: 'grow', role: 'status' }, 'Reading the rows…');
    const take = downloads(question, () => ({ title, words, kind: question.kind || 'sales', range, zone, said: `${said.textContent} · as of ${read}`, content: body.firstElementChild }));
    head.lastElementChild.before(take.menu);
    foot.append(said, more);
    let after = '';
    let shown = 0;
    let read = '';

    async function next() {
      more.disabled = true;
      try {
        const page = await ask(ROWS, { method: 'POST', body: { ...question, after, limit: PAGE } });
        if (!dialog.isConnected) return;
        read = read || `${stamp(page.zone).format(new Date())}${page.zone ? '' : ' UTC'}`;
        if (!shown && page.rows.length) {
          heads.replaceChildren(...page.columns.map((column) =>
            make('th', { scope: 'col', class: column.unit ? 'right' : undefined }, column.label)));
          body.replaceChildren(table);
        }
        lines.append(...page.rows.map((row) =>
          make('tr', {}, ...row.map((value, index) => cell(page.columns[index], value, row, page)))));
        shown += page.rows.length;
        after = page.nextCursor || '';
        more.hidden = !after;
        take.said(shown, Boolean(after));
        said.textContent = `${count(shown)} rows, newest first${after ? ', and more' : ''}`
          + ` · times in ${page.zone || 'the zone of each row'} · customers and tickets by a hash of the day`;
        if (!shown) body.replaceChildren(make('p', { class: 'drawer-note' }, 'There are no such rows in this range.'));
      } catch (error) {
        said.textContent = error.message;
        more.textContent = 'Try again';
        more.hidden = false;
      }
      more.disabled = false;
    }
    more.addEventListener('click', () => { more.textContent = 'Show more'; next(); });
    next();
  }

  const slotOf = (node) => node.closest('[data-drill]');
  const titleOf = (slot) => slot.querySelector('h2')?.textContent || '';

  /* What the table of a widget calls a value: its filters have codes and ids. */
  function nameOf(slot, dimension, value) {
    const { tables = [] } = JSON.parse(slot.querySelector('.widget')?.dataset.table || '{}');
    const { by, rows } = tables.find((table) => table.by?.[1] === dimension && table.by[2].includes(value)) || {};
    return by ? rows[by[2].indexOf(value)][by[0]] : value || 'not known';
  }

  function drillInto(slot, dimension, value) {
    const question = JSON.parse(slot.dataset.drill);
    if (dimension) {
      const own = { dimension, in: [value] };
      question.where = question.where ? { and: [question.where, own] } : own;
    }
    const words = [titleOf(slot), slot.querySelector('.w-sub')?.textContent, dimension && `${dimension.replace(/_/g, ' ')}: ${nameOf(slot, dimension, value)}`];
    const [range, zone] = window.Housecount.looksAt(slot);
    openRows(question, words.filter(Boolean).join(' · '), [slot.querySelector('.widget')?.dataset.range || range, zone]);
  }

  /* The menu of a widget gets its entry when it is opened: every widget with rows behind it has one. */
  document.addEventListener('toggle', (event) => {
    const menu = event.target;
    if (!menu.matches?.('.w-more') || !menu.open || menu.querySelector('[data-rows]')) return;
    const slot = slotOf(menu);
    const list = menu.querySelector('.w-menu');
    if (!slot || !list) return;
    const item = (text, act) => {
      const button = make('button', { class: 'menu-item', type: 'button', 'data-rows': true }, text);
      button.addEventListener('click', () => setTimeout(act));
      return make('li', {}, button);
    };
    list.prepend(item('Show the rows behind it', () => drillInto(slot)));
  }, true);

  document.addEventListener('click', (event) => {
    const target = event.shiftKey && event.target.closest?.('[data-filter][data-value]');
    const slot = target && slotOf(target);
    if (!slot) return;
    event.preventDefault();
    event.stopPropagation();
    drillInto(slot, target.dataset.filter, target.dataset.value);
  }, true);

  Object.assign(window.Housecount, { rows: { openRows, drillInto, slotOf }, drawers: { make, icon, ask, drawer, stamp } });
})();
