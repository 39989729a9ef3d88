"""A sender's fields, sorted: those its kind knows, by canonical name, and all others without persons."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ingest.kinds import Kind
from ingest.privacy import clean_text, is_personal, without_persons
from ingest.refusal import Refused

_PLAIN = frozenset((str, int, Decimal, bool))


def sort_out(raw: Mapping[str, Any], kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields the kind knows, by canonical name, and all others, without anything personal."""
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    names = kind.names
    for given, value in raw.items():
        name = names.get(given)
        if name is not None and name not in fields and type(value) in _PLAIN:
            fields[name] = value
        elif value is not None:
            _sort_one(given, name, value, fields, extra, names)
    fields["type"] = kind.type
    if kind.prepare is not None:
        kind.prepare(fields)
    return fields, extra


def _sort_one(
    given: str,
    name: str | None,
    value: Any,
    fields: dict[str, Any],
    extra: dict[str, Any],
    names: Mapping[str, str],
) -> None:
    """Put one field that is nested, unknown or given twice where it belongs."""
    if type(value) not in _PLAIN:
        value = without_persons(value, given, 2, given)
    if name is not None:
        if fields.setdefault(name, value) != value:
            raise Refused("contradiction", "Given twice with different values.", given, value)
    elif given == "metadata" and type(value) is dict:
        extra |= value
    elif given == "utm" and type(value) is dict:
        _sort_utm(value, fields, extra, names)
    elif not is_personal(given):
        extra[given] = (
            clean_text(given, value) if type(value) is str else without_persons(value, given, 2, given)
        )


def _sort_utm(
    utm: Mapping[str, Any], fields: dict[str, Any], extra: dict[str, Any], names: Mapping[str, str]
) -> None:
    for part, value in utm.items():
        name = f"utm_{part}"
        (fields if name in names else extra).setdefault(name, value)
