(function () {
  var root = document.documentElement, kept = null, bundle = root.dataset.plotly;
  try { kept = localStorage.getItem('housecount-theme'); } catch (error) { /* Storage is closed: follow the system. */ }
  root.dataset.bsTheme = kept || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  if (bundle) Object.defineProperty(window, '_dashPlotlyJSURL', { get: function () { return bundle; }, set: function () {} });
})();
