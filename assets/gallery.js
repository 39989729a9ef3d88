/* The gallery page: puts the samples in, and searches. */
(function () {
  'use strict';
  function found() {
    document.querySelectorAll('#react-entry-point [data-samples]:empty').forEach((place) => {
      place.innerHTML = place.dataset.samples;
      window.Housecount.samples.watch(place);
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
