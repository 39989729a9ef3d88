"""From a widget's settings and what the board looks at to a question: settings win, then the board's bar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from pydantic import Field

from data.metric_query import (
    All,
    Between,
    Comparison,
    DaysToDoors,
    Filter,
    Last,
    MetricQuery,
    Named,
    Range,
    Sort,
    Top,
)
from widgets.chosen import Event
from widgets.scope import Scope
from widgets.scope_words import COMPARISONS, NAMES
from widgets.widget import Settings

Span = Literal["board", "today", "yesterday", "7d", "30d", "90d", "12m", "this_month", "this_year", "all"]
Versus = Literal["board", "none", "previous_period", "last_week", "last_year", "event"]
Grain = Literal["auto", "hour", "day", "week", "month"]

SPANS: dict[str, tuple[str, Range | None]] = {
    "board": ("As the board", None),
    "today": ("Today", Named(named="today")),
    "yesterday": ("Yesterday", Named(named="yesterday")),
    "7d": ("Last 7 days", Last(last=7)),
    "30d": ("Last 30 days", Last(last=30)),
    "90d": ("Last 90 days", Last(last=90)),
    "12m": ("Last 12 months", Last(last=12, unit="month")),
    "this_month": ("This month", Named(named="this_month")),
    "this_year": ("This year", Named(named="this_year")),
    "all": ("All time", Named(named="all")),
}
COMPARED_WITH = {"board": "As the board", "none": "With nothing"}
COMPARED_WITH |= {str(name): words for name, words in COMPARISONS.items()}
COMPARED_WITH["event"] = "Another event"


def labelled(**labels: str) -> dict[str, Any]:
    """What the settings form calls the choices of a field."""
    return {"labels": labels}


class Spanned(Settings):
    """Settings of a widget that looks at a span of time, and perhaps at events of its own."""

    def own_range(self) -> Range | None:
        """The range that stands above that of the board, if there is one."""
        return None

    def own_events(self) -> tuple[UUID, ...]:
        """The events that stand above that of the board."""
        return ()


class Ranged(Spanned):
    """Settings of a widget whose span of time is chosen from a list."""

    span: Span = Field(
        "board",
        title="Time range",
        description="Its own range, or the one chosen above the board.",
        json_schema_extra=labelled(**{name: label for name, (label, _) in SPANS.items()}),
    )

    def own_range(self) -> Range | None:
        """The range that stands above that of the board, if there is one."""
        return SPANS[self.span][1]


class Versed(Settings):
    """Settings of a widget that compares."""

    compare: Versus = Field(
        "board",
        title="Compared with",
        description="Another period, or another event.",
        json_schema_extra=labelled(**COMPARED_WITH),
    )
    compare_event: Event = Field(
        "",
        title="Which event",
        description="At the same distance to its doors; where the board shows one event.",
    )


class Against(Versed):
    """Settings of a widget with a range of its own kind that compares."""

    def own_range(self) -> Range | None:
        """The range that stands above that of the board."""
        return None


class Compared(Versed, Ranged):
    """Settings of a widget that also compares."""


def range_of(settings: Settings, scope: Scope) -> Range:
    """The range of the settings, else of the board."""
    own = settings.own_range() if isinstance(settings, Spanned | Against) else None
    return own if own is not None else scope.range


def question(
    settings: Settings,
    scope: Scope,
    metrics: Sequence[str],
    dimensions: Sequence[str] = (),
    *,
    where: Filter | None = None,
    sort: Sequence[Sort] = (),
    top: Top | None = None,
    limit: int = 1000,
    span: Range | None = None,
) -> MetricQuery:
    """What to ask for these settings on this board; `span` stands above both.

    Settings without a comparison of their own (not of `Compared`) do not compare."""
    filters = tuple(each for each in (where, scope.where) if each is not None)
    return MetricQuery(
        metrics=tuple(metrics),
        dimensions=tuple(dimensions),
        where=All(all=filters) if len(filters) > 1 else filters[0] if filters else None,
        range=span or range_of(settings, scope),
        compare=comparison(settings, scope),
        compare_event=compared_event(settings, scope),
        venues=(scope.venue,) if scope.venue else (),
        events=(scope.event,) if scope.event else (),
        sort=tuple(sort),
        top=top,
        limit=limit,
    )


def comparison(settings: Settings, scope: Scope) -> Comparison | None:
    """The comparison of the settings, else of the board; none where the widget does not compare, nor of a
    range that has no earlier one."""
    chosen: Versus = getattr(settings, "compare", "none")
    if chosen in ("none", "event") or not has_earlier(range_of(settings, scope)):
        return None
    if chosen == "board":
        return None if scope.compare_event else scope.compare
    return cast(Comparison, chosen)


def compared_event(settings: Settings, scope: Scope) -> UUID | None:
    """The event of the settings, else of the board; one event can only be compared with another."""
    chosen: Versus = getattr(settings, "compare", "none")
    own = settings.own_events() if isinstance(settings, Spanned) else ()
    if chosen == "board":
        return scope.compare_event if len(own) < 2 else None
    other = getattr(settings, "compare_event", "") if chosen == "event" else ""
    events = own or ((scope.event,) if scope.event else ())
    if len(events) != 1 or other in ("", str(events[0])):
        return None
    return UUID(other)


def has_earlier(span: Range) -> bool:
    """Whether there is a period before this one: not before all time, nor on the way to the doors."""
    return not isinstance(span, DaysToDoors) and span != Named(named="all")


def against(settings: Settings, scope: Scope) -> str:
    """The comparison in words: "vs last year"; empty without one."""
    versus = comparison(settings, scope)
    if versus is None:
        return "vs the other event" if compared_event(settings, scope) else ""
    return f"vs {COMPARISONS[versus].lower()}"


def span_words(span: Range) -> str:
    """A range in words: "last 30 days", "this month", "1 to 20 Nov 2026", "60 to 0 days to doors"."""
    if isinstance(span, Last):
        return f"last {span.unit}" if span.last == 1 else f"last {span.last} {span.unit}s"
    if isinstance(span, Named):
        return NAMES[span.named].lower()
    if isinstance(span, DaysToDoors):
        return f"{span.first} to {span.last} days to doors"
    start, end = _day(span.start), _day(span.end)
    last = end - timedelta(days=1) if end > start else end
    return f"{_said(start)} to {_said(last)}" if last != start else _said(start)


def grain_of(span: Range, scope: Scope, wanted: str = "auto") -> str:
    """The time dimension that shows a range in some dozens of points, unless another is wanted."""
    if wanted != "auto":
        return wanted
    days = length(span, scope)
    if days <= 0.25:
        return "5min"
    return "hour" if days <= 3 else "day" if days <= 120 else "week" if days <= 500 else "month"


_DAYS_OF = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 30.4, "year": 365}
_DAYS_NAMED = {"today": 1, "yesterday": 1, "this_week": 7, "last_week": 7, "this_month": 31, "last_month": 31}


def length(span: Range, scope: Scope) -> float:
    """About how many days a range has."""
    if isinstance(span, Last):
        return span.last * _DAYS_OF[span.unit]
    if isinstance(span, DaysToDoors):
        return span.first - span.last + 1
    if isinstance(span, Between):
        return (_day(span.end) - _day(span.start)).days or 1
    if span.named == "this_year":
        return scope.now.timetuple().tm_yday
    return _DAYS_NAMED.get(span.named, 2000)


def _day(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _said(day: date) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]} {day.year}"
