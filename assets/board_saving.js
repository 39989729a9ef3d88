/* Saving a board by itself: a moment after the last change, one request at a time, only over the version
   that was changed (If-Match). What is not saved yet lies in localStorage, so that neither a reload nor a
   lost line nor an ended session loses it. */
(function () {
  'use strict';
  const { signIn, boardModel: { same } } = window.Housecount;
  const QUIET = 700;
  const LONGEST_RETRY = 30000;

  class Saving {
    /* `state(name, details)` is told: saving, saved, retrying, conflict, refused. */
    constructor(id, version, { state, saved }) {
      Object.assign(this, { id, version, state, saved });
      this.key = `housecount-unsaved-${id}`;
      this.url = `/api/v1/dashboards/${id}`;
      this.waiting = null;
      this.busy = null;
      this.timer = 0;
      this.tries = 0;
      this.stopped = false;
      this.refusal = null;  // What the server said of the document that it does not take.
      this.online = () => { if (this.waiting) { this.tries = 0; this.send(); } };
      this.leaving = () => { if (this.waiting && !this.busy && !this.stopped) this.send(true); };
      addEventListener('online', this.online);
      addEventListener('pagehide', this.leaving);
    }

    end() {
      this.leaving();
      removeEventListener('online', this.online);
      removeEventListener('pagehide', this.leaving);
      clearTimeout(this.timer);
    }

    /* What an earlier visit could not save, if it still fits: {document, fits}. */
    unsaved() {
      let kept = null;
      try { kept = JSON.parse(localStorage.getItem(this.key)); } catch { /* Storage is closed. */ }
      return kept && { document: kept.document, fits: kept.base === this.version };
    }

    change(document) {
      this.waiting = document;
      this.keep();
      if (this.refusal && !this.refusal.gone) this.stopped = false;  // Another document may be taken.
      if (this.stopped) return;
      this.state('saving');
      clearTimeout(this.timer);
      this.later(QUIET);
    }

    later(pause) {
      this.timer = setTimeout(() => { this.timer = 0; this.send(); }, pause);
    }

    /* What was changed while a request was under way. */
    goOn() { if (this.waiting && !this.timer && !this.stopped) this.send(); }

    keep() {
      try {
        if (this.waiting) {
          localStorage.setItem(this.key, JSON.stringify({ base: this.version, document: this.waiting }));
        } else localStorage.removeItem(this.key);
      } catch { /* Storage is closed: the open page still has it. */ }
    }

    async send(keepalive = false) {
      if (this.busy || !this.waiting || this.stopped) return;
      const document = this.waiting;
      await this.heard(await this.put({ document }, keepalive), document);
      this.goOn();
    }

    /* One request after the other, each over the version that the one before made. */
    async put(sent, keepalive = false) {
      while (this.busy) await this.busy;
      clearTimeout(this.timer);
      this.timer = 0;
      this.busy = request(this.url, 'PUT', sent, { headers: { 'If-Match': `"${this.version}"` }, keepalive });
      const answer = await this.busy;
      if (answer.status === 200) this.version = answer.body.version;  // Whoever waits here goes on at once.
      this.busy = null;
      return answer;
    }

    /* Something that goes with a version, such as another name of the board: now, with the document. */
    async with(values, shown) {
      const document = this.waiting || shown;
      const answer = await this.put({ document, ...values });
      if (answer.status === 200) this.done(document, answer.body.version);
      if (answer.status === 412) await this.meet(document);
      this.goOn();
      return answer;
    }

    async heard({ status, body }, document) {
      if (status === 200) this.done(document, body.version);
      else if (status === 412) await this.meet(document);
      else if (status === 401) { this.retry(); signIn(); }  // It lies in localStorage until after the sign-in.
      else if ([400, 403, 404, 413, 422].includes(status)) {
        this.stopped = true;
        const [, at] = /^widgets\[(\d+)\]/.exec(body?.field || '') || [];
        this.refusal = { detail: body?.detail || '', gone: status === 403 || status === 404, widget: document.widgets[at]?.id };
        this.state('refused', this.refusal);
      } else this.retry();
    }

    done(document, version) {
      this.version = version;
      this.tries = 0;
      this.refusal = null;
      if (same(this.waiting, document)) this.waiting = null;
      this.keep();
      this.saved(document, version);
      if (this.waiting) this.state('saving'); else this.state('saved');
    }

    retry() {
      const pause = Math.min(LONGEST_RETRY, 1000 * 2 ** this.tries) * (0.75 + Math.random() / 4);
      this.tries += 1;
      this.state('retrying');
      this.later(pause);
    }

    /* Somebody was faster, or it was ourselves and the answer was lost on its way. */
    async meet(document) {
      const { status, body } = await request(this.url, 'GET');
      if (status !== 200) { this.retry(); return; }
      if (same(body.document, document)) { this.done(document, body.version); return; }
      this.stopped = true;
      this.state('conflict', { theirs: body });
    }

    /* Theirs is shown now, ours is given up (or saved as a copy). */
    adopt(version, by) {
      this.version = version;
      this.waiting = this.refusal = null;
      this.stopped = false;
      this.tries = 0;
      this.keep();
      this.state('saved', { by });
    }
  }

  /* {status, body}; status 0 when the server cannot be reached. */
  async function request(url, method, sent, { headers = {}, keepalive = false } = {}) {
    try {
      const answer = await fetch(url, {
        method, keepalive,
        headers: { Accept: 'application/json', ...(sent ? { 'Content-Type': 'application/json' } : {}), ...headers },
        ...(sent ? { body: JSON.stringify(sent) } : {}),
        ...(keepalive ? {} : { signal: AbortSignal.timeout(15000) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    } catch {
      return { status: 0, body: null };
    }
  }

  Object.assign(window.Housecount, { BoardSaving: Saving, ask: request });
})();
