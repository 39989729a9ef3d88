/* The audit page: filters stand open where there is room, an address has no empty filters, a search says that it
   is under way, and a request id is copied. Without this script all of it is links and forms. */
(function () {
  'use strict';
  const filters = document.querySelector('[data-filters]');
  if (matchMedia('(min-width: 768px)').matches) filters.open = true;

  const entries = () => document.querySelector('[data-entries]');
  const tell = (words) => { const place = document.querySelector('[data-told]'); if (place) place.textContent = words; };

  function busy(is) {
    entries()?.toggleAttribute('data-busy', is);
    entries()?.setAttribute('aria-busy', String(is));
    for (const field of filters.querySelectorAll('[disabled]')) if (!is) field.disabled = false;
    tell(is ? 'Searching …' : '');
  }

  document.addEventListener('submit', (event) => {
    for (const field of event.target.querySelectorAll('input, select')) field.disabled = !field.value;
    busy(true);
  });

  document.addEventListener('click', async (event) => {
    const copied = event.target.closest('[data-copy]');
    if (copied) {
      try {
        await navigator.clipboard.writeText(copied.dataset.copy);
        copied.textContent = 'Copied';
        tell('The request id is copied.');
      } catch {  // Not over plain HTTP: then it is chosen, for the keyboard to copy.
        getSelection().selectAllChildren(copied.closest('dd').querySelector('bdi'));
        tell('The request id is selected.');
      }
      return;
    }
    const link = event.target.closest('a[href^="/audit"]');
    const here = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (link && here && !link.matches('[data-file]')) busy(true);
    else if (link && here) tell('The file is being written.');
  });

  document.addEventListener('toggle', (event) => {
    for (const button of event.target.querySelectorAll('[data-copy]')) button.hidden = false;
  }, true);
  addEventListener('pageshow', () => busy(false));
})();
