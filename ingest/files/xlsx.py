"""Excel workbooks (.xlsx): the rows of one sheet, one at a time, whatever their number.

Libraries hold a workbook's texts, or all of a sheet, in memory (openpyxl 40 MB for 100,000 rows with as many
different tickets). This reads the XML as it is unpacked. Formulas have the values that Excel worked out last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from posixpath import join, normpath

from ingest.files.cells import LONGEST_CELL, MOST_COLUMNS, Cell, Row, Unreadable
from ingest.files.shared_strings import SharedStrings
from ingest.files.zip_parts import BROKEN, Parts

_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Numbers of Excel's own formats that show dates and times."""
_LITERAL = re.compile(r"\"[^\"]*\"|\[(?!h+\]|m+\]|s+\])[^\]]*\]|\\.|_.|\*.", re.IGNORECASE)
_OF_DATES = re.compile(r"[dmyhs]", re.IGNORECASE)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_LATEST_SERIAL = 2_958_466
"""Excel's day numbers end with the year 9999."""


@contextmanager
def opened(path: Path, sheet: str | None = None) -> Iterator[SheetRows]:
    """The rows of a sheet, the first one that is shown without a name, for the length of the block.

    Raises Unreadable."""
    parts = Parts(path)
    try:
        book = _Book(parts)
        strings = SharedStrings(parts, path.parent)
        try:
            yield SheetRows(parts, book, strings, book.part_of(sheet))
        finally:
            strings.close()
    finally:
        parts.close()


def sheets(path: Path) -> list[str]:
    """The names of the sheets that are shown, in their order. Raises Unreadable."""
    parts = Parts(path)
    try:
        return list(_Book(parts).sheets)
    finally:
        parts.close()


class _Book:
    """What the workbook says of its sheets and formats."""

    def __init__(self, parts: Parts) -> None:
        if not parts.has("xl/workbook.xml"):
            raise Unreadable("unknown-format", BROKEN)
        self.since_1904 = False
        self.sheets: dict[str, str] = {}  # Name → part.
        self.date_styles: set[int] = set()
        targets: dict[str, str] = {}

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                targets[attributes.get("Id", "")] = attributes.get("Target", "")

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                self.since_1904 = attributes.get("date1904") in ("1", "true")
            elif name == "sheet" and attributes.get("state", "visible") == "visible":
                own = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                target = targets.get(own, "")
                part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
                if parts.has(part):
                    self.sheets[attributes.get("name", "")] = part

        if parts.has("xl/_rels/workbook.xml.rels"):
            parts.read("xl/_rels/workbook.xml.rels", relation)
        parts.read("xl/workbook.xml", sheet)
        if parts.has("xl/styles.xml"):
            self._read_styles(parts)

    def part_of(self, sheet: str | None) -> str:
        """The part that holds a sheet."""
        if not self.sheets:
            raise Unreadable("no-sheet", "The file has no sheet that is shown.")
        if sheet is None:
            return next(iter(self.sheets.values()))
        if sheet not in self.sheets:
            raise Unreadable("no-sheet", "The file has no sheet of this name.")
        return self.sheets[sheet]

    def _read_styles(self, parts: Parts) -> None:
        of_dates = set(_DATE_FORMATS)
        within, count = False, 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal within, count
            number = attributes.get("numFmtId", "")
            if name == "numFmt" and number.isdecimal():
                shown = _LITERAL.sub("", attributes.get("formatCode", ""))
                (of_dates.add if _OF_DATES.search(shown) else of_dates.discard)(int(number))
            elif name == "cellXfs":
                within = True
            elif name == "xf" and within:
                if number.isdecimal() and int(number) in of_dates:
                    self.date_styles.add(count)
                count += 1

        def end(name: str) -> None:
            nonlocal within
            within = within and name != "cellXfs"

        for _ in parts.parse("xl/styles.xml", start, end, lambda text: None):
            pass


