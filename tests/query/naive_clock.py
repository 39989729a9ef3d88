"""When, the slow way: days, hours and spans at a hall, found by walking and by asking the clock.

Shares no code with `data.query*` and `data.buckets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from data.metric_query import Between, DaysToDoors, Last, MetricQuery, Named

ONE = timedelta(days=1)
Span = tuple[datetime, datetime]
EVER: Span = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
FINE = {"minute": 60, "5min": 300, "15min": 900, "30min": 1800}
"""Seconds of the grains that are equally long on every clock."""


@dataclass(frozen=True)
class Hall:
    venue_id: UUID
    zone: ZoneInfo
    starts: time
    currency: str
    capacity: int = 0


@dataclass(frozen=True)
class Show:
    event_id: UUID
    hall: Hall
    doors: datetime | None
    status: str = "on_sale"
    series: UUID | None = None
    genre: str | None = None
    sellable: int = 0
    physical: int = 0
    types: tuple[tuple[int | None, bool], ...] = ()
    """Capacity and admission of each ticket type."""
    held: int = 0
    target: int = 0
    ends: datetime | None = None

    @property
    def over(self) -> datetime | None:
        """Its end; without one four hours after it began."""
        return self.ends or (self.doors and self.doors + timedelta(hours=4))

    @property
    def capacity(self) -> int:
        places = [count for count, admission in self.types if admission]
        typed = sum(count or 0 for count in places) if places and None not in places else 0
        return self.sellable or typed or self.physical or self.hall.capacity


@cache
def business_day(hall: Hall, at: datetime) -> date:
    day = at.astimezone(hall.zone).date() + timedelta(days=2)
    while datetime.combine(day, hall.starts, tzinfo=hall.zone).astimezone(UTC) > at:
        day -= timedelta(days=1)
    return day


@cache
def day_start(hall: Hall, day: date) -> datetime:
    return datetime.combine(day, hall.starts, tzinfo=hall.zone).astimezone(UTC)


@cache
def hour_start(hall: Hall, at: datetime) -> datetime:
    """Back minute by minute, as long as the venue's clock shows the same hour and has not been changed."""
    moment = at.replace(second=0, microsecond=0)
    shown = moment.astimezone(hall.zone)
    while True:
        before = (moment - timedelta(minutes=1)).astimezone(hall.zone)
        if before.hour != shown.hour or before.utcoffset() != shown.utcoffset():
            return moment
        moment -= timedelta(minutes=1)


@cache
def hour_end(hall: Hall, at: datetime) -> datetime:
    moment = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    while hour_start(hall, moment) == hour_start(hall, at):
        moment += timedelta(minutes=15)  # No clock differs by less.
    return moment


def bucket(grain: str, hall: Hall, at: datetime) -> datetime:
    """The start of the bucket of a grain shorter than a day."""
    if grain == "hour":
        return hour_start(hall, at)
    past = at.astimezone(hall.zone).minute % (FINE[grain] // 60)
    return at.replace(second=0, microsecond=0) - timedelta(minutes=past)


def bucket_end(grain: str, hall: Hall, start: datetime) -> datetime:
    return hour_end(hall, start) if grain == "hour" else start + timedelta(seconds=FINE[grain])


def first_of(grain: str, day: date) -> date:
    while not starts(grain, day):
        day -= timedelta(days=1)
    return day


def starts(grain: str, day: date) -> bool:
    if grain == "week":
        return day.isoweekday() == 1
    months = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}.get(grain)
    return months is None or (day.day == 1 and day.month in months)


def earlier_month(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += -1 if months > 0 else 1
        if month == 0:
            year, month = year - 1, 12
        if month == 13:
            year, month = year + 1, 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(number, day.day))
        except ValueError:
            continue
    raise AssertionError


