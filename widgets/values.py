"""Values with their unit: short for reading, exact for hovering, compact for an axis.

Units are those of `data.answers.Unit`; money is in minor units and needs its currency. What is not known is
an en dash.
"""

from datetime import date, datetime
from math import ceil, floor, log10
from typing import Any
from zoneinfo import ZoneInfo

from data.answers import Unit
from data.currencies import EXPONENTS
from widgets.format import NOTHING, count, money

WORDS: dict[Unit, str] = {
    "money": "",
    "tickets": "tickets",
    "people": "people",
    "percent": "%",
    "seconds": "",
    "rate": "a minute",
    "count": "",
    "score": "",
}
"""Unit → the word after an exact number."""

_SINGULAR = {"tickets": "ticket", "people": "person"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def exponent(currency: str) -> int:
    """Decimal places of a currency; 2 for a code nobody has listed."""
    return EXPONENTS.get(currency, 2)


def said(value: Any, unit: Unit | None, currency: str = "") -> str:
    """A value as it stands in a widget: £1,235 · 1,204 · 12.3% · 3.4 · 1 h 5 min."""
    if value is None:
        return NOTHING
    if unit == "money":
        scale = 10 ** exponent(currency)
        # A price says its pennies, a sum does not.
        exact = 0 < abs(value) < 100 * scale and round(value) % scale != 0
        return money(round(value), currency, exponent(currency), exact=exact)
    if unit == "percent":
        return f"{decimal(value, 1)}%"
    if unit == "seconds":
        return f"{count(value / 86_400)} days" if abs(value) >= 10 * 86_400 else duration(value)
    if unit in ("rate", "score"):
        return decimal(value, 1)
    return count(value)


def exactly(value: Any, unit: Unit | None, currency: str = "") -> str:
    """The exact value with its unit in words: £1,234.50 GBP · 1,204 tickets · 12.34% · 3.4 a minute."""
    if value is None:
        return "not known"
    if unit == "money":
        text = money(round(value), currency, exponent(currency), exact=True)
        return text if currency in text else f"{text} {currency}"
    if unit == "percent":
        return f"{decimal(value, 2)}%"
    if unit == "seconds":
        return duration(value)
    word = WORDS.get(unit, "") if unit else ""
    if unit in _SINGULAR and value == 1:
        word = _SINGULAR[unit]
    return f"{decimal(value, 2)} {word}".strip()


def decimal(value: float, places: int) -> str:
    """A number with at most `places` decimals, none that are zero at the end; halves go up."""
    scale = 10**places
    rounded = floor(abs(value) * scale + 0.5) / scale
    text = f"{-rounded if value < 0 else rounded:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−") if text.strip("-0.") else "0"


def duration(seconds: float) -> str:
    """A length of time in its two largest parts; of less than a minute with a decimal."""
    if 0 < abs(seconds) < 59.95 and round(seconds, 1) != round(seconds):
        return f"{decimal(seconds, 1)} s"
    whole = round(abs(seconds))
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((index for index, (number, _) in enumerate(parts) if number), 3)
    words = [f"{number} {letter}" for number, letter in parts[first : first + 2] if number]
    return ("−" if seconds < 0 and whole else "") + (" ".join(words) or "0 s")


def short(value: float, unit: Unit | None, currency: str = "") -> str:
    """A value in little room, as on an axis or in a cell: £12k · 1.5M · 40%."""
    if unit == "percent":
        return f"{decimal(value, 1)}%"
    if unit == "seconds":
        return duration(value)
    if unit == "money":
        major = value / 10 ** exponent(currency)
        symbol = money(0, currency, 0)[:-1]
        return f"{'−' if major < 0 else ''}{symbol}{_thousands(abs(major))}"
    return f"{'−' if value < 0 else ''}{_thousands(abs(value))}"


def _thousands(value: float) -> str:
    for unit, letter in ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")):
        if value >= unit * (10 if letter == "k" and value % 1000 else 1):
            return f"{decimal(value / unit, 1 if value < 100 * unit else 0)}{letter}"
    return decimal(value, 0 if value >= 100 else 2)


def ticks(low: float, high: float, unit: Unit | None, currency: str = "", most: int = 5) -> dict[str, Any]:
    """`tickvals` and `ticktext` of an axis from `low` to `high`: at most `most` round steps.

    Values are as plotted: money in minor units, stepped in round major units."""
    scale = 10 ** exponent(currency) if unit == "money" else 1
    bottom, top = min(0.0, low / scale), max(high / scale, 0.0)
    whole = unit in ("tickets", "people", "count")
    step = _step((top - bottom) / max(1, most - 1), whole=whole, seconds=unit == "seconds")
    first, last = floor(bottom / step), ceil(top / step - 1e-9)
    values = [index * step * scale for index in range(first, max(last, first + 1) + 1)]
    return {"tickvals": values, "ticktext": [short(value, unit, currency) for value in values]}


def _step(raw: float, *, whole: bool, seconds: bool) -> float:
    if seconds:
        return next(
            (s for s in (1, 5, 15, 60, 300, 900, 3600, 14400, 86400) if s >= raw), 86400 * ceil(raw / 86400)
        )
    if raw <= 0:
        return 1.0
    power = 10.0 ** floor(log10(raw))
    step = next(
        (factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999), 10 * power
    )
    return float(max(1.0, ceil(step))) if whole else step


def change(now: Any, before: Any, unit: Unit | None) -> str:
    """How `now` differs from `before`: ▲ 12.4%, in points for percentages; nothing when it cannot be said."""
    if now is None or before is None:
        return ""
    if unit == "percent":
        points = now - before
        return f"{_arrow(points, 0.05)} {decimal(abs(points), 1)} pt"
    if not before:
        return "" if not now else "▲ new"
    percent = 100 * (now - before) / abs(before)
    return f"{_arrow(percent, 0.05)} {decimal(abs(percent), 1 if abs(percent) < 100 else 0)}%"


def _arrow(value: float, close: float) -> str:
    return "≈" if abs(value) < close else "▲" if value > 0 else "▼"


def when(value: Any, zone: str, grain: str = "") -> str:
    """A time dimension's value in words: Fri 20 Nov · 20 Nov 19:05 · November 2026 · 2026.

    Dates are business days; instants are shown in `zone`, with the offset's name where an hour comes twice a
    year, and in UTC without a zone, which is named then."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone or "UTC"))
        twice = f" {local.tzname()}" if repeats(local) or not zone else ""
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}{twice}"
    if grain == "year":
        return str(value.year)
    if grain in ("month", "quarter"):
        return f"{_MONTHS[value.month - 1]} {value.year}"
    if grain == "week":
        return f"Week of {value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]} {value.year}"


def repeats(local: datetime) -> bool:
    """Whether the clock of this zone shows this time twice."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def shown(value: Any, unit: Unit | None, zone: str, currency: str = "") -> str:
    """Any value as a cell of a table shows it: instants and dates in words, numbers exact in their unit."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime | date):
        return when(value, zone)
    if unit == "money":
        return money(round(value), currency, exponent(currency), exact=True)
    if unit is not None and isinstance(value, int | float):
        return exactly(value, unit) if unit in ("percent", "seconds") else decimal(value, 2)
    return (
        decimal(value, 2) if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
    )
