"""When: what a range means at a venue, and which other span it is compared with.

All moments are whole seconds since 1970 UTC; business days are dates of the venue's calendar.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from data.buckets import day_begins, day_of, hour_begins, next_hour
from data.metric_query import Between, Comparison, Last, Named, Range
from data.query_error import QueryError

MINUTE = 60
_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The calendar of a venue, and the money it takes: `currency` is the only one it ever took, else
    its own; `several` tells whether it took more than one. `first` and `last` are the business days
    on which anything ever happened (None: nothing did), `taken` all currencies it took."""

    venue_id: UUID
    name: str
    zone: ZoneInfo
    starts: time
    currency: str
    several: bool = False
    first: date | None = None
    last: date | None = None
    taken: tuple[str, ...] = ()

    def begins(self, day: date) -> int:
        """The moment at which a business day begins."""
        return day_begins(day, self.zone, self.starts)

    def day(self, second: int) -> date:
        """The business day of a moment."""
        return day_of(second, self.zone, self.starts)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far another span lies back: whole months and days of the calendar, or exact seconds."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def back(self, day: date) -> date:
        """The same day of the other span."""
        return months_later(day, -self.months) - timedelta(days=self.days)

    def on(self, day: date) -> date:
        """Where a day of the other span is compared."""
        return months_later(day, self.months) + timedelta(days=self.days)

    def moment_back(self, second: int, clock: Clock) -> int:
        """The same moment of the other span, by the venue's clock."""
        if self.seconds:
            return second - self.seconds
        if not self.months and not self.days:
            return second
        local = datetime.fromtimestamp(second, clock.zone).replace(tzinfo=None)
        earlier = datetime.combine(self.back(local.date()), local.time(), tzinfo=clock.zone)
        return int(earlier.astimezone(UTC).timestamp())

    def moment_on(self, second: int, clock: Clock) -> int:
        """Where a moment of the other span is compared, as PostgreSQL says it: of two moments that the clock
        shows alike the later one."""
        if self.seconds:
            return second + self.seconds
        if not self.months and not self.days:
            return second
        local = datetime.fromtimestamp(second, clock.zone).replace(tzinfo=None)
        day = self.on(local.date())
        later = [datetime.combine(day, local.time(), tzinfo=clock.zone).replace(fold=fold) for fold in (1, 0)]
        shown = [moment.astimezone(UTC).astimezone(clock.zone).replace(tzinfo=None) for moment in later]
        skipped = shown[0] != datetime.combine(day, local.time())
        return int(later[skipped].timestamp())


@dataclass(frozen=True, slots=True)
class Window:
    """A span at one venue, `lo` included and `hi` not. `days` are its business days when it consists of
    whole ones; `months` how many months it is, when it is whole months."""

    lo: int
    hi: int
    days: tuple[date, date] | None = None
    months: int = 0