@dataclass(frozen=True)
class Move:
    """How far another span lies back: by the calendar or by so much time."""

    months: int = 0
    days: int = 0
    time: timedelta = timedelta(0)

    def day_back(self, day: date) -> date:
        return earlier_month(day, self.months) - self.days * ONE

    def back(self, hall: Hall, at: datetime) -> datetime:
        return self._moved(hall, at, self.day_back(at.astimezone(hall.zone).date()), 0) - self.time

    def day_on(self, day: date) -> date:
        return earlier_month(day, -self.months) + self.days * ONE

    def on(self, hall: Hall, at: datetime) -> datetime:
        """Of two moments that a clock shows alike the later one."""
        return self._moved(hall, at, self.day_on(at.astimezone(hall.zone).date()), 1) + self.time

    def _moved(self, hall: Hall, at: datetime, day: date, fold: int) -> datetime:
        if not self.months and not self.days:
            return at
        local = datetime.combine(day, at.astimezone(hall.zone).time(), tzinfo=hall.zone)
        gap = local.astimezone(UTC).astimezone(hall.zone).replace(tzinfo=None) != local.replace(tzinfo=None)
        return local.replace(fold=0 if gap else fold).astimezone(UTC)


NOT_MOVED = Move()


@dataclass(frozen=True)
class Side:
    """One side of a question: the span of each hall or event, and how far its figures are moved."""

    spans: dict[UUID, Span]
    halls: tuple[Hall, ...]
    shows: frozenset[UUID] | None
    every_night: bool
    move: Move = NOT_MOVED
    instead: UUID | None = None

    def span(self, show: Show) -> Span | None:
        return self.spans.get(show.event_id, self.spans.get(show.hall.venue_id))


def main_side(query: MetricQuery, halls: Sequence[Hall], shows: Sequence[Show], now: datetime) -> Side:
    seen = [hall for hall in halls if not query.venues or hall.venue_id in query.venues]
    own = [show for show in shows if show.event_id in query.events] if query.events else None
    if own is not None:
        seen = [hall for hall in seen if hall in [show.hall for show in own]]
    asked = query.range
    every = bool(query.events) or (isinstance(asked, Named) and asked.named == "all")
    if isinstance(asked, DaysToDoors):
        dated = [show for show in (shows if own is None else own) if show.doors and show.hall in seen]
        spans = {show.event_id: _around_doors(asked, show) for show in dated}
    else:
        spans = {hall.venue_id: span_of(asked, hall, now) for hall in seen}
    return Side(spans, tuple(seen), frozenset(query.events) if query.events else None, every)


def other_side(
    query: MetricQuery, main: Side, halls: Sequence[Hall], shows: Sequence[Show], now: datetime
) -> Side | None:
    if query.compare_event is not None:
        return _beside(query, main, {show.event_id: show for show in shows}, now)
    if query.compare is None or not main.halls:
        return None
    first = min(main.halls, key=lambda hall: str(hall.venue_id))  # Halls are called by their ids.
    move = _move(query, first, main.spans[first.venue_id])
    spans = {hall.venue_id: _earlier(main.spans[hall.venue_id], move, hall, now) for hall in main.halls}
    return Side(spans, main.halls, main.shows, False, move)


def _beside(query: MetricQuery, main: Side, shows: dict[UUID, Show], now: datetime) -> Side:
    """Another event, at the same distance to its doors, which count to the second."""
    own, other = shows[query.events[0]], shows[query.compare_event or query.events[0]]
    assert own.doors is not None
    assert other.doors is not None
    from_doors = own.doors.replace(microsecond=0) - other.doors.replace(microsecond=0)
    apart = (business_day(own.hall, own.doors) - business_day(other.hall, other.doors)).days
    move = Move(days=apart)
    if isinstance(query.range, DaysToDoors):
        span = _around_doors(query.range, other)
        mine = main.spans[own.event_id]
        if mine[0] <= now < mine[1]:
            passed = now - from_doors
            span = span[0], max(span[0], min(span[1], passed.replace(microsecond=0)))
    else:
        mine = main.spans[own.hall.venue_id]
        if mine == EVER:
            span = _passed(mine, EVER, move, other.hall, now)
        elif not whole_days(own.hall, mine):
            move = Move(time=from_doors)
            span = _earlier(mine, move, other.hall, now)
        else:
            days = [move.day_back(business_day(own.hall, edge)) for edge in mine]
            span = _passed(
                mine, (day_start(other.hall, days[0]), day_start(other.hall, days[1])), move, other.hall, now
            )
    ids = frozenset({other.event_id})
    place = other.event_id if isinstance(query.range, DaysToDoors) else other.hall.venue_id
    return Side({place: span}, (other.hall,), ids, True, move, own.event_id)


