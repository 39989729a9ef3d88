"""Filters as SQL: identifiers from the list of dimensions, every value bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from data.metric_dimensions import DIMENSIONS, Dimension
from data.metric_query import All, Filter, In, Within
from data.plain_words import nearest
from data.query_error import QueryError

_TYPES = {"id": "uuid", "date": "date", "instant": "timestamptz", "number": "int", "text": "text"}
_WITHIN = ("price",)
"""Besides numbers: what has a number behind its text."""


def dimensions_of(where: Filter | None) -> Iterator[str]:
    """The dimensions that a filter looks at."""
    for part in _leaves(where):
        yield part.dimension


def places_of(where: Filter, field: str = "where") -> Iterator[tuple[str, str]]:
    """The same, each after its place in the JSON: `where.and.0.dimension`."""
    if isinstance(where, In | Within):
        yield f"{field}.dimension", where.dimension
        return
    parts, name = (where.all, "and") if isinstance(where, All) else (where.any, "or")
    for index, part in enumerate(parts):
        yield from places_of(part, f"{field}.{name}.{index}")


def needed_by(where: Filter | None) -> Iterator[str]:
    """What a source must know for a filter: of a price within limits the price itself, not its band."""
    for part in _leaves(where):
        priced = isinstance(part, Within) and part.dimension == "price"
        yield "price_value" if priced else part.dimension


def _leaves(where: Filter | None) -> Iterator[In | Within]:
    if where is None:
        return
    if isinstance(where, In | Within):
        yield where
        return
    for part in where.all if isinstance(where, All) else where.any:
        yield from _leaves(part)


class Filters:
    """Turns filters into SQL conditions and gathers their values in `parameters`."""

    def __init__(self, expression: Callable[[str], str], parameters: dict[str, Any]) -> None:
        self._expression = expression
        self._parameters = parameters

    def condition(self, where: Filter) -> str:
        """The condition. Raises QueryError for a value that the dimension cannot have."""
        if isinstance(where, In):
            return self._in(where)
        if isinstance(where, Within):
            return self._within(where)
        parts = where.all if isinstance(where, All) else where.any
        joined = (" AND " if isinstance(where, All) else " OR ").join(map(self.condition, parts))
        return f"({joined})"

    def _in(self, where: In) -> str:
        dimension = DIMENSIONS[where.dimension]
        expression = self._expression(where.dimension)
        known = [_parsed(dimension, value) for value in where.values if value != ""]
        listed = f"{expression} = ANY({self._bind(known)}::{_TYPES[dimension.shape]}[])"
        if "" not in where.values:
            return listed
        return f"({expression} IS NULL OR {listed})" if known else f"({expression} IS NULL)"

    def _within(self, where: Within) -> str:
        expression = self._expression("price_value" if where.dimension == "price" else where.dimension)
        parts = []
        if where.at_least is not None:
            parts.append(f"{expression} >= {self._bind(where.at_least)}")
        if where.below is not None:
            parts.append(f"{expression} < {self._bind(where.below)}")
        return f"({' AND '.join(parts)})"

    def _bind(self, value: Any) -> str:
        name = f"w{len(self._parameters)}"
        self._parameters[name] = value
        return f"%({name})s"


def check(where: Filter, field: str = "where", depth: int = 0) -> None:
    """Raises QueryError for a filter that could never be turned into SQL, naming its place."""
    if depth > 8:
        raise QueryError("too-deep", "Filters may be nested eight deep.", field=field)
    if isinstance(where, In):
        for index, value in enumerate(where.values):
            _checked(DIMENSIONS[where.dimension], value, f"{field}.in.{index}")
    elif isinstance(where, Within):
        if DIMENSIONS[where.dimension].shape != "number" and where.dimension not in _WITHIN:
            raise QueryError(
                "not-a-number",
                f"{where.dimension} is no number; filter it by `in`.",
                field=f"{field}.dimension",
                value=where.dimension,
            )
        limits = [limit for limit in (where.at_least, where.below) if limit is not None]
        if not limits or not all(map(math.isfinite, limits)):
            raise QueryError("no-limits", "Give `atLeast`, `below` or both, as numbers.", field=field)
    else:
        parts, name = (where.all, "and") if isinstance(where, All) else (where.any, "or")
        for index, part in enumerate(parts):
            check(part, f"{field}.{name}.{index}", depth + 1)


def expected(dimension: Dimension, value: str) -> str:
    """What the values of a dimension are, in words that end a sentence, if this cannot be one; else empty."""
    try:
        if value != "":  # That stands for "not known".
            _parsed(dimension, value)
    except ValueError:
        if dimension.choices:
            return f"it is one of {', '.join(dimension.choices)}"
        least, greatest = dimension.within or (None, None)
        return _EXPECTED[dimension.shape] + ("" if least is None else f" from {least} to {greatest}")
    return ""


def _checked(dimension: Dimension, value: str, field: str) -> None:
    if wrong := expected(dimension, value):
        raise QueryError(
            "bad-value",
            f"{dimension.label} cannot be {value[:80]!r}: {wrong}.",
            field=field,
            value=value[:80],
            nearest=nearest(value, dimension.choices),
        )


_EXPECTED = {
    "id": "it is an id, as 0192f0c1-2345-7000-8000-000000000000",
    "date": "it is a date, as 2026-05-01",
    "instant": "it is a moment with its offset, as 2026-05-01T18:00:00Z",
    "number": "it is a whole number",
    "text": "it has a character that no text has",
}


def _parsed(dimension: Dimension, value: str) -> Any:
    """The value as PostgreSQL is to compare it. Raises ValueError."""
    if dimension.shape == "id":
        return UUID(value)
    if dimension.shape == "date":
        return date.fromisoformat(value)
    if dimension.shape == "instant":
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    if dimension.shape == "number":
        number = int(value)
        least, greatest = dimension.within or (1 - 2**31, 2**31 - 1)
        if not least <= number <= greatest:
            raise ValueError(value)
        return number
    if "\x00" in value or (dimension.choices and value not in dimension.choices):
        raise ValueError(value)
    value.encode()  # A lone surrogate is no text; UnicodeEncodeError is a ValueError.
    return value
