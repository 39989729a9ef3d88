/* Brings line and board together: news into the board, and into the header how fresh the figures are. */
(function () {
  'use strict';
  const { Line, board, signIn, format: { clock } } = window.Housecount;
  const STALE_AFTER = 15;
  const WORDS = {
    connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', polling: 'Polling', offline: 'Offline',
  };
  const SECTIONS = {
    'sale-update': 'sales', 'revenue-update': 'revenue', 'attendance-update': 'attendance',
    'capacity-alert': 'capacity', 'social-update': 'social', 'activity-update': 'feed',
  };
  let ahead = 0;  // The server's clock minus ours in ms, from the last news.
  let sureAt = Date.now();
  let lineState = 'connecting';

  const serverNow = () => new Date(Date.now() + ahead).toISOString();

  async function fetchState(eventId) {
    try {
      const answer = await fetch(`/api/v1/realtime/state/${eventId}`, {
        headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(8000),
      });
      if (answer.status === 401) { signIn(); return null; }
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function news({ type, seq, at, data }) {
    if (at) ahead = Date.parse(at) - Date.now();
    sureAt = Date.now();
    if (type === 'snapshot') board.merge(data, seq, at || data.asOf);
    else if (type in SECTIONS) board.merge({ [SECTIONS[type]]: data }, seq, at);
  }

  const line = new Line({ news, fetchState, changed: (state) => { lineState = state; show(); } });

  function show() {
    document.querySelectorAll('[data-line]').forEach((pill) => {
      if (pill.dataset.line === lineState) return;
      pill.dataset.line = lineState;
      pill.querySelector('.pill-text').textContent = WORDS[lineState];
    });
    const age = Math.floor((Date.now() - sureAt) / 1000);
    const stale = lineState !== 'live' && age >= STALE_AFTER;
    document.documentElement.toggleAttribute('data-stale', stale);
    const state = board.state();
    const note = stale && state
      ? `These figures are of ${clock(new Date(sureAt + ahead).toISOString(), state.event.zone, true)}, ${age} s ago.`
        + ' The server cannot be reached; trying again.' : '';
    document.querySelectorAll('[data-stale-note]').forEach((node) => {
      if (node.textContent !== note) node.textContent = note;
    });
  }

  /* With a live line silence means that nothing has changed: the figures are of this second. */
  let lastTick = Date.now();
  setInterval(() => {
    const slept = !document.hidden && Date.now() - lastTick > 5000;
    lastTick = Date.now();
    if (slept) line.drop();  // After a sleep nobody knows whether the socket still leads anywhere.
    if (lineState === 'live') { sureAt = Date.now(); board.tick(serverNow()); }
    show();
  }, 1000);

  board.watch((state) => line.follow(state?.eventId ?? null, state?.seq, state?.asOf));
  new MutationObserver(show).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener('submit', ({ target }) => {
    if (target.matches('form[action="/logout"]')) line.hangUp();
  });

  /* Dash asks in the name of a session; when that has ended there is nothing to do but sign in again. */
  const ask = window.fetch;
  window.fetch = async function (...request) {
    const answer = await ask.apply(this, request);
    if (answer.status === 401 && answer.url.includes('/_dash-')) signIn();
    return answer;
  };

  /* A page that could not read the figures comes back when the server can. */
  setInterval(async () => {
    if (!document.querySelector('[data-retry]')) return;
    try {
      if ((await ask('/readyz', { signal: AbortSignal.timeout(3000) })).ok) location.reload();
    } catch { /* Not yet. */ }
  }, 3000);

  window.Housecount.line = line;
  window.Housecount.live = { now: serverNow };
})();
