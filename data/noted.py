"""Notes where they fall in the time that a question looks at: at their moment, on the business day of their
venue, and so many days before the doors of the one event that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from data.access import Access
from data.engine import TenantConnection
from data.metric_query import MetricQuery
from data.notes import notes
from data.permissions import may
from data.query_check import checked
from data.query_error import QueryError
from data.query_windows import look
from data.query_world import World, read


@dataclass(frozen=True, slots=True)
class Noted:
    """A note on a time axis; `days_to_doors` is None unless one event with doors is looked at."""

    at: datetime
    text: str
    day: date
    days_to_doors: int | None = None


def noted(
    tenant: TenantConnection, access: Access, queries: Sequence[MetricQuery], now: datetime
) -> list[list[Noted]]:
    """For each question the notes within its range, at its venues and events, in the order of time.

    Nothing is read for those who read no notes (promoters, doors). A question without an answer has none.
    """
    if not queries or not may(access, "see-notes"):
        return [[] for _ in queries]
    world = read(tenant, access, queries)
    return [_within(tenant, access, query, world, now) for query in queries]


def _within(
    tenant: TenantConnection, access: Access, query: MetricQuery, world: World, now: datetime
) -> list[Noted]:
    try:
        checked(query, access)
        seen = look(query, access, world, now)
    except QueryError:
        return []
    if not seen.windows:
        return []
    start = datetime.fromtimestamp(min(span.lo for span in seen.windows.values()), UTC)
    end = datetime.fromtimestamp(max(span.hi for span in seen.windows.values()), UTC)
    doors = world.events[query.events[0]].doors_day if len(query.events) == 1 else None
    found = []
    for note in notes(tenant, access, start, end, venues=query.venues, events=query.events):
        window, second = seen.windows.get(note.venue_id), int(note.at.timestamp())
        if window is None or not window.lo <= second < window.hi:
            continue  # In another venue's today, say.
        day = seen.clocks[note.venue_id].day(second)
        found.append(Noted(note.at, note.text, day, None if doors is None else (doors - day).days))
    return found
