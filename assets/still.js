/* Pages without an app: draws their charts, keeps their figures fresh, and on a wall lets boards take turns.
   It runs for days: charts that go are taken down, timers are never more than one, and nothing is kept of
   what has been shown. */
(function () {
  'use strict';
  const CONFIG = { displayModeBar: false, responsive: true };
  const FADE = 260;
  const HINT = 8000;
  const AGAIN = 10000;
  const SIGN = 7500;  // As often as the line of other pages has one.
  const ROW = 68;  // Of a board, in px: at least as in still.css.
  const AROUND = 72;  // What stands above and around the board.
  const SMALLEST = 0.7;
  const DESK = 1440;  // Boards are laid out for this width; a screen on a wall is a larger one, not a wider one.
  const all = (selector, within = document) => within.querySelectorAll(selector);
  const page = () => document.querySelector('[data-still]');
  const reduced = matchMedia('(prefers-reduced-motion: reduce)');
  const fresh = () => window.Housecount.fresh;
  const counted = { rotations: 0, refreshes: 0, failures: 0 };
  let timer = 0;
  let hint = 0;
  let turning = 0;  // Questions for the page that are under way.

  const later = (milliseconds) => { clearTimeout(timer); timer = setTimeout(turn, milliseconds); };
  const sleep = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

  function charts(within = document) {
    all('[data-figure]', within).forEach((node) => {
      if (!window.Plotly) return;
      const { data, layout } = JSON.parse(node.dataset.figure);
      delete node.dataset.figure;
      window.Plotly.newPlot(node, data, { ...layout, autosize: true }, CONFIG);
    });
  }

  const takeDown = (within) => all('.js-plotly-plot', within).forEach((node) => window.Plotly?.purge(node));

  /* The page at this address as it is now; null when it cannot be had. */
  async function fetched(url) {
    try {
      const answer = await fetch(url, { headers: { 'X-Refresh': '1' }, signal: AbortSignal.timeout(20000) });
      if (answer.redirected || answer.status === 404) { location.reload(); return null; }
      if (!answer.ok) return null;
      return new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-still]');
    } catch {
      return null;
    }
  }

  /* The same board again: only widgets whose drawing differs are put in place of the old ones. */
  function refresh(drawn) {
    const old = page();
    const slots = [all('.slot', old), all('.slot', drawn)];
    if (slots[0].length !== slots[1].length) { replace(drawn); return; }
    slots[0].forEach((slot, index) => {
      const [before, after] = [slot.firstElementChild, slots[1][index].firstElementChild];
      if (!after) return;
      if (before?.dataset.mark === after.dataset.mark) { held(before, after); return; }
      takeDown(slot);
      slot.replaceChildren(document.adoptNode(after));
      charts(slot);
    });
    for (const part of ['h1', '.tv-head .tv-sub', '.top .muted', '.shared-note']) {
      const [before, after] = [old.querySelector(part), drawn.querySelector(part)];
      if (before && after && before.textContent !== after.textContent) {
        before.textContent = after.textContent;
        before.title = after.title;
      }
    }
    counted.refreshes += 1;
  }

  /* The same figures, and a later moment at which they are so. */
  function held(before, after) {
    for (const said of ['.w-as-of', '.w-sub']) {
      const [old, fresh] = [before.querySelector(said), after.querySelector(said)];
      if (old && fresh && old.outerHTML !== fresh.outerHTML) old.replaceWith(document.adoptNode(fresh));
    }
  }

  function replace(drawn) {
    const old = page();
    const said = old.querySelector('[data-tv-note]')?.textContent;
    takeDown(old);
    const made = document.adoptNode(drawn);
    old.replaceWith(made);
    if (hint) say(said);
    charts(made);
    fit();
    clock();
  }

  async function turn() {
    const here = page();
    if (!here) return;
    const every = Number(here.dataset.every) * 1000;
    if (document.hidden) { later(every); return; }
    stayAwake();
    const several = Number(here.dataset.count || 1) > 1;
    const asked = fresh().ask();
    turning += 1;
    const drawn = await fetched(several ? here.dataset.next : location.href);
    turning -= 1;
    if (!drawn) {
      counted.failures += 1;
      later(Math.min(AGAIN, every) * (0.8 + Math.random() * 0.4));
      return;
    }
    const { title } = drawn.ownerDocument;  // Of the page that the board came in.
    if (several) {
      if (!reduced.matches && every > 4 * FADE) { here.classList.add('leaving'); await sleep(FADE); }
      replace(drawn);
      counted.rotations += 1;
    } else {
      refresh(drawn);
    }
    if (document.title !== title) document.title = title;
    fresh().answered(asked);
    later(every);
  }

  /* Without a line a server that hangs would be noticed by the next turn only: it is asked for a sign of life, and
     for the figures at once where it gives none. */
  async function sign() {
    const since = Date.now();
    if (document.hidden || document.querySelector('[data-line]')) return;
    try {
      if ((await fetch('/readyz', { cache: 'no-store', signal: AbortSignal.timeout(SIGN) })).ok) return;
    } catch { /* As if it had said no. */ }
    if (document.hidden) return;
    fresh().missed(since);
    if (!turning) later(0);
  }

  function say(text) {
    all('[data-tv-note]').forEach((node) => { node.textContent = text; });
  }

  function note(text) {
    say(text);
    clearTimeout(hint);
    hint = setTimeout(() => { hint = 0; say(''); }, HINT);
  }

  function clock() {
    const text = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(new Date());
    all('[data-clock]').forEach((node) => { if (node.textContent !== text) node.textContent = text; });
  }

  /* Large type: the board keeps its layout and is magnified to the width of the screen, or as far as its rows fit
     whole; a very long one is not made unreadable but goes up and down. */
  function fit() {
    const tv = document.querySelector('.tv');
    if (!tv || innerWidth < 768) return;
    const grid = tv.querySelector('.board-grid');
    const rows = grid ? getComputedStyle(grid).gridTemplateRows.split(' ').length : 0;
    const whole = innerHeight / (rows * ROW + AROUND);
    tv.style.setProperty('--zoom', Math.max(SMALLEST, Math.min(Math.max(1, innerWidth / DESK), whole)).toFixed(3));
    all('.js-plotly-plot', tv).forEach((node) => window.Plotly?.Plots.resize(node));
  }

  /* A board with more rows than fit goes slowly down and up again between its turns. */
  function stroll() {
    const place = document.querySelector('.tv-board');
    const rest = place ? place.scrollHeight - place.clientHeight : 0;
    if (rest < 8 || reduced.matches) return;
    const down = place.scrollTop < rest / 2;
    place.scrollTo({ top: down ? rest : 0, behavior: 'smooth' });
  }

  /* The system may let the screen sleep at any time, also in a page that is seen: asked for at each turn, one
     question at a time. Why it may fall asleep is said once, until that has changed. */
  let lock = null;
  let asking = false;
  let excuse = '';
  async function stayAwake() {
    if (!document.querySelector('.tv') || document.hidden || asking || (lock && !lock.released)) return;
    if (!navigator.wakeLock) {
      sorry('This browser cannot keep the screen awake: switch off sleep in its settings.');
      return;
    }
    asking = true;
    try {
      lock = await navigator.wakeLock.request('screen');
      excuse = '';
    } catch {
      sorry('The screen may fall asleep: the browser does not let this page keep it awake.');
    }
    asking = false;
  }

  function sorry(text) {
    if (text !== excuse) note(text);
    excuse = text;
  }

  const fullScreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => note('Full screen: press F11.'));
  };

  document.addEventListener('click', (event) => { if (event.target.closest?.('[data-full-screen]')) fullScreen(); });
  document.addEventListener('keydown', (event) => {
    if (!document.querySelector('.tv') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'f' || event.key === 'F') fullScreen();
    if (event.key === 'ArrowRight') later(0);
  });
  let pointer = 0;
  document.addEventListener('pointermove', () => {
    const tv = document.querySelector('.tv');
    tv?.setAttribute('data-pointer', '');
    clearTimeout(pointer);
    pointer = setTimeout(() => document.querySelector('.tv')?.removeAttribute('data-pointer'), 3000);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    stayAwake();
    if (fresh().due(Number(page()?.dataset.every || 30) * 1000)) later(0);
  });
  for (const back of ['online', 'housecount-again']) addEventListener(back, () => later(0));
  addEventListener('resize', fit);

  function start() {
    charts();
    fit();
    clock();
    stayAwake();
    setInterval(clock, 1000);
    setInterval(stroll, 12000);
    setInterval(sign, SIGN);
    if (page()) later(Number(page().dataset.every) * 1000);
  }
  const ready = () => (window.Plotly && window.Housecount?.fresh ? start() : setTimeout(ready, 50));
  if (page()) ready();

  window.Housecount = { ...window.Housecount, still: { counted, turn: () => later(0) } };
})();
