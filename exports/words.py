"""Values as a reader of paper sees them: with their unit, exact, in the time of the venue."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from exports.document import Column, Document, Row
from exports.values import number, places_of, when
from widgets.format import NOTHING, count, money
from widgets.top_customers import code, is_hash
from widgets.values import duration

LONGEST = 200
"""Characters of one cell on paper."""
_BREAK_AFTER = 26
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def cell(value: Any, column: Column, document: Document, zone: ZoneInfo, currency: str) -> str:
    """A value in words: £1,234.50 · 12.3% · Fri 20 Nov 2026."""
    if value is None:
        return "" if column.name == "currency" else NOTHING
    if column.unit is not None or column.kind == "number":
        return measure(value, column.unit, document, currency)
    if column.kind == "time" or isinstance(value, date):
        return moment(value, zone, column.name)
    if column.name == "customer" and is_hash(value):
        return code(value)
    return fitting(str(value))


def measure(value: Any, unit: str | None, document: Document, currency: str, *, exact: bool = True) -> str:
    """A number with its unit; money in whole units unless `exact`."""
    found = number(value)
    if found is None:
        return fitting(str(value)) if isinstance(value, str) else NOTHING
    if unit == "money":
        code = currency or document.currency
        return money(round(found), code, places_of(code, document.exponents), exact=exact)
    if unit == "percent":
        return f"{decimal(found, 1)}%"
    if unit == "seconds":
        return duration(found)
    return decimal(found, 2) if isinstance(found, float) else count(found)


def change(now: Any, before: Any, unit: str | None) -> str:
    """How a number differs from another: "+12.4%", in points for percentages; "" when it cannot be said."""
    new, old = number(now), number(before)
    if new is None or old is None:
        return ""
    if unit == "percent":
        return f"{_signed(new - old)} pt"
    return f"{_signed(100 * (new - old) / abs(old))}%" if old else ""


def moment(value: Any, zone: ZoneInfo, name: str = "") -> str:
    """A day or a moment in words; with the offset from UTC where an hour comes twice a year."""
    found = when(value, zone)
    if isinstance(found, datetime):
        twice = found.replace(fold=0).utcoffset() != found.replace(fold=1).utcoffset()
        return f"{_day(found)}, {found:%H:%M}" + (f" {found.tzname()}" if twice else "")
    if isinstance(found, date):
        if name in ("month", "quarter"):
            return f"{_MONTHS[found.month - 1]} {found.year}"
        return str(found.year) if name == "year" else f"{_DAYS[found.weekday()]} {_day(found)}"
    return fitting(str(value))


def fitting(text: str) -> str:
    """A text for a narrow column: long words may break anywhere, and what is cut is said."""
    flat = " ".join(text.split())
    if len(flat) > LONGEST:
        flat = f"{flat[: LONGEST - 40].rstrip()} … (the first of {len(text):,} characters)"
    return " ".join(_breakable(word) for word in flat.split(" "))


def decimal(value: float, places: int) -> str:
    """A number with at most `places` decimals, and a real minus sign."""
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−") if text.strip("-0.,") else "0"


def currency_of(row: Row, at: int | None, document: Document) -> str:
    """The currency of a row: its own, or the document's."""
    return str((row[at] if at is not None else None) or document.currency)


def _breakable(word: str) -> str:
    if len(word) <= _BREAK_AFTER:
        return word
    return "\u200b".join(word[at : at + _BREAK_AFTER] for at in range(0, len(word), _BREAK_AFTER))


def _signed(value: float) -> str:
    text = decimal(value, 1)
    return text if text.startswith("−") or text == "0" else f"+{text}"


def _day(found: date) -> str:
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"
