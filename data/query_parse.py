"""Questions as JSON: one parser for the API, for widgets that hold a question, and for exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

from pydantic import BaseModel, ValidationError

from data.metric_query import (
    RANGE_WORDS,
    All,
    Between,
    DaysToDoors,
    In,
    Last,
    MetricQuery,
    Named,
    Sort,
    Top,
    Within,
)
from data.metric_query import Any as AnyOf
from data.plain_words import choices, nearest, sentence, shown_value, worded
from data.query_error import QueryError, unknown

_RANGES: dict[str, type[BaseModel]] = {
    "last": Last,
    "from": Between,
    "to": Between,
    "start": Between,
    "named": Named,
    "daysBefore": DaysToDoors,
    "first": DaysToDoors,
}
_FILTERS: dict[str, type[BaseModel]] = {
    "in": In,
    "values": In,
    "and": All,
    "all": All,
    "or": AnyOf,
    "any": AnyOf,
    "atLeast": Within,
    "at_least": Within,
    "below": Within,
}
_KINDS: dict[str, type[BaseModel]] = {
    kind.__name__: kind for kind in (Last, Between, Named, DaysToDoors, In, Within, All, AnyOf)
}
_SHAPES: dict[str, type[BaseModel]] = {"sort": Sort, "top": Top}
_FILTER = "a filter is {dimension, in}, {dimension, atLeast, below}, {and: […]} or {or: […]}"


def parse(body: Any, field: str = "") -> MetricQuery:
    """The question in decoded JSON. Raises QueryError that names the place, with `field` before it."""
    try:
        return MetricQuery.model_validate(body)
    except ValidationError as error:
        raise _understood(error, body, field) from None


def faults_in(error: ValidationError, body: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Place, complaint in words and value there of everything that is wrong in a body with questions, ranges
    or filters in it; what speaks of a kind of range or filter that was not meant is left out."""
    told: list[tuple[Any, ...]] = []
    nothing: dict[tuple[Any, ...], None] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], body)
        if place is None:
            first = next(index for index, part in enumerate(detail["loc"]) if part in _KINDS)
            nothing[tuple(detail["loc"][:first])] = None
        else:
            told.append(tuple(place))
            yield tuple(place), sentence(worded(detail)), detail["input"]
    for union in nothing:
        if not any(place[: len(union)] == union for place in told):
            words = _FILTER if "where" in union else RANGE_WORDS
            yield union, sentence(words), reduce(_item, union, body)


def _understood(error: ValidationError, body: Any, prefix: str) -> QueryError:
    """Of all that pydantic found, the first thing about the kind of range or filter that was meant; names
    that do not exist before names that are missing, as one may be the other misspelt."""
    details = error.errors(include_url=False)
    for detail in sorted(details, key=lambda detail: detail["type"] != "extra_forbidden"):
        place = _place(detail["loc"], body)
        if place is not None:
            return _told(detail, place, body, prefix)
    loc = [part for part in details[0]["loc"] if part not in _KINDS]
    what, how = ("filter", _FILTER) if loc[:1] == ["where"] else ("range", RANGE_WORDS)
    top = str(loc[0]) if loc else what
    return QueryError(f"bad-{what}", f"This is no {what}: {how}.", field=_joined(prefix, [top]))


def _place(loc: Sequence[Any], body: Any) -> list[Any] | None:
    """Where the error lies in what was sent; None when it is about a kind that was not meant."""
    place: list[Any] = []
    value = body
    for part in loc:
        if part in _KINDS and not (isinstance(value, dict) and part in value):
            if _meant(value) is not _KINDS[part]:
                return None
            continue
        if part in ("date", "datetime") or str(part).startswith(("function-", "lax-or-")):
            continue
        value = _item(value, part)
        place.append(part)
    return place


def _item(value: Any, part: Any) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    inside = isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
    return value[part] if inside else None


def _meant(value: Any) -> type[BaseModel] | None:
    """The kind of range or filter that these names belong to."""
    if not isinstance(value, dict):
        return None
    for name in value:
        found = _RANGES.get(name) or _FILTERS.get(name)
        if found is not None:
            return found
    return Within if "dimension" in value else None


def _told(detail: Any, place: list[Any], body: Any, prefix: str) -> QueryError:
    field = _joined(prefix, place)
    if detail["type"] == "extra_forbidden":
        return unknown("field", str(place[-1]), field, _names(_within(place, body)))
    if detail["type"] == "missing":
        return QueryError("missing-field", f"{place[-1]} is missing.", field=field)
    if detail["type"] == "bad_range":
        return QueryError("bad-range", sentence(worded(detail)), field=field)
    value = detail.get("input")
    shown = None if isinstance(value, dict | list | tuple) or value is None else shown_value(value)[:80]
    meant = nearest(shown, choices(detail)) if shown is not None else None
    return QueryError("bad-value", sentence(worded(detail)), field=field, value=shown, nearest=meant)


def _within(place: Sequence[Any], body: Any) -> type[BaseModel]:
    """The model in which the last part of the place stands."""
    value = body
    model: type[BaseModel] = MetricQuery
    for part in place[:-1]:
        value = value[part]
        model = _SHAPES.get(str(part), _meant(value) or model) if not isinstance(part, int) else model
        if isinstance(part, int) and isinstance(value, dict):
            model = _meant(value) or model
    return model


def _names(model: type[BaseModel]) -> list[str]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [*names, "in", "and", "or"] if model is Within else names


def _joined(prefix: str, place: Iterable[Any]) -> str:
    return ".".join(filter(None, (prefix, *map(str, place))))
