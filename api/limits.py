"""How often an address, a person or token, and a tenant may ask: `api/gate.py` asks here.

Files that are the same for everybody and the health of the server are not counted, and messages by
themselves (`api/ingest.py`).
"""

from __future__ import annotations

import time

from flask import Flask, g, request
from werkzeug.wrappers import Response as AnyResponse

from api import addresses
from api.problems import for_programs, rate_headers
from config import Settings
from data.access import Access
from data.counters import MOST_OWN, Counters
from data.rates import Rate, Rates, Standing, TooManyRequests

LARGEST_FORM = 2_000_000
"""Bytes of a form or a callback; the doors for messages and the API have limits of their own."""
UNCOUNTED = ("asset", "no-asset", "favicon", "snippet", "health/")


class Limits:
    """The rates of these settings."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._rates = Rates(counters)
        self._address = Rate("address", settings.rate_address_per_minute, 60)
        self._caller = Rate("caller", settings.rate_caller_per_minute, 60)
        self._tenant = Rate("tenant", settings.rate_tenant_per_minute, 60)
        self._out: dict[str, float] = {}
        """Address that sent too much from unknown senders → the monotonic second until which it waits.

        What is spent is counted in Redis for all processes. This only spares a process to ask again what it
        was told: one that was not told yet finds out with one look-up.
        """
        self._sender = Rate("sender", settings.rate_ingest_per_second, 1)

    def of_address(self) -> None:
        """Count this request of its address. Raises TooManyRequests."""
        if not (request.endpoint or "").startswith(UNCOUNTED):
            self._rates.spend((self._address, addresses.counted()))

    def before_looking_up(self, address: str) -> None:
        """Ask whether anybody of this address may be looked up; nothing is counted, nobody asked. Raises
        TooManyRequests."""
        out = self._out.get(address)
        if out is None:
            return
        seconds = out - time.monotonic()
        if seconds > 0:
            raise TooManyRequests(Standing(self._address, 0, seconds))
        self._out.pop(address, None)

    def of_unknown(self, address: str) -> None:
        """Count a request with messages of somebody unknown, of its address. Raises TooManyRequests."""
        try:
            self._rates.spend((self._address, address))
        except TooManyRequests as refused:
            while len(self._out) >= MOST_OWN:  # The oldest: whoever floods with new ones frees no others.
                self._out.pop(next(iter(self._out)), None)
            self._out[address] = time.monotonic() + refused.standing.seconds
            raise

    def of_caller(self, access: Access) -> None:
        """Count this request of whoever is known to ask. Raises TooManyRequests."""
        who = str(access.user_id or "")
        g.standing = self._rates.spend((self._caller, who), (self._tenant, str(access.tenant_id)))

    def of_sender(self, token_id: str) -> None:
        """Count a request with messages of one token. Raises TooManyRequests."""
        self._rates.spend((self._sender, token_id))

    def of_site(self, site_id: str, address: str) -> None:
        """Count a request of a website's page: of the site as of a token, and of its address. Raises
        TooManyRequests."""
        self._rates.spend((self._sender, site_id), (self._address, address))


def register(server: Flask) -> None:
    """Tell callers of the API how they stand; and read no form without end."""
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM

    @server.after_request
    def tell(response: AnyResponse) -> AnyResponse:
        standing: Standing | None = g.get("standing")
        if standing is not None and for_programs(request.path):
            for name, value in rate_headers(standing).items():
                response.headers.setdefault(name, value)
        return response
