"""What a file probably is: its format, headings, marks and meanings. What it does not tell is left to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

import msgspec

from ingest.files import text_file, xlsx
from ingest.files.cells import Cell, Row, RowSource, Unreadable, is_empty, plain
from ingest.files.columns import ImportKind, suggested, targets
from ingest.files.layout import Dates, Layout, Question
from ingest.files.layout import Decimal as DecimalMark
from ingest.files.values import FIRST_SERIAL, LAST_SERIAL, MARKED

_SAMPLE = 2_000
"""Rows by which dates and decimal marks are found."""
SHOWN = 5
_MOST_ABOVE = 20
"""Rows above the headings: a title, a date, an empty line."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A layout with what is unsure in it, the headings, and the first rows below them."""

    layout: Layout
    headings: list[str]
    rows: list[Row]


def propose(path: Path, kind: ImportKind, kept: Layout | None = None) -> Proposal:
    """How to read a file. What was confirmed for this source before (`kept`) is taken again where it fits:
    the headings must be there. Raises Unreadable."""
    layout = _bare(path)
    if kept is not None and kept.format == layout.format:
        found = _as_kept(path, layout, kept)
        if found is not None:
            return found
    layout = msgspec.structs.replace(layout, header=_header_row(_rows(path, layout, _MOST_ABOVE + 30)))
    headings, rows = sample(path, layout)
    columns = suggested(kind, headings)
    layout = msgspec.structs.replace(layout, columns=columns)
    if layout.format == "csv" or layout.columns:
        layout = _with_marks(layout, kind, headings, rows)
    return Proposal(layout, headings, rows[:SHOWN])


def again(path: Path, kind: ImportKind, layout: Layout) -> Proposal:
    """The headings and first rows as a layout reads them. Raises Unreadable."""
    headings, rows = sample(path, layout, SHOWN)
    return Proposal(layout, headings, rows)


@contextmanager
def rows_of(path: Path, layout: Layout) -> Iterator[RowSource]:
    """All rows of a file, for the length of the block. Raises Unreadable."""
    if layout.format == "xlsx":
        with xlsx.opened(path, layout.sheet) as sheet:
            yield sheet
    else:
        with text_file.opened(path, layout.encoding, layout.delimiter) as text:
            yield text


def sample(path: Path, layout: Layout, most: int = _SAMPLE) -> tuple[list[str], list[Row]]:
    """The headings, and the first rows below them that are not empty. Raises Unreadable."""
    with rows_of(path, layout) as source:
        rows = iter(source)
        headings = read_headings(rows, layout)
        full = (row for row in rows if not all(map(is_empty, row[1])))
        return headings, list(islice(full, most))


def read_headings(rows: Iterator[Row], layout: Layout) -> list[str]:
    """Go to the row of headings and read it: each differs from all others. Raises Unreadable."""
    for number, cells in rows:
        if number >= layout.header:
            return unique_headings(cells)
    raise Unreadable("no-rows", f"The file has no row {layout.header:,} with headings.")


def unique_headings(cells: Sequence[Cell]) -> list[str]:
    """The headings of columns: numbers for those without, and behind those that come again."""
    headings: list[str] = []
    for place, cell in enumerate(cells, start=1):
        text = " ".join(plain(cell).split())[:100] or f"Column {place}"
        name, times = text, 1
        while name in headings:
            times += 1
            name = f"{text} ({times})"
        headings.append(name)
    return headings


