/* Notes on the time axis: the drawer that lists them, and writes, changes and removes them. Charts over time
   mark them; the drawer is where they can be read without a chart. */
(function () {
  'use strict';
  const { drawers: { make, icon, ask, drawer } } = window.Housecount;
  const NOTES = '/api/v1/annotations';

  /* The instant of a wall clock's time in a zone: guess, see how far off the guess is, and correct it. */
  function instant(local, zone) {
    const wanted = Date.parse(`${local}:00Z`);
    const shown = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    });
    let guess = wanted;
    for (let turn = 0; turn < 2; turn += 1) {
      guess += wanted - Date.parse(`${shown.format(new Date(guess)).replace(' ', 'T')}:00Z`);
    }
    return new Date(guess).toISOString();
  }

  const local = (at, zone) => new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).format(new Date(at)).replace(' ', 'T');

  const words = (at, zone) => new Intl.DateTimeFormat('en-GB', {
    timeZone: zone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).format(new Date(at));

  function field(label, input, wide) {
    return make('label', { class: wide ? 'wide' : undefined }, label, input);
  }

  /* `about` is what the button of the filter bar carries: the venues with their zones, what is chosen. */
  function openNotes(about) {
    const { dialog, sub, body, foot } = drawer('Notes', true);
    const zoneOf = (venue) => about.venues.find((one) => one.id === venue)?.zone || 'UTC';
    const nameOf = (venue) => about.venues.find((one) => one.id === venue)?.name || '';
    sub.textContent = 'What happened, and when. Charts over time mark each note.';
    let editing = null;
    let changed = false;

    const text = make('textarea', { required: true, maxlength: '500', rows: '3' });
    const when = make('input', { type: 'datetime-local', required: true, min: '1971-01-01T00:00', max: '2199-12-30T23:59' });
    const venue = make('select', {}, ...about.venues.map((one) => make('option', { value: one.id }, one.name)));
    const wrong = make('output');
    const save = make('button', { class: 'button-main', type: 'submit' }, 'Add the note');
    const cancel = make('button', { class: 'button-plain', type: 'button', hidden: true }, 'Cancel');
    const form = make('form', { class: 'notes-form' },
      field('Note', text, true), field('When, by the clock of the venue', when), field('Venue', venue),
      wrong, save, cancel);
    const list = make('ul', { class: 'notes-list', 'aria-label': 'Notes' });
    const said = make('p', { class: 'drawer-note', role: 'status' }, 'Reading the notes…');
    body.append(form, list, said);
    if (about.venue) venue.value = about.venue;
    venue.disabled = about.venues.length < 2 || Boolean(about.event);
    foot.append(make('span', { class: 'grow' }, about.eventName ? `New notes are about ${about.eventName}.` : 'New notes are about the whole venue.'));

    function rest() {
      editing = null;
      form.reset();
      if (about.venue) venue.value = about.venue;
      when.value = local(new Date(), zoneOf(venue.value));
      save.textContent = 'Add the note';
      cancel.hidden = true;
      wrong.textContent = '';
    }
    cancel.addEventListener('click', rest);

    function edit(note) {
      editing = note.id;
      text.value = note.text;
      venue.value = note.venueId;
      when.value = local(note.at, zoneOf(note.venueId));
      save.textContent = 'Save the change';
      cancel.hidden = false;
      text.focus();
    }

    async function remove(note, button) {
      if (button.dataset.sure === undefined) {
        button.dataset.sure = '';
        button.classList.add('sure');
        button.setAttribute('aria-label', `Remove for good: ${note.text}`);
        button.replaceChildren('Remove?');
        return;
      }
      try {
        await ask(`${NOTES}/${note.id}`, { method: 'DELETE' });
        changed = true;
        await read();
      } catch (error) { wrong.textContent = error.message; }
    }

    function row(note) {
      const zone = zoneOf(note.venueId);
      const place = about.venues.length > 1 ? ` · ${nameOf(note.venueId)}` : '';
      const change = make('button', { class: 'icon-button bare', type: 'button', 'aria-label': `Change: ${note.text}`, title: 'Change' }, icon('note'));
      const away = make('button', { class: 'icon-button bare', type: 'button', 'aria-label': `Remove: ${note.text}`, title: 'Remove' }, icon('close'));
      change.addEventListener('click', () => edit(note));
      away.addEventListener('click', () => remove(note, away));
      return make('li', {},
        make('div', { class: 'grow' },
          make('div', { class: 'note-text' }, note.text),
          make('div', { class: 'muted small' }, `${words(note.at, zone)}${place} · ${note.author.name || 'somebody'}`)),
        change, away);
    }

    async function read() {
      const query = new URLSearchParams();
      if (about.event) query.append('event_id', about.event);
      else if (about.venue) query.append('venue_id', about.venue);
      try {
        const { annotations } = await ask(`${NOTES}?${query}`);
        list.replaceChildren(...annotations.reverse().map(row));
        said.textContent = annotations.length ? '' : 'No notes yet. The first one could say why a night was quiet, or when the posters went up.';
        said.hidden = annotations.length > 0;
      } catch (error) { said.hidden = false; said.textContent = error.message; }
    }

    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      wrong.textContent = '';
      save.disabled = true;
      const at = instant(when.value, zoneOf(venue.value));
      const note = { text: text.value, at };
      try {
        if (editing) await ask(`${NOTES}/${editing}`, { method: 'PATCH', body: note });
        else await ask(NOTES, { method: 'POST', body: { ...note, venueId: venue.value, ...(about.event ? { eventId: about.event } : {}) } });
        changed = true;
        rest();
        await read();
      } catch (error) { wrong.textContent = error.message; }
      save.disabled = false;
    });
    dialog.addEventListener('close', () => { if (changed) window.Housecount.filters.again(); });
    rest();
    read();
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-notes]');
    if (button) openNotes(JSON.parse(button.dataset.notes));
  });
})();
