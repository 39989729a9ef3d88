/* Downloads: of a widget (its menu), of a board or page (the menu in its head), of the rows in a drawer. What
   is small comes at once; what takes time is watched in a corner of the page, also after a reload. */
(function () {
  'use strict';
  const { drawers: { make, icon, ask, drawer } } = window.Housecount;
  const PATH = '/api/v1/exports';
  const KEPT = 'housecount-exports';
  const EVERY = 1000;
  const FORMATS = { csv: 'CSV', xlsx: 'Excel workbook', pdf: 'PDF' };
  const ENDED = ['done', 'failed', 'cancelled', 'expired'];

  const watched = new Map();  // id → its card in the corner and what is to happen at its end
  let timer = null;
  let drawing = null;  // What ends the picture of a board that is being made.

  const kept = () => { try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; } };
  function keep() {
    const ids = [...watched].filter(([, { ended }]) => !ended).map(([id]) => id);
    try { localStorage.setItem(KEPT, JSON.stringify(ids)); } catch { /* Storage is closed: until a reload only. */ }
  }

  /* The corner: one card for each export, and a line that is read aloud. */
  function corner() {
    let place = document.querySelector('.export-tray');
    if (!place) {
      place = make('section', { class: 'export-tray', 'aria-label': 'Downloads' },
        make('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' }));
    }
    // Beside a drawer nothing of the page can be seen or pressed.
    const host = document.querySelector('.side-drawer[open]') || document.body;
    if (place.parentNode !== host) host.append(place);
    return place;
  }
  const say = (words) => { corner().firstChild.textContent = words; };

  function card(id) {
    const title = make('b', { class: 'export-title' }, 'Preparing the download');
    const sub = make('span', { class: 'muted small' }, '');
    const bar = make('progress', { max: '1', 'aria-label': 'Progress of the download' });
    const act = make('button', { class: 'button-text', type: 'button' }, 'Cancel');
    const close = make('button', { class: 'icon-button bare', type: 'button', 'aria-label': 'Hide' }, icon('close'));
    const node = make('article', { class: 'export-card', 'data-export-id': id },
      make('div', { class: 'export-words' }, title, sub), close, bar, act);
    close.addEventListener('click', () => { watched.delete(id); keep(); node.remove(); });
    corner().append(node);
    return { node, title, sub, bar, act };
  }

  /* A card that only says something. */
  function notice(title, sub) {
    const one = card('');
    one.bar.remove();
    one.title.textContent = title;
    one.sub.textContent = sub;
    button(one, 'Hide', () => one.node.remove());
    say(`${title}. ${sub}`);
    return one;
  }

  function button(one, words, act) {
    const fresh = one.act.cloneNode();
    fresh.textContent = words;
    fresh.addEventListener('click', act);
    one.act.replaceWith(fresh);
    one.act = fresh;
  }

  const bytes = (count) => (count < 1e6 ? `${Math.max(1, Math.round(count / 1e3))} kB` : `${(count / 1e6).toFixed(1)} MB`);
  const rows = (count) => `${count.toLocaleString('en-GB')} ${count === 1 ? 'row' : 'rows'}`;

  /* Not every row is on paper: a PDF says on its pages of how many it has. A plain table has no room to say it. */
  const size = ({ format, rowsDone, rowsTotal, bytes: length }) => {
    if (format === 'pdf') return bytes(length);
    const of = rowsTotal > rowsDone ? `${rowsDone.toLocaleString('en-GB')} of ` : '';
    return `${of}${rows(rowsTotal > rowsDone ? rowsTotal : rowsDone)} · ${bytes(length)}`;
  };

  function fetchFile(file, name) {
    const link = make('a', { href: file, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
  }

  function show(one, state) {
    const { id, status, fileName, progress, rowsDone, rowsTotal } = state;
    one.node.dataset.status = status;
    if (status === 'waiting' || status === 'running') {
      one.title.textContent = `Preparing ${FORMATS[state.format]}`;
      one.sub.textContent = rowsTotal ? `${rowsDone.toLocaleString('en-GB')} of ${rows(rowsTotal)}` : 'Waiting for its turn';
      if (progress === null) one.bar.removeAttribute('value'); else one.bar.value = progress;
      return;
    }
    one.ended = true;
    one.bar.remove();
    if (status === 'done') {
      one.title.textContent = fileName;
      one.sub.textContent = size(state);
      button(one, 'Download', () => fetchFile(state.file, fileName));
      say(`The download ${fileName} is ready`);
      if (one.waits) fetchFile(state.file, fileName);
      if (one.small) setTimeout(() => one.node.remove(), 6000);
    } else {
      one.title.textContent = status === 'failed' ? 'The download failed' : `The download is ${status}`;
      one.sub.textContent = state.error || '';
      say(`${one.title.textContent}. ${one.sub.textContent}`);
      if (one.order) button(one, 'Try again', () => { one.node.remove(); start(one.order); }); else one.act.remove();
      if (status === 'failed') ask(`${PATH}/${id}`, { method: 'DELETE' }).catch(() => {});
    }
  }

  async function look() {
    timer = null;
    for (const [id, one] of watched) {
      if (one.ended) continue;
      try {
        const state = await ask(`${PATH}/${id}`);
        if (watched.has(id)) show(one, state);
      } catch (error) {
        if (/no such export/i.test(error.message)) { watched.delete(id); one.node.remove(); }
        else one.sub.textContent = error.message;
      }
    }
    keep();
    again();
  }
  function again() {
    if (timer === null && [...watched.values()].some(({ ended }) => !ended)) timer = setTimeout(look, EVERY);
  }

  function watch(id, more = {}) {
    const one = { ...card(id), ...more };
    button(one, 'Cancel', async () => {
      try { await ask(`${PATH}/${id}`, { method: 'DELETE' }); } catch { /* It has ended: the next look says how. */ }
      look();
    });
    watched.set(id, one);
    return one;
  }

  /* Ask for an export, as POST /api/v1/exports takes it. */
  async function start(order) {
    const began = performance.now();
    let one = null;
    const waiting = setTimeout(() => { one = card(''); }, 400);  // Nothing flashes for what comes at once.
    try {
      const state = await ask(PATH, { method: 'POST', body: order });
      clearTimeout(waiting);
      one?.node.remove();
      one = watch(state.id, { order, waits: true, small: ENDED.includes(state.status) && performance.now() - began < 3000 });
      show(one, state);
      keep();
      again();
    } catch (error) {
      clearTimeout(waiting);
      one?.node.remove();
      one = notice('This cannot be downloaded', error.message);
      button(one, 'Try again', () => { one.node.remove(); start(order); });
    }
  }

  /* A picture that takes its time, and can be given up: `draw` makes it, told of `progress(done, all)` and a
     `signal`; `many` is what it is made of. */
  async function bigPicture(draw, many) {
    if (drawing) return;
    drawing = new AbortController();
    const one = card('');
    const { signal } = drawing;
    one.node.hidden = true;
    const shown = setTimeout(() => { one.node.hidden = false; }, 400);
    one.title.textContent = 'Drawing the picture';
    button(one, 'Cancel', () => drawing?.abort());
    const progress = (done, all) => {
      one.bar.value = done / all;
      one.sub.textContent = `${done} of ${all} ${all === 1 ? many.slice(0, -1) : many}`;
    };
    try {
      const { url, name, width, height, scale, missed, bytes: length } = await draw({ progress, signal });
      const said = [`${width} × ${height} pixels · ${bytes(length)}`,
        scale < 2 && `It is too large for twice its size, so it was drawn at ${scale.toFixed(2)} times.`,
        missed && `${missed} of its ${many} could not be drawn.`].filter(Boolean);
      one.bar.remove();
      one.title.textContent = name;
      one.sub.textContent = said.join(' ');
      one.node.dataset.status = 'done';
      one.node.hidden = false;
      button(one, 'Download', () => fetchFile(url, name));
      fetchFile(url, name);
      say(`The picture ${name} is ready. ${said.slice(1).join(' ')}`);
      if (said.length === 1) setTimeout(() => one.node.remove(), 6000);
    } catch (error) {
      one.node.remove();
      if (error.name !== 'AbortError') notice('The picture cannot be made', error.message);
    } finally {
      clearTimeout(shown);
      drawing = null;
    }
  }
  const wholeBoard = (root) => bigPicture((told) => window.Housecount.pictureOfBoard(root, told), 'widgets');
  const drawRows = (rows) => bigPicture((told) => window.Housecount.pictureOfRows(rows, told), 'rows');

  /* What stands on the page around a button: a board or a page, and one widget of it. */
  function subject(item) {
    const placed = item.dataset.widgetId ? { placed: item.dataset.widgetId } : {};
    const board = item.closest('[data-dashboard]');
    if (board) return { dashboard: board.dataset.dashboard, ...placed, filters: window.Housecount.filters.named() };
    const night = item.closest('.night[data-board]');
    if (night) return { page: 'tonight', ...placed, filters: { event: night.dataset.board } };
    const page = item.closest('[data-figures]');
    return page && { page: page.dataset.figures, ...placed, filters: window.Housecount.filters.named() };
  }

  /* What a link shows comes from its own address, at once. */
  async function fromLink(item) {
    const query = new URLSearchParams({ format: item.dataset.export });
    if (item.dataset.widgetId) query.set('placed', item.dataset.widgetId);
    const one = card('');
    one.act.remove();
    one.title.textContent = `Preparing ${FORMATS[item.dataset.export]}`;
    try {
      const answer = await fetch(`${location.pathname}/file?${query}`).catch(() => null);
      if (!answer?.ok) {
        const told = await answer?.json().catch(() => null);
        throw new Error(told?.detail || 'The server cannot be reached. Try again in a moment.');
      }
      const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get('Content-Disposition'))?.[1];
      const url = URL.createObjectURL(await answer.blob());
      fetchFile(url, decodeURIComponent(name || 'housecount'));
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    } catch (error) {
      notice('This cannot be downloaded', error.message);
    } finally {
      one.node.remove();
    }
  }

  document.addEventListener('click', (event) => {
    const item = event.target.closest?.('[data-export]');
    if (!item) {
      if (event.target.closest?.('[data-downloads]')) { shut(event.target); list(); }
      return;
    }
    shut(item);
    if (item.dataset.export === 'png') {
      const widget = item.closest('.widget, .night .card-x');
      if (!widget) { wholeBoard(item.closest('[data-dashboard], [data-figures], .night, [data-still]')); return; }
      window.Housecount.picture(widget).then(({ url, name }) => {
        fetchFile(url, name);
        say(`The picture ${name} is ready`);
      }, (error) => {
        notice('The picture cannot be made', error.message);
      });
      return;
    }
    if (item.closest('[data-still="shared"]')) { fromLink(item); return; }
    const of = subject(item);
    if (of) start({ format: item.dataset.export, ...of });
    else notice('This is a sample', 'Put the widget on a board to download its figures.');
  });
  const shut = (node) => { const menu = node.closest('details.switcher'); if (menu) menu.open = false; };

  /* The list of what was asked for: to fetch it again, or to remove it. */
  async function list() {
    const { dialog, sub, body } = drawer('Your downloads', true);
    sub.textContent = 'They are kept for a while, then removed by themselves';
    const lines = make('ul', { class: 'export-list' });
    body.replaceChildren(lines);
    try {
      const { exports } = await ask(PATH);
      if (!exports.length) body.replaceChildren(make('p', { class: 'drawer-note' }, 'Nothing was downloaded yet.'));
      lines.append(...exports.map((state) => line(state)));
    } catch (error) {
      body.replaceChildren(make('p', { class: 'drawer-note' }, error.message));
    }
    return dialog;
  }
  const clock = (at) => new Date(at).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  function line(state) {
    const done = state.status === 'done';
    const words = done ? `${size(state)} · until ${clock(state.expiresAt)}`
      : state.error || state.status;
    const fetchIt = done && make('a', { class: 'button-text', href: state.file, download: state.fileName }, 'Download');
    const remove = make('button', { class: 'icon-button bare', type: 'button', 'aria-label': `Remove ${state.fileName}` }, icon('close'));
    const node = make('li', {}, make('div', { class: 'export-words' },
      make('b', { class: 'export-title' }, state.fileName), make('span', { class: 'muted small' }, words)), fetchIt || null, remove);
    remove.addEventListener('click', async () => {
      try { await ask(`${PATH}/${state.id}`, { method: 'DELETE' }); node.remove(); } catch (error) { say(error.message); }
    });
    return node;
  }

  /* Go on watching what a reload has interrupted; this script may run before there is a page. */
  function resume() {
    kept().forEach((id) => watch(id));
    if (watched.size) look();
  }
  if (document.body) resume(); else document.addEventListener('DOMContentLoaded', resume);

  window.Housecount = { ...window.Housecount, exports: { start, drawRows } };
})();
