"""Tables as an Excel workbook: a sheet each, real numbers and dates, never a formula, in constant memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from exports.document import Column, Document, Part, Progress, Row, offset, unwatched
from exports.names import sheet_name
from exports.values import currency_at, heading, is_formula, major, number, places_of, when
from widgets.time_zones import is_of_moments, zones_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_000
"""Rows of one sheet, under what Excel takes; more go on in a next one."""
MOST_CHARACTERS = 32_767
STEP = 500
WIDEST, NARROWEST = 60, 9
MEASURED = 2_000
"""Rows by which the width of columns is found."""

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_UNITS = {"seconds": "h:mm:ss", "rate": "per minute"}
"""What the head of a column says where its format does not. Time is counted in days in every sheet."""
_PARTS = {"percent": 100, "seconds": 86_400}
"""Of how many of our units one of a sheet consists."""
_FORMATS = {
    "count": "#,##0",
    "tickets": "#,##0",
    "people": "#,##0",
    "seconds": "[h]:mm:ss",
    "percent": "0.0%",
    "rate": "#,##0.0",
    "score": "0.00",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "number": "General",
}


def write(
    document: Document,
    file: IO[bytes],
    *,
    scratch: Path | None = None,
    most_rows: int = MOST_ROWS,
    progress: Progress = unwatched,
) -> int:
    """Write a sheet for every part, and a list of them when there are several; the number of rows.

    Rows go to a file in `scratch` as they come. Text is stored as text whatever it begins with; a part
    of more than `most_rows` goes on in a further sheet. Raises OSError when there is no room.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    with tempfile.TemporaryDirectory(prefix="rows-", dir=scratch) as folder:
        workbook = Workbook(file, {**_OPTIONS, "tmpdir": folder})
        workbook.set_properties(
            {
                "title": document.title[:255],
                "author": "Housecount",
                "created": document.as_of.astimezone(UTC).replace(tzinfo=None),
            }
        )
        sheets = _Sheets(workbook, document, most_rows, progress)
        try:
            sheets.write()
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from error  # The OSError that it wraps.
        finally:
            sheets.release()
    return sheets.written


class _Sheets:
    """The sheets of one workbook as they are written."""

    def __init__(self, workbook: Workbook, document: Document, most_rows: int, progress: Progress) -> None:
        self.written = 0
        self._workbook = workbook
        self._document = document
        self._most_rows = most_rows
        self._progress = progress
        self._taken = {"contents"} if len(document.parts) != 1 else set[str]()
        # Named beforehand: the list of contents is written first.
        self._names = [sheet_name(part.title or document.title, self._taken) for part in document.parts]
        self._formats: dict[tuple[str, int], Format] = {}
        self._styles: dict[str, Format] = {}
        self.guarded = self._style(quote_prefix=True)
        """For text that would be run if somebody typed it again: Excel keeps it a text."""

    def write(self) -> None:
        """All of them."""
        if len(self._document.parts) != 1:
            self._contents()
        for part in self._document.parts:
            self._add(part)

    def _contents(self) -> None:
        """The first sheet: what the others hold and how many rows of how many."""
        sheet = self._workbook.add_worksheet("Contents")
        sheet.hide_gridlines(2)
        _text(sheet, 0, 0, self._document.title, self._style(bold=True, font_size=14), self.guarded)
        row = 1
        for name, value in self._document.about(Part(self._document.title)):
            _text(sheet, row, 0, name, self._style(font_color="#5b6474"), self.guarded)
            _text(sheet, row, 1, value, None, self.guarded)
            row += 1
        row += 1
        for at, label in enumerate(("Sheet", "Rows")):
            sheet.write_string(row, at, label, self._head())
        for name, part in zip(self._names, self._document.parts, strict=True):
            row += 1
            _text(sheet, row, 0, name, None, self.guarded)
            sheet.write_string(row, 1, part.rows_said or part.error or "no table")
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, WIDEST)
        if not self._document.parts:
            sheet.write_string(row + 1, 0, "Nothing is on this board.")

    def _add(self, part: Part) -> None:
        """One part, on as many sheets as its rows need."""
        name = self._names.pop(0)
        rows = iter(part.rows)
        first = next(rows, None)
        if first is None:
            self._sheet(name, part, iter(()), "")
            return
        number = 1
        while first is not None:
            more = "" if number == 1 else f" (continued, sheet {number})"
            here = name if number == 1 else sheet_name(part.title or self._document.title, self._taken)
            self._sheet(here, part, islice(chain([first], rows), self._most_rows), more)
            first, number = next(rows, None), number + 1

    def release(self) -> None:
        """Close the files of rows that a failed writing leaves open."""
        for sheet in self._workbook.worksheets():
            handle = sheet.row_data_fh
            if handle is not None and not handle.closed:
                handle.close()
        # Else the workbook would try to write itself once more when it is forgotten.
        self._workbook.fileclosed = True

    def _sheet(self, name: str, part: Part, rows: Iterator[Row], more: str) -> None:
        sheet = self._workbook.add_worksheet(name)
        top = self._preamble(sheet, part, more)
        if not part.columns:
            sheet.set_column(0, 1, 24)
            return
        cells = _Cells(part, self._document, self)
        for at, label in enumerate(cells.labels):
            _text(sheet, top, at, label, self._head(right=cells.is_number[at]), self._head())
        line = top
        for row in rows:
            line += 1
            cells.put(sheet, line, row)
            self.written += 1
            if self.written % STEP == 0:
                self._progress(self.written)
        self._progress(self.written)
        sheet.freeze_panes(top + 1, 0)
        if line > top:
            sheet.autofilter(top, 0, line, len(cells.labels) - 1)
        for at, width in enumerate(cells.widths):
            sheet.set_column(at, at, min(max(width + 2, NARROWEST), WIDEST))
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        sheet.set_footer("&L&8Housecount&R&8&P / &N")

    def _preamble(self, sheet: Worksheet, part: Part, more: str) -> int:
        """Title, filters, zone, moment and count; the row below them."""
        guarded, muted = self.guarded, self._style(font_color="#5b6474")
        title = (part.title or self._document.title) + more
        _text(sheet, 0, 0, title, self._style(bold=True, font_size=14), guarded)
        pairs = self._document.about(part)
        for row, (name, value) in enumerate(pairs, 1):
            _text(sheet, row, 0, name, muted, guarded)
            _text(sheet, row, 1, value, None, guarded)
        return len(pairs) + 2

    def format(self, kind: str, places: int = 0) -> Format:
        """The format of a kind of cell; money by its number of decimals."""
        found = self._formats.get((kind, places))
        if found is None:
            pattern = _FORMATS.get(kind) or "#,##0" + ("." + "0" * places if places else "")
            found = self._formats[kind, places] = self._workbook.add_format({"num_format": pattern})
        return found

    def _head(self, right: bool = False) -> Format:
        return self._style(
            bold=True,
            bg_color="#eef1fd",
            bottom=1,
            bottom_color="#3b5bdb",
            align="right" if right else "left",
        )

    def _style(self, **properties: Any) -> Format:
        key = repr(properties)
        if key not in self._styles:
            self._styles[key] = self._workbook.add_format(properties)
        return self._styles[key]


