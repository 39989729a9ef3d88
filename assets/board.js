/* The board in the page: takes sections of an event's state and writes them where they belong, once per
   frame. The server drew the first state; the elements are found by data attributes, so that it does
   not matter whether React has put them there yet or the first paint has. */
(function () {
  'use strict';
  const { readings, notices, primaryMoney, lists, charts } = window.Housecount;
  let state = null;
  let frame = 0;
  let parts = new Set();
  let titlesAt = 0;
  let warned = null;
  const readers = [];

  const all = (selector) => document.querySelectorAll(selector);

  /* Which parts of the page a section of the state can change. */
  const TOUCHES = {
    event: ['texts', 'notices', 'milestones', 'feed', 'gates', 'charts'],
    sales: ['texts', 'milestones', 'past', 'sparks'],
    revenue: ['texts', 'sparks', 'feed'],
    attendance: ['texts', 'gates', 'notices', 'charts', 'sparks'],
    capacity: ['texts', 'zones', 'notices', 'ring'],
    social: ['texts', 'talk'],
    feed: ['feed'],
  };

  function merge(sections, seq, at) {
    for (const [name, section] of Object.entries(sections)) {
      if (!(name in TOUCHES)) continue;
      state[name] = section;
      TOUCHES[name].forEach((part) => parts.add(part));
    }
    if (seq != null) state.seq = seq;
    if (at && !(Date.parse(at) < Date.parse(state.asOf))) state.asOf = at;
    wake();
  }

  /* Until when the figures are known to hold. */
  function hold(at) {
    if (state.sureAt === at) return;
    state.sureAt = at;
    parts.add('texts');
    wake();
    all('.widget[data-live]:not([data-live=""]) .w-as-of').forEach((said) => {
      if (Date.parse(said.dataset.asOf) < Date.parse(at)) window.Housecount.tellAsOf(said, at);
    });
  }

  /* Time goes on without news: the phase, and what is usual by now. */
  function tick(at) {
    if (!state) return;
    state.asOf = at;
    parts.add('texts');
    wake();
  }

  function wake() {
    if (!frame) frame = requestAnimationFrame(paint);
  }

  function paint(now) {
    frame = 0;
    const due = parts;
    parts = new Set();
    if (!state) return;
    if (due.has('texts')) texts(now);
    for (const name of ['notices', 'zones', 'gates', 'milestones', 'feed', 'past']) {
      if (due.has(name)) all(`[data-list="${name}"]`).forEach((list) => list.replaceChildren(...lists[name](state)));
    }
    if (due.has('texts') || due.has('ring')) ring();
    if (due.has('sparks')) sparks();
    if (due.has('talk')) all('[data-viral]').forEach((mark) => { mark.hidden = !state.social.viral; });
    if (due.has('notices')) announce();
    if (due.has('charts')) charts.show(state);
  }

  function texts(now) {
    const said = readings(state);
    const withTitles = now - titlesAt > 1000;
    if (withTitles) titlesAt = now;
    all('[data-read]').forEach((node) => {
      const [text, title] = said[node.dataset.read] || ['', ''];
      if (node.textContent !== text) node.textContent = text;
      if (withTitles && node.title !== title) node.title = title;
    });
    const behind = said['entered-delta'][0].startsWith('▼');
    all('[data-read="entered-delta"]').forEach((node) => {
      node.classList.toggle('neg', behind);
      node.classList.toggle('pos', !behind);
    });
    all('[data-meter="sold"] .bar > div').forEach((fill) => {
      fill.style.width = `${Math.min(100, state.sales.percentSold || 0)}%`;
    });
  }

  function ring() {
    const { inside, capacity, percent, level, amberPercent, redPercent } = state.capacity;
    all('[data-meter="house"]').forEach((frame) => {
      frame.className = `ring-frame ${level}${capacity ? '' : ' open'}`;
      frame.style.setProperty('--share', Math.min(100, percent || 0));
      frame.style.setProperty('--amber-at', amberPercent);
      frame.style.setProperty('--red-at', redPercent);
      const meter = frame.querySelector('[role="meter"]');
      meter.setAttribute('aria-valuenow', inside);
      meter.setAttribute('aria-valuemax', capacity || inside);
      meter.setAttribute('aria-valuetext', readings(state).inside[0] + ' ' + readings(state)['inside-of'][0]);
    });
  }

  function sparks() {
    let come = 0;
    const arrived = state.attendance.arrivals.counts.map((people) => (come += people));
    const values = {
      arrivals: arrived, missing: arrived.map((people) => state.attendance.expected - people),
      sold: state.sales.trend.sold, 'sold-bars': state.sales.trend.sold, revenue: primaryMoney(state).trend,
    };
    all('[data-spark-of]').forEach((curve) => {
      const points = values[curve.dataset.sparkOf].join(',');
      if (curve.dataset.spark !== points) curve.dataset.spark = points;
    });
  }

  /* A screen reader hears a warning when it appears or changes its level, not at every number in it. */
  function announce() {
    const now = notices(state);
    const key = now.map((notice) => notice.headline).join(' ');
    if (warned === null || key === warned) { warned = key; return; }
    const before = warned;
    warned = key;
    const news = now.filter((notice) => !before.includes(notice.headline));
    const announcer = document.getElementById('announcer');
    if (!announcer) return;
    announcer.textContent = news.length
      ? news.map((notice) => `${notice.headline} ${notice.detail}`).join(' ') : now.length ? '' : 'All clear.';
  }

  /* A board has come into the page: the first paint, Dash's own, or one of another event. */
  function found() {
    const nodes = [...all('[data-board]')];
    const node = nodes[nodes.length - 1];
    const own = document.querySelector('#react-entry-point .shell');
    if (own) document.getElementById('first-paint')?.remove();
    if (!node || node.dataset.bound) return;
    node.dataset.bound = '1';
    const drawn = JSON.parse(node.dataset.state);
    drawn.drawnAt = drawn.asOf;
    if (state && state.eventId === drawn.eventId && Date.parse(state.asOf) > Date.parse(drawn.asOf)) {
      state.drawnAt = drawn.drawnAt;
      merge(state, state.seq, state.asOf);  // We know more than the server did when it drew this.
      return;
    }
    const other = !state || state.eventId !== drawn.eventId;
    state = drawn;
    if (other) warned = notices(state).map((notice) => notice.headline).join(' ');
    merge({ ...state }, state.seq, state.asOf);
    if (other) readers.forEach((reader) => reader(state));
  }

  function leave() {
    if (state && !document.querySelector('[data-board]')) { state = null; readers.forEach((reader) => reader(null)); }
  }

  document.addEventListener('click', (event) => {
    all('.switcher[open]').forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    all('.switcher[open]').forEach((menu) => { menu.open = false; menu.querySelector('summary').focus(); });
  });

  window.Housecount.board = {
    merge, tick, hold,
    state: () => state,
    watch: (reader) => { readers.push(reader); if (state) reader(state); },
  };
  new MutationObserver(() => { leave(); found(); }).observe(document.documentElement, { childList: true, subtree: true });
  found();
})();
