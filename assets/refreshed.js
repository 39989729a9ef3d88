/* What a refresh leaves of a widget: the part of a chart that somebody looks at, and, where the figures are what
   they were, a later moment at which they were so. Pages of figures that nobody moves are refreshed from here. */
(function () {
  'use strict';
  const { fresh } = window.Housecount;
  const EVERY = 60000;
  const TIMES = ['minute', '5min', '15min', '30min', 'hour', 'day', 'week', 'month', 'quarter', 'year',
    'days_to_doors'];
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const mouse = matchMedia('(hover: hover) and (pointer: fine)');

  /* A stretch of the time of a chart is looked at by drawing over it. The same question to the same board
     keeps it; fingers scroll the page instead. */
  function zooming(chart, data, layout) {
    const grain = layout.meta?.filter;
    const straight = data.every(({ type, orientation }) => ['scatter', 'bar'].includes(type) && orientation !== 'h');
    if (!TIMES.includes(grain) || !straight || !chart.closest?.('.slot-content') || chart.closest('[data-locked]')) return layout;
    return {
      ...layout,
      uirevision: `${location.search} ${grain}`,
      ...(mouse.matches ? { dragmode: 'zoom', xaxis: { ...layout.xaxis, fixedrange: false } } : {}),
    };
  }

  /* The way back to all of it, as long as it is not all that is seen. */
  function follow(chart) {
    if (chart.layout?.dragmode !== 'zoom') return;
    if (!chart.dataset.zooming) {
      chart.dataset.zooming = '1';
      chart.on('plotly_relayout', () => offer(chart));
    }
    offer(chart);
  }

  function offer(chart) {
    const part = chart.layout.xaxis?.autorange === false;
    const there = chart.parentElement?.querySelector(':scope > .zoom-out');
    if (Boolean(there) === part) return;
    if (there) { there.remove(); return; }
    const button = Object.assign(document.createElement('button'), {
      type: 'button', className: 'zoom-out button-quiet', textContent: 'Show all',
    });
    button.addEventListener('click', () => window.Plotly.relayout(chart, { 'xaxis.autorange': true }));
    chart.after(button);
  }

  /* Until when what was asked for and found unchanged holds: {at, of: the ids of widgets, ask: its question}. */
  function later({ at, of = [] }) {
    for (const frame of all('#react-entry-point .slot-content[data-of]')) {
      const widget = frame.querySelector('.widget');
      const said = of.includes(frame.dataset.of) && widget?.dataset.live === '' && frame.querySelector('.w-as-of');
      if (said && Date.parse(said.dataset.asOf) < Date.parse(at)) tell(said, at);
    }
  }

  /* Of when a widget is, wherever its frame says it: also those that move by themselves, which `board.js` tells. */
  function tell(said, at) {
    if (said.dataset.asOf === at) return;
    const clock = new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: said.dataset.zone || 'UTC', hourCycle: 'h23',
    }).format(new Date(at));
    said.dataset.asOf = at;
    said.textContent = `As of ${clock} · ${said.dataset.zone || 'UTC'}`;
    const sub = said.closest('.widget').querySelector('.w-sub');
    if (sub?.title) sub.title = sub.title.replace(/as of [\d:]+$/, `as of ${clock}`);
  }

  let heard = '';
  setInterval(() => {
    const told = document.getElementById('held')?.textContent || '';
    if (told === heard) return;
    heard = told;
    if (!told) return;
    later(JSON.parse(told));
    fresh.answered(JSON.parse(told).ask);
  }, 500);

  /* The pages of figures that nobody moves; boards look after themselves (`board_drawing.js`). */
  let page = null;
  setInterval(() => {
    const shown = document.querySelector('#react-entry-point [data-figures]');
    if (shown !== page) {
      page = shown;
      if (shown) fresh.begin();
    }
    if (page && fresh.due(EVERY)) window.dash_clientside.set_props('figures-ask', { data: fresh.ask() });
  }, 1000);

  window.Housecount = { ...window.Housecount, zoom: { zooming, follow }, tellAsOf: tell };
})();
