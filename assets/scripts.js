/* Scripts of single pages: an element with data-script asks for one, and it is loaded once. */
(function () {
  'use strict';
  const asked = new Set();

  function look() {
    document.querySelectorAll('[data-script]').forEach(({ dataset: { script: url } }) => {
      if (asked.has(url)) return;
      asked.add(url);
      const script = document.createElement('script');
      script.src = url;
      script.onerror = () => { asked.delete(url); script.remove(); setTimeout(look, 3000); };
      document.head.append(script);
    });
  }

  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  look();
})();
