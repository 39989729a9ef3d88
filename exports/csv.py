"""Tables as CSV after RFC 4180: UTF-8, CRLF, every text in quotes, numbers with a point and nothing else.

Written by hand and not with Python's csv module: that one cannot leave "not known" empty while it quotes
every text, and takes twice as long.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from exports.document import Column, Document, Part, Progress, unwatched
from exports.names import unique
from exports.values import currency_at, harmless, heading, major, number, places_of, when
from widgets.time_zones import zones_of

MEDIA_TYPE = "text/csv; charset=utf-8"
ARCHIVE = "application/zip"
BOM = "\ufeff"
STEP = 1000
"""Rows between two words about the progress."""

Writer = Callable[[Any, ZoneInfo], str]


def write(
    document: Document,
    file: IO[bytes],
    *,
    bom: bool = True,
    preamble: bool = True,
    progress: Progress = unwatched,
) -> int:
    """Write the only part; the number of rows. Without `preamble` the first line is the names of columns.

    With `bom` old spreadsheets know that it is UTF-8. Raises ValueError for a document of several parts.
    """
    (part,) = document.parts
    return _write(document, part, file, bom, preamble, progress, 0)


def write_archive(
    document: Document,
    file: IO[bytes],
    *,
    bom: bool = True,
    preamble: bool = True,
    progress: Progress = unwatched,
) -> int:
    """Write every part as a CSV file of one ZIP archive; the number of rows in all of them."""
    written, taken = 0, set[str]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in document.parts:
            with archive.open(f"{unique(part.title, taken, most=80)}.csv", "w", force_zip64=True) as member:
                written += _write(document, part, member, bom, preamble, progress, written)
    return written


def _write(
    document: Document,
    part: Part,
    file: IO[bytes],
    bom: bool,
    preamble: bool,
    progress: Progress,
    before: int,
) -> int:
    lines = [BOM] if bom else []
    if preamble:
        lines += _preamble(document, part)
    if part.columns:
        lines.append(_line(_quoted(heading(column)) for column in part.columns))
    written = 0
    for line in _rows(document, part):
        lines.append(line)
        written += 1
        if written % STEP == 0:
            file.write("".join(lines).encode("utf-8", "replace"))
            lines = []
            progress(before + written)
    file.write("".join(lines).encode("utf-8", "replace"))
    progress(before + written)
    return written


def _preamble(document: Document, part: Part) -> list[str]:
    lines = [_line([_quoted(part.title or document.title)])]
    lines += [_line([_quoted(name), _quoted(value)]) for name, value in document.about(part)]
    return [*lines, "\r\n"]


def _rows(document: Document, part: Part) -> Iterator[str]:
    zone_of, at = zones_of(part.columns, document.zone_of(part)), currency_at(part.columns)
    writers = [(index, _writer(column)) for index, column in enumerate(part.columns)]
    money = {index for index, column in enumerate(part.columns) if column.unit == "money"}
    for row in part.rows:
        zone = zone_of(row)
        places = places_of((at is not None and row[at]) or document.currency, document.exponents)
        yield _line(
            _money(row[index], places) if index in money else write(row[index], zone)
            for index, write in writers
        )


def _line(cells: Iterator[str] | list[str]) -> str:
    return ",".join(cells) + "\r\n"


def _writer(column: Column) -> Writer:
    if column.unit is not None or column.kind == "number":
        return _number
    return _time if column.kind == "time" else _text


def _quoted(text: str) -> str:
    return '"' + harmless(text).replace('"', '""') + '"'


def _text(value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _quoted(value)
    return _time(value, zone) if isinstance(value, datetime) else _quoted(str(value))


def _time(value: Any, zone: ZoneInfo) -> str:
    """A day, or a moment with its offset from UTC, so that the hour an autumn night has twice stays two."""
    at = when(value, zone)
    if at is None:
        return _text(value, zone) if not isinstance(value, int) else _number(value, zone)
    if isinstance(at, str):
        return _quoted(at)
    return at.isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()


def _money(value: Any, places: int) -> str:
    exact = major(value, places)
    return "" if exact is None else f"{exact:f}"


def _number(value: Any, zone: ZoneInfo) -> str:
    """Never in powers of ten, and without the noise of the last binary places."""
    if isinstance(value, str):
        return _quoted(value)
    found = number(value)
    if found is None:
        return ""
    if isinstance(found, int):
        return str(found)
    return f"{Decimal(repr(found)):.6f}".rstrip("0").rstrip(".")
