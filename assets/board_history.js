/* Undo and redo: the documents a person has been through in this tab, kept over a reload. A history
   belongs to the version it ended with: when somebody else has saved since, going back would undo their
   work, so the history is forgotten. */
(function () {
  'use strict';
  const { boardModel: { same } } = window.Housecount;
  const LONGEST = 60;

  class History {
    constructor(boardId) {
      this.key = `housecount-history-${boardId}`;
      this.steps = [];
      this.at = 0;
      this.version = null;
    }

    /* Go on where this tab was, if `document` at `version` is what it left; else start anew from it. */
    begin(document, version) {
      const kept = read(this.key);
      if (kept && kept.version === version && same(JSON.parse(kept.steps[kept.at]), document)) {
        Object.assign(this, kept);
      } else {
        this.steps = [JSON.stringify(document)];
        this.at = 0;
        this.version = version;
      }
      this.keep();
    }

    push(document) {
      const step = JSON.stringify(document);
      if (step === this.steps[this.at]) return;
      this.steps = [...this.steps.slice(0, this.at + 1), step].slice(-LONGEST);
      this.at = this.steps.length - 1;
      this.keep();
    }

    /* The step we are at, as it stands on the grid. */
    settle(document) {
      this.steps[this.at] = JSON.stringify(document);
      this.keep();
    }

    saved(version) {
      this.version = version;
      this.keep();
    }

    undo() { return this.go(this.at - 1); }
    redo() { return this.go(this.at + 1); }
    get now() { return JSON.parse(this.steps[this.at]); }
    get mayUndo() { return this.at > 0; }
    get mayRedo() { return this.at < this.steps.length - 1; }

    go(to) {
      if (to < 0 || to >= this.steps.length) return null;
      this.at = to;
      this.keep();
      return JSON.parse(this.steps[to]);
    }

    keep() {
      const { steps, at, version } = this;
      try { sessionStorage.setItem(this.key, JSON.stringify({ steps, at, version })); } catch { /* This visit only. */ }
    }
  }

  function read(key) {
    try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
  }

  window.Housecount.BoardHistory = History;
})();
