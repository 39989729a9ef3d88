/* What links cannot do for the bar above the figures of a page: own dates, finding by typing, and a click on a chart or
   row that filters the whole board. The address is the state: each of these goes to another address. */
(function () {
  'use strict';
  const DAY = 86400000;
  const SPANS = { day: 1, week: 7 };
  const MINUTES = { minute: 1, '5min': 5, '15min': 15, '30min': 30, hour: 60 };
  const VALUES = '[data-filter][data-value]';  // What a widget marks as one value of a dimension.
  const all = (selector, within = document) => within.querySelectorAll(selector);
  let opened = null;  // The menu of the last choice: the focus goes back to it when the page is drawn anew.

  /* To another address of this app, as a link of Dash goes there, but without a jump to the top. */
  function go(search) {
    if (search === location.search || window.Housecount.boards?.look(search)) return;
    history.pushState({}, '', `${location.pathname}${search}${location.hash}`);
    asking();
    dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
  }

  /* Until the figures of another address have come, the page says that they are on their way, and what has been
     clicked shows at once. A board asks until there is an answer; of a page that got none the old figures count. */
  function asking() {
    document.documentElement.setAttribute('data-asking', '');
    const page = document.querySelector('#react-entry-point .figures-page .board-grid');
    page?.setAttribute('aria-busy', 'true');
    show();
    clearTimeout(asking.off);
    asking.off = window.Housecount.boards?.there() ? 0 : setTimeout(answered, 15000);
  }

  function answered() {
    clearTimeout(asking.off);
    pending = null;
    document.documentElement.removeAttribute('data-asking');
    all('[data-leaving]').forEach((chip) => chip.removeAttribute('data-leaving'));
    all('.board-grid[aria-busy]').forEach((grid) => grid.removeAttribute('aria-busy'));
    show();
  }

  let pending = null;  // The filters that have been asked for, while those of the bar are still the last ones.
  const bar = () => document.querySelector('#react-entry-point [data-filters]');
  const picked = () => new Map(pending || JSON.parse(bar()?.dataset.filters || '[]'));

  /* The filters without one value, or with it where it is not among them. */
  function toggled(dimension, value) {
    const filters = picked();
    const values = filters.get(dimension) || [];
    const left = values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
    if (left.length) filters.set(dimension, left);
    else filters.delete(dimension);
    return filters;
  }

  /* Add a value to the filters, or take it away again when it is there. */
  function toggle(dimension, value) {
    if (!bar()) return;
    const filters = toggled(dimension, value);
    leave((chip) => { const [name, is] = valueIn(chip); return !filters.get(name)?.includes(is); });
    pending = [...filters];
    const query = new URLSearchParams(location.search);
    for (const name of [...query.keys()]) if (name === 'f' || name.startsWith('f.')) query.delete(name);
    for (const [name, some] of filters) some.forEach((one) => query.append(`f.${name}`, one));
    if (!filters.size) query.append('f', 'none');
    go(`?${query}`);
  }

  const valueIn = (chip) => { const { dimension, is } = chip.querySelector('.filter-value').dataset; return [dimension, is]; };

  /* Chips of filters that are none any more. */
  function leave(which) {
    all('.filter-chip', bar()).forEach((chip) => chip.toggleAttribute('data-leaving', which(chip)));
  }

  /* A bucket of time is not a filter but a narrower range. */
  function span(grain, text) {
    if (grain in MINUTES) {
      const from = Date.parse(text);
      const iso = (time) => new Date(time).toISOString().replace(/:00\.000Z$/, 'Z');
      return Number.isNaN(from) ? null : `${iso(from)}..${iso(from + MINUTES[grain] * 60000)}`;
    }
    const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
    const start = Date.parse(`${day}T00:00Z`);
    if (!day || Number.isNaN(start)) return null;
    const end = new Date(start);
    if (grain in SPANS) end.setTime(start + SPANS[grain] * DAY);
    else if (grain === 'month') end.setUTCMonth(end.getUTCMonth() + 1);
    else if (grain === 'quarter') end.setUTCMonth(end.getUTCMonth() + 3);
    else if (grain === 'year') end.setUTCFullYear(end.getUTCFullYear() + 1);
    else return null;
    return `${day}..${end.toISOString().slice(0, 10)}`;
  }

  function choose(dimension, value) {
    const range = span(dimension, value);
    if (!range) { toggle(dimension, value); return; }
    const query = new URLSearchParams(location.search);
    query.set('range', range);
    go(`?${query}`);
  }

  const frozen = (node) => Boolean(node.closest('[data-locked], [data-editing]'));

  document.addEventListener('click', (event) => {
    const target = event.target.closest?.(VALUES);
    // A link or another button inside keeps its own meaning.
    const other = event.target.closest?.('a, button, summary, input, select');
    const inside = other && other !== target && target?.contains(other);
    if (!target || event.defaultPrevented || frozen(target) || (inside && !other.matches('.filter-by'))) return;
    choose(target.dataset.filter, target.dataset.value);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    if (!event.target.matches?.(`${VALUES}[tabindex]:not(button)`) || frozen(event.target)) return;
    event.preventDefault();
    choose(event.target.dataset.filter, event.target.dataset.value);
  });

  /* plotly: a figure says in `layout.meta.filter` by which dimension its points filter; the second part of a
     point's `customdata` is its value (widgets/figures.py); a shape of a map has its value as `meta`. */
  const valueOf = ({ customdata, data }) => {
    if (!Array.isArray(customdata)) return data.meta;
    return customdata[1] === null ? undefined : customdata[1] ?? '';  // Null stands for several values.
  };

  function watch(chart) {
    if (!chart.on || chart.dataset.clicks) return;
    chart.dataset.clicks = '1';
    chart.on('plotly_click', ({ points, event }) => {
      const dimension = chart.layout.meta?.filter;
      const point = points.find((some) => valueOf(some) !== undefined);
      if (!point || !dimension || frozen(chart)) return;
      const value = String(valueOf(point));
      const slot = event?.shiftKey && window.Housecount.rows?.slotOf(chart);
      if (slot) window.Housecount.rows.drillInto(slot, dimension, value);
      else choose(dimension, value);
    });
  }

  /* What has been picked stands out in the charts and rows that it was picked from. */
  function show() {
    const filters = picked();
    const widgets = new Map();
    all(`#react-entry-point ${VALUES}`).forEach((node) => {
      const on = (filters.get(node.dataset.filter) || []).includes(node.dataset.value);
      node.classList.toggle('picked', on);
      const button = node.matches('button') ? node : node.querySelector('.filter-by');
      if (button) button.setAttribute('aria-pressed', String(on));
      const widget = node.closest('.widget');
      if (widget) widgets.set(widget, widgets.get(widget) || filters.has(node.dataset.filter));
    });
    widgets.forEach((some, widget) => widget.classList.toggle('has-picked', some));
    all('#react-entry-point .js-plotly-plot').forEach((chart) => { watch(chart); fade(chart, filters); });
  }

  function fade(chart, filters) {
    const mark = JSON.stringify([...filters]);
    if (!chart.data || chart.dataset.faded === mark || (!filters.size && !chart.dataset.faded)) return;
    chart.dataset.faded = mark;
    const values = filters.get(chart.layout.meta?.filter);
    if (chart.layout.meta?.map) {
      const shade = ({ meta }) => (!values || meta === undefined || values.includes(meta) ? 1 : 0.3);
      window.Plotly?.restyle(chart, { opacity: chart.data.map(shade) });
      return;
    }
    chart.data.forEach((trace, index) => {
      const points = trace.customdata;
      if (!Array.isArray(points) || trace.type !== 'bar' || (!values && trace.selectedpoints == null)) return;
      const some = values && points.flatMap((point, place) => (values.includes(String(point?.[1])) ? [place] : []));
      window.Plotly?.restyle(chart, { selectedpoints: [some?.length ? some : null] }, [index]);
    });
  }

  /* Own dates: a form, because a link cannot ask. The last day is the one that still counts. */
  function dates(place) {
    const made = document.createElement('form');
    const field = (label, type, name) => {
      const node = document.createElement('label');
      const input = Object.assign(document.createElement('input'), { type, name });
      node.append(label, input);
      made.append(node);
      return input;
    };
    const from = field('From', 'date', 'from');
    const to = field('To, included', 'date', 'to');
    for (const input of [from, to]) Object.assign(input, { required: true, min: '1970-01-01', max: '2199-12-30' });
    const current = new URLSearchParams(location.search).get('range')?.match(/^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/);
    if (current) {
      from.value = current[1];
      to.value = new Date(Date.parse(current[2]) - DAY).toISOString().slice(0, 10);
    }
    const wrong = document.createElement('output');
    const button = Object.assign(document.createElement('button'), { className: 'button-main', textContent: 'Show these days' });
    made.append(wrong, button);
    made.addEventListener('submit', (event) => {
      event.preventDefault();
      if (to.value < from.value) { wrong.textContent = 'The last day lies before the first.'; return; }
      const query = new URLSearchParams(location.search);
      query.set('range', `${from.value}..${new Date(Date.parse(to.value) + DAY).toISOString().slice(0, 10)}`);
      go(`?${query}`);
    });
    place.replaceChildren(made);
  }

  function finder(place) {
    const input = Object.assign(document.createElement('input'), {
      type: 'search', className: 'find', placeholder: place.dataset.find, autocomplete: 'off',
    });
    input.setAttribute('aria-label', place.dataset.find);
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      all('li', place.parentElement).forEach((item) => {
        const text = item.textContent.toLowerCase();
        item.hidden = !words.every((word) => text.includes(word));
      });
    });
    place.replaceChildren(input);
    if (matchMedia('(hover: hover)').matches) input.focus();
  }

  document.addEventListener('toggle', (event) => {
    const menu = event.target;
    if (!menu.matches?.('.filter') || !menu.open) return;
    all('.filter[open]').forEach((other) => { if (other !== menu) other.open = false; });
    all('[data-own-dates]', menu).forEach(dates);
    all('[data-find]', menu).forEach(finder);
    const list = menu.querySelector('.menu');
    list.style.left = '';
    const over = list.getBoundingClientRect().right - (innerWidth - 12);
    if (over > 0 && getComputedStyle(list).position === 'absolute') list.style.left = `${-over}px`;
  }, true);

  /* Arrow keys walk through an open menu, as people expect of one. */
  document.addEventListener('keydown', (event) => {
    const menu = event.target.closest?.('.filter[open]');
    if (!menu || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') || event.target.type === 'date') return;
    const stops = [...all('summary, .find, li:not([hidden]) a', menu)];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  });

  /* Before the board, or Dash, goes where a link of the bar leads. */
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('.filter-bar a');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    opened = link.closest('.filter')?.dataset.filter || 'range';
    if (link.search === location.search) return;
    const chip = link.closest('.filter-chip');
    if (chip && pending) {  // Its address was written before the last click: it would take that back.
      event.preventDefault();
      event.stopImmediatePropagation();
      toggle(...valueIn(chip));
      return;
    }
    if (chip) pending = [...toggled(...valueIn(chip))];
    else if (link.closest('.filter-chips')) pending = [];
    if (link.closest('.filter-chips')) leave((other) => !chip || other === chip);
    asking();
  }, true);
  addEventListener('popstate', () => {
    if (document.documentElement.hasAttribute('data-asking')) answered();
  });

  /* The parameters of the address with which other pages are opened, as the bar says. */
  const carries = () => (document.querySelector('.filter-bar')?.dataset.carries || '').split(' ');

  /* Links to other pages have been drawn with the figures: until those of another address have come, what was
     chosen goes along from the address itself. */
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('#react-entry-point a:is(.nav-item, .tab)');
    const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || !document.documentElement.hasAttribute('data-asking')) return;
    event.preventDefault();
    event.stopPropagation();
    const chosen = [...new URLSearchParams(location.search)].filter(([name]) => carries().includes(name));
    history.pushState({}, '', `${link.pathname}?${new URLSearchParams(chosen)}`);
    dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
  }, true);

  let waiting = 0;
  function changed() {
    waiting = 0;
    const found = document.querySelector('#react-entry-point .filter-bar');
    if (found && !found.dataset.seen) {
      found.dataset.seen = '1';
      answered();
      const back = opened && found.querySelector(`[data-filter="${opened}"] > summary`);
      opened = null;
      if (back && (document.activeElement === document.body || !document.activeElement)) back.focus({ preventScroll: true });
    }
    show();
  }
  new MutationObserver(() => { if (!waiting) waiting = requestAnimationFrame(changed); })
    .observe(document.documentElement, { childList: true, subtree: true });

  /* The same address drawn anew: something that stands beside the figures has changed. */
  const again = () => { if (window.Housecount.boards?.redraw) window.Housecount.boards.redraw(); else location.reload(); };

  /* What the address looks at, as [name, value]; its other parameters are none of the server's business. */
  const asked = () => {
    const names = carries();
    return [...new URLSearchParams(location.search)].filter(([name]) => names.includes(name) || /^f(\..+)?$/.test(name));
  };

  /* The same by name, as REST takes it: a list where there are several values of one name. Clicked filters stand for all
     that a board begins with, where REST lays each over its own: f says that none of those are meant. */
  function named() {
    const found = {};
    for (const [name, value] of asked()) found[name] = name in found ? [].concat(found[name], value) : value;
    if (Object.keys(found).some((name) => name.startsWith('f.'))) found.f = 'none';
    return found;
  }

  /* The same as [{ name, values }] in the words of the bar; what is not chosen is not there. */
  function words() {
    const within = bar() || document.createElement('div');
    const found = new Map();
    for (const menu of all('.filter[data-on]', within)) found.set(menu.dataset.on, [menu.querySelector('.filter-shown').textContent]);
    for (const chip of all('.filter-chip', within)) {
      const name = chip.querySelector('.filter-name').textContent.replace(/: $/, '');
      found.set(name, [...(found.get(name) || []), chip.querySelector('.filter-value').textContent]);
    }
    return [...found].map(([name, values]) => ({ name, values }));
  }

  window.Housecount.filters = { go, choose, toggle, again, asking, answered, named, words };
})();
