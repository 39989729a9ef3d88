/* An import that is under way shows how far it is, and its page comes anew when it has ended. Without this script there
   is a link that looks again. */
(function () {
  'use strict';
  const EVERY = 1000;
  const place = document.querySelector('[data-fresh]');

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.fresh, { headers: { Accept: 'text/html' }, redirect: 'error' });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!fresh.querySelector('[data-busy]')) { location.reload(); return; }
      const bar = place.querySelector('progress');
      const now = fresh.querySelector('progress');
      // The bar stays and moves; all else is exchanged.
      place.replaceChildren(...fresh.body.childNodes);
      if (bar && now) { const to = now.value; now.replaceWith(bar); requestAnimationFrame(() => { bar.value = to; }); }
    } catch { /* It is asked again. */ }
  }

  if (place && place.querySelector('[data-busy]')) setInterval(refresh, EVERY);

  for (const form of document.querySelectorAll('[data-upload]')) {
    form.addEventListener('submit', () => {
      const button = form.querySelector('button[type="submit"]');
      button.textContent = 'Uploading …';
      setTimeout(() => { button.disabled = true; });
    });
  }
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
