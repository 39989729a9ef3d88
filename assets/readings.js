/* What the board says about an event's state: widgets/readings.py and notices.py in the browser. */
(function () {
  'use strict';
  const { NOTHING, count, compact, percent, rate, money, clock, day } = window.Housecount.format;
  const MINUTE = 60000;
  const FEWEST_SOLD = 10;
  const MOST_PERCENT = 999;
  const SEVERITY = { ok: 0, amber: 1, red: 2, over: 3 };

  function readings(state) {
    const asOf = ` · as of ${clock(state.sureAt || state.asOf, state.event.zone, true)} ${state.event.zone}`;
    const all = { ...event(state), ...sales(state), ...revenue(state), ...attendance(state), ...social(state) };
    for (const name of Object.keys(all)) {
      const [text, title] = all[name];
      all[name] = [text, title ? title + asOf : ''];
    }
    return all;
  }

  function primaryMoney(state) {
    const rows = state.revenue.currencies;
    return rows.find((row) => row.currency === state.event.currency) || rows[0] || {
      currency: state.event.currency, exponent: 2, grossMinor: 0, refundedMinor: 0, feesMinor: 0, taxMinor: 0,
      netMinor: 0, tonightNetMinor: 0, projectedTonightMinor: 0, perMinuteMinor: 0, trend: [],
    };
  }

  function usualSoFar(state) {
    const { usual, from, bucketMinutes } = state.attendance.arrivals;
    if (!usual || !usual.length || !from) return null;
    const buckets = Math.max(0, (Date.parse(state.asOf) - Date.parse(from)) / (bucketMinutes * MINUTE));
    const whole = Math.floor(buckets);
    const started = whole < usual.length ? usual[whole] * (buckets - whole) : 0;
    return usual.slice(0, whole).reduce((sum, people) => sum + people, 0) + started;
  }

  const share = (value) => (value > MOST_PERCENT ? `>${MOST_PERCENT}%` : percent(value));

  function event(state) {
    const { venueName, doorsAt, startsAt, zone } = state.event;
    const when = [venueName];
    if (doorsAt || startsAt) when.push(day(doorsAt || startsAt, zone));
    if (doorsAt) when.push(`doors ${clock(doorsAt, zone)}`);
    if (startsAt) when.push(`start ${clock(startsAt, zone)}`);
    return {
      'event-when': [when.join(' · '), `Times in ${zone}`],
      phase: [phase(state), ''],
      'as-of': [clock(state.sureAt || state.asOf, zone, true), `Times in ${zone}`],
    };
  }

  function phase(state) {
    const { status, doorsAt, startsAt, endsAt } = state.event;
    const now = Date.parse(state.asOf);
    const passed = (time) => time && now >= Date.parse(time);
    if (status === 'cancelled' || status === 'postponed') return status[0].toUpperCase() + status.slice(1);
    if (status === 'over' || passed(endsAt)) return 'Over';
    if (passed(startsAt)) return 'On now';
    if (passed(doorsAt)) return 'Doors open';
    if (doorsAt && Date.parse(doorsAt) - now < 600 * MINUTE) {
      const minutes = Math.floor((Date.parse(doorsAt) - now) / MINUTE);
      return minutes >= 60 ? `Doors in ${Math.floor(minutes / 60)} h ${minutes % 60} min` : `Doors in ${minutes} min`;
    }
    return status === 'sold_out' ? 'Sold out' : 'On sale';
  }

  function sales(state) {
    const s = state.sales;
    const target = state.event.targetTickets;
    const notes = ['comps', 'held'].filter((key) => s[key]).map((key) => `${count(s[key])} ${key}`);
    return {
      sold: [count(s.sold), `${count(s.sold)} tickets sold, comps not included`],
      'sold-of': [s.capacity ? `/ ${count(s.capacity)}` : '', 'Sellable capacity'],
      'sold-percent': [s.capacity ? share(s.percentSold) : '', `${count(s.remaining)} left to sell`],
      'sold-note': [notes.join(' · ') || 'no comps',
        `${count(s.comps)} complimentary, ${count(s.held)} held, ${count(s.cancelled)} cancelled,`
        + ` ${count(s.refunds)} refunds, ${count(s.transfers)} transfers`],
      'open-note': [`Per 5 min · ${count(s.inCarts)} in carts · ${count(s.pending)} pending`,
        'Tickets sold per five minutes in the last two hours; tickets in carts and ordered but not paid'],
      'per-minute': [count(s.perMinute), 'Tickets in the last 60 seconds'],
      'per-five': [count(s.perFiveMinutes), 'Tickets in the last five minutes'],
      'per-hour': [count(s.perHour), 'Tickets in the last hour'],
      'sold-today': [count(s.soldToday), 'Tickets sold this business day'],
      'sell-out': sellOut(state),
      target: target
        ? [`${share(100 * s.sold / target)} of target ${count(target)}`,
          `${count(s.sold)} of ${count(target)} tickets aimed for`]
        : ['', ''],
    };
  }

  function sellOut(state) {
    const { capacity, remaining, perDay, projectedSellOutAt: at } = state.sales;
    const zone = state.event.zone;
    if (!capacity) return [NOTHING, 'No capacity is set'];
    if (remaining <= 0) return ['Sold out', 'No sellable ticket is left'];
    const begins = state.event.startsAt || state.event.doorsAt;
    if (at == null && perDay < FEWEST_SOLD && !(begins && Date.parse(state.asOf) >= Date.parse(begins))) {
      return ['Too early to say', `Fewer than ${FEWEST_SOLD} tickets were sold in the last 24 hours`];
    }
    if (at == null) return ['Not at this pace', 'At the present pace tickets remain when sales end'];
    const sameDay = day(at, zone) === day(state.asOf, zone);
    return [sameDay ? clock(at, zone) : `${day(at, zone)}, ${clock(at, zone)}`,
      'When the last ticket goes, at the present pace'];
  }

  const MOST_CURRENCIES = 2;

  /* Amounts in other currencies, kept apart: side by side they are no sum. */
  function otherCurrencies(amounts) {
    if (!amounts.length) return [''];
    const more = amounts.length - MOST_CURRENCIES;
    const rest = more > 0 ? ` and ${more} more ${more === 1 ? 'currency' : 'currencies'}` : '';
    return [`· ${amounts.slice(0, MOST_CURRENCIES).join(' · ')}${rest}`, `Other currencies: ${amounts.join(' · ')}`];
  }

  function revenue(state) {
    if (state.masked) {
      return { revenue: ['•••'], 'revenue-more': [''], 'revenue-flow': [''], 'revenue-note': ['Amounts are not part of your role'] };
    }
    const row = primaryMoney(state);
    const { currency, exponent } = row;
    const exactly = (key) => money(row[key], currency, exponent, true);
    const others = state.revenue.currencies.filter((other) => other.currency !== currency)
      .map((other) => money(other.tonightNetMinor, other.currency, other.exponent));
    return {
      revenue: [money(row.tonightNetMinor, currency, exponent),
        `${exactly('tonightNetMinor')} ${currency} net this business day: paid and fees, less refunds;`
        + ` about ${money(row.projectedTonightMinor, currency, exponent)} by its end at the present pace`],
      'revenue-more': otherCurrencies(others),
      'revenue-flow': [`${money(row.perMinuteMinor, currency, exponent)} / min`,
        `${exactly('perMinuteMinor')} ${currency} a minute`],
      'revenue-note': [`${money(row.netMinor, currency, exponent)} in all`,
        `${exactly('grossMinor')} paid + ${exactly('feesMinor')} fees − ${exactly('refundedMinor')} refunded`
        + ` = ${exactly('netMinor')} ${currency}, of which tax ${exactly('taxMinor')}`],
    };
  }

  function attendance(state) {
    const a = state.attendance;
    const c = state.capacity;
    const zone = state.event.zone;
    const peak = a.projectedPeak;
    const again = a.reentries ? ` · ${count(a.reentries)} came back` : '';
    const refused = a.invalid ? ` · ${count(a.invalid)} refused` : '';
    return {
      entered: [count(a.entered), `${count(a.entered)} different tickets scanned in`],
      'entered-of': [a.expected ? `/ ${count(a.expected)}` : '', 'Sold and complimentary tickets'],
      ...againstUsual(state),
      ...noShows(state),
      inside: [count(c.inside), `${count(c.inside)} people inside`],
      'inside-percent': [c.capacity ? `${share(Math.floor(c.percent))} full` : '', 'Of the physical capacity'],
      'inside-of': [c.capacity ? `of ${count(c.capacity)}` : 'no capacity set', 'Physical capacity'],
      peak: [a.peakAt ? `${count(a.peak)} at ${clockOrDate(a.peakAt, state)}` : NOTHING, 'Most people inside so far'],
      'projected-peak': peak
        ? [`${count(peak.inside)} at ${clock(peak.at, zone)}`, "Expected from tonight's arrivals and the usual curve"]
        : [NOTHING, 'Needs past nights to compare with'],
      'doors-note': [`${count(a.entries)} in · ${count(a.exits)} out${again}${refused}`,
        `${count(a.entries)} entries, ${count(a.exits)} exits, ${count(a.reentries)} re-entries,`
        + ` ${count(a.invalid)} refused`],
      'arrivals-note': [nobody(a.arrivals), ''],
      'usual-note': [a.arrivals.usual && a.arrivals.usual.length
        ? usual(a.arrivals.comparables) : 'No comparable nights yet', ''],
    };
  }

  const usual = (nights) => `Usual of ${nights} comparable ${nights === 1 ? 'night' : 'nights'}`;

  function clockOrDate(at, { asOf, event: { zone } }) {
    const date = day(at, zone);
    return date === day(asOf, zone) ? clock(at, zone) : `${clock(at, zone)}, ${date.slice(4)}`;
  }

  function noShows(state) {
    const { expected, entered, noShows: missing } = state.attendance;
    const doors = state.event.doorsAt || state.event.startsAt;
    const closed = !doors || Date.parse(state.asOf) < Date.parse(doors);
    if (expected && closed && !entered) {
      return {
        'no-shows': [NOTHING, `${count(expected)} expected`], 'no-shows-percent': ['', ''],
        'no-shows-note': [doors ? 'doors not open yet' : 'no time of doors set', ''],
      };
    }
    return {
      'no-shows': [count(missing), `${count(missing)} tickets not scanned in yet`],
      'no-shows-percent': [expected ? percent(100 * missing / expected) : '', `${count(expected)} expected`],
      'no-shows-note': [expected ? `of ${count(expected)} expected` : 'none expected', ''],
    };
  }

  function nobody({ from, usual, counts }) {
    if (!from) return 'Without doors or a start there is no curve to draw.';
    return (usual && usual.length) || counts.some(Boolean) ? '' : 'Nobody has arrived yet.';
  }

  function againstUsual(state) {
    const { expected, entered, arrivals } = state.attendance;
    const usual = usualSoFar(state);
    if (usual == null || usual < 20) {
      const note = expected ? `${share(100 * entered / expected)} of expected` : 'none expected';
      return { 'entered-delta': ['', ''], 'entered-note': [note, ''] };
    }
    const come = arrivals.counts.reduce((sum, people) => sum + people, 0);
    const change = 100 * (come - usual) / usual;
    return {
      'entered-delta': [`${Math.abs(change) < 0.5 ? '≈' : change > 0 ? '▲' : '▼'} ${percent(Math.abs(change))}`,
        `${count(come)} came, usually ${count(usual)} by now`],
      'entered-note': ['vs usual by now', ''],
    };
  }

  function social(state) {
    const { mentions, reach, engagementRate } = state.social;
    return {
      mentions: [count(mentions), `${count(mentions)} posts about this event`],
      reach: [compact(reach), `${count(reach)} people could see them`],
      engagement: [percent(engagementRate == null ? null : 100 * engagementRate), 'Likes and shares per person reached'],
    };
  }

  function notices(state) {
    return [capacityNotice(state), gateNotice(state)].filter(Boolean);
  }

  function capacityNotice(state) {
    const { capacity, event: { zone } } = state;
    let [name, place] = ['', capacity];
    for (const one of capacity.zones) {
      if (SEVERITY[one.level] > SEVERITY[place.level]) [name, place] = [one.name, one];
    }
    if (place.level === 'ok') return null;
    const where = name || 'House';
    const tooMany = place.inside - place.capacity;
    const inside = `${count(place.inside)} of ${count(place.capacity)} inside`;
    return {
      subject: 'capacity', level: place.level,
      headline: where + { amber: ' filling up.', red: ' nearly full.', over: ' over capacity.' }[place.level],
      detail: tooMany > 0 ? `${inside}, ${count(tooMany)} too many.` : `${inside}, ${percent(Math.floor(place.percent))}.`,
      since: capacity.since && !name ? `Since ${clock(capacity.since, zone)}` : '',
    };
  }

  function gateNotice(state) {
    const gates = state.attendance.gates;
    const stalled = gates.filter((gate) => gate.stalled);
    if (!stalled.length) return null;
    const others = gates.filter((gate) => !gate.stalled).reduce((sum, gate) => sum + gate.perMinute, 0);
    const last = stalled.map((gate) => gate.lastScanAt).filter(Boolean).sort().pop();
    return {
      subject: 'gates', level: 'amber',
      headline: `Stalled: ${stalled.map((gate) => gate.name).join('; ')}.`,
      detail: `The other gates scan ${rate(others)} a minute.`,
      since: last ? `Last scan ${clock(last, state.event.zone)}` : '',
    };
  }

  Object.assign(window.Housecount, { readings, notices, primaryMoney });
})();