class _Cells:
    """How the rows of one part become cells. A column of moments is followed by their offset from UTC,
    because a cell holds local time and an autumn night has an hour twice."""

    def __init__(self, part: Part, document: Document, sheets: _Sheets) -> None:
        self._columns = part.columns
        self._document = document
        self._sheets = sheets
        self._zone_of = zones_of(part.columns, document.zone_of(part))
        self._currency_at = currency_at(part.columns)
        self._measured = 0
        self._moments = [is_of_moments(column) for column in part.columns]
        self.labels: list[str] = []
        self.is_number: list[bool] = []
        for column, moments in zip(part.columns, self._moments, strict=True):
            self.labels.append(heading(column, _UNITS))
            self.is_number.append(column.unit is not None or column.kind == "number")
            if moments:
                self.labels.append(f"{column.label or column.name}: offset from UTC")
                self.is_number.append(False)
        self.widths = [len(label) + 2 for label in self.labels]

    def put(self, sheet: Worksheet, line: int, row: Row) -> None:
        """Write one row."""
        at, zone = 0, self._zone_of(row)
        for column, moments, value in zip(self._columns, self._moments, row, strict=True):
            self._put(sheet, line, at, column, value, row)
            at += 1
            if moments:
                local = when(value, zone)
                if isinstance(local, datetime):
                    sheet.write_string(line, at, offset(local))
                at += 1
        self._measured += 1

    def _put(self, sheet: Worksheet, line: int, at: int, column: Column, value: Any, row: Row) -> None:
        if value is None:
            return
        shown = ""
        if column.unit == "money" and not isinstance(value, str):
            shown = self._money(sheet, line, at, value, row)
        elif column.unit is not None or column.kind == "number":
            shown = self._number(sheet, line, at, column, value)
        elif column.kind == "time" or isinstance(value, date):
            shown = self._time(sheet, line, at, value, self._zone_of(row))
        else:
            shown = _text(sheet, line, at, str(value), None, self._sheets.guarded)
        if self._measured < MEASURED:
            self.widths[at] = max(self.widths[at], min(len(shown), WIDEST))

    def _money(self, sheet: Worksheet, line: int, at: int, value: Any, row: Row) -> str:
        named = row[self._currency_at] if self._currency_at is not None else None
        places = places_of(named or self._document.currency, self._document.exponents)
        exact = major(value, places)
        if exact is not None:
            sheet.write_number(line, at, float(exact), self._sheets.format("money", places))
        return f"{exact or 0:,.{places}f}"

    def _number(self, sheet: Worksheet, line: int, at: int, column: Column, value: Any) -> str:
        found = number(value)
        if found is None:
            return _text(sheet, line, at, value, None, self._sheets.guarded) if value == str(value) else ""
        kind = column.unit or "number"
        sheet.write_number(line, at, found / _PARTS.get(kind, 1), self._sheets.format(kind))
        return f"{found:,.1f}"

    def _time(self, sheet: Worksheet, line: int, at: int, value: Any, zone: ZoneInfo) -> str:
        local = when(value, zone)
        if isinstance(local, datetime):
            sheet.write_datetime(line, at, local.replace(tzinfo=None), self._sheets.format("moment"))
            return f"{local:%Y-%m-%d %H:%M:%S}"
        if isinstance(local, date):
            sheet.write_datetime(line, at, local, self._sheets.format("day"))
            return f"{local:%Y-%m-%d}"
        return _text(sheet, line, at, str(value), None, self._sheets.guarded)


def _text(sheet: Worksheet, line: int, at: int, text: str, style: Format | None, guarded: Format) -> str:
    """Write text as text; of one longer than a cell takes, it is said how much is missing."""
    if len(text) > MOST_CHARACTERS:
        end = f" … [the first {MOST_CHARACTERS - 60:,} of {len(text):,} characters]"
        text = text[: MOST_CHARACTERS - 60] + end
    sheet.write_string(line, at, text, guarded if style is None and is_formula(text) else style)
    return text
