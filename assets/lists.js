/* The parts of the board whose number of rows changes, drawn as components/ draws them on the server. */
(function () {
  'use strict';
  const { format: { count, percent, pace, money, clock, moment }, notices } = window.Housecount;

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== null && value !== '') node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }
  const span = (text, kind) => element('span', { class: kind }, text);

  function bar(value, kind) {
    const fill = element('div', { class: kind });
    fill.style.width = `${Math.min(100, Math.max(0, value || 0))}%`;
    return element('div', { class: 'bar', 'aria-hidden': 'true' }, fill);
  }

  function noticeRow({ subject, level, headline, detail, since }) {
    const words = element('div', { class: 'grow' },
      element('b', {}, headline), span(` ${detail} `), span(since, 'muted'));
    const icon = element('i', { class: 'ico ico-warn', 'aria-hidden': 'true' });
    return element('div', { class: `banner ${level}`, 'data-subject': subject }, icon, words);
  }

  function zoneRow({ name, inside, capacity, percent: share, level }) {
    return element('li', {},
      element('div', { class: 'zone-row' }, element('span', { class: 'grow', title: name }, name), span(count(inside), 'num'),
        span(capacity ? ` / ${count(capacity)}` : '', 'muted num')),
      bar(share, level));
  }

  function gateRow(gate, places, fastest, zone) {
    const place = gate.zone && (places.get(gate.zone) ?? gate.zone);
    const cell = (value) => element('td', { class: 'num right' }, count(value));
    return element('tr', { class: gate.stalled ? 'stalled' : '' },
      element('th', { scope: 'row', title: gate.name }, span(gate.name), place ? span(place, 'muted small') : null),
      element('td', {}, element('div', { class: 'meter' },
        span(pace(gate.perMinute), 'num pace'), bar((100 * gate.perMinute) / fastest))),
      cell(gate.entries), cell(gate.exits), cell(gate.invalid), element('td', { class: 'right' },
        span(clock(gate.lastScanAt, zone), 'num muted'), gate.stalled ? span('Stalled', 'mark warn') : null));
  }

  function gates(state) {
    const rows = state.attendance.gates;
    const fastest = Math.max(0, ...rows.map((gate) => gate.perMinute)) || 1;
    const note = (text) => element('tr', {}, element('td', { colspan: 6, class: 'nothing' }, text));
    if (!rows.length) return [note('No gate has scanned yet.')];
    const places = new Map(state.capacity.zones.map(({ zone, name }) => [zone, name]));
    const drawn = rows.map((gate) => gateRow(gate, places, fastest, state.event.zone));
    const more = state.attendance.moreGates;
    return more ? [...drawn, note(`${count(more)} more, less busy.`)] : drawn;
  }

  function milestones(state) {
    const reached = new Map(state.sales.milestones.filter((mark) => mark.measure === 'sold_capacity')
      .map((mark) => [mark.percent, mark.reachedAt]));
    const steps = [25, 50, 75, 90, 100];
    const newest = Math.max(0, ...reached.keys());
    const coming = steps.find((step) => step > newest);
    return steps.map((step) => {
      const at = reached.get(step);
      const names = [at ? 'reached' : '', step === newest ? 'newest' : '', step === coming ? 'coming' : ''];
      const item = element('li', { class: names.filter(Boolean).join(' ') }, span(step === 100 ? 'Full' : `${step}%`),
        span(at ? moment(at, state.asOf, state.event.zone) : '', 'muted'));
      item.style.setProperty('--at', step);
      return item;
    });
  }

  const MEASURES = {
    sold_capacity: 'of capacity sold', sold_target: 'of the ticket target sold',
    revenue_target: 'of the revenue target reached', capacity_amber: 'House filling up',
    capacity_red: 'House nearly full', capacity_over: 'House over capacity',
  };
  const PAST = { capacity_amber: 'amber', capacity_red: 'red', capacity_over: 'over' };

  /* What the house has been warned of tonight. */
  function past(state) {
    return state.sales.milestones.filter(({ measure }) => measure in PAST)
      .sort((a, b) => (a.reachedAt < b.reachedAt ? 1 : -1))
      .map(({ measure, reachedAt }) => element('li', { class: PAST[measure] }, span(MEASURES[measure], 'grow'),
        element('time', { datetime: reachedAt, class: 'muted num' }, moment(reachedAt, state.asOf, state.event.zone))));
  }

  const SCANS = { entry: 'in', exit: 'out', refused: 'refused' };
  const VERBS = { sale: 'Sold', comp: 'Comp', refund: 'Refunded', cancellation: 'Cancelled', fee: 'Fee' };

  function wording(entry, exponents, names) {
    const gate = entry.gate ? ` · ${names.get(entry.gate) ?? entry.gate}` : '';
    const scan = SCANS[entry.kind];
    if (scan) {
      const what = entry.quantity > 1 ? `${count(entry.quantity)} ${scan}` : scan[0].toUpperCase() + scan.slice(1);
      const reason = scan === 'refused' && entry.reason ? ` · ${entry.reason.replaceAll('_', ' ')}` : '';
      return [what + reason + gate, ''];
    }
    if (entry.kind === 'milestone' || entry.kind === 'alert') {
      const words = MEASURES[entry.measure] || entry.kind[0].toUpperCase() + entry.kind.slice(1);
      return [entry.kind === 'milestone' ? `${percent(entry.percent)} ${words}` : words, ''];
    }
    const tickets = Math.abs(entry.quantity || 0);
    const ticket = entry.ticketType ? ` ${entry.ticketType}` : tickets ? ' ticket' : '';
    const channel = entry.channel ? ` · ${entry.channel}` : '';
    const exponent = exponents.get(entry.currency) ?? 2;
    const exactly = (amount) => (amount ? money(amount, entry.currency, exponent, true) : '');
    const fees = entry.feesMinor ? `, fees ${exactly(entry.feesMinor)}` : '';
    return [`${VERBS[entry.kind]}${tickets ? ` ${tickets} ×` : ''}${ticket}${fees}${channel}`,
      exactly(entry.amountMinor)];
  }

  function feed(state) {
    const exponents = new Map(state.revenue.currencies.map((row) => [row.currency, row.exponent]));
    const names = new Map(state.attendance.gates.map(({ gate, name }) => [gate, name]));
    if (!state.feed.length) return [element('li', { class: 'nothing' }, 'Nothing has happened yet.')];
    return state.feed.map((entry) => {
      const [what, value] = wording(entry, exponents, names);
      return element('li', { class: `feed-${entry.kind}` },
        element('span', { class: 'feed-dot', 'aria-hidden': 'true' }),
        element('span', { class: 'grow', title: what }, what), span(value, 'num'),
        element('time', { datetime: entry.at, class: 'muted num' }, moment(entry.at, state.asOf, state.event.zone)));
    });
  }

  window.Housecount.lists = {
    notices: (state) => notices(state).map(noticeRow),
    zones: (state) => state.capacity.zones.map(zoneRow),
    gates, milestones, feed, past,
  };
})();
