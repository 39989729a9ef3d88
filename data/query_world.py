"""What a question meets: the venues and events it may see, read before anything is planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from data.access import Access
from data.engine import TenantConnection
from data.metric_dimensions import NIGHTS
from data.metric_query import DaysToDoors, MetricQuery
from data.metrics import CATALOGUE
from data.query_clock import Clock
from data.query_filters import dimensions_of

VENUES = """
SELECT v.venue_id, v.name, v.zone, v.business_day_starts, v.currency,
       (SELECT array_agg(DISTINCT m.currency) FROM event_money m
        WHERE m.tenant_id = v.tenant_id AND m.venue_id = v.venue_id) AS currencies,
       least(q.first, (SELECT min(a.day) FROM day_analytics a WHERE a.tenant_id = v.tenant_id
             AND a.venue_id = v.venue_id AND a.dimension = '' AND a.day > %(ever)s)) AS first,
       greatest(q.last, (SELECT max(a.day) FROM day_analytics a WHERE a.tenant_id = v.tenant_id
                AND a.venue_id = v.venue_id AND a.dimension = '' AND a.day > %(ever)s)) AS last,
       d.first AS first_doors, d.last AS last_doors,
       COALESCE(q.programme, 0) + (SELECT COALESCE(sum(a.changes), 0) FROM day_analytics a
             WHERE a.tenant_id = v.tenant_id AND a.venue_id = v.venue_id AND a.dimension = ''
             AND a.day <= %(ever)s) AS programme
FROM venues v
LEFT JOIN (
    SELECT venue_id, min(COALESCE(doors_at, starts_at)) AS first, max(COALESCE(doors_at, starts_at)) AS last
    FROM events WHERE tenant_id = %(tenant)s AND %(nights)s GROUP BY venue_id
) d ON d.venue_id = v.venue_id
LEFT JOIN (
    SELECT w.venue_id, min(day) FILTER (WHERE day > %(ever)s) AS first,
           max(day) FILTER (WHERE day > %(ever)s) AS last,
           count(*) FILTER (WHERE day <= %(ever)s) AS programme
    FROM rollup_queue w CROSS JOIN LATERAL unnest(w.days) AS n (day)
    WHERE w.tenant_id = %(tenant)s GROUP BY w.venue_id
) q ON q.venue_id = v.venue_id
WHERE v.tenant_id = %(tenant)s ORDER BY v.name, v.venue_id
"""

_EVER = datetime(1971, 1, 1, tzinfo=UTC)
"""Days before are no days of facts: one of them counts changes of the programme."""

EVENTS = """
SELECT event_id, venue_id, name, COALESCE(doors_at, starts_at) AS doors FROM events
WHERE tenant_id = %(tenant)s AND (%(every)s OR event_id = ANY(%(events)s))
"""


@dataclass(frozen=True, slots=True)
class EventAt:
    """An event that a question names, or whose doors it must know."""

    event_id: UUID
    venue_id: UUID
    name: str
    doors: datetime | None
    doors_day: date | None


@dataclass(frozen=True, slots=True)
class World:
    """The venues by id, in the order of their names, those events that the questions need, and the
    first and last doors (seconds since 1970) of each venue where whole events are asked for, and the ids of
    all venues of the tenant, seen or not. `programme` changes with every change of events and names; `sides`
    remembers what questions look at (`data.query_windows.sides`)."""

    venues: dict[UUID, Clock]
    events: dict[UUID, EventAt]
    doors: dict[UUID, tuple[int, int]]
    all_venues: tuple[UUID, ...]
    programme: int
    sides: dict[tuple[MetricQuery, datetime], Any] = field(default_factory=dict)


def read(tenant: TenantConnection, access: Access, queries: Sequence[MetricQuery]) -> World:
    """What these questions meet, in one round trip. Raises DatabaseUnavailable."""
    named = {event for query in queries for event in (*query.events, query.compare_event) if event}
    named |= access.events or frozenset()
    families = {family for query in queries for family in families_of(query)}
    nights = bool(families & NIGHTS)
    every = access.events is None and any(map(_needs_all_doors, queries))
    with tenant.connection.pipeline():
        venues = tenant.connection.cursor(row_factory=dict_row)
        asked = {"tenant": tenant.tenant_id, "nights": nights, "ever": _EVER}
        venues.execute(VENUES, asked, prepare=True)
        events = tenant.connection.cursor(row_factory=dict_row)
        if named or every:
            asked = {"tenant": tenant.tenant_id, "events": list(named), "every": every}
            events.execute(EVENTS, asked, prepare=True)
    places = venues.fetchall()
    clocks = {row["venue_id"]: _clock(row) for row in places}
    doors = {
        row["venue_id"]: (int(row["first_doors"].timestamp()), int(row["last_doors"].timestamp()) + 1)
        for row in places
        if row["first_doors"] is not None
    }
    if access.venues is not None:
        clocks = {venue: clock for venue, clock in clocks.items() if venue in access.venues}
    rows = events.fetchall() if named or every else []
    visible = {row["event_id"]: _event(row, clocks) for row in _visible(rows, clocks, access)}
    programme = sum(int(row["programme"]) for row in places)
    return World(clocks, visible, doors, tuple(row["venue_id"] for row in places), programme)


def families_of(query: MetricQuery) -> set[str]:
    """The families of facts that a question reads."""
    return {family for name in query.metrics if name in CATALOGUE for family in CATALOGUE[name].families}


def _visible(
    rows: list[dict[str, Any]], clocks: dict[UUID, Clock], access: Access
) -> Iterable[dict[str, Any]]:
    for row in rows:
        granted = access.events is None or row["event_id"] in access.events
        if granted and row["venue_id"] in clocks:
            yield row


def _needs_all_doors(query: MetricQuery) -> bool:
    used = {*query.dimensions, *dimensions_of(query.where)}
    if not isinstance(query.range, DaysToDoors) and "days_to_doors" not in used:
        return False
    return not query.events and bool(families_of(query) - NIGHTS)


def _clock(row: dict[str, Any]) -> Clock:
    taken = tuple(sorted(row["currencies"] or ()))
    clock = Clock(
        row["venue_id"],
        row["name"],
        ZoneInfo(row["zone"]),
        row["business_day_starts"],
        taken[0] if len(taken) == 1 else row["currency"],
        several=len(taken) > 1,
        taken=taken,
    )
    if row["first"] is None:
        return clock
    first, last = (clock.day(int(row[name].timestamp())) for name in ("first", "last"))
    return replace(clock, first=first, last=last)


def _event(row: dict[str, Any], clocks: dict[UUID, Clock]) -> EventAt:
    doors = row["doors"]
    day = None if doors is None else clocks[row["venue_id"]].day(int(doors.timestamp()))
    return EventAt(row["event_id"], row["venue_id"], row["name"], doors, day)
