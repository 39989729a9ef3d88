"""Numbers, booleans and moments as JSON has them: nothing is made of text, and a boolean is no number.

`limit: "5"` or `masked: "yes"` is a slip of a program, which would go on unseen; forms turn text into values
by themselves (`assets/board_form.js`). 5.0 is the same number as 5 in JSON, and so it is here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pydantic_core import CoreSchema, PydanticKnownError, core_schema

_SKIPPED = ("keys_schema", "default", "metadata", "serialization", "expected")
"""Names of objects are text in JSON, whatever they stand for; the others hold no schemas of values."""


def strictly(schema: CoreSchema, own: type) -> CoreSchema:
    """The schema of the model `own` with its fields read so; models inside it do that for themselves."""
    found: Any = _within(schema, own)
    return found  # type: ignore[no-any-return]


def _within(part: Any, own: type) -> Any:
    if isinstance(part, list):
        return [_within(each, own) for each in part]
    if isinstance(part, tuple):
        return tuple(_within(each, own) for each in part)
    if not isinstance(part, dict):
        return part
    if part.get("type") == "model" and part["cls"] is not own:
        return part
    if part.get("type") == "function-before" and part["function"].get("function") in _READERS.values():
        return part
    inside = {name: each if name in _SKIPPED else _within(each, own) for name, each in part.items()}
    read = _READERS.get(str(part.get("type")))
    return inside if read is None else core_schema.no_info_before_validator_function(read, inside)


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticKnownError("int_type")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticKnownError("float_type")
    return value


def _truth(value: object) -> object:
    if not isinstance(value, bool):
        raise PydanticKnownError("bool_type")
    return value


def _moment(value: object) -> object:
    """ISO 8601, which begins with a year; of anything else pydantic would make seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and value[4:5] == "-"):
        raise PydanticKnownError("datetime_type")
    return value


_READERS: dict[str, Callable[[object], object]] = {
    "int": _whole,
    "float": _number,
    "bool": _truth,
    "datetime": _moment,
}
