/* Light and dark. Figures travel without a template; the template is put in where plotly draws, and
   follows the theme. The hook is on window.Plotly itself, whoever loads it and whenever. */
(function () {
  'use strict';
  const root = document.documentElement;
  const FONT = 'Inter, system-ui, sans-serif';

  /* Words that do not fit are hidden below, all at once: plotly has the page laid out again for each. */
  const axis = (gridcolor) => ({ gridcolor, zeroline: false, showline: false, automargin: false, ticklabeloverflow: 'allow' });
  const template = (text, grid, surface, border, colorway) => ({
    layout: {
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', colorway,
      font: { family: FONT, size: 12, color: text },
      hoverlabel: { bgcolor: surface, bordercolor: border, font: { family: FONT, size: 12, color: text } },
      xaxis: axis(grid),
      yaxis: axis(grid),
    },
  });
  const templates = {
    light: template('#5b6474', '#eceef2', '#ffffff', '#d8dce3', ['#3b5bdb', '#475467', '#c2410c', '#7048e8']),
    dark: template('#98a2b3', '#242a34', '#1c222b', '#39424f', ['#7c96ff', '#d0d5dd', '#ff922b', '#9775fa']),
  };
  const mode = () => (root.dataset.bsTheme === 'dark' ? 'dark' : 'light');

  /* newPlot and react take (div, data, layout, config) or (div, {data, layout, …}). */
  function themed(plotly) {
    for (const name of ['newPlot', 'react']) {
      const draw = plotly[name];
      plotly[name] = function (div, figure, layout, config) {
        const { zooming, follow } = window.Housecount.zoom;
        if (figure && !Array.isArray(figure) && figure.data) {
          figure = { ...figure, layout: { ...zooming(div, figure.data, figure.layout || {}), template: templates[mode()] } };
        } else {
          layout = { ...zooming(div, figure || [], layout || {}), template: templates[mode()] };
        }
        const drawn = draw.call(plotly, div, figure, layout, config);
        Promise.resolve(drawn).then((plot) => { if (!plot?.on) return; followed(plot); follow(plot); }, () => {});
        return drawn;
      };
    }
    return plotly;
  }

  /* Of the words at an axis those go that the edge of the chart would cut, and below it those that would lie on
     the one before, as with the notes above it, at every size of the chart. All are measured before the first is
     hidden. */
  function thin(plot) {
    const edge = plot.getBoundingClientRect();
    const measured = (selector) => [...plot.querySelectorAll(selector)].map((word) => [word, word.getBoundingClientRect()]);
    const below = measured(':is(.xaxislayer-above, .xaxislayer-below) .xtick text');
    const beside = measured(':is(.yaxislayer-above, .yaxislayer-below) .ytick text');
    const notes = measured('.infolayer .annotation-text-g').sort(([, a], [, b]) => a.left - b.left);
    let layer = null;
    let end = -Infinity;
    for (const [word, { left, right }] of below) {
      const own = word.closest('.xaxislayer-above, .xaxislayer-below');
      if (own !== layer) [layer, end] = [own, -Infinity];
      const clear = left > end + 4 && left >= edge.left && right <= edge.right;
      show(word, clear);
      if (clear) end = right;
    }
    for (const [word, { top, bottom }] of beside) show(word, top + 3 >= edge.top && bottom <= edge.bottom);
    const ends = new Map();  // Of each row of notes.
    for (const [word, { left, right, top }] of notes) {
      const row = Math.round(top / 7);
      const clear = left > (ends.get(row) ?? -Infinity) + 4;
      show(word, clear);
      if (clear) ends.set(row, right);
    }
  }

  const show = (word, clear) => { word.style.visibility = clear ? '' : 'hidden'; };

  function followed(plot) {
    if (plot.dataset.thinned) return;
    plot.dataset.thinned = '1';
    plot.on('plotly_afterplot', () => thin(plot));
    thin(plot);
  }

  const plots = () => document.querySelectorAll('.js-plotly-plot');
  const retouch = () => plots().forEach((div) => window.Plotly.relayout(div, { template: templates[mode()] }));

  let plotly = window.Plotly && themed(window.Plotly);
  if (plotly) retouch();
  else {
    Object.defineProperty(window, 'Plotly', {
      configurable: true, enumerable: true, get: () => plotly, set: (value) => { plotly = value && themed(value); },
    });
  }

  function turn(theme) {
    root.dataset.bsTheme = theme;
    if (plotly) retouch();
  }

  document.addEventListener('click', (event) => {
    if (!event.target.closest || !event.target.closest('[data-theme-toggle]')) return;
    const theme = mode() === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('housecount-theme', theme); } catch { /* Storage is closed: this visit only. */ }
    turn(theme);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
    let kept = null;
    try { kept = localStorage.getItem('housecount-theme'); } catch { /* As above. */ }
    if (!kept) turn(event.matches ? 'dark' : 'light');
  });

  window.Housecount = { ...window.Housecount, templates };
})();