def months_later(day: date, months: int) -> date:
    """The same day of another month, or the last one of it."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def window(asked: Range, clock: Clock, now: datetime) -> Window:
    """What a range means at a venue at `now`. Raises QueryError for one that ends before it begins."""
    second = int(now.timestamp())
    if isinstance(asked, Last):
        return _last(asked, clock, second)
    if isinstance(asked, Between):
        return _between(asked, clock)
    if isinstance(asked, Named):
        return _named(asked.named, clock, clock.day(second))
    return _all(clock, clock.day(second))


def _whole(clock: Clock, first: date, end: date, months: int = 0) -> Window:
    return Window(clock.begins(first), clock.begins(end), (first, end), months)


def _last(asked: Last, clock: Clock, second: int) -> Window:
    today, count = clock.day(second), asked.last
    if asked.unit == "minute":
        end = second // MINUTE * MINUTE + MINUTE
        return Window(end - count * MINUTE, end)
    if asked.unit == "hour":
        start = hour_begins(second, clock.zone)
        for _ in range(count - 1):
            start = hour_begins(start - 1, clock.zone)
        return Window(start, next_hour(second, clock.zone))
    if asked.unit == "day":
        return _whole(clock, today - timedelta(days=count - 1), today + timedelta(days=1))
    if asked.unit == "week":
        monday = today - timedelta(days=today.weekday())
        return _whole(clock, monday - timedelta(weeks=count - 1), monday + timedelta(weeks=1))
    months = count if asked.unit == "month" else 12 * count
    begins = today.replace(day=1) if asked.unit == "month" else today.replace(month=1, day=1)
    running = 1 if asked.unit == "month" else 12
    if months > 12 * 100:
        raise QueryError("range-too-long", "A range is at most 100 years.", field="range.last")
    return _whole(clock, months_later(begins, running - months), months_later(begins, running), months)


def _between(asked: Between, clock: Clock) -> Window:
    lo, hi = _edge(asked.start, clock, "from"), _edge(asked.end, clock, "to")
    if hi <= lo:
        raise QueryError(
            "empty-range",
            "The range ends before it begins; `to` itself does not belong to it.",
            field="range.to",
            value=asked.end.isoformat(),
        )
    if isinstance(asked.start, datetime) or isinstance(asked.end, datetime):
        days = (clock.day(lo), clock.day(hi))
        whole = clock.begins(days[0]) == lo and clock.begins(days[1]) == hi
        return Window(lo, hi, days if whole else None)
    return Window(lo, hi, (asked.start, asked.end))


def needs_offset(moment: datetime, field: str) -> QueryError:
    """The error about a moment that could be any of several."""
    return QueryError(
        "naive-time",
        "A moment needs its offset from UTC, as 2026-05-01T18:00:00+01:00; a date needs none.",
        field=field,
        value=moment.isoformat(),
    )


def _edge(edge: date | datetime, clock: Clock, name: str) -> int:
    if isinstance(edge, datetime) and edge.tzinfo is None:
        raise needs_offset(edge, f"range.{name}")
    day = edge.date() if isinstance(edge, datetime) else edge
    if not _EARLIEST <= day <= _LATEST:
        raise QueryError(
            "bad-date",
            f"A range lies between {_EARLIEST} and {_LATEST}.",
            field=f"range.{name}",
            value=str(edge),
        )
    return int(edge.timestamp() // 1) if isinstance(edge, datetime) else clock.begins(edge)


def _named(name: str, clock: Clock, today: date) -> Window:
    day = timedelta(days=1)
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    year = today.replace(month=1, day=1)
    if name == "all":
        return _all(clock, today)
    spans: dict[str, tuple[date, date, int]] = {
        "today": (today, today + day, 0),
        "yesterday": (today - day, today, 0),
        "this_week": (monday, monday + 7 * day, 0),
        "last_week": (monday - 7 * day, monday, 0),
        "this_month": (month, months_later(month, 1), 1),
        "last_month": (months_later(month, -1), month, 1),
        "this_year": (year, months_later(year, 12), 12),
    }
    return _whole(clock, *spans[name])


def _all(clock: Clock, today: date) -> Window:
    """Everything that ever happened."""
    first, last = clock.first or today, clock.last or today
    return _whole(clock, first, last + timedelta(days=1))


def shift_of(compare: Comparison, span: Window) -> Shift:
    """How far back the span lies that `span` is compared with."""
    if compare == "last_week":
        return Shift(days=7)
    if compare == "last_year":
        return Shift(months=12)
    if span.days is None:
        return Shift(seconds=span.hi - span.lo)
    if span.months:
        return Shift(months=span.months)
    return Shift(days=(span.days[1] - span.days[0]).days)


def compared(span: Window, shift: Shift, clock: Clock, now: datetime) -> Window:
    """The other span. Of one that is not over yet only as much as has passed, to the minute."""
    if span.days is not None and not shift.seconds:
        other = _whole(clock, shift.back(span.days[0]), shift.back(span.days[1]))
    else:
        other = Window(shift.moment_back(span.lo, clock), shift.moment_back(span.hi, clock))
    return so_far(other, shift, clock, now) if span.lo <= int(now.timestamp()) < span.hi else other


def so_far(other: Window, shift: Shift, clock: Clock, now: datetime) -> Window:
    """As much of the other span as has passed of the one that is compared with it, to the minute."""
    passed = -(-shift.moment_back(int(now.timestamp()), clock) // MINUTE) * MINUTE
    return replace(other, hi=max(other.lo, min(other.hi, passed)), days=None)
