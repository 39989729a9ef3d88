"""Names of files and sheets: they say what is inside, and every system can store them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

LONGEST = 180
"""Bytes of a whole file name, below what file systems take."""

_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_SHEET_LENGTH = 31


def file_name(words: Sequence[str], as_of: datetime, zone: str, extension: str) -> str:
    """ "housecount-finance-revenue-last-30-days-20261126-1014.csv": what it is, and of when (venue time)."""
    at = f"{as_of.astimezone(ZoneInfo(zone or 'UTC')):%Y%m%d-%H%M}"
    room = LONGEST - len(f"housecount-{at}.{extension}") - len(words)
    kept = [part for word in words if (part := slug(word, room // max(len(words), 1)))]
    return "-".join(["housecount", *kept, at]) + f".{extension}"


def slug(text: str, most: int = 60) -> str:
    """Letters and digits of any script in lower case, joined by hyphens, in at most `most` bytes."""
    composed = unicodedata.normalize("NFKC", text).lower()
    letters = "".join(c if c.isalnum() else " " for c in composed)
    joined = "-".join(letters.split())
    return joined.encode()[:most].decode(errors="ignore").strip("-")


def disposition(name: str) -> str:
    """A Content-Disposition after RFC 6266: a plain name for old clients, the real one after RFC 5987."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^\w.-]+", "-", plain)).strip("-") or "export"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def unique(title: str, taken: set[str], *, most: int) -> str:
    """A file name of its own among `taken`, from a title, without its ending."""
    base = slug(title, most) or "table"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name


def sheet_name(title: str, taken: set[str]) -> str:
    """A name that Excel takes for a sheet: 31 characters, none of []:*?/\\, no quotes at the ends, unique
    without regard to case, not "History"."""
    cleaned = " ".join(_SHEET.sub(" ", unicodedata.normalize("NFC", title)).split()).strip("'") or "Sheet"
    if cleaned.lower() == "history":
        cleaned = "History of sales"
    name, number = _fit(cleaned, ""), 1
    while name.casefold() in taken:
        number += 1
        name = _fit(cleaned, f" ({number})")
    taken.add(name.casefold())
    return name


def _fit(text: str, end: str) -> str:
    """Excel counts in UTF-16: a character beyond its first plane is two."""
    room = _SHEET_LENGTH - len(end)
    while len(text.encode("utf-16-le")) // 2 > room:
        text = text[:-1]
    return text.strip(" '") + end