def _bare(path: Path) -> Layout:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK\x03\x04"):
        return Layout("xlsx", sheet=xlsx.sheets(path)[0] if xlsx.sheets(path) else None)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            "unknown-format",
            "This is an old or a locked Excel file. Save it as .xlsx without a password, or as CSV.",
        )
    if start.startswith((b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf")):
        raise Unreadable("unknown-format", "This is no spreadsheet. Save the table as .xlsx or as CSV.")
    encoding, certain = text_file.guess_encoding(path)
    delimiter, clear = text_file.guess_delimiter(path, encoding)
    unsure: tuple[Question, ...] = () if certain else ("encoding",)
    return Layout("csv", encoding, delimiter, unsure=unsure if clear else (*unsure, "delimiter"))


def _as_kept(path: Path, layout: Layout, kept: Layout) -> Proposal | None:
    """What was confirmed before, if this file has all its headings."""
    if layout.format == "csv":
        certain = "encoding" not in layout.unsure
        kept = msgspec.structs.replace(
            kept,
            encoding=layout.encoding if certain else kept.encoding,
            delimiter=layout.delimiter if "delimiter" not in layout.unsure else kept.delimiter,
        )
    else:
        kept = msgspec.structs.replace(
            kept, sheet=kept.sheet if kept.sheet in xlsx.sheets(path) else layout.sheet
        )
    try:
        headings, rows = sample(path, kept, SHOWN)
    except Unreadable:
        return None
    return Proposal(kept, headings, rows) if set(kept.columns) <= set(headings) else None


def _rows(path: Path, layout: Layout, most: int) -> list[Row]:
    with rows_of(path, layout) as source:
        return list(islice(source, most))


def _header_row(rows: Sequence[Row]) -> int:
    """The first row that is about as wide as most rows, and has no number among its cells."""
    full = [(number, [cell for cell in cells if not is_empty(cell)]) for number, cells in rows]
    full = [(number, cells) for number, cells in full if cells]
    if not full:
        raise Unreadable("no-rows", "The file has no rows.")
    usual = Counter(len(cells) for _, cells in full).most_common(1)[0][0]
    for number, cells in full[:_MOST_ABOVE]:
        if len(cells) >= max(1, 0.6 * usual) and all(isinstance(cell, str) for cell in cells):
            return number
    return full[0][0]


def _with_marks(layout: Layout, kind: ImportKind, headings: Sequence[str], rows: Sequence[Row]) -> Layout:
    """The layout with what the values tell of decimal marks and the order of dates."""
    contents = {name: target.content for name, target in targets(kind).items()}
    of = {heading: contents[name] for heading, name in layout.columns.items()}
    amounts = list(_cells(headings, rows, [h for h, content in of.items() if content in ("amount", "count")]))
    moments = list(_cells(headings, rows, [h for h, content in of.items() if content in ("moment", "date")]))
    mark, clear = guess_decimal(amounts)
    dates, sure = guess_dates(moments)
    unsure = layout.unsure + (() if clear else ("decimal",)) + (() if sure else ("dates",))
    return msgspec.structs.replace(layout, decimal=mark, dates=dates, unsure=unsure)


def _cells(headings: Sequence[str], rows: Sequence[Row], wanted: Sequence[str]) -> Iterator[Cell]:
    places = [headings.index(heading) for heading in wanted]
    for _, cells in rows:
        for place in places:
            if place < len(cells) and not is_empty(cells[place]):
                yield cells[place]


def guess_decimal(cells: Iterable[Cell]) -> tuple[DecimalMark, bool]:
    """The decimal mark of amounts, and whether they tell: 1,234 could be one or one thousand."""
    votes: Counter[DecimalMark] = Counter()
    doubtful = 0
    for cell in cells:
        if not isinstance(cell, str):
            continue
        point, comma = cell.rfind("."), cell.rfind(",")
        last = max(point, comma)
        if last < 0:
            continue
        mark: DecimalMark = "point" if point > comma else "comma"
        digits = sum(map(str.isdigit, cell[last + 1 :]))
        if point >= 0 and comma >= 0:
            votes[mark] += 1
        elif cell.count(cell[last]) > 1:
            votes["comma" if mark == "point" else "point"] += 1
        elif digits != 3 or cell.lstrip("-+ ").startswith(("0.", "0,")):
            votes[mark] += 1
        else:
            doubtful += 1
    if len(votes) == 1:
        return next(iter(votes)), True
    return (votes.most_common(1)[0][0] if votes else "point"), not votes and not doubtful


def guess_dates(cells: Iterable[Cell]) -> tuple[Dates, bool]:
    """The order of dates, and whether they tell: 03/04/2026 is in April or in March."""
    day_first = month_first = doubtful = serial = 0
    for cell in cells:
        text = plain(cell)
        if isinstance(cell, Decimal) or text.replace(".", "", 1).isdecimal():
            serial += FIRST_SERIAL <= float(text) <= LAST_SERIAL
            continue
        found = MARKED.match(text) if isinstance(cell, str) else None
        if found is None:
            continue
        first, mark, second, _ = found.groups()
        if mark == ".":
            continue  # The day comes first.
        if int(first) > 12:
            day_first += 1
        elif int(second) > 12:
            month_first += 1
        else:
            doubtful += 1
    if serial and not (day_first or month_first or doubtful):
        return "serial", False
    if day_first and month_first:
        return ("day-first" if day_first >= month_first else "month-first"), False
    if day_first or month_first:
        return ("day-first" if day_first else "month-first"), True
    return ("day-first", False) if doubtful else ("iso", True)
