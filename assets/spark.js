/* Small curves without plotly: <div data-spark="1,2,3"> gets an inline SVG, drawn again when the values
   change. With the class "bars" it is a row of bars, the running one paler. */
(function () {
  'use strict';
  const WIDTH = 96;
  const HEIGHT = 32;
  const PAD = 3;

  function line(values) {
    const low = Math.min(...values);
    const span = Math.max(...values) - low || 1;
    const step = (WIDTH - 2 * PAD) / (values.length - 1);
    const points = values.map((value, index) =>
      `${(PAD + index * step).toFixed(1)} ${(HEIGHT - PAD - ((value - low) / span) * (HEIGHT - 2 * PAD)).toFixed(1)}`);
    const path = `M${points.join('L')}`;
    const floor = `L${(WIDTH - PAD).toFixed(1)} ${HEIGHT}L${PAD} ${HEIGHT}Z`;
    return `<path class="f" d="${path}${floor}"/><path class="l" d="${path}"/>`;
  }

  function bars(values) {
    const high = Math.max(...values, 1);
    const step = WIDTH / values.length;
    return values.map((value, index) => {
      const height = value ? Math.max(1.5, (value / high) * HEIGHT) : 0.75;
      const kind = value ? (index === values.length - 1 ? 'b running' : 'b') : 'b none';
      return `<rect class="${kind}" x="${(index * step + step * 0.15).toFixed(2)}" y="${(HEIGHT - height).toFixed(2)}"`
        + ` width="${(step * 0.7).toFixed(2)}" height="${height.toFixed(2)}"/>`;
    }).join('');
  }

  function draw(element) {
    const values = (element.dataset.spark || '').split(',').filter(Boolean).map(Number);
    if (values.length < 2 || values.some(Number.isNaN)) { element.replaceChildren(); return; }
    const shape = element.classList.contains('bars') ? bars(values) : line(values);
    element.innerHTML = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${shape}</svg>`;
  }

  function all(node) {
    if (!node.querySelectorAll) return;
    if (node.matches('[data-spark]')) draw(node);
    node.querySelectorAll('[data-spark]').forEach(draw);
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'attributes') draw(change.target);
      else change.addedNodes.forEach(all);
    }
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['data-spark'],
  });
  all(document.documentElement);
})();
