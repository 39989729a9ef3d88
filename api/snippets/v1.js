/* Housecount: counts pages and carts. No cookies. */
((w, d, n) => {
	let calls = [], last, from = d.referrer, timer, me = d.currentScript,
		to = new URL("../api/v1/batch?site=" + me.dataset.site, me.src).href;
	w.housecount = () => {};
	if (n.globalPrivacyControl || n.doNotTrack == 1 || w.doNotTrack == 1) return;
	const on = (what, type, then) => what.addEventListener(type, then, true);
	const flush = () => {
		timer = clearTimeout(timer);
		if (!calls[0]) return;
		for (const { properties: p } of calls)
			p.eventId = p.eventId || (d.querySelector("[data-hc-event]") || me).dataset.hcEvent;
		const body = JSON.stringify({ batch: calls, sentAt: new Date() });
		calls = [];
		if (!n.sendBeacon || !n.sendBeacon(to, body))
			fetch(to, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
	};
	const call = (type, event, properties) => {
		calls.push({
			type, event, properties, timestamp: new Date(),
			messageId: crypto.getRandomValues(new Uint32Array(4)).join("-")
		});
		timer = timer || setTimeout(flush, 500);
	};
	const page = () => {
		const { origin, pathname: path, search } = location;
		if (last == path) return;
		last = path;
		call("page", "", { path, referrer: from, search: (search.match(/\butm_[^&]*/g) || []).join("&") });
		from = origin + path;
	};
	w.housecount = (event, properties) => call("track", event, { ...properties });
	const push = history.pushState;
	history.pushState = function (...to) {
		flush();
		push.apply(this, to);
		page();
	};
	on(w, "popstate", () => page(flush()));
	on(w, "pagehide", flush);
	on(w, "pageshow", (e) => e.persisted && page(last = 0));
	on(d, "visibilitychange", () => d.hidden && flush());
	on(d, "click", ({ target }) => {
		const b = target.closest("[data-hc-cart]"), t = b && b.dataset;
		if (t) w.housecount(t.hcCart, { eventId: t.hcEvent, product_id: t.hcTicket,
			quantity: t.hcQuantity, price: t.hcPrice, currency: t.hcCurrency });
	});
	d.prerendering ? on(d, "prerenderingchange", page) : page();
})(window, document, navigator);
