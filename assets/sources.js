/* The doors keep themselves fresh: every ten seconds, while somebody looks, and never under a finger that reads. Without
   this script the page is as it was when it was opened. */
(function () {
  'use strict';
  const filters = document.querySelector('[data-filters]');
  if (filters && matchMedia('(min-width: 768px)').matches) filters.open = true;
  const EVERY = 10000;
  const place = document.querySelector('[data-fresh]');
  if (!place) return;

  async function refresh() {
    if (document.hidden || !getSelection().isCollapsed || place.contains(document.activeElement)) return;
    try {
      const answer = await fetch(place.dataset.fresh, { headers: { Accept: 'text/html' }, redirect: 'error' });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      place.replaceChildren(...fresh.body.childNodes);
      delete place.dataset.staleSince;
    } catch {
      place.dataset.staleSince ||= String(Date.now());
    }
  }

  setInterval(refresh, EVERY);
  document.addEventListener('visibilitychange', refresh);
})();
