/* The slots of a board. React owns what is in them; where they stand is ours. Outside the edit mode CSS
   grid lays them out from four numbers each. In edit mode gridstack takes the same elements, lets them be
   dragged and resized with mouse and touch, and gives them back. On a phone there is one column in an order
   of its own, and gridstack is never used: so it always has twelve columns and no layout but the saved one. */
(function () {
  'use strict';
  const { boardModel: { COLUMNS, phoneOrder } } = window.Housecount;
  const ROW = 80;
  const MARGIN = 6;
  const wide = matchMedia('(min-width: 768px)');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let library = null;

  function gridstack(url) {
    library = library || new Promise((done, failed) => {
      const script = document.createElement('script');
      script.src = url;
      script.onload = () => done(window.GridStack);
      script.onerror = () => { library = null; failed(new Error('gridstack')); };
      document.head.append(script);
    });
    return library;
  }

  class Grid {
    /* `changed(places)` is told where everything stands after a move: id → {x, y, w, h}. */
    constructor(root, { sizes, url, changed, moved, say }) {
      Object.assign(this, { root, sizes, url, changed, moved, say });
      this.slots = [...root.querySelectorAll(':scope > .slot')];
      this.stack = null;
      this.editing = false;
      this.widgets = [];
      this.keys = (event) => this.key(event);
      this.fit = () => { if (this.editing) this.edit(true); };
      root.addEventListener('keydown', this.keys);
      wide.addEventListener('change', this.fit);
    }

    end() {
      this.release();
      this.root.removeEventListener('keydown', this.keys);
      wide.removeEventListener('change', this.fit);
    }

    slotOf(id) { return this.slots.find((slot) => slot.dataset.of === id); }

    /* A slot for each widget: those that have one keep it. Returns those that had none. */
    seat(widgets) {
      const ids = new Set(widgets.map((placed) => placed.id));
      for (const slot of this.slots) if (slot.dataset.of && !ids.has(slot.dataset.of)) this.vacate(slot);
      const standing = widgets.filter((placed) => !this.slotOf(placed.id));
      for (const placed of standing) {
        const slot = this.slots.find((free) => !free.dataset.of);
        if (!slot) break;
        slot.dataset.of = placed.id;
      }
      return standing;
    }

    vacate(slot) {
      if (this.stack && slot.gridstackNode) this.stack.removeWidget(slot, false, false);
      plain(slot);
      delete slot.dataset.of;
    }

    /* Show the widgets where they stand. */
    show(widgets) {
      this.widgets = widgets;
      const order = phoneOrder(widgets);
      for (const placed of widgets) {
        const slot = this.slotOf(placed.id);
        if (!slot) continue;
        for (const name of ['x', 'y', 'w', 'h']) slot.style.setProperty(`--${name}`, placed[name]);
        slot.style.setProperty('--phone', order.indexOf(placed));
      }
      if (this.stack) this.place();
    }

    /* Where gridstack has them is what was just shown: nothing to do but to remember it. */
    note(widgets) {
      const stack = this.stack;
      this.stack = null;
      this.show(widgets);
      this.stack = stack;
    }

    async edit(on) {
      this.editing = on;
      if (!on || !wide.matches) { this.release(); return; }
      if (this.stack) return;
      const GridStack = await gridstack(this.url);
      if (!this.editing || this.stack || !wide.matches || !this.root.isConnected) return;
      this.prepare();
      this.stack = GridStack.init({
        column: COLUMNS, cellHeight: ROW, margin: MARGIN, handle: '.gs-handle', animate: !calm.matches,
        alwaysShowResizeHandle: true, resizable: { handles: 'e,se,s' }, draggable: { scroll: true },
      }, this.root);
      this.stack.on('change', () => this.report());
      this.report();
    }

    prepare() {
      for (const placed of this.widgets) {
        const slot = this.slotOf(placed.id);
        if (!slot) continue;
        slot.classList.add('grid-stack-item');
        for (const [name, value] of Object.entries(this.limits(placed))) slot.setAttribute(`gs-${name}`, value);
      }
    }

    limits({ widget, x, y, w, h }) {
      const [, , least, low] = this.sizes[widget] || [0, 0, 1, 1];
      return { x, y, w, h, 'min-w': least, 'min-h': low };
    }

    /* The same elements again at other places, as one step. */
    place() {
      const stack = this.stack;
      stack.offAll();
      stack.batchUpdate();
      stack.removeAll(false, false);
      this.slots.forEach((slot) => { if (slot.dataset.of) plain(slot, true); });
      this.prepare();
      const standing = this.widgets.map((placed) => this.slotOf(placed.id)).filter(Boolean);
      standing.forEach((slot) => stack.makeWidget(slot));
      stack.batchUpdate(false);
      stack.on('change', () => this.report());
      this.report();
    }

    release() {
      if (!this.stack) return;
      const stack = this.stack;
      this.stack = null;
      stack.destroy(false);
      this.slots.forEach((slot) => plain(slot));
      for (const name of [...this.root.style]) this.root.style.removeProperty(name);
      this.root.className = this.root.className.replace(/\b(grid-stack\S*|gs-\S+|ui-\S+)/g, '').trim();
    }

    /* A redrawn frame has a new handle. */
    refresh(slot) { if (this.stack && slot.gridstackNode) this.stack.refreshDragHandles(slot); }

    report() {
      if (!this.stack) return;
      const places = new Map();
      for (const { el, x, y, w, h } of this.stack.engine.nodes) {
        if (el && el.dataset.of) places.set(el.dataset.of, { x, y, w: w || 1, h: h || 1 });
      }
      this.changed(places);
    }

    /* Arrows move the widget whose handle has the focus, with shift they resize it. */
    key(event) {
      const handle = event.target.closest?.('.gs-handle');
      const step = ARROWS[event.key];
      if (!handle || !step || !this.editing) return;
      event.preventDefault();
      const slot = handle.closest('.slot');
      if (!this.stack) {
        if (step[1]) this.moved(slot.dataset.of, step[1]);
        return;
      }
      const node = slot.gridstackNode;
      if (!node) return;
      if (event.shiftKey) this.resize(slot, node, step); else this.shift(slot, node, step);
      slot.scrollIntoView({ block: 'nearest' });
      handle.focus();
      this.say(`${title(slot)}: column ${node.x + 1}, row ${node.y + 1}, ${node.w} wide, ${node.h} high`);
    }

    resize(slot, node, [dx, dy]) {
      const w = Math.max(node.minW || 1, Math.min(COLUMNS - node.x, node.w + dx));
      this.stack.update(slot, { w, h: Math.max(node.minH || 1, node.h + dy) });
    }

    /* Sideways by a column; up and down past the neighbour that is in the way, because everything moves up
       as far as it can and one row further down would be no move at all. */
    shift(slot, node, [dx, dy]) {
      if (dx) { this.stack.update(slot, { x: Math.max(0, Math.min(COLUMNS - node.w, node.x + dx)) }); return; }
      const near = this.stack.engine.nodes
        .filter((other) => other !== node && other.x < node.x + node.w && other.x + other.w > node.x);
      const below = near.filter((other) => other.y >= node.y + node.h).sort((a, b) => a.y - b.y)[0];
      const above = near.filter((other) => other.y < node.y).sort((a, b) => b.y - a.y)[0];
      if (dy > 0 && below) this.stack.update(slot, { y: below.y + below.h });
      else if (dy < 0 && above) this.stack.update(slot, { y: above.y });
    }
  }

  const title = (slot) => slot.querySelector('h2')?.textContent || 'Widget';

  /* Without anything gridstack wrote on it. */
  function plain(slot, keepsPlace = false) {
    slot.classList.remove('grid-stack-item', 'ui-draggable', 'ui-resizable', 'ui-draggable-disabled', 'ui-resizable-disabled');
    for (const name of [...slot.getAttributeNames()]) if (name.startsWith('gs-')) slot.removeAttribute(name);
    if (keepsPlace) return;
    for (const name of ['left', 'top', 'width', 'height', 'position', '--gs-x', '--gs-y', '--gs-w', '--gs-h']) {
      slot.style.removeProperty(name);
    }
  }

  Object.assign(window.Housecount, { BoardGrid: Grid, isPhone: () => !wide.matches });
})();
