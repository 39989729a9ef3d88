/* Brings line and board together: news into the board, and into the header how we are connected. */
(function () {
  'use strict';
  const { Line, board, fresh, signIn } = window.Housecount;
  const WORDS = {
    connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', polling: 'Polling', offline: 'Offline',
  };
  const SECTIONS = {
    'sale-update': 'sales', 'revenue-update': 'revenue', 'attendance-update': 'attendance',
    'capacity-alert': 'capacity', 'social-update': 'social', 'activity-update': 'feed',
  };
  let ahead = 0;  // The server's clock minus ours in ms, from the last news.
  let lineState = 'connecting';

  const serverNow = () => new Date(Date.now() + ahead).toISOString();

  async function fetchState(eventId, patience) {
    try {
      const answer = await fetch(`/api/v1/realtime/state/${eventId}`, {
        headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(patience),
      });
      if (answer.status === 401) { signIn(); return null; }
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function news({ type, seq, at, data }) {
    if (at) ahead = Date.parse(at) - Date.now();
    if (type === 'snapshot') board.merge(data, seq, at || data.asOf);
    else if (type in SECTIONS) board.merge({ [SECTIONS[type]]: data }, seq, at);
  }

  const line = new Line({ news, fetchState, changed: (state) => {
    const back = lineState !== 'connecting' && lineState !== 'live' && state === 'live';
    lineState = state;
    if (back) fresh.again();
    show();
  } });

  /* Until when the figures of the night are sure, by the server's clock: nothing newer is claimed while the line is
     silent. A page that was drawn since then knows more. */
  const sure = () => Math.max(line.sure + ahead, Date.parse(board.state()?.drawnAt || 0));

  function show() {
    document.querySelectorAll('[data-line]').forEach((pill) => {
      if (pill.dataset.line === lineState) return;
      pill.dataset.line = lineState;
      pill.querySelector('.pill-text').textContent = WORDS[lineState];
    });
  }

  function tellAge() {
    const state = board.state();
    if (!state) { fresh.heard(null); return; }
    const at = sure();
    fresh.heard(state.event, lineState === 'live' ? null : Math.min(Date.now(), at - ahead), at);
  }

  /* With a live line silence means that nothing has changed: time goes on, and the figures hold until the last sign. */
  let lastTick = Date.now();
  setInterval(() => {
    const slept = !document.hidden && Date.now() - lastTick > 5000;
    lastTick = Date.now();
    if (slept) line.drop();  // After a sleep nobody knows whether the socket still leads anywhere.
    if (board.state()) board.hold(new Date(sure()).toISOString());
    if (lineState === 'live') board.tick(serverNow());
    tellAge();
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
  window.Housecount.live = { sure };
})();
