"""Spans and calendars as they travel to PostgreSQL: it looks up, what a business day is is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from data import recordset
from data.buckets import changes_of_clocks, day_begins, day_of, hour_begins, next_hour
from data.query_clock import Clock, Shift
from data.query_plan import Piece

_DAY = 86_400
SPANS = (
    "(v uuid, e uuid, lo timestamptz, hi timestamptz, zone text, home text, several bool, k int,"
    " h timestamptz)"
)
"""Venue, event, span, zone, the currency of what has none of its own, whether tickets are paid in several,
the number of the calendar, and a moment at which a local hour starts."""
CALENDARS = "(k int, first date, days timestamptz[], hours timestamptz[])"
"""The first day and the moments at which it and all later ones begin; hours only where they are uneven."""


def spans(pieces: Sequence[Piece]) -> str:
    """The pieces as JSON for `SPANS`."""
    numbers = _numbers(pieces)
    return recordset.encode([_span(piece, numbers[_key(piece.clock)]) for piece in pieces])


def calendars(pieces: Sequence[Piece], hours: bool, shift: Shift) -> str:
    """The calendars of the pieces as JSON for `CALENDARS`; venues of one zone and cut-off share one. They
    hold the moments of the pieces and those that these are moved to."""
    rows = []
    for key, number in _numbers(pieces).items():
        own = [piece for piece in pieces if _key(piece.clock) == key]
        clock = own[0].clock
        lo, hi = min(piece.lo for piece in own), max(piece.hi for piece in own)
        moved = [shift.moment_on(lo, clock), shift.moment_on(hi, clock)]
        if shift.seconds:
            lo, hi = min(lo, *moved), max(hi, *moved)
        days = _days(clock, lo, hi)
        row: dict[str, Any] = {"k": number, "first": clock.day(lo), "days": list(map(iso, days))}
        also = _days(clock, *moved)
        if hours and not _on_the_hour(clock, [*days, *also]):
            row["hours"] = list(map(iso, sorted({*_hours(clock, days), *_hours(clock, also)})))
        rows.append(row)
    return recordset.encode(rows)


LONG_CALENDARS = "(zone text, starts time, since timestamptz[], days date[], changes timestamptz[])"
"""Of a zone and cut-off: beginnings of days with their names, after each of which others follow every 24
hours until the next one of these, and the moments at which the clocks change."""
_NUMBER = "width_bucket({time}, c.since)"
DAY_OF = (
    f"least(c.days[{_NUMBER}] + date_part('day', {{time}} - c.since[{_NUMBER}])::int,"
    f" c.days[{_NUMBER} + 1] - 1)"
)
"""The business day of a moment, by a long calendar `c`: PostgreSQL counts days of 24 hours between instants,
and the last one before one that is told may be longer."""
HOUR_OF = "greatest({hour}, c.changes[width_bucket({time}, c.changes)])"
"""The hour of a moment, by a long calendar `c` and the full hour before on the clock as it is then."""


def long_calendar(zone: ZoneInfo, starts: time, lo: int, hi: int) -> dict[str, Any]:
    """A row of `LONG_CALENDARS`: for spans without bound, whose single days are too many."""
    changes = changes_of_clocks(lo - 2 * _DAY, hi, zone)
    # Around a change of clocks days may be longer or shorter: each of them is told.
    around = (day_of(at, zone, starts) + timedelta(days=n) for at in changes for n in (-1, 0, 1, 2))
    first = day_of(lo, zone, starts)
    days = sorted({first, *(day for day in around if day > first)})
    return {
        "zone": zone.key,
        "starts": starts,
        "since": [iso(day_begins(day, zone, starts)) for day in days],
        "days": days,
        "changes": list(map(iso, changes)),
    }


def _key(clock: Clock) -> tuple[Any, Any]:
    return clock.zone, clock.starts


def _numbers(pieces: Iterable[Piece]) -> dict[tuple[Any, Any], int]:
    numbers: dict[tuple[Any, Any], int] = {}
    for piece in pieces:
        numbers.setdefault(_key(piece.clock), len(numbers))
    return numbers


def _span(piece: Piece, calendar: int) -> dict[str, Any]:
    clock = piece.clock
    offset = datetime.fromtimestamp(piece.lo, clock.zone).utcoffset() or timedelta()
    span: dict[str, Any] = {
        "v": clock.venue_id,
        "lo": iso(piece.lo),
        "hi": iso(piece.hi),
        "zone": str(clock.zone),
        "home": clock.currency,
        "several": clock.several,
        "k": calendar,
        "h": iso(-int(offset.total_seconds()) % 3600),
    }
    return span if piece.event is None else span | {"e": piece.event}


def _on_the_hour(clock: Clock, moments: Iterable[int]) -> bool:
    """Whether the zone's offset only changes by whole hours: then all its hours lie 60 minutes apart. A
    change at the very beginning counts, as an hour begins with it."""
    known = list(moments)
    offsets = {
        datetime.fromtimestamp(at, clock.zone).utcoffset() or timedelta()
        for at in (min(known) - 3600, *known)
    }
    return len({int(offset.total_seconds()) % 3600 for offset in offsets}) == 1


def _days(clock: Clock, lo: int, hi: int) -> list[int]:
    """The starts of the business days from one moment to another, and the one after them."""
    first, last = clock.day(lo), clock.day(hi)
    return [clock.begins(first + timedelta(days=n)) for n in range((last - first).days + 2)]


def _hours(clock: Clock, days: Sequence[int]) -> Sequence[int]:
    hours = [hour_begins(days[0], clock.zone)]
    while hours[-1] < days[-1]:
        hours.append(next_hour(hours[-1], clock.zone))
    return hours


@lru_cache(maxsize=65_536)
def iso(second: int) -> str:
    """A moment as PostgreSQL reads it."""
    return datetime.fromtimestamp(second, UTC).isoformat()
