"""What can be asked of the metric catalogue: one frozen question, the same from REST, widgets and exports.

JSON names are camelCase, snake_case is accepted too; anything unknown is refused.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

MOST_ROWS = 10_000


class Frozen(BaseModel):
    """A value: immutable, hashable, strict about names."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Last(Frozen):
    """The last `last` units up to now: whole business days, weeks, … of the venue, the running one too."""

    last: int = Field(ge=1, le=4000)
    unit: Literal["minute", "hour", "day", "week", "month", "year"] = "day"


def _edge(value: object) -> object:
    """Ten characters are a day, more a moment; a number is neither."""
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str):
            return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(
        "must be a date, as 2026-05-01, or a moment with its offset, as 2026-05-01T18:00:00+01:00"
    )


Edge = Annotated[date | datetime, BeforeValidator(_edge)]


class Between(Frozen):
    """From `start` until before `end`. Dates are business days of each venue, moments carry an offset."""

    start: Edge = Field(alias="from")
    end: Edge = Field(alias="to")


class Named(Frozen):
    """A span with a name; business days and weeks (from Monday) of each venue."""

    named: Literal[
        "today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_year", "all"
    ]


class DaysToDoors(Frozen):
    """Each event in its own time: from `first` to `last` days before its doors, both included; 0 is the
    day of the doors, negative numbers lie after it."""

    first: int = Field(alias="daysBefore", le=2000)
    last: int = Field(0, alias="until", ge=-60)


Range = Last | Between | Named | DaysToDoors


class In(Frozen):
    """The dimension has one of these values; an empty string stands for "not known"."""

    dimension: str
    values: tuple[str, ...] = Field(alias="in", min_length=1, max_length=500)


class Within(Frozen):
    """The dimension is a number (days to doors, price in major units, hour) in `at_least` ≤ x < `below`."""

    dimension: str
    at_least: float | None = None
    below: float | None = None


class All(Frozen):
    """Every one of these holds."""

    all: tuple[Filter, ...] = Field(alias="and", min_length=1, max_length=50)


class Any(Frozen):
    """At least one of these holds."""

    any: tuple[Filter, ...] = Field(alias="or", min_length=1, max_length=50)


Filter = In | Within | All | Any
All.model_rebuild()
Any.model_rebuild()


class Sort(Frozen):
    """By a metric or dimension of the question; empty values last."""

    by: str
    order: Literal["asc", "desc"] = "desc"


class Top(Frozen):
    """Only the `limit` values of the last dimension with most of `by` (the first metric when empty); with
    `other`, the rest in one row whose value is "other"."""

    limit: int = Field(ge=1, le=500)
    by: str = ""
    other: bool = True


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(max_length=20)]
Comparison = Literal["previous_period", "last_week", "last_year"]


class MetricQuery(Frozen):
    """Metrics by dimensions, over a range, of some venues or events; empty venues and events are all that
    may be seen. `compare` adds for every metric the value of another period (of the same length before,
    of the same weekdays a week before, of a year before) or of another event at the same distance to its
    doors (`compare_event`)."""

    metrics: Names = Field(min_length=1)
    dimensions: Names = ()
    where: Filter | None = None
    range: Range = Last(last=30)
    compare: Comparison | None = None
    compare_event: UUID | None = None
    venues: tuple[UUID, ...] = Field((), max_length=500)
    events: tuple[UUID, ...] = Field((), max_length=500)
    sort: tuple[Sort, ...] = Field((), max_length=5)
    top: Top | None = None
    limit: int = Field(1000, ge=1, le=MOST_ROWS)
