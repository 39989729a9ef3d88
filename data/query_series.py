"""The buckets of a time series, also those in which nothing happened, and how long each one is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from data.buckets import hour_begins, next_hour
from data.metric_dimensions import DIMENSIONS
from data.metric_query import DaysToDoors
from data.query_clock import Clock, months_later
from data.query_rows import OTHER, Key
from data.query_windows import Look

if TYPE_CHECKING:
    from data.query_reads import Prepared

MOST_FILLED = 2000
"""A longer series has only the buckets in which something happened."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of a question's only dimension, when it is time; none after now. Times shorter than a day
    are those of each venue, as hours of different zones begin apart."""

    every: Collection[Any]
    by_venue: Mapping[UUID, Collection[Any]]

    def of(self, venues: Set[UUID]) -> Collection[Any]:
        """Those of some venues; of all without any."""
        if not venues or not self.by_venue:
            return self.every
        return {bucket for venue in venues for bucket in self.by_venue.get(venue, ())}


def buckets_of(prepared: Prepared) -> Buckets:
    """All buckets of the range."""
    name = prepared.query.dimensions[0]
    if DIMENSIONS[name].shape != "instant":
        return Buckets(set(_long_buckets(prepared, name)), {})
    moments = moments_of(name, prepared.main, prepared.now)
    return Buckets({moment for own in moments.values() for moment in own}, moments)


def _long_buckets(prepared: Prepared, name: str) -> Iterator[Any]:
    look, now = prepared.main, prepared.now
    if name == "days_to_doors":
        yield from _days_to_doors(prepared)
        return
    if not DIMENSIONS[name].seconds:
        return
    # Most venues have the same days, wherever they are.
    edges = {(first_of(name, clock.day(lo)), clock.day(hi - 1)) for clock, lo, hi in _spans(look, now)}
    whole = {day for first, last in edges for day in _days(name, first, last)}
    if len(whole) <= MOST_FILLED:
        yield from whole


def _spans(look: Look, now: datetime) -> list[tuple[Clock, int, int]]:
    """The span at every venue, up to now where it has begun."""
    second = int(now.timestamp())
    return [
        (look.clocks[venue], span.lo, min(span.hi, second + 1) if span.lo <= second else span.hi)
        for venue, span in look.windows.items()
        if span.hi > span.lo
    ]


def moments_of(name: str, look: Look, now: datetime) -> dict[UUID, list[datetime]]:
    """The buckets of a time shorter than a day, of every venue those of its span up to now; nothing where all
    of them together are too many."""
    # Longer by a day, as an hour may be longer where clocks change.
    longest = MOST_FILLED * DIMENSIONS[name].seconds + 86_400
    spans = _spans(look, now)
    if any(hi - lo > longest for _, lo, hi in spans):
        return {}
    moments = {clock.venue_id: list(_moments(name, clock, lo, hi)) for clock, lo, hi in spans}
    return moments if len({moment for own in moments.values() for moment in own}) <= MOST_FILLED else {}


def _days_to_doors(prepared: Prepared) -> Iterator[int]:
    asked = prepared.query.range
    if not isinstance(asked, DaysToDoors):
        return
    last = asked.last
    if len(prepared.main.by_event or ()) == 1:  # Of an event to come only the days that have come.
        event = prepared.world.events[prepared.query.events[0]] if prepared.query.events else None
        if event is not None and event.doors_day is not None:
            clock = prepared.main.clocks[event.venue_id]
            today = clock.day(int(prepared.now.timestamp()))
            last = max(last, (event.doors_day - today).days)
    yield from range(last, asked.first + 1)


def _moments(name: str, clock: Clock, lo: int, hi: int) -> Iterator[datetime]:
    moment = begins(name, lo, clock)
    while moment < hi:
        yield datetime.fromtimestamp(moment, UTC)
        moment = ends(name, moment, [clock])


def begins(name: str, second: int, clock: Clock) -> int:
    """The start of the bucket, shorter than a day, that holds a moment."""
    length = DIMENSIONS[name].seconds
    start = hour_begins(second, clock.zone)
    return start if length == _HOUR else start + (second - start) // length * length


def ends(name: str, start: int, clocks: Iterable[Clock]) -> int:
    """The end of a bucket shorter than a day; of an hour the latest by all clocks on which it starts."""
    length = DIMENSIONS[name].seconds
    if length < _HOUR:
        return start + length
    own = [next_hour(start, clock.zone) for clock in clocks if hour_begins(start, clock.zone) == start]
    return max(own, default=start + length)


def _days(name: str, day: date, last: date) -> Iterator[date]:
    count = 0
    while day <= last and count <= MOST_FILLED:
        yield day
        day = _next(name, day)
        count += 1


def first_of(name: str, day: date) -> date:
    """The first day of the week, month, quarter or year of a day."""
    if name == "week":
        return day - timedelta(days=day.weekday())
    if name in _MONTHS:
        months = _MONTHS[name]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return day


def _next(name: str, day: date) -> date:
    if name in _MONTHS:
        return months_later(day, _MONTHS[name])
    return day + timedelta(days=7 if name == "week" else 1)


def minutes_of(prepared: Prepared, look: Look, key: Key) -> float | None:
    """How many minutes of a row's bucket, or of the whole range without one, have passed; at least one
    second's worth, None when none has, and of several buckets together ("other")."""
    places = dict(zip(prepared.query.dimensions, key, strict=False))
    spans = [span for venue, span in look.windows.items() if places.get("venue") in (None, str(venue))]
    if not spans or look.by_event is not None:
        return None
    second = prepared.now.timestamp()
    lo, hi = float(min(span.lo for span in spans)), float(max(span.hi for span in spans))
    for name, value in places.items():
        if DIMENSIONS[name].shape != "instant" or value is None:
            continue
        if value == OTHER:
            return None
        start, clock = int(value.timestamp()), next(iter(look.clocks.values()))
        end = ends(name, start, look.clocks.values())
        # As long as the bucket it is beside, also where the clocks change in one of them.
        back = look.shift.moment_back(start, clock)
        lo, hi = max(lo, back), min(hi, back + end - start)
    if lo <= second < hi:
        hi = second
    return max(hi - lo, 1) / 60 if hi > lo or lo <= second else None
