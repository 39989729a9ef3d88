"""What can be asked of the metric catalogue: one frozen question, the same from REST, widgets and exports.

JSON names are camelCase, snake_case is accepted too; anything unknown is refused.
"""

from __future__ import annotations

import typing
from datetime import date, datetime
from typing import Annotated, Literal, TypeGuard
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError

from data.json_values import strictly
from data.metric_dimensions import DIMENSIONS

MOST_ROWS = 10_000


class Frozen(BaseModel):
    """A value: immutable, hashable, strict about names, numbers and booleans (`data.json_values`)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: typing.Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic reads it by."""
        return strictly(handler(source), cls)


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


_RANGES: tuple[type[Frozen], ...] = (Last, Between, Named, DaysToDoors)


def _names(model: type[Frozen]) -> set[str]:
    return {*model.model_fields, *(field.alias or name for name, field in model.model_fields.items())}


def _one_kind(value: object) -> object:
    """A range as it is, unless it has names of several kinds, which no kind of range takes together."""
    if not isinstance(value, dict):
        return value
    given = {name for name in value if any(name in _names(kind) for kind in _RANGES)}
    if len(given) < 2 or any(given <= _names(kind) for kind in _RANGES):
        return value
    named = ", ".join(name for name in value if name in given)
    raise PydanticCustomError("bad_range", "{words}", {"words": f"{RANGE_WORDS}, and not several: {named}"})


RANGE_WORDS = "a range is either {last, unit}, {from, to}, {named} or {daysBefore, until}"
Range = Annotated[Last | Between | Named | DaysToDoors, BeforeValidator(_one_kind)]


class In(Frozen):
    """The dimension has one of these values; an empty string stands for "not known". Of a dimension whose
    values are numbers, such as `weekday`, they may be numbers, as answers have them."""

    dimension: str
    values: tuple[str, ...] = Field(alias="in", min_length=1, max_length=500)

    @field_validator("values", mode="before")
    @classmethod
    def _numbers(cls, given: object, info: ValidationInfo) -> object:
        """Whole numbers as the text that they are in an address."""
        dimension = DIMENSIONS.get(info.data.get("dimension", ""))
        if dimension is None or dimension.shape != "number" or not isinstance(given, list | tuple):
            return given
        return tuple(str(int(each)) if _is_whole(each) else each for each in given)


def _is_whole(value: object) -> TypeGuard[int | float]:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


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
