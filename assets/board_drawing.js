/* What the server draws into the slots of a board: asked for when something comes or changes, and again while
   the board is open. Dash drops the answer of a question when the next one is asked. */
(function () {
  'use strict';
  const { fresh } = window.Housecount;
  const ASK_AGAIN = 10000;
  const REFRESH_EVERY = 30000;
  const CALM_AFTER_NEWS = 10000;

  class Drawing {
    constructor(board) {
      this.board = board;
      this.wanted = new Map();
      this.asks = 0;
      this.askedAt = 0;
      this.looks = false;
      this.fresh = null;  // A widget that gets the focus as soon as it stands.
      this.seq = null;
    }

    begin() {
      fresh.begin();
      this.watch = new MutationObserver(() => this.drawn());
      this.watch.observe(this.board.root, {
        childList: true, subtree: true, attributes: true, attributeFilter: ['data-ask', 'data-look', 'data-mark', 'data-of'],
      });
      this.timer = setInterval(() => this.refresh(), 1000);
      this.drawn();
    }

    end() {
      clearInterval(this.timer);
      this.watch.disconnect();
    }

    /* Ask the server to draw these widgets into their slots. A later answer voids an earlier one, so each
       question has all that are still wanted in it. */
    want(ids) {
      if (!ids.length) return;
      this.asks += 1;
      this.askedAt = Date.now();
      for (const id of ids) {
        this.wanted.set(id, this.asks);
        const slot = this.board.grid.slotOf(id);
        slot?.classList.add('waiting');
        slot?.setAttribute('aria-busy', 'true');
      }
      this.send(false);
    }

    /* All widgets anew; with `look` also the bar above them, because the address has changed. */
    redraw(look = false) {
      this.looks = this.looks || look;
      this.want(this.board.widgets.map((placed) => placed.id));
      if (!this.board.widgets.length) this.send(false);
    }

    send(refresh) {
      const slots = {};
      for (const slot of this.board.grid.slots) {
        const placed = slot.dataset.of && this.board.widget(slot.dataset.of);
        if (!placed) continue;
        const wanted = this.wanted.get(placed.id);
        if (!wanted && !refresh) continue;
        const mark = wanted ? '' : slot.querySelector('[data-mark]')?.dataset.mark || '';
        slots[this.board.grid.slots.indexOf(slot)] = { placed, mark, ask: wanted || 0 };
      }
      const at = Object.keys(slots).length === this.board.widgets.length ? fresh.ask() : Date.now();
      window.dash_clientside.set_props('board-ask', {
        data: { board: this.board.id, query: location.search, filters: this.board.document.filters, slots, look: this.looks, at },
      });
    }

    /* Something new stands in a slot. */
    drawn() {
      if (this.looks && this.board.root.querySelector('[data-look]')?.dataset.look === location.search) {
        this.looks = false;
        this.board.notify('looked');
      }
      for (const slot of this.board.grid.slots) {
        const frame = slot.querySelector(':scope > .slot-content');  // Beside gridstack's handles.
        const id = slot.dataset.of;
        if (!frame || !id || frame.dataset.of !== id) continue;
        const wanted = this.wanted.get(id);
        if (wanted && Number(frame.dataset.ask) < wanted) continue;
        const shown = `${id} ${frame.dataset.mark} ${frame.dataset.ask}`;
        if (shown === slot.shown) continue;  // React keeps the element and changes what is in it.
        slot.shown = shown;
        this.wanted.delete(id);
        slot.classList.remove('waiting');
        slot.removeAttribute('aria-busy');
        this.board.grid.refresh(slot);
        describe(slot);
        if (id === this.fresh) {
          this.fresh = null;
          slot.querySelector('.gs-handle')?.focus();
        }
      }
    }

    /* Figures that no live message moves: asked for anew every half minute, sooner when the night has news or
       there was no answer, never in a hidden tab, and not under the hands of somebody who is dragging. */
    refresh() {
      const now = Date.now();
      if ((this.wanted.size || this.looks) && now - this.askedAt > ASK_AGAIN) {
        this.askedAt = now;
        this.send(false);
      }
      this.board.newer();
      const seq = window.Housecount.board?.state()?.seq ?? null;
      const news = seq !== this.seq && this.seq !== null;
      if (this.seq === null) this.seq = seq;
      if (!fresh.due(news ? CALM_AFTER_NEWS : REFRESH_EVERY)) return;
      if (!this.board.widgets.length || document.querySelector('.ui-draggable-dragging')) return;
      this.seq = seq;
      this.send(true);
    }
  }

  /* What the handle of a widget is for, for those who come to it by keyboard. */
  function describe(slot) {
    slot.querySelector('.gs-handle')?.setAttribute('aria-describedby', 'board-keys');
  }

  Object.assign(window.Housecount, { BoardDrawing: Drawing, describeHandle: describe });
})();
