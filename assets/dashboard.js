/* One board in the page: its document, what is shown of it, and the way of every change: into the document,
   onto the grid, into the history, to the server. Adding, removing or configuring a widget touches its slot
   alone, so that zoom and live points of all others stay. */
(function () {
  'use strict';
  const { BoardDrawing, BoardGrid, BoardHistory, BoardSaving, ask, boardModel: model, describeHandle } = window.Housecount;

  class Dashboard {
    /* `before` is the same board as it was in the page until now: what is not saved yet goes on from there. */
    constructor(root, before = null) {
      this.root = root;
      const { dashboard, version, right, document: drawn, name, sizes, gridstack } = root.dataset;
      Object.assign(this, { id: dashboard, name, right, mayEdit: right !== 'view' });
      this.before = before;
      this.document = JSON.parse(drawn);
      this.drawnVersion = Number(version);
      this.sizes = JSON.parse(sizes);
      this.listeners = [];
      this.gone = false;
      this.showing = false;
      this.said = root.querySelector('[data-board-live]');
      this.grid = new BoardGrid(root.querySelector('.board-grid'), {
        sizes: this.sizes, url: gridstack,
        changed: (places) => this.placed(places),
        moved: (id, step) => this.movePhone(id, step),
        say: (text) => this.say(text),
      });
      this.document.widgets.forEach((placed, index) => { this.grid.slots[index].dataset.of = placed.id; });
      this.grid.show(this.document.widgets);
    }

    begin() {
      const { before, drawnVersion: version } = this;
      const on = {
        state: (state, details) => this.notify('saving', { state, ...details }),
        saved: (_, number) => this.history.saved(number),
      };
      if (before) {
        this.history = before.history;
        this.saving = Object.assign(before.saving, on);
      } else {
        this.history = new BoardHistory(this.id);
        this.history.begin(this.document, version);
        this.saving = new BoardSaving(this.id, version, on);
      }
      this.empty();
      this.drawing = new BoardDrawing(this);
      this.drawing.begin();
      this.before = null;
      if (!before) { this.recover(); return; }
      before.leave();
      if (this.saving.waiting || this.saving.busy || this.saving.stopped || version <= this.version) {
        this.show(before.document);
        if (this.saving.refusal) this.notify('saving', { state: 'refused', ...this.saving.refusal });
      } else {
        this.saving.adopt(version);  // Somebody else has saved, and we have nothing of our own.
        this.history.begin(this.document, version);
      }
    }

    /* Out of the page; the same board goes on in another element. */
    leave() {
      this.drawing.end();
      this.grid.end();
    }

    /* What it still saves is heard by nobody: another board may stand in the page by then. */
    end() {
      this.leave();
      this.listeners = [];
      this.saving.end();
    }

    get version() { return this.saving.version; }
    get widgets() { return this.document.widgets; }
    get editing() { return this.root.hasAttribute('data-editing'); }
    on(listener) { this.listeners.push(listener); }
    notify(what, details) { this.listeners.forEach((listener) => listener(what, details)); }
    say(text) { this.said.textContent = text; }
    widget(id) { return this.widgets.find((placed) => placed.id === id); }

    /* What could not be saved last time: taken up again when nobody has saved since, else shown as a conflict. */
    recover() {
      const kept = this.mayEdit && this.saving.unsaved();
      if (!kept) return;
      if (model.same(kept.document, this.document)) { this.saving.adopt(this.version); return; }
      if (kept.fits) { this.change(kept.document); return; }
      this.saving.waiting = kept.document;
      this.saving.stopped = true;
      setTimeout(async () => {
        const { status, body } = await ask(this.saving.url, 'GET');
        if (status === 200) this.notify('saving', { state: 'conflict', theirs: body });
      });
    }

    edit(on) {
      if (on && !this.mayEdit) return;
      if (on) this.looking?.();  // A version that is only looked at is not what is edited.
      this.root.toggleAttribute('data-editing', on);
      this.grid.slots.forEach(describeHandle);
      this.grid.edit(on);
      this.empty();
      this.notify('editing', { on });
    }

    /* Every change comes through here. `quiet` keeps it out of the history: it is the history. What is kept is
       what stands there in the end: the grid moves up whatever has room above it. */
    change(document, { quiet = false } = {}) {
      if (model.same(document, this.document)) return;
      this.show(document);
      if (quiet) this.history.settle(this.document); else this.history.push(this.document);
      this.saving.change(this.document);
      this.notify('changed');
    }

    /* Show a document without changing what is saved: a version looked at, or settings being tried. */
    show(document) {
      const before = this.widgets;
      this.showing = true;
      this.document = document;
      const { come, redraw, moved, gone } = model.difference(before, document.widgets);
      for (const id of gone) {
        const slot = this.grid.slotOf(id);
        if (slot) this.fill(slot, null);
        this.drawing.wanted.delete(id);
      }
      this.grid.seat(document.widgets);
      if (come.length || gone.length || moved || this.phoneMoved(before)) this.grid.show(document.widgets);
      else this.grid.widgets = document.widgets;
      this.showing = false;
      this.drawing.want([...come, ...redraw]);
      this.empty();
    }

    /* What is shown is kept: into the history and to the server. */
    commit() {
      if (model.same(this.document, this.history.now)) return;
      this.history.push(this.document);
      this.saving.change(this.document);
      this.notify('changed');
    }

    phoneMoved(before) {
      const order = (widgets) => model.phoneOrder(widgets).map((placed) => placed.id).join();
      return order(before) !== order(this.widgets);
    }

    set(widgets, options) { this.change({ ...this.document, widgets }, options); }

    placed(places) {
      const widgets = this.widgets.map((placed) => ({ ...placed, ...places.get(placed.id) }));
      if (model.same(widgets, this.widgets)) return;
      this.document = { ...this.document, widgets };
      this.grid.note(widgets);
      if (!this.showing) this.commit();
    }

    movePhone(id, step) {
      const widgets = model.movedOnPhone(this.widgets, id, step);
      if (!widgets) return;
      this.set(widgets);
      const order = model.phoneOrder(widgets).findIndex((placed) => placed.id === id);
      this.say(`${this.titleOf(id)}: place ${order + 1} of ${widgets.length} on a phone`);
    }

    titleOf(id) {
      return this.grid.slotOf(id)?.querySelector('h2')?.textContent || this.widget(id)?.title || 'Widget';
    }

    add(kind, settings = {}) {
      const [w, h] = this.sizes[kind] || [4, 4];
      const [widgets, placed] = model.added(this.widgets, kind, [w, h], settings);
      this.put(widgets, placed, 'added');
    }

    duplicate(id) {
      const [widgets, placed] = model.copied(this.widgets, id);
      this.put(widgets, placed, 'copied');
    }

    put(widgets, placed, word) {
      if (widgets.length > this.grid.slots.length) {
        this.say(`A board holds ${this.grid.slots.length} widgets at the most.`);
        this.notify('full', { most: this.grid.slots.length });
        return;
      }
      this.set(widgets);
      const slot = this.grid.slotOf(placed.id);
      slot.scrollIntoView({ block: 'nearest' });
      slot.classList.add('fresh');
      setTimeout(() => slot.classList.remove('fresh'), 1600);
      this.say(`Widget ${word}: column ${placed.x + 1}, row ${placed.y + 1}`);
      this.drawing.fresh = placed.id;
    }

    configure(id, settings) { this.set(model.changed(this.widgets, id, { settings })); }
    retitle(id, title) { this.set(model.changed(this.widgets, id, { title })); }

    async rename(name) {
      const answer = await this.saving.with({ name }, this.document);
      if (answer.status === 200) {
        this.name = name;
        this.notify('renamed', { name });
      }
      return answer;
    }

    remove(id) {
      const title = this.titleOf(id);
      const next = model.neighbour(this.widgets, id);
      this.set(model.without(this.widgets, id));
      this.takeInHand(next);
      this.say(`${title} removed. Undo brings it back.`);
      this.notify('removed', { id, title });
    }

    /* The focus goes to a widget, or, where there is none, to what adds one. */
    takeInHand(id) {
      const slot = id && this.grid.slotOf(id);
      const handles = slot ? [...slot.querySelectorAll('.gs-handle, .w-more > summary')]
        : [...this.root.querySelectorAll('.board-head [data-board-action="add"]')];
      handles.find((each) => each.checkVisibility())?.focus();
    }

    undo() { this.step(this.history.undo(), 'Undone'); }
    redo() { this.step(this.history.redo(), 'Done again'); }

    step(document, word) {
      if (!document) return;
      this.change(document, { quiet: true });
      this.say(word);
    }

    /* The server's newest version in place of ours. Ours stays one step back. */
    adopt({ document, version, name, savedBy }) {
      this.show(document);
      this.saving.adopt(version, savedBy);
      this.history.push(this.document);
      this.history.saved(version);
      this.name = name;
      this.notify('changed');
      this.notify('renamed', { name });
    }

    empty() {
      this.root.toggleAttribute('data-empty', this.widgets.length === 0);
    }

    fill(slot, children) {
      const index = this.grid.slots.indexOf(slot);
      slot.shown = null;
      window.dash_clientside.set_props({ i: index, t: 'slot' }, { children });
    }

    /* Somebody else has saved meanwhile: whoever only looks sees it at once, whoever edits is told. Or has
       thrown it away, or taken back its share. */
    async newer() {
      const { version, savedBy, gone = false } = JSON.parse(this.root.querySelector('#board-newest')?.textContent || '{}');
      if (gone !== this.gone) {
        this.gone = gone;
        this.notify('gone', { gone });
      }
      const { waiting, busy, stopped } = this.saving;
      if (!(version > this.version) || version === this.told || waiting || busy || stopped || this.looking) return;
      this.told = version;
      const { status, body } = await ask(this.saving.url, 'GET');
      if (status !== 200 || body.version <= this.version) return;
      if (this.editing) { this.notify('newer', { theirs: body, savedBy }); return; }
      this.show(body.document);
      this.saving.adopt(body.version, body.savedBy);
      this.history.begin(this.document, body.version);
      this.notify('renamed', { name: body.name });
    }
  }

  window.Housecount.Dashboard = Dashboard;
})();