class SheetRows:
    """The rows of a sheet that have anything in them."""

    def __init__(self, parts: Parts, book: _Book, strings: SharedStrings, part: str) -> None:
        self._parts, self._book, self._strings, self._part = parts, book, strings, part
        self.fraction = 0.0

    def __iter__(self) -> Iterator[Row]:
        sheet = _Sheet(self._book, self._strings)
        for fraction in self._parts.parse(self._part, sheet.start, sheet.end, sheet.text):
            self.fraction = fraction
            if sheet.length > LONGEST_CELL:
                raise _too_long(sheet.number)
            yield from sheet.rows
            sheet.rows.clear()


class _Sheet:
    """Follows the XML of a sheet, and collects its rows."""

    def __init__(self, book: _Book, strings: SharedStrings) -> None:
        self._book, self._strings = book, strings
        self.rows: list[Row] = []
        self.number = self.length = 0
        self._cells: list[Cell] = []
        self._column = 0
        self._kind, self._style = "n", 0
        self._taking = False
        self._pieces: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            found = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _column(found[1]) if found else len(self._cells)
            if self._column >= MOST_COLUMNS:
                self._column = -1  # It counts only if something is in it.
            self._kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
            self._style = int(style) if style.isdecimal() else 0
            self._pieces.clear()
            self.length = 0
        elif name in ("v", "t"):
            self._taking = True
        elif name == "row":
            stated = attributes.get("r", "")
            self.number = int(stated) if stated.isdecimal() and len(stated) < 9 else self.number + 1
            self._cells = []

    def text(self, piece: str) -> None:
        if self._taking:
            self._pieces.append(piece)
            self.length += len(piece)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._taking = False
        elif name == "c":
            self._keep()
        elif name == "row" and any(cell is not None for cell in self._cells):
            self.rows.append((self.number, self._cells))

    def _keep(self) -> None:
        if not self._pieces:
            return
        cell = self._value("".join(self._pieces))
        if cell is None:
            return
        if self._column < 0:
            raise Unreadable("too-many-columns", f"Row {self.number:,} has more than {MOST_COLUMNS} columns.")
        missing = self._column - len(self._cells)
        if missing < 0:
            raise Unreadable("broken-file", BROKEN)
        self._cells.extend([None] * missing)
        self._cells.append(cell)

    def _value(self, text: str) -> Cell:
        if len(text) > LONGEST_CELL:
            raise _too_long(self.number)
        if self._kind == "s":
            if not text.strip().isdecimal():
                raise Unreadable("broken-file", BROKEN)
            return self._strings.get(int(text)) or None
        if self._kind == "b":
            return text.strip() == "1"
        if self._kind in ("str", "inlineStr", "e"):
            return text or None
        if self._kind == "d":
            return _from_iso(text)
        return self._number(text)

    def _number(self, text: str) -> Cell:
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            raise Unreadable("broken-file", BROKEN) from None
        if not value.is_finite() or abs(value.adjusted()) > 30:
            return text
        if self._style in self._book.date_styles and 0 <= value < _LATEST_SERIAL:
            return moment_of(value, since_1904=self._book.since_1904)
        return shown_number(value)


def moment_of(serial: Decimal, *, since_1904: bool = False) -> datetime | time:
    """The moment that Excel's day number stands for; below 1 it is a time of day.

    Excel believes in a 29 February 1900, so days before March 1900 are one further from its beginning."""
    milliseconds = round(serial * 86_400_000)
    if serial < 1 and milliseconds < 86_400_000:
        return (datetime(1900, 1, 1) + timedelta(milliseconds=milliseconds)).time()  # noqa: DTZ001
    if since_1904:
        start = datetime(1904, 1, 1)  # noqa: DTZ001
    else:
        start = datetime(1899, 12, 30) if serial >= 60 else datetime(1899, 12, 31)  # noqa: DTZ001
    try:
        return start + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime.max.replace(microsecond=0)  # noqa: DTZ901


def shown_number(value: Decimal) -> Decimal:
    """A number with the 15 digits that Excel has: 12.499999999999998 is what it wrote for 12.5."""
    if len(value.as_tuple().digits) > 15:
        value = Decimal(f"{value:.15g}")
    value = value.normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def _from_iso(text: str) -> Cell:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _too_long(row: int) -> Unreadable:
    return Unreadable("cell-too-long", f"Row {row:,} has a cell of more than {LONGEST_CELL:,} characters.")
