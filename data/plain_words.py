"""What pydantic found wrong, in plain words and with the nearest valid name."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "greater_than": "must be more than {gt:,}",
    "greater_than_equal": "must be at least {ge:,}",
    "less_than": "must be less than {lt:,}",
    "less_than_equal": "must be at most {le:,}",
    "too_short": "must list at least {min_length:,}",
    "too_long": "must list at most {max_length:,}",
    "string_too_short": "must have at least {min_length:,} characters",
    "string_too_long": "must have at most {max_length:,} characters",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "datetime_type": "must be a moment, as 2026-05-01T18:00:00+01:00",
    "datetime_parsing": "must be a moment, as 2026-05-01T18:00:00+01:00",
    "datetime_from_date_parsing": "must be a moment, as 2026-05-01T18:00:00+01:00",
    "int_from_float": "must be a whole number",
    "uuid_type": "must be an id, as 0190a6e2-0000-7000-8000-000000000000",
    "uuid_parsing": "must be an id, as 0190a6e2-0000-7000-8000-000000000000",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}
"""Kinds of errors → what is said; whatever else there is says so itself."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a misspelt one; None when none is."""
    close = difflib.get_close_matches(name.lower().replace("-", "_"), list(known), 1, 0.5)
    return close[0] if close else None


def sentence(text: str) -> str:
    """The text with a capital and one mark at its end."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def shown_value(value: object) -> str:
    """A value as JSON writes it, texts without their marks."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def choices(found: Mapping[str, Any]) -> list[str]:
    """The values that were to choose from, of an error about any other; empty for other errors."""
    if found["type"] != "literal_error":
        return []
    return re.findall(r"'([^']*)'", found["msg"])


def worded(found: Mapping[str, Any]) -> str:
    """What an error of pydantic means, without a mark at its end unless it ends with a question."""
    names, value = choices(found), found.get("input")
    if names:
        meant = nearest(value, names) if isinstance(value, str) else None
        shown = f"“{value[:80]}”" if isinstance(value, str) else "this"
        return f"{shown} is none of {', '.join(names)}" + (f". Did you mean {meant}?" if meant else "")
    try:
        return _WORDS[found["type"]].format_map(found.get("ctx") or {})
    except (KeyError, ValueError):
        return str(found["msg"]).removeprefix("Value error, ")
