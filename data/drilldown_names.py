"""Rows of facts as they leave the house: names in place of ids, and hashes of the day in place of people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from data.answers import Column
from data.directory import Directory
from data.drilldown_question import Kind
from data.drilldown_sql import Span
from data.engine import TenantConnection
from data.export_privacy import CUSTOMER, renaming, ticket_name
from data.time_zones import OWN_ZONE, TIME_ZONE, common_zone


def _text(name: str, label: str) -> Column:
    return Column(name, label, "text")


COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "sales": (
        Column("time", "Time", "time"),
        _text("event", "Event"),
        _text("kind", "What"),
        _text("order", "Order"),
        _text("ticket_type", "Ticket type"),
        Column("quantity", "Tickets", "metric", "tickets"),
        Column("amount", "Amount", "metric", "money"),
        _text("currency", "Currency"),
        _text("channel", "Channel"),
        _text("campaign", "Campaign"),
        _text("customer", "Customer"),
    ),
    "scans": (
        Column("time", "Time", "time"),
        _text("event", "Event"),
        _text("what", "What"),
        _text("gate", "Gate"),
        _text("zone", "Zone"),
        _text("ticket", "Ticket"),
        _text("reason", "Reason"),
        _text("scanner", "Scanner"),
    ),
}
"""The columns of rows of one venue, in this order; of several there are more beside the time."""

_VENUE, _EVENT = 0, 2
"""Where in a row of `data.drilldown_sql` these ids stand."""
_OWNERS = {"ticket_type": _EVENT, "gate": _VENUE, "zone": _VENUE}
"""Column → whose names they are: a ticket type is called by its event, a gate and a zone by their venue."""
_NAMED = {
    "ticket_type": "SELECT event_id, ticket_type, name FROM ticket_types"
    " WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(venues)s) AND event_id = ANY(%(owners)s)",
    "gate": "SELECT venue_id, gate, name FROM gates"
    " WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(owners)s)",
    "zone": "SELECT venue_id, zone, name FROM zones"
    " WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(owners)s)",
}


class Shown:
    """How the rows of some spans are shown: `columns`, and `zone`, in which their times are (empty when each
    row says its own). People and tickets are the same on one day's pages, and strangers on another's."""

    def __init__(
        self,
        tenant: TenantConnection,
        directory: Directory,
        kind: Kind,
        spans: Sequence[Span],
        masked: frozenset[str],
        now: datetime,
    ) -> None:
        self._tenant, self._directory = tenant, directory
        self._now, self._day = now, now.astimezone(UTC).date()
        self._events = {event.event_id: event.name for event in directory.events(tenant.tenant_id)}
        self._zones = {span.v: span.zone for span in spans}
        self._venues = {venue.venue_id: venue.name for venue in directory.venues(tenant.tenant_id)}
        named = [column.name for column in COLUMNS[kind] if column.name in _NAMED]
        self._names: dict[str, dict[tuple[UUID, str], str]] = {name: {} for name in named}
        self._known: dict[str, set[UUID]] = {name: set() for name in named}
        self.zone = common_zone(self._zones.values())
        self.columns = _columns(kind, several=len(self._zones) > 1, zoned=not self.zone)
        self._at = {column.name: place for place, column in enumerate(COLUMNS[kind], 1)}
        self._ways = [self._way(column.name, masked) for column in self.columns]

    def rows(self, found: Sequence[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
        """The rows as they leave the house. Each begins with its venue, then come the columns of COLUMNS."""
        self._look_up(found)
        for row in found:
            yield tuple([way(row) for way in self._ways])

    def _look_up(self, found: Sequence[Sequence[Any]]) -> None:
        """The names that these rows are the first to need: few, so they are held to the end."""
        for name, names in self._names.items():
            missing = {row[_OWNERS[name]] for row in found} - self._known[name]
            if missing:
                self._known[name] |= missing
                venues = list({row[_VENUE] for row in found})
                values = {"tenant": self._tenant.tenant_id, "venues": venues, "owners": list(missing)}
                for owner, value, called in self._tenant.execute(_NAMED[name], values):
                    names[owner, value] = called

    def _way(self, name: str, masked: frozenset[str]) -> Callable[[Sequence[Any]], Any]:
        """From a row to its value in this column."""
        if name in masked:
            return lambda row: None
        if name == "venue":
            return lambda row: self._venues.get(row[_VENUE], "")
        if name == TIME_ZONE:
            return lambda row: self._zones[row[_VENUE]]
        at = self._at[name]
        if name == "event":
            return lambda row: self._events.get(row[at], "")
        if name in self._names:
            names, owner = self._names[name], _OWNERS[name]
            return lambda row: names.get((row[owner], row[at])) or row[at] or ""
        if name == CUSTOMER:
            rename = renaming(self._tenant, self._now)
            return lambda row: rename(row[at]) or ""
        if name == "ticket":
            digest = partial(self._directory.digest, self._tenant.tenant_id)
            return lambda row: "" if row[at] is None else ticket_name(digest, self._day, row[at])
        return lambda row: row[at] if row[at] is not None else ""


def _columns(kind: Kind, *, several: bool, zoned: bool) -> tuple[Column, ...]:
    time, *others = COLUMNS[kind]
    return (
        time,
        *((OWN_ZONE,) if zoned else ()),
        *((_text("venue", "Venue"),) if several else ()),
        *others,
    )
