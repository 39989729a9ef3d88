/* Scripts of single pages: an element with data-script asks for one, and it is loaded once. A button that is
   pressed before its script has come, on the first paint say, is pressed again when it has. */
(function () {
  'use strict';
  const asked = new Map();
  const ACTIONS = { listAction: 'list-action', boardAction: 'board-action', cardAction: 'card-action', template: 'template' };
  let early = null;

  function look() {
    document.querySelectorAll('[data-script]').forEach(({ dataset: { script: url } }) => {
      if (!asked.has(url)) load(url);
    });
    if (early && ready()) {
      const button = document.querySelector(`#react-entry-point ${early}`);
      early = null;
      button?.click();
    }
  }

  function load(url) {
    const script = document.createElement('script');
    asked.set(url, false);
    script.src = url;
    script.onload = () => { asked.set(url, true); look(); };
    script.onerror = () => { asked.delete(url); script.remove(); setTimeout(look, 3000); };
    document.head.append(script);
  }

  /* Whether what React has drawn is in the hands of its script. */
  function ready() {
    const page = document.querySelector('#react-entry-point [data-script]');
    return Boolean(page && asked.get(page.dataset.script) && (!('dashboard' in page.dataset) || page.dataset.bound));
  }

  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('[data-list-action], [data-board-action], [data-card-action], [data-template]');
    if (!button || (ready() && button.closest('#react-entry-point'))) return;
    const name = Object.keys(ACTIONS).find((action) => action in button.dataset);
    const card = button.closest('[data-board-card]')?.dataset.boardCard;
    early = `${card ? `[data-board-card="${CSS.escape(card)}"] ` : ''}[data-${ACTIONS[name]}="${CSS.escape(button.dataset[name])}"]`;
  }, true);

  new MutationObserver(look).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['data-bound'],
  });
  look();
})();
