"""Values as a manager reads them: counts, money in minor units, times in the venue's zone.

`assets/format.js` does the same in the browser; a test holds the two together. Without a value
every function gives an en dash, never a zero that was not counted.
"""

from collections.abc import Sequence
from datetime import datetime
from math import floor
from zoneinfo import ZoneInfo

NOTHING = "–"
MOST_CURRENCIES = 2
"""Of other currencies beside a number."""
_SYMBOLS = {
    "AUD": "$", "BRL": "R$", "CAD": "$", "CNY": "¥", "EUR": "€", "GBP": "£", "ILS": "₪", "INR": "₹",
    "JPY": "¥", "KRW": "₩", "MXN": "$", "NZD": "$", "PHP": "₱", "TRY": "₺", "TWD": "$", "UAH": "₴",
    "USD": "$", "HKD": "$", "SGD": "$", "VND": "₫",
    "CZK": "Kč", "DKK": "kr", "HUF": "Ft", "NOK": "kr", "PLN": "zł", "SEK": "kr", "ZAR": "R",
}  # fmt: skip
_SPACED = frozenset(["CZK", "DKK", "HUF", "NOK", "PLN", "SEK", "ZAR"])


def count(value: float | None) -> str:
    """A whole number with thousands separators; halves go up, as in the browser."""
    return NOTHING if value is None else f"{floor(value + 0.5):,}".replace("-", "−")


def compact(value: int | None) -> str:
    """A number in little room: whole below ten thousand, then thousands and millions, rounded down."""
    if value is None or abs(value) < 10_000:
        return count(value)
    unit, letter = (1_000_000, "M") if value >= 1_000_000 else (1_000, "k")
    tenths = value * 10 // unit
    return f"{tenths // 10:,}{letter}" if tenths >= 1000 or tenths % 10 == 0 else f"{tenths / 10:.1f}{letter}"


def percent(value: float | None) -> str:
    """A whole per cent; `value` is in per cent. Only a full hundred reads as 100%."""
    if value is None:
        return NOTHING
    whole = int(value) if 99 < value < 100 else int(value + 0.5)
    return f"{whole:,}%"


def rate(value: float | None) -> str:
    """A rate: one decimal under ten, whole from there on, no decimal for a whole number."""
    if value is None:
        return NOTHING
    tenths = int(value * 10 + 0.5)
    return f"{int(value + 0.5):,}" if tenths >= 100 or tenths % 10 == 0 else f"{tenths / 10:.1f}"


def pace(value: float | None) -> str:
    """A rate that stands among others: always with one decimal."""
    return NOTHING if value is None else f"{int(value * 10 + 0.5) / 10:,.1f}"


def money(minor: int | None, currency: str, exponent: int, *, exact: bool = False) -> str:
    """Money from minor units: whole units for reading, all decimals when `exact`."""
    if minor is None:
        return NOTHING
    scale = 10**exponent
    units, rest = divmod(abs(minor), scale)
    if exact and exponent:
        digits = f"{units:,}.{rest:0{exponent}d}"
    else:
        digits = f"{units + (1 if rest * 2 >= scale and exponent else 0):,}"
    symbol = _SYMBOLS.get(currency, currency)
    gap = "\u00a0" if currency in _SPACED or currency not in _SYMBOLS else ""
    return f"{'−' if minor < 0 and digits.strip('0.') else ''}{symbol}{gap}{digits}"


def instant(text: str | None) -> datetime | None:
    """The instant of an ISO 8601 text, with its zone."""
    return datetime.fromisoformat(text) if text else None


def clock(text: str | None, zone: str, *, seconds: bool = False) -> str:
    """The time of day at the venue, 24 hours; in UTC without a zone."""
    at = instant(text)
    return (
        NOTHING
        if at is None
        else f"{at.astimezone(ZoneInfo(zone or 'UTC')):{'%H:%M:%S' if seconds else '%H:%M'}}"
    )


def day(text: str | None, zone: str) -> str:
    """The day at the venue: "Fri 20 Nov"; in UTC without a zone."""
    at = instant(text)
    if at is None:
        return NOTHING
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def moment(text: str | None, now: str, zone: str) -> str:
    """The time of day when it is of the day of `now`, else the date: "14 Aug"."""
    if text is None:
        return NOTHING
    date = day(text, zone)
    return clock(text, zone) if date == day(now, zone) else date.partition(" ")[2]


def few_currencies(amounts: Sequence[str]) -> tuple[str, str]:
    """The first amounts of other currencies, apart from each other, and how many currencies follow: amounts
    of several currencies are no sum, and a card has little room."""
    more = len(amounts) - MOST_CURRENCIES
    rest = f"and {more} more {'currency' if more == 1 else 'currencies'}" if more > 0 else ""
    return " · ".join(amounts[:MOST_CURRENCIES]), rest


# Not from strftime: that would follow the server's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
