/* Values as a manager reads them, as widgets/format.py writes them on the server. */
(function () {
  'use strict';
  const NOTHING = '–';
  const kept = new Map();
  const made = (key, make) => { if (!kept.has(key)) kept.set(key, make()); return kept.get(key); };
  const number = (value, options) =>
    made(JSON.stringify(options || {}), () => new Intl.NumberFormat('en-GB', options)).format(value);
  const minus = (text) => text.replace(/^-/, '−');
  // Halves go up, as on the server; Intl alone would be given 0.5 in binary and may differ.
  const whole = (value) => Math.floor(value + 0.5);

  const count = (value) => (value == null ? NOTHING : minus(number(Math.round(value))));

  function compact(value) {
    if (value == null || Math.abs(value) < 10000) return count(value);
    const [unit, letter] = value >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
    const tenths = Math.floor((value * 10) / unit);
    return tenths >= 1000 || tenths % 10 === 0
      ? number(Math.floor(tenths / 10)) + letter : (tenths / 10).toFixed(1) + letter;
  }

  const percent = (value) =>
    value == null ? NOTHING : number(value > 99 && value < 100 ? Math.floor(value) : whole(value)) + '%';

  function rate(value) {
    if (value == null) return NOTHING;
    const tenths = whole(value * 10);
    return tenths >= 100 || tenths % 10 === 0 ? number(whole(value)) : (tenths / 10).toFixed(1);
  }

  const pace = (value) => (value == null ? NOTHING
    : number(whole(value * 10) / 10, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));

  function money(minor, currency, exponent, exact) {
    if (minor == null) return NOTHING;
    const digits = exact ? exponent : 0;
    const value = Math.abs(minor) / 10 ** exponent;
    const text = number(exact ? value : whole(value), {
      style: 'currency', currency, currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    return (minor < 0 && /[1-9]/.test(text) ? '−' : '') + text;
  }

  const local = (options, zone) => made(JSON.stringify([options, zone]), () =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' }));

  function clock(text, zone, seconds) {
    if (!text) return NOTHING;
    const options = { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) };
    return local(options, zone).format(new Date(text));
  }

  function day(text, zone) {
    if (!text) return NOTHING;
    const parts = local({ weekday: 'short', day: 'numeric', month: 'short' }, zone).formatToParts(new Date(text));
    const of = (type) => parts.find((part) => part.type === type).value;
    return `${of('weekday')} ${of('day')} ${of('month').slice(0, 3)}`;
  }

  const moment = (text, now, zone) =>
    !text ? NOTHING : day(text, zone) === day(now, zone) ? clock(text, zone) : day(text, zone).slice(4);

  window.Housecount = { ...window.Housecount, format: { NOTHING, count, compact, percent, rate, pace, money, clock, day, moment } };
})();
