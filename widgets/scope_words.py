"""What a board looks at, in the words of the bar above it, of exports and of screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from data.metric_dimensions import DIMENSIONS
from data.metric_query import Between, Comparison, DaysToDoors, Last, MetricQuery, Named, Range
from data.needs import LiveNight, Need
from widgets.scope import Scope
from widgets.time_zones import NO_ZONE

COMPARISONS: dict[Comparison, str] = {
    "previous_period": "Previous period",
    "last_week": "Same days last week",
    "last_year": "Last year",
}
NAMES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "this_year": "This year",
    "all": "All time",
}


def range_words(span: Range, zone: str = "") -> str:
    """A range as a title: "Last 30 days", "1 to 31 January 2026", "60 days to doors". Moments are by the
    clock of the zone; without one in UTC, which is named then."""
    match span:
        case Named():
            return NAMES[span.named]
        case Last():
            return f"Last {span.last} {span.unit}s" if span.last > 1 else f"This {span.unit}"
        case DaysToDoors():
            return _doors(span)
        case Between(start=datetime() as start, end=datetime() as end):
            at = ZoneInfo(zone or NO_ZONE)
            words = _moments(start.astimezone(at), end.astimezone(at))
            return words if zone else f"{words} {NO_ZONE}"
        case Between():
            return _days(span.start, span.end)
    raise AssertionError(span)


def of_its_own(needs: Sequence[Need], scope: Scope) -> tuple[tuple[str, str], ...]:
    """Range and comparison of a widget's questions where they are not those of the board, as pairs of a name
    and a value in words. What is live has the range of its night, and is compared with nothing."""
    if needs and all(isinstance(need, LiveNight) for need in needs):
        compared = scope.compare or scope.compare_event
        return (("Range", "The night"), *((("Compared with", "nothing"),) if compared else ()))
    asked = [need for need in needs if isinstance(need, MetricQuery)]
    found = []
    spans = {each.range for each in asked}
    versus = {(each.compare, each.compare_event) for each in asked}
    if len(spans) == 1 and (span := spans.pop()) != scope.range:
        found.append(("Range", range_words(span, scope.zone)))
    if len(versus) == 1 and (chosen := versus.pop()) != (scope.compare, scope.compare_event):
        period, event = chosen
        words = COMPARISONS[period] if period else "another event" if event else "nothing"
        found.append(("Compared with", words))
    return tuple(found)


def dimension_words(dimension: str) -> str:
    """The name of a dimension, as the catalogue has it."""
    known = DIMENSIONS.get(dimension)
    return known.label if known else dimension.replace("_", " ").capitalize()


def _doors(span: DaysToDoors) -> str:
    if span.last == 0:
        return f"{span.first} days to doors" if span.first else "The day of the doors"
    if span.last > 0:
        return f"{span.first} to {span.last} days to doors"
    return f"{span.first} days to doors and {-span.last} after"


def _days(start: date, end: date) -> str:
    """`end` is the first day that no longer counts; people name the last one that does."""
    last = end - timedelta(days=1)
    if start == last:
        return f"{start.day} {_month(start)} {start.year}"
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} to {last.day} {_month(last)} {last.year}"
    begin = f"{start.day} {_short(start)}" + (f" {start.year}" if start.year != last.year else "")
    return f"{begin} to {last.day} {_short(last)} {last.year}"


def _moments(start: datetime, end: datetime) -> str:
    finish = f"{end:%H:%M}"
    if end.date() != start.date() and end - start > timedelta(days=1):
        finish = f"{end.day} {_short(end)} {end.year}, {finish}"
    return f"{start.day} {_short(start)} {start.year}, {start:%H:%M} to {finish}"


def _month(day: date) -> str:
    return _MONTHS[day.month - 1]


def _short(day: date) -> str:
    return _month(day)[:3]


# Not from strftime: that would follow the server's locale.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
