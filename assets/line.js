/* The line to the server: one WebSocket per tab, polling while there is none, and the truth about which.
   It knows how to get states and when to try again; what they mean is the board's business. */
(function () {
  'use strict';
  const STREAM = `${location.origin.replace(/^http/, 'ws')}/api/v1/analytics/real-time/stream`;
  const FIRST_RETRY = 400;
  const LONGEST_RETRY = 15000;
  const POLL_EVERY = 2000;
  const QUIET_AFTER = 15000;  // The server says every ten seconds that it is there.

  const PATIENCE = 4000;

  class Line {
    /* `news` gets each message, `changed` how we are connected; `fetchState` gives a state by HTTP, or null. */
    constructor({ news, changed, fetchState }) {
      Object.assign(this, { news, changed, fetchState });
      this.event = null;
      this.state = 'connecting';
      this.tries = 0;
      this.failures = 0;
      this.heard = 0;
      this.sure = Date.now();  // The last sign of life: until then what is shown is known to be so.
      addEventListener('online', () => { this.tries = 0; this.connect(); });
      addEventListener('offline', () => { this.say('offline'); this.drop(); });
      addEventListener('pageshow', (event) => { if (event.persisted) this.connect(); });
      document.addEventListener('visibilitychange', () => { if (!document.hidden) this.connect(); });
      setInterval(() => this.listen(), 1000);
    }

    /* Follow this event from the change numbered `seq` on, known as of `at`; null follows nothing. */
    follow(eventId, seq, at) {
      if (this.event && this.event !== eventId) this.send({ type: 'unsubscribe-event', eventId: this.event });
      this.event = eventId;
      this.seq = seq;
      this.at = at;
      if (!eventId) return;
      if (this.open()) this.subscribe();
      else this.connect();
    }

    connect() {
      if (!this.event || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return;
      clearTimeout(this.retry);
      const socket = new WebSocket(STREAM);
      this.socket = socket;
      socket.onopen = () => {
        const opened = Date.now();
        this.subscribe();
        // When nothing happened while we were away there is nothing to send: silence is the good news.
        setTimeout(() => {
          if (socket !== this.socket || !this.open()) return;
          this.sure = Math.max(this.sure, opened);
          this.alive();
        }, 1000);
      };
      socket.onmessage = (event) => {
        if (socket !== this.socket) return;
        this.heard = Date.now();
        const message = JSON.parse(event.data);
        if (message.type === 'error') return;
        this.sure = Date.now();
        this.alive();
        if (message.type === 'alive') this.news(message);
        if (message.eventId === this.event) {
          this.seq = message.seq ?? this.seq;
          this.at = message.at ?? this.at;
          this.news(message);
        }
      };
      socket.onclose = (event) => { if (socket === this.socket) this.lost(event.code); };
    }

    alive() {
      this.tries = this.failures = 0;
      clearTimeout(this.polling);
      this.polling = 0;
      this.say('live');
    }

    lost(code) {
      this.socket = null;
      if (code === 4401) { signIn(); return; }
      if (this.state === 'live' || this.state === 'connecting') this.say('reconnecting');
      const pause = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.tries) * (0.5 + Math.random() / 2);
      this.tries += 1;
      this.retry = setTimeout(() => this.connect(), pause);
      // One failure is a hiccup; when the server says it has no stream (1013), or twice nothing, ask instead.
      if (!this.polling && (code === 1013 || this.tries > 1)) this.poll();
    }

    async poll() {
      clearTimeout(this.polling);
      this.polling = -1;
      const answer = await this.ask();
      if (this.open() && this.state === 'live') { this.polling = 0; return; }
      if (answer) this.say('polling');
      else this.say(!navigator.onLine || this.failures > 1 ? 'offline' : 'reconnecting');
      const pause = (document.hidden ? 5 : 1) * POLL_EVERY * (0.9 + Math.random() / 5);
      this.polling = setTimeout(() => this.poll(), pause);
    }

    /* The state by plain HTTP, handed on like any news unless the socket has brought a newer one
       meanwhile; false when the server cannot be reached. */
    async ask(patience = 8000) {
      if (!this.event) return false;
      const state = await this.fetchState(this.event, patience);
      this.failures = state ? 0 : this.failures + 1;
      if (state) this.sure = Date.now();
      if (state && state.eventId === this.event && !this.older(state)) {
        this.seq = state.seq;
        this.at = state.asOf;
        this.news({ type: 'snapshot', seq: state.seq, at: state.asOf, data: state });
      }
      return Boolean(state);
    }

    older({ seq, asOf }) {
      return seq < this.seq || (seq === this.seq && Date.parse(asOf) < Date.parse(this.at));
    }

    /* A socket can be dead without saying so. After a silence we ask: a server that answers with news the
       socket did not bring, or not at all within seconds, has lost us. */
    async listen() {
      if (this.state !== 'live' || Date.now() - this.heard < QUIET_AFTER) return;
      this.heard = Date.now();
      const before = this.seq;
      const reached = await this.ask(PATIENCE);
      if (this.state === 'live' && (!reached || this.seq > before)) this.drop();
    }

    drop() {
      const socket = this.socket;
      if (!socket) return;
      socket.close();
      this.lost(1006);
    }

    /* For good: whoever signs out need not hear from the server that the session has ended. */
    hangUp() {
      const socket = this.socket;
      this.event = this.socket = null;
      socket?.close();
    }

    subscribe() {
      this.heard = Date.now();
      this.send({ type: 'subscribe-event', eventId: this.event, ...(this.seq == null ? {} : { seq: this.seq }) });
    }

    send(message) {
      if (this.open()) this.socket.send(JSON.stringify(message));
    }

    open() {
      return Boolean(this.socket) && this.socket.readyState === WebSocket.OPEN;
    }

    say(state) {
      if (state === this.state) return;
      this.state = state;
      this.changed(state);
    }
  }

  function signIn() {
    const here = location.pathname + location.search;
    location.assign(`/login?ended=1&next=${encodeURIComponent(here)}`);
  }

  Object.assign(window.Housecount, { Line, signIn });
})();
