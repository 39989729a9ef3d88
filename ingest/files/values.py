"""Cells become values of messages: amounts, whole numbers, dates and yes or no, as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from ingest.files.cells import Cell, plain
from ingest.files.layout import Dates
from ingest.files.layout import Decimal as DecimalMark
from ingest.files.xlsx import moment_of
from ingest.refusal import Refused

FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000
"""Excel's day numbers of the years 1954 to 2119."""
NOON = time(12)
"""The time of a day without one: by it every venue's business day is the same as the date."""
_FLAGS = {
    **dict.fromkeys(
        ("1", "true", "yes", "y", "ja", "j", "oui", "o", "x", "ok", "valid", "wahr", "vrai"), True
    ),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "non", "invalid", "falsch", "faux", "-"), False),
}
_MONEY = re.compile(r"[£$€¥]|\b[A-Za-z]{3}\b|\bkr\.?|\bzł|\bFr\.?|\bchf", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_AMOUNT = {
    "point": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?"),
    "comma": re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d*)?"),
}
CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2})\s*([ap]\.?m\.?)", re.IGNORECASE)
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
MARKED = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_OFFSET = re.compile(r"\s*(Z|[+-]\d{2}:?\d{2})", re.IGNORECASE)


def amount(cell: Cell, name: str, mark: DecimalMark) -> Decimal | None:
    """An amount with its sign; None for an empty cell. Symbols and codes of currencies are passed over."""
    if isinstance(cell, Decimal):
        return cell
    text = plain(cell)
    if not text:
        return None
    bare = _SPACES.sub("", _MONEY.sub("", text)).replace("−", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    elif bare.endswith("-") and len(bare) > 1:
        bare = f"-{bare[:-1]}"
    if not any(map(str.isdigit, bare)) or len(bare) > 40 or not _AMOUNT[mark].fullmatch(bare):
        raise Refused("not-a-number", f"An amount with a decimal {mark} is expected.", name, text)
    bare = bare.replace(",", "") if mark == "point" else bare.replace(".", "").replace(",", ".")
    try:
        return Decimal(bare)
    except InvalidOperation:
        raise Refused("not-a-number", f"An amount with a decimal {mark} is expected.", name, text) from None


def whole(cell: Cell, name: str, mark: DecimalMark) -> int | None:
    """A whole number; None for an empty cell."""
    value = amount(cell, name, mark)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise Refused("wrong-type", "A whole number is expected.", name, plain(cell))
    return int(value)


def flag(cell: Cell, name: str) -> bool | None:
    """Yes or no; None for an empty cell."""
    if isinstance(cell, bool) or cell is None:
        return cell
    text = plain(cell).casefold()
    if not text:
        return None
    if text not in _FLAGS:
        raise Refused("not-a-choice", "Yes or no is expected.", name, text)
    return _FLAGS[text]


def choice(cell: Cell, name: str, choices: Mapping[str, str]) -> str | None:
    """What a word stands for; None for an empty cell."""
    text = plain(cell).casefold().replace("-", " ").replace("_", " ")
    if not text:
        return None
    if text not in choices:
        few = ", ".join(dict.fromkeys(choices.values()))
        raise Refused("not-a-choice", f"One of: {few}.", name, plain(cell))
    return choices[text]


def moment(cell: Cell, name: str, dates: Dates) -> datetime | date | time | None:
    """A moment, a day or a time of day, whichever is in the cell; a moment has a zone if the cell has one."""
    if cell is None or isinstance(cell, datetime | time):
        return cell
    text = plain(cell)
    if not text:
        return None
    if isinstance(cell, Decimal) or (
        dates == "serial" and text.replace(",", ".").replace(".", "", 1).isdecimal()
    ):
        number = Decimal(text.replace(",", "."))
        if dates == "serial" and (0 <= number < 1 or FIRST_SERIAL <= number <= LAST_SERIAL):
            found = moment_of(number)
            return found.date() if isinstance(found, datetime) and number == int(number) else found
        raise Refused("bad-timestamp", "A number is no date, unless dates are day numbers.", name, text)
    day, rest = _day(text, name, dates)
    clock, offset = _clock(rest, name, text)
    if day is None:
        if clock is None or offset:
            raise _no_date(name, text)
        return clock
    if clock is None:
        return day
    joined = datetime.combine(day, clock)
    return datetime.fromisoformat(f"{joined.isoformat()}{offset}") if offset else joined


def _day(text: str, name: str, dates: Dates) -> tuple[date | None, str]:
    """The day at the beginning of a text, and what follows it."""
    found = ISO.match(text)
    if found:
        year, month, day = map(int, found.groups())
    else:
        found = MARKED.match(text)
        if not found:
            return None, text
        first, mark, second, last = found.groups()
        year = int(last) + (2000 if len(last) == 2 else 0)
        day, month = int(first), int(second)
        if dates == "month-first" and mark != ".":  # Nobody writes a month before a day with points.
            day, month = month, day
        elif dates == "iso" and mark != ".":
            raise Refused("bad-timestamp", "Dates are said to be like 2026-11-21.", name, text)
    try:
        return date(year, month, day), text[found.end() :]
    except ValueError:
        order = "day comes first" if dates == "day-first" else "month comes first"
        detail = "There is no such day" + ("." if ISO.match(text) else f" where the {order}.")
        raise Refused("bad-timestamp", detail, name, text) from None


def _clock(rest: str, name: str, text: str) -> tuple[time | None, str]:
    """The time of day in what follows a day, and its offset from UTC."""
    rest = rest.lstrip(" \tT,")
    if not rest:
        return None, ""
    found = CLOCK.match(rest)
    if found:
        hour, minute, second, half = int(found[1]), int(found[2]), int(found[3] or 0), found[4]
    else:
        found = _HOUR.match(rest)
        if not found:
            raise _no_date(name, text)
        hour, minute, second, half = int(found[1]), 0, 0, found[2]
    if half:
        if not 1 <= hour <= 12:
            raise _no_date(name, text)
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    rest = rest[found.end() :].removesuffix("Uhr").strip()
    offset = _OFFSET.fullmatch(rest) if rest else None
    if rest and not offset:
        raise _no_date(name, text)
    try:
        return time(hour, minute, second), (offset[1].upper().replace("Z", "+00:00") if offset else "")
    except ValueError:
        raise _no_date(name, text) from None


def _no_date(name: str, text: str) -> Refused:
    return Refused("bad-timestamp", "A date and time is expected, such as 21.11.2026 19:30.", name, text)
