/* Charts follow the state: at most one redraw of one chart per frame, and one per chart per second. */
(function () {
  'use strict';
  const { format: { count, clock } } = window.Housecount;
  const MINUTE = 60000;
  const QUIET = 1000;

  const iso = (time) => new Date(time).toISOString();

  /* The changing parts of widgets/arrivals.py: the points, and the axis when its span has changed. */
  function arrivals(state) {
    const { from, bucketMinutes: width, counts, usual: curve } = state.attendance.arrivals;
    const usual = curve || [];
    const length = Math.max(counts.length, usual.length, 1);
    const middle = (_, index) => width * index + width / 2;
    const zone = state.event.zone;
    const edge = (index) => (from ? clock(iso(Date.parse(from) + index * width * MINUTE), zone) : '');
    const span = (index) => (from ? `${edge(index)} to ${edge(index + 1)}` : '');
    const running = from ? Math.floor((Date.parse(state.asOf) - Date.parse(from)) / (width * MINUTE)) : -1;
    return {
      data: {
        x: [counts.map(middle), usual.map(middle)],
        y: [counts, usual],
        customdata: [counts.map((n, index) => `${span(index)}<br><b>${count(n)}</b> arrivals`),
          usual.map((n) => `usually ${count(n)}`)],
        'marker.opacity': [counts.map((_, index) => (index === running ? 0.5 : 1)), 1],
      },
      layout: {
        'xaxis.range': [0, width * length],
        ...ticks(from, width * length, zone),
        ...marks(from, width * length, state.event),
      },
      from,
      span: `${from}/${length}/${state.event.doorsAt}/${state.event.startsAt}`,
    };
  }

  function ticks(from, minutes, zone) {
    const values = [];
    const texts = [];
    const step = minutes <= 300 ? 30 : 60;
    for (let offset = 0; from && offset <= minutes; offset += 5) {
      const text = clock(iso(Date.parse(from) + offset * MINUTE), zone);
      if (Number(text.slice(3)) % step === 0) { values.push(offset); texts.push(text); }
    }
    return { 'xaxis.tickvals': values, 'xaxis.ticktext': texts };
  }

  const MARK = '#8c95a5';

  function marks(from, minutes, event) {
    const shapes = [];
    const annotations = [];
    for (const [text, at] of [['Doors', event.doorsAt], ['Start', event.startsAt]]) {
      const x = from && at ? (Date.parse(at) - Date.parse(from)) / MINUTE : -1;
      if (x < 0 || x > minutes) continue;
      const line = { width: 1, dash: 'dot', color: MARK };
      shapes.push({ type: 'line', x0: x, x1: x, y0: 0, y1: 1, yref: 'paper', line });
      annotations.push({
        x, xref: 'x', yref: 'paper', showarrow: false, font: { size: 11 }, y: 1, yanchor: 'bottom', text,
      });
    }
    return { shapes, annotations };
  }

  /* What people noted, where it is on the axis now: a chart keeps all notes of its night in `layout.meta`
     (widgets/time_notes.py). */
  function noted({ shapes, annotations }, notes, from, minutes) {
    const found = { shapes: [...shapes], annotations: [...annotations] };
    for (const { at, ...words } of notes) {
      const x = (Date.parse(at) - Date.parse(from)) / MINUTE;
      if (x < 0 || x > minutes) continue;
      found.shapes.push({ type: 'line', x0: x, x1: x, y0: 0, y1: 1, yref: 'paper', line: { width: 1, dash: 'dot', color: MARK } });
      found.annotations.push({ x, xref: 'x', y: 1, yref: 'paper', yanchor: 'bottom', showarrow: false, font: { size: 11 }, ...words });
    }
    return found;
  }

  const figures = { arrivals };
  const wanted = new Map();
  const drawn = new WeakMap();  // Charts that are gone must not be kept alive by it.
  let waiting = 0;

  function show(state) {
    for (const name of Object.keys(figures)) wanted.set(name, state);
    if (!waiting) waiting = requestAnimationFrame(pump);
  }

  function pump(now) {
    waiting = 0;
    let late = Infinity;
    for (const [name, state] of wanted) {
      const div = document.querySelector(`#react-entry-point [data-chart="${name}"] .js-plotly-plot`);
      if (!document.querySelector(`[data-chart="${name}"]`)) { wanted.delete(name); continue; }
      if (!div || !div.data || !window.Plotly) { late = Math.min(late, 200); continue; }
      const rest = QUIET - (now - (drawn.get(div) || -QUIET));
      if (rest > 0) { late = Math.min(late, rest); continue; }
      wanted.delete(name);
      drawn.set(div, now);
      draw(div, figures[name](state));
      late = Math.min(late, 0);
      break;
    }
    if (wanted.size && late < Infinity) {
      waiting = -1;
      setTimeout(() => { waiting = requestAnimationFrame(pump); }, late);
    }
  }

  /* A chart drawn by the server knows its span from its axis; only a changed span costs a new layout. */
  function draw(div, { data, layout, span, from }) {
    const before = div.dataset.span || '';
    const points = JSON.stringify([data.y, data['marker.opacity']]);
    if (before === span && div.dataset.points === points) return;
    div.dataset.points = points;
    div.dataset.span = span;
    if (before === span) window.Plotly.restyle(div, data, [0, 1]);
    else window.Plotly.update(div, data, { ...layout, ...noted(layout, div.layout.meta?.notes || [], from, layout['xaxis.range'][1]) }, [0, 1]);
  }

  window.Housecount.charts = { show, figures, noted };
})();
