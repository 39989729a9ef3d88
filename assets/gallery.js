/* The gallery page: puts the samples in, draws a chart when it comes into view, and searches. */
(function () {
  'use strict';
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false };
  let plotly = null;

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
    charts().then(() => { if (target.isConnected) window.Plotly.newPlot(target, data, { ...layout, autosize: true }, CONFIG); });
  }), { rootMargin: '300px' });

  function found() {
    document.querySelectorAll('#react-entry-point [data-samples]:empty').forEach((place) => {
      place.innerHTML = place.dataset.samples;
      place.querySelectorAll('[data-figure]').forEach((node) => seen.observe(node));
    });
  }

  /* The field comes with the script, as it does nothing without it. */
  function search() {
    document.querySelectorAll('#react-entry-point [data-samples-search]:not(:has(input))').forEach((label) => {
      const field = document.createElement('input');
      Object.assign(field, { type: 'search', placeholder: 'Search widgets' });
      label.append(field);
    });
  }

  document.addEventListener('input', (event) => {
    if (!event.target.closest || !event.target.closest('[data-samples-search]')) return;
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    document.querySelectorAll('[data-samples] [data-search]').forEach((card) => {
      card.hidden = !words.every((word) => card.dataset.search.includes(word));
      left += !card.hidden;
    });
    document.querySelectorAll('[data-no-match]').forEach((note) => { note.hidden = left > 0; });
  });

  const look = () => { found(); search(); };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  look();
})();
