"""Where a moment belongs: minute, five minutes, the venue's local hour, its business day.

All buckets are named by the instant at which they start, in whole seconds since 1970 UTC; an hour
that the clocks repeat in autumn is two buckets.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QUARTER = 900
"""Seconds between the only moments at which a zone may change its offset."""
_WEEK = 604_800


def hour_and_day(second: int, zone: ZoneInfo, day_starts: time) -> tuple[int, int]:
    """The starts of the local hour and of the business day that hold `second`."""
    return _of_minute(second // 60 * 60, zone, day_starts)


def days_between(first: int, last: int, zone: ZoneInfo, day_starts: time) -> list[int]:
    """The starts of all business days from the one that holds `first` to the one that holds `last`."""
    earliest = hour_and_day(first, zone, day_starts)[1]
    starts = {earliest}
    for days in range((last - earliest) // 86_400 + 3):
        date = datetime.fromtimestamp(earliest, zone).date() + timedelta(days=days)
        start = int(datetime.combine(date, day_starts, tzinfo=zone).timestamp())
        if earliest < start <= last:
            starts.add(start)
    return sorted(starts)


@lru_cache(maxsize=65_536)
def _of_minute(minute: int, zone: ZoneInfo, day_starts: time) -> tuple[int, int]:
    moment = datetime.fromtimestamp(minute, zone)
    return _hour_start(moment, zone), _day_start(moment, zone, day_starts)


@lru_cache(maxsize=65_536)
def month_start(day: int, zone: ZoneInfo, day_starts: time) -> int:
    """The start of the first business day of the month that has the business day starting at `day`."""
    first = datetime.fromtimestamp(day, zone).date().replace(day=1)
    return int(datetime.combine(first, day_starts, tzinfo=zone).astimezone(UTC).timestamp())


def _hour_start(moment: datetime, zone: ZoneInfo) -> int:
    """The full local hour before `moment`, or the change of clocks if that came later."""
    second = int(moment.timestamp())
    start = second - moment.minute * 60 - moment.second
    offset = moment.utcoffset()
    if datetime.fromtimestamp(start, zone).utcoffset() == offset:
        return start
    start = second // QUARTER * QUARTER
    while datetime.fromtimestamp(start - QUARTER, zone).utcoffset() == offset:
        start -= QUARTER
    return start


def _day_start(moment: datetime, zone: ZoneInfo, day_starts: time) -> int:
    """The last business-day start not after `moment`; compared as instants, not as wall clocks."""
    for days in (1, 0, -1, -2):
        day = moment.date() + timedelta(days=days)
        start = datetime.combine(day, day_starts, tzinfo=zone).astimezone(UTC)
        if start <= moment:
            return int(start.timestamp())
    raise AssertionError("a business day starts every day")


def day_begins(day: date, zone: ZoneInfo, day_starts: time) -> int:
    """The start of the business day that is called `day`."""
    return _day_begins(day, zone, day_starts)


@lru_cache(maxsize=65_536)
def _day_begins(day: date, zone: ZoneInfo, day_starts: time) -> int:
    return int(datetime.combine(day, day_starts, tzinfo=zone).astimezone(UTC).timestamp())


def day_of(second: int, zone: ZoneInfo, day_starts: time) -> date:
    """The name of the business day that holds `second`: the date of its start on the venue's clock."""
    return _day_of(second, zone, day_starts)


@lru_cache(maxsize=8_192)
def _day_of(second: int, zone: ZoneInfo, day_starts: time) -> date:
    moment = datetime.fromtimestamp(second, zone)
    day = moment.date()
    for days in (1, 0, -1, -2):
        candidate = day + timedelta(days=days)
        if day_begins(candidate, zone, day_starts) <= second:
            return candidate
    raise AssertionError("a business day starts every day")


def changes_of_clocks(first: int, last: int, zone: ZoneInfo) -> list[int]:
    """The moments after `first` and until `last` from which on a zone's clocks show something else. None
    turns them back within a week."""
    return [
        change
        for change in _changes_of_clocks(first // _WEEK, last // _WEEK + 1, zone)
        if first < change <= last
    ]


@lru_cache(maxsize=1_024)
def _changes_of_clocks(first: int, last: int, zone: ZoneInfo) -> tuple[int, ...]:
    """Between two moments in weeks since 1970."""
    changes = []
    for week in range(first, last):
        before, after = week * _WEEK, (week + 1) * _WEEK
        offset = _offset(before, zone)
        if _offset(after, zone) == offset:
            continue
        while after - before > QUARTER:
            middle = (before + after) // 2 // QUARTER * QUARTER
            before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
        changes.append(after)
    return tuple(changes)


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()


def hour_begins(second: int, zone: ZoneInfo) -> int:
    """The start of the local hour that holds `second`."""
    return hour_and_day(second, zone, time(0))[0]


def next_hour(second: int, zone: ZoneInfo) -> int:
    """The start of the local hour after the one that holds `second`."""
    start = hour_begins(second, zone)
    following = start + QUARTER
    while hour_begins(following, zone) == start:
        following += QUARTER
    return following
