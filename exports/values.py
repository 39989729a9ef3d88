"""Values of a table as plain numbers, dates and texts, and texts that no spreadsheet takes for a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from exports.document import Column

PLACES = 2
"""Decimals of money whose currency nobody named."""

UNITS = {"percent": "%", "seconds": "s", "rate": "per minute"}

# What opens a formula, and what stands before it without stopping a spreadsheet: space of any kind, quotes,
# and characters of no width. The wide forms are what Japanese input makes of the same keys.
_FORMULA = re.compile("[\\s\"'`‘’“”\u200b-\u200f\u2060\ufeff\x00-\x1f]*[=+\\-@\t\r＝＋－＠−]")
_LEADING_CONTROL = re.compile("[\t\r\n]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula or let it into the next cell."""
    return bool(_FORMULA.match(text) or _LEADING_CONTROL.match(text))


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet might run."""
    return f"'{text}" if is_formula(text) else text


def heading(column: Column, units: Mapping[str, str] = UNITS) -> str:
    """The label of a column with the unit of its numbers; money has its currency in a column of its own."""
    unit = units.get(column.unit or "")
    label = column.label or column.name
    return f"{label} ({unit})" if unit and unit not in label else label


def currency_at(columns: Sequence[Column]) -> int | None:
    """Where the currency of each row stands."""
    return next((at for at, column in enumerate(columns) if column.name == "currency"), None)


def places_of(currency: str, exponents: Mapping[str, int]) -> int:
    """Decimals of a currency."""
    return exponents.get(currency, PLACES)


def major(minor: Any, places: int) -> Decimal | None:
    """Money in major units, exact: 1234 with two places is 12.34. Parts of a minor unit are rounded."""
    if minor is None or (isinstance(minor, float) and not isfinite(minor)):
        return None
    exact = Decimal(str(minor)).scaleb(-places)
    if isinstance(minor, int):
        return exact
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(value: Any) -> int | float | None:
    """A finite number, or None."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if isfinite(value) else None
    return None


def when(value: Any, zone: ZoneInfo) -> date | datetime | str | None:
    """A business day as a date, an instant as local time with its offset; other words stay words."""
    found: date | str | None = value if isinstance(value, date) else None
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(found, datetime):
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(zone)
    return found
