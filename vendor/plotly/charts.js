/* plotly.js with what our figures are made of, as its own src/core.js puts it together: a trace or a component
   that a figure needs and that is not here is not drawn. */
const { register } = require('plotly.js/src/registry');
const api = require('plotly.js/src/plot_api');
const { resize } = require('plotly.js/src/plots/plots');
require('plotly.js/build/plotcss');

const Plotly = {
  version: require('plotly.js/src/version').version,
  register,
  Plots: { resize },
  Snapshot: require('plotly.js/src/snapshot'),
};
for (const [name, fn] of Object.entries(api)) {
  if (!name.startsWith('_')) Plotly[name] = fn;
  register({ moduleType: 'apiMethod', name, fn });
}

register([
  require('plotly.js/src/traces/bar'),
  require('plotly.js/src/traces/heatmap'),
  require('plotly.js/src/traces/pie'),
  require('plotly.js/src/traces/scatter'),
]);
register([
  require('plotly.js/src/components/annotations'),
  require('plotly.js/src/components/selections'),
  require('plotly.js/src/components/shapes'),
  require('plotly.js/src/components/colorscale'),
  require('plotly.js/src/components/colorbar'),
  require('plotly.js/src/components/legend'),  // After shapes, on whose defaults its own depend.
  require('plotly.js/src/components/fx'),  // After the legend, for the same reason.
  require('plotly.js/src/components/modebar'),
  require('plotly.js/src/locale-en'),
  require('plotly.js/src/locale-en-us'),
]);

module.exports = Plotly;
