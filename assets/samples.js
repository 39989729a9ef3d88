/* Samples of widgets, on the gallery page and small in the drawer of a board: a chart is drawn when it comes into
   view. */
(function () {
  'use strict';
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false };
  const LIVE = ['read', 'list', 'sparkOf', 'meter', 'viral', 'chart', 'event', 'filter', 'value', 'countdown'];
  const WIDE = 96;  // Pixels of a column and of a row on a desk.
  const HIGH = 80;
  const all = (selector, within) => within.querySelectorAll(selector);
  let plotly = null;
  let kept = null;

  /* The charts' script, unless the page has it already. */
  function charts() {
    plotly = plotly || new Promise((done) => {
      if (window.Plotly) { done(); return; }
      const script = document.createElement('script');
      script.src = document.documentElement.dataset.plotly;
      script.addEventListener('load', done);
      document.head.append(script);
    });
    return plotly;
  }

  const seen = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
    if (!isIntersecting) return;
    seen.unobserve(target);
    const { data, layout } = JSON.parse(target.dataset.figure);
    delete target.dataset.figure;
    const config = { ...CONFIG, staticPlot: Boolean(target.closest('[inert]')) };
    charts().then(() => { if (target.isConnected) window.Plotly.newPlot(target, data, { ...layout, autosize: true }, config); });
  }), { rootMargin: '300px' });

  const watch = (within) => all('[data-figure]', within).forEach((node) => seen.observe(node));
  const takeDown = (within) => all('.js-plotly-plot', within).forEach((node) => window.Plotly.purge(node));

  /* Name → what the widget looks like; the same for everybody, and asked for once. */
  function pictures(url) {
    kept = kept || fetch(url).then((answer) => answer.json()).catch(() => { kept = null; return {}; });
    return kept;
  }

  const shown = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
    if (isIntersecting) { shown.unobserve(target); paint(target); }
  }), { rootMargin: '300px' });

  /* The widget in its own size, made as small as its place: only to be looked at. */
  async function paint(place) {
    const html = (await pictures(place.dataset.pictures))[place.dataset.picture];
    if (!html || !place.isConnected) return;
    const [w, h] = place.dataset.size.split(' ');
    const inside = document.createElement('div');
    inside.className = 'w-body';
    inside.innerHTML = html;
    // The night on the board moves its own widgets, not these.
    all('*', inside).forEach((node) => LIVE.forEach((name) => { delete node.dataset[name]; }));
    const [width, height] = [w * WIDE, h * HIGH - 56];
    const scale = Math.min(place.clientWidth / width, place.clientHeight / height, 1);
    inside.style.cssText = `width:${width}px;height:${height}px;transform:translate(-50%,-50%) scale(${scale.toFixed(3)})`;
    place.replaceChildren(inside);
    watch(inside);
  }

  /* An empty place that gets the picture of a widget of `w` by `h` when it comes into view. */
  function picture(url, { name, size: { w, h } }) {
    const place = document.createElement('div');
    place.className = 'gallery-picture';
    place.inert = true;
    place.setAttribute('aria-hidden', 'true');
    Object.assign(place.dataset, { pictures: url, picture: name, size: `${w} ${h}` });
    shown.observe(place);
    return place;
  }

  window.Housecount = { ...window.Housecount, samples: { watch, picture, takeDown } };
})();
