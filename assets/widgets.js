/* Widgets in the page: the menu of each, and its table view, which is made when somebody asks for it. */
(function () {
  'use strict';
  const closest = (event, selector) => event.target.closest && event.target.closest(selector);

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /* The menu lies above everything, wherever its widget is cut off. */
  function place(menu) {
    const list = menu.querySelector('.w-menu');
    const button = menu.querySelector('summary').getBoundingClientRect();
    const { width, height } = list.getBoundingClientRect();
    const below = button.bottom + 6 + height < innerHeight;
    list.style.left = `${Math.max(8, Math.min(button.right - width, innerWidth - width - 8))}px`;
    list.style.top = `${below ? button.bottom + 6 : Math.max(8, button.top - 6 - height)}px`;
  }

  const open = () => document.querySelectorAll('.w-more[open]');
  function close(menu, focus) {
    menu.open = false;
    if (focus) menu.querySelector('summary').focus();
  }

  document.addEventListener('toggle', (event) => {
    const menu = event.target;
    if (!menu.classList || !menu.classList.contains('w-more') || !menu.open) return;
    open().forEach((other) => { if (other !== menu) close(other); });
    place(menu);
  }, true);
  document.addEventListener('click', (event) => {
    const item = closest(event, '.w-menu .menu-item:not([aria-disabled])');
    const inside = closest(event, '.w-more');
    open().forEach((menu) => { if (menu !== inside || item) close(menu, Boolean(item)); });
    if (item && 'view' in item.dataset) toggle(item);
  });
  document.addEventListener('keydown', (event) => {
    const menu = closest(event, '.w-more[open]');
    if (!menu) return;
    if (event.key === 'Escape') { event.stopPropagation(); close(menu, true); return; }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const items = [...menu.querySelectorAll('.menu-item')];
    const step = event.key === 'ArrowDown' ? 1 : -1;
    const at = items.indexOf(document.activeElement);
    items[at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length].focus();
  });
  addEventListener('scroll', (event) => {
    open().forEach((menu) => { if (!menu.querySelector('.w-menu').contains(event.target)) place(menu); });
  }, true);
  addEventListener('resize', () => open().forEach((menu) => place(menu)));

  /* A row that can filter the board by its value says so, and its first cell is a button for the keyboard. */
  function table({ title, heads, right, rows, here, total, by, times }, filters) {
    const [place, dimension, values] = (filters && by) || [];
    const cell = (text, index, line) => (index === place && values[line] !== null ? element('button', { class: 'filter-by', type: 'button' }, text) : text);
    const side = (index) => (right.includes(index) ? 'right' : '');
    const said = total > rows.length ? `${rows.length} of ${total} rows; a download has ${here < total ? `the first ${here}` : 'them all'}` : `${total} rows`;
    return element('table', {},
      element('caption', {}, `${title} · ${said} · ${times}`),
      element('thead', {}, element('tr', {}, ...heads.map((head, index) =>
        element('th', { scope: 'col', class: side(index) }, head)))),
      element('tbody', {}, ...rows.map((row, line) => {
        const made = element('tr', {}, ...row.map((text, index) => element('td', { class: side(index) }, cell(text, index, line))));
        if (dimension && values[line] !== null) Object.assign(made.dataset, { filter: dimension, value: values[line] });
        return made;
      })));
  }

  function toggle(item) {
    const widget = item.closest('.widget');
    const place = widget.querySelector('.w-table');
    const shown = widget.dataset.view === 'table';
    if (shown) delete widget.dataset.view; else widget.dataset.view = 'table';
    place.hidden = shown;
    item.textContent = shown ? 'View as table' : 'View as chart';
    if (shown) { place.replaceChildren(); return; }
    const { tables } = JSON.parse(widget.dataset.table);
    const filters = !widget.closest('[data-locked]') && Boolean(document.querySelector('[data-filters]'));
    place.replaceChildren(...tables.map((each) => table(each, filters)));
  }

  /* Countdowns go on by the second, by the server's clock. */
  const pad = (value) => String(value).padStart(2, '0');
  const skew = new WeakMap();
  setInterval(() => document.querySelectorAll('[data-countdown]').forEach((node) => {
    if (!skew.has(node)) skew.set(node, Date.parse(node.dataset.now) - Date.now());
    const seconds = Math.round((Date.parse(node.dataset.countdown) - Date.now() - skew.get(node)) / 1000);
    if (seconds < 0 || seconds >= 172800) return;
    const text = `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
    if (node.textContent !== text) node.textContent = text;
  }), 1000);

  window.Housecount = { ...window.Housecount, widgets: { table } };
})();
