"""Rows of pretix's lists that cannot be booked: set apart, so that their neighbours are read all the same."""

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import Raw, Struct

from data import dead_letters
from data.dead_letters import DeadLetter
from data.engine import Database
from data.pretix import queue
from data.pretix.sources import Source
from ingest.personal_text import scrubbed
from ingest.pretix.documents import Code, Malformed, Number, Slug, decode

log = logging.getLogger(__name__)

MOST_REMEMBERED = 10_000


class Named(Struct):
    """What is read of an order that makes no sense otherwise."""

    event: Slug
    code: Code


class Numbered(Struct):
    """What is read of a check-in that makes no sense otherwise."""

    id: Number


@dataclass(frozen=True)
class Aside:
    """Where one source's odd rows go. All methods raise DatabaseUnavailable."""

    database: Database
    source: Source
    _told: set[str] = field(default_factory=set)

    def order(self, row: Raw, error: Exception) -> None:
        """Ask for this order by itself: what fails again and again ends among the dead letters, and
        what was but an odd moment of pretix's does not get lost."""
        try:
            named = decode(row, Named)
        except Malformed:
            self._bury("pretix-order", {}, error)
            return
        self.ask(named.event, named.code, error)

    def ask(self, event: str, code: str, error: Exception) -> None:
        """Have the queue look at an order."""
        log.warning("pretix %s: order %s is set aside: %s", self.source.name, code, error)
        with self.database.tenant(self.source.tenant_id) as tenant:
            queue.put(tenant, self.source.source_id, event, f"order/{code}")

    def checkin(self, event: str, row: Raw, error: Exception) -> None:
        """Note a check-in that cannot be booked, once: sweeps read it again and again."""
        try:
            what: dict[str, object] = {"event": event, "checkin": decode(row, Numbered).id}
        except Malformed:
            what = {"event": event}
        self._bury("pretix-checkin", what, error)

    def _bury(self, code: str, what: dict[str, object], error: Exception) -> None:
        payload = json.dumps(what)
        said = f"{code} {payload} {error}"
        if said in self._told:
            return
        if len(self._told) >= MOST_REMEMBERED:
            self._told.clear()
        source = f"pretix:{self.source.name}"
        letter = DeadLetter(datetime.now(UTC), source, code, None, scrubbed(str(error)[:500]), payload)
        with self.database.tenant(self.source.tenant_id) as tenant:
            dead_letters.keep(tenant, [letter])
        self._told.add(said)
        log.warning("pretix %s: %s %s: %s", self.source.name, code, payload, error)
