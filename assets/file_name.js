/* Names of files that are made in the browser, by the rule of `exports/names.py`; a test holds the two together. */
(function () {
  'use strict';
  const LONGEST = 180;
  const utf8 = new TextEncoder();
  const digits = (text) => text.replace(/\D/g, '');

  /* Letters and digits of any script in lower case, joined by hyphens, in at most `most` bytes. */
  function slug(text, most) {
    const joined = text.normalize('NFKC').toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join('-');
    // What is left of a letter that is cut in two is left out.
    return new TextDecoder().decode(utf8.encode(joined).subarray(0, most), { stream: true }).replace(/^-+|-+$/g, '');
  }

  /* "housecount-finance-revenue-last-30-days-20261126-1014.png": what it is, and of when by the clock of `zone`. */
  function fileName(words, at, zone, extension) {
    const local = (options) => digits(new Intl.DateTimeFormat('sv-SE', { timeZone: zone || 'UTC', hourCycle: 'h23', ...options }).format(at));
    const when = `${local({ year: 'numeric', month: '2-digit', day: '2-digit' })}-${local({ hour: '2-digit', minute: '2-digit' })}`;
    const room = LONGEST - `housecount-${when}.${extension}`.length - words.length;
    const kept = words.map((word) => slug(word, Math.floor(room / Math.max(words.length, 1)))).filter(Boolean);
    return `${['housecount', ...kept, when].join('-')}.${extension}`;
  }

  window.Housecount = { ...window.Housecount, fileName };
})();
