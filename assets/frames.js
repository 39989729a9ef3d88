/* Frames of widgets: the server writes each as HTML, in `data-html` of its slot's content. They are put in here,
   with what the first paint has drawn already, and their charts are drawn as soon as plotly has come: on the
   first paint. When that is on the screen React and Dash begin. */
(function () {
  'use strict';
  const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, responsive: false, showTips: false };
  const AT_ONCE = 40;  // Milliseconds of drawing before others have their turn.
  const FIRST = 250;  // On the first paint there are no others.
  const PLACES = ['#react-entry-point', '#first-paint'];
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const early = new Map();  // Whose frame → its place on the first paint.
  const charts = new Set();
  const sizes = new WeakMap();
  const owners = new WeakMap();
  let loading = false;
  let waiting = 0;
  let begun = false;

  function look() {
    if (document.body?.classList.contains('still-body')) return;  // Boards without an app draw their own charts.
    all('#first-paint .slot-content[data-of]').forEach((place) => early.set(place.dataset.of, place));
    all('#react-entry-point .slot-content[data-html]').forEach(fill);
    if (!document.getElementById('first-paint')) early.clear();
    if (pending().length) {
      load();
      waiting = waiting || setTimeout(draw, 0);
    } else if (!charts.size) begin();
    for (const chart of charts) if (!chart.isConnected && !kept(chart)) takeDown(chart);
  }

  const pending = () => all(PLACES.map((place) => `${place} .slot-content [data-figure]`).join());
  const kept = (chart) => [...early.values()].some((place) => place.contains(chart));

  /* What is in the element is ours: the attribute is there when something new has come, in the same element or
     in one that React has put in its place. The charts of the widget go on in it. */
  function fill(place) {
    const { html, of, mark } = place.dataset;
    place.removeAttribute('data-html');
    const painted = early.get(of);
    early.delete(of);
    if (painted?.dataset.mark === mark && !place.firstChild) { place.append(...painted.childNodes); return; }
    const old = [...charts].filter((chart) => owners.get(chart) === of && (place.contains(chart) || !chart.isConnected));
    place.innerHTML = html;
    const fresh = all('[data-figure]', place);
    const same = fresh.length === old.length;
    old.forEach((chart, index) => { if (same) again(chart, fresh[index]); else takeDown(chart); });
  }

  /* A chart goes on with its new figure: nothing flickers. */
  function again(chart, fresh) {
    const { figure } = fresh.dataset;
    fresh.replaceWith(chart);
    chart.dataset.figure = figure;
  }

  function takeDown(chart) {
    charts.delete(chart);
    fitting.unobserve(chart);
    window.Plotly?.purge(chart);
  }

  /* Charts measure their place: not before the styles of the page are there. */
  const styled = () => document.readyState !== 'loading'
    && all('#first-paint link[rel="stylesheet"], #react-entry-point link[rel="stylesheet"]').every((link) => link.sheet);

  function draw() {
    waiting = 0;
    const nodes = pending();
    if (!nodes.length) return;
    load();
    if (!window.Plotly || !styled()) { waiting = setTimeout(draw, 15); return; }
    const until = performance.now() + (begun ? AT_ONCE : FIRST);
    // All are measured before the first is drawn, as each drawing would have the page laid out again.
    const places = nodes.map((node) => [node, node.clientWidth, node.clientHeight, node.getBoundingClientRect().top]);
    const seen = ([, , , top]) => top < innerHeight;
    for (const [node, width, height] of [...places.filter(seen), ...places.filter((place) => !seen(place))]) {
      one(node, width, height);
      if (performance.now() > until) break;
    }
    if (pending().length) waiting = setTimeout(draw, 0);
    else painted(begin);
  }

  /* After the next frame, of which there is none in a tab that nobody sees. */
  function painted(then) {
    requestAnimationFrame(() => setTimeout(then, 0));
    setTimeout(then, 100);
  }

  /* Dash's scripts, and with them the app. */
  function begin() {
    const place = document.getElementById('_dash-renderer');
    if (begun || !place) return;
    begun = true;
    const script = document.createElement('script');
    script.src = place.dataset.src;
    document.head.append(script);
  }

  function one(node, width, height) {
    const { data, layout: own } = JSON.parse(node.dataset.figure);
    const layout = width && height ? { width, height, ...own } : { ...own, autosize: true };
    delete node.dataset.figure;
    owners.set(node, node.closest('.slot-content').dataset.of);
    const { Plotly } = window;
    for (const name of ['span', 'points', 'faded']) delete node.dataset[name];  // Said of the figure before.
    // Without a configuration: with one, even the same, plotly would make it anew.
    if (node.data) Plotly.react(node, data, layout);
    else Plotly.newPlot(node, data, layout, CONFIG);
    charts.add(node);
    sizes.set(node, `${width} ${height}`);
    fitting.observe(node);
  }

  const size = (node) => `${node.clientWidth} ${node.clientHeight}`;
  /* A chart follows its place, when that has come to rest. Plotly's own resizing leaves alone what was given a
     width and a height. */
  const unfit = new Set();
  let resting = 0;
  const fitting = new ResizeObserver((entries) => {
    entries.forEach(({ target }) => unfit.add(target));
    clearTimeout(resting);
    resting = setTimeout(fit, 60);
  });

  function fit() {
    for (const chart of unfit) {
      const { clientWidth: width, clientHeight: height } = chart;
      if (!charts.has(chart) || !width || !height || sizes.get(chart) === size(chart)) continue;
      sizes.set(chart, size(chart));
      window.Plotly.relayout(chart, { width, height });
    }
    unfit.clear();
  }

  /* The charts' script, which pages that begin with charts have already. */
  function load() {
    if (loading || window.Plotly) return;
    loading = true;
    const there = document.querySelector('script[data-charts]');
    const script = there || document.createElement('script');
    script.onload = () => { clearTimeout(waiting); draw(); };
    script.onerror = () => { script.remove(); begin(); setTimeout(() => { loading = false; }, 3000); };
    if (there) return;
    script.src = document.documentElement.dataset.plotly;
    document.head.append(script);
  }

  new MutationObserver(look).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['data-html'],
  });
  document.addEventListener('DOMContentLoaded', look);
  look();
})();