def whole_days(hall: Hall, span: Span) -> bool:
    return all(day_start(hall, business_day(hall, edge)) == edge for edge in span)


def _move(query: MetricQuery, hall: Hall, span: Span) -> Move:
    """How far back the span lies that is compared with."""
    if query.compare == "last_week":
        return Move(days=7)
    if query.compare == "last_year":
        return Move(months=12)
    asked = query.range
    if isinstance(asked, Last) and asked.unit in ("month", "year"):
        return Move(months=asked.last * (12 if asked.unit == "year" else 1))
    if isinstance(asked, Named) and asked.named in ("this_month", "last_month", "this_year"):
        return Move(months=12 if asked.named == "this_year" else 1)
    if (isinstance(asked, Last) and asked.unit in ("minute", "hour")) or not whole_days(hall, span):
        return Move(time=span[1] - span[0])
    return Move(days=(business_day(hall, span[1]) - business_day(hall, span[0])).days)


def _earlier(span: Span, move: Move, hall: Hall, now: datetime) -> Span:
    if not move.time and whole_days(hall, span):
        days = [move.day_back(business_day(hall, edge)) for edge in span]
        other = day_start(hall, days[0]), day_start(hall, days[1])
    else:
        other = move.back(hall, span[0]), move.back(hall, span[1])
    return _passed(span, other, move, hall, now)


def _passed(span: Span, other: Span, move: Move, hall: Hall, now: datetime) -> Span:
    """Of a span that is not over only as much of the other as has passed, to the minute."""
    if not span[0] <= now.replace(microsecond=0) < span[1]:
        return other
    passed = move.back(hall, now.replace(microsecond=0))
    if passed.second:
        passed = passed.replace(second=0) + timedelta(minutes=1)
    return other[0], max(other[0], min(other[1], passed))


def _around_doors(asked: DaysToDoors, show: Show) -> Span:
    assert show.doors is not None
    doors = business_day(show.hall, show.doors)
    return day_start(show.hall, doors - ONE * asked.first), day_start(
        show.hall, doors - ONE * (asked.last - 1)
    )


def span_of(asked: Any, hall: Hall, now: datetime) -> Span:
    if isinstance(asked, Between):
        lo, hi = (
            edge.astimezone(UTC).replace(microsecond=0)
            if isinstance(edge, datetime)
            else day_start(hall, edge)
            for edge in (asked.start, asked.end)
        )
        return lo, hi
    if isinstance(asked, Named) and asked.named == "all":
        return EVER
    if isinstance(asked, Last) and asked.unit == "minute":
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return end - timedelta(minutes=asked.last), end
    if isinstance(asked, Last) and asked.unit == "hour":
        start = hour_start(hall, now)
        for _ in range(asked.last - 1):
            start = hour_start(hall, start - timedelta(minutes=1))
        return start, hour_end(hall, now)
    days = days_of(asked, business_day(hall, now))
    return day_start(hall, days[0]), day_start(hall, days[1])


def days_of(asked: Any, today: date) -> tuple[date, date]:
    one = timedelta(days=1)
    name = asked.named if isinstance(asked, Named) else asked.unit
    count = asked.last if isinstance(asked, Last) else 1
    if name in ("day", "today"):
        return today - one * (count - 1), today + one
    if name == "yesterday":
        return today - one, today
    grain = name.removeprefix("this_").removeprefix("last_")
    first = first_of(grain, today)
    months = {"month": 1, "year": 12}.get(grain)
    if months is None:
        span = (first - 7 * one * (count - 1), first + 7 * one)
        return (span[0] - 7 * one, first) if name == "last_week" else span
    if name == "last_month":
        return earlier_month(first, 1), first
    return earlier_month(first, months * (count - 1)), earlier_month(first, -months)
