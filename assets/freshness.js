/* How fresh figures are: when they are to be asked for anew, and, when they cannot be had, a mark in each widget
   and one note on the page that say since when. Both go by themselves with the first answer.

   Live widgets are kept fresh by the line, all others by what the page asks of the server; a page without a line
   asks it for signs of life between its questions. */
(function () {
  'use strict';
  const { format: { clock, day } } = window.Housecount;
  const GRACE = 15000;
  const AGAIN = 10000;
  const CALM = 6000;
  const all = (selector) => [...document.querySelectorAll(selector)];
  let askedAt = Date.now();
  let lastAsk = 0;
  let waitingSince = null;  // When the first question was asked that has no answer yet.
  let line = null;
  let night = null;
  let wasOld = false;
  let note = '';
  let calm = 0;

  /* The page stands with figures of now. */
  function begin() {
    askedAt = Date.now();
    waitingSince = null;
    show();
  }

  /* Whether it is time to ask again, `every` so many milliseconds; sooner when there was no answer. */
  const due = (every) => !document.hidden && Date.now() - askedAt >= (waitingSince === null ? every : AGAIN);

  /* The number of a question about all figures of the page, asked now. */
  function ask() {
    lastAsk = Math.max(Date.now(), lastAsk + 1);
    askedAt = Date.now();
    waitingSince ??= askedAt;
    return lastAsk;
  }

  /* A sign of life that was asked for at `since` has not come: from then on the figures are not sure, until the
     next question about them is answered. */
  function missed(since) {
    waitingSince ??= since;
    show();
  }

  function answered(number) {
    if (number !== lastAsk) return;
    waitingSince = null;
    show();
  }

  /* From the line, every second: until when the figures of `event`, {zone}, are sure by our clock, null while it
     stands; `at` is the same moment by the server's clock. Without an event the page follows none. */
  function heard(event, sureAt = null, at = 0) {
    night = event;
    line = sureAt === null ? null : { sureAt, at };
    show();
  }

  /* The server is there again: what it did not answer is asked at once. */
  function again() {
    if (waitingSince === null) return;
    askedAt = 0;
    dispatchEvent(new Event('housecount-again'));
  }

  const late = (since) => since !== null && Date.now() - since >= GRACE;

  function words(at, zone) {
    const iso = new Date(at).toISOString();
    const today = day(iso, zone) === day(new Date(Date.now()).toISOString(), zone);
    return `Not refreshed since ${today ? '' : `${day(iso, zone)}, `}${clock(iso, zone)}`;
  }

  /* Of when the figures of a widget are, if that is too long ago: {at, zone}. */
  function old(widget, [lineLate, pageLate]) {
    const said = widget.querySelector('.w-as-of');
    if (!said) return null;  // It has no figures.
    const zone = said.dataset.zone || 'UTC';
    if (night && widget.dataset.live) return lineLate ? { at: line.at, zone } : null;
    return pageLate ? { at: Date.parse(said.dataset.asOf), zone } : null;
  }

  function mark(widget, of) {
    const there = widget.querySelector('.w-old');
    widget.toggleAttribute('data-old', Boolean(of));
    if (!of) { there?.remove(); return; }
    const text = words(of.at, of.zone);
    if (there?.textContent === text) return;
    const made = there || Object.assign(document.createElement('span'), { className: 'w-old' });
    made.textContent = text;
    made.title = `${text} (${of.zone})`;
    if (!there) widget.querySelector('.w-head .w-sub')?.before(made);
  }

  function show() {
    const lateness = [Boolean(night) && late(line && line.sureAt), late(waitingSince)];
    document.documentElement.toggleAttribute('data-stale', lateness[0]);
    const found = lateness[0] ? [{ at: line.at, zone: night.zone }] : [];
    if (wasOld || lateness.some(Boolean)) {
      for (const widget of all('.slot .widget')) {
        const of = old(widget, lateness);
        mark(widget, of);
        if (of) found.push(of);
      }
    }
    const oldest = found.sort((a, b) => a.at - b.at)[0];
    say(oldest);
    wasOld = Boolean(oldest);
  }

  /* One text that does not change while it stands: it is read aloud once. */
  function say(oldest) {
    if (oldest) {
      const why = navigator.onLine ? 'The server sends no new figures' : 'This device has no network';
      if (!wasOld || !note.includes(why)) note = `${words(oldest.at, oldest.zone)}. ${why}; trying again.`;
      clearTimeout(calm);
      calm = 0;
    } else if (wasOld) {
      note = 'The figures are up to date again.';
      calm = setTimeout(() => { note = ''; calm = 0; show(); }, CALM);
    }
    for (const node of all('[data-stale-note]')) {
      node.toggleAttribute('data-again', !oldest);
      if (node.textContent !== note) node.textContent = note;
    }
  }

  addEventListener('online', () => { askedAt = 0; });
  setInterval(show, 1000);

  window.Housecount.fresh = { begin, due, ask, missed, answered, heard, again };
})();
