"""Odd files as people have them, and hostile ones: what is in them, or why they are not read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ingest.files import values
from ingest.files.cells import Cell, Unreadable
from ingest.files.columns import ImportKind, suggested
from ingest.files.detect import guess_dates, guess_decimal, propose, rows_of
from ingest.files.layout import Dates
from ingest.refusal import Refused
from tests.files.conftest import csv_file

HEAD = "Event,Sold at,Amount"


def every(path: Path, kind: ImportKind = "sales") -> list[list[Cell]]:
    """All cells of a file, read as proposed."""
    with rows_of(path, propose(path, kind).layout) as source:
        return [cells for _, cells in source]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_unicode_is_recognised_with_and_without_its_mark(tmp_path: Path, encoding: str) -> None:
    path = csv_file(tmp_path, ["Veranstaltung\tVerkauft am\tBetrag", "Café\t2025-11-21 19:30\t1"], encoding)
    found = propose(path, "sales")
    assert found.layout.unsure == ()
    assert found.headings == ["Veranstaltung", "Verkauft am", "Betrag"]
    assert found.layout.columns == {
        "Veranstaltung": "event_id",
        "Verkauft am": "purchased_at",
        "Betrag": "amount",
    }
    assert found.rows == [(2, ["Café", "2025-11-21 19:30", "1"])]


def test_a_letter_at_the_very_end_tells_that_a_file_is_no_unicode(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, [HEAD, *["Gala,2025-11-21 19:30,1"] * 60_000, "Fête,2025-11-21 19:30,1"], "cp1252"
    )
    layout = propose(path, "sales").layout
    assert (layout.encoding, layout.unsure) == ("windows-1252", ("encoding",))


def test_quotes_hold_delimiters_and_line_ends_and_a_first_line_names_the_delimiter(tmp_path: Path) -> None:
    path = csv_file(tmp_path, ["sep=|", "Event|Sold at|Amount", '"Gala\r\n|""big"""|2025-11-21 19:30|1'])
    assert every(path)[1] == ['Gala\r\n|"big"', "2025-11-21 19:30", "1"]
    assert propose(path, "sales").layout.unsure == ()


def test_a_title_and_merged_cells_above_the_headings_are_passed_over(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Sales of November"])
    sheet.append([])
    sheet.append(["Event", "When", None, "Money"])
    sheet.merge_cells("B3:C3")
    sheet.append(["Event", "Date", "Time", "Amount"])
    sheet.append(["Gala", datetime.fromisoformat("2025-11-21T00:00"), time(19, 30), 12.5])
    sheet.append(["Ball", 45982, 0.8125, "=D5*2"])
    sheet["A7"] = "Rest"
    sheet["D7"] = 1e-3 + 0.1 + 0.2
    path = tmp_path / "merged.xlsx"
    book.save(path)
    found = propose(path, "sales")
    # The row above has as many headings as the one that is meant, but for one: people may choose the other.
    assert found.layout.header in (3, 4)
    with rows_of(path, found.layout) as source:
        rows = dict(source)
    assert rows[5] == ["Gala", datetime.fromisoformat("2025-11-21T00:00"), time(19, 30), Decimal("12.5")]
    assert rows[6] == ["Ball", Decimal(45982), Decimal("0.8125")]  # Excel never worked the formula out.
    assert rows[7] == ["Rest", None, None, Decimal("0.301")]


def test_numbers_of_days_are_dates_only_when_somebody_says_so(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEAD, "Gala,45982.8125,1"])
    layout = propose(path, "sales").layout
    assert (layout.dates, layout.unsure) == ("serial", ("dates",))
    assert values.moment("45982.8125", "purchased_at", "serial") == datetime.fromisoformat("2025-11-21T19:30")
    with pytest.raises(Refused):
        values.moment("45982.8125", "purchased_at", "day-first")


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["03/04/2026", "04/03/2026"], ("day-first", False)),
        (["03/04/2026", "13/03/2026"], ("day-first", True)),
        (["03/04/2026", "04/13/2026"], ("month-first", True)),
        (["13/03/2026", "04/13/2026"], ("day-first", False)),
        (["03.04.2026"], ("iso", True)),
        (["2026-04-03"], ("iso", True)),
    ],
)
def test_the_order_of_dates_is_asked_where_they_do_not_tell(
    cells: list[Cell], found: tuple[Dates, bool]
) -> None:
    assert guess_dates(cells) == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1.234", "5.678"], ("point", False)),
        (["1,234"], ("point", False)),
        (["1.234,50"], ("comma", True)),
        (["12,5", "1.234"], ("comma", True)),
        (["1,234.50"], ("point", True)),
        (["1.234.567"], ("comma", True)),
        (["12", "€ 13"], ("point", True)),
        (["1,5", "1.5"], ("comma", False)),
    ],
)
def test_the_decimal_mark_is_asked_where_amounts_do_not_tell(
    cells: list[Cell], found: tuple[str, bool]
) -> None:
    assert guess_decimal(cells) == found


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1.234,50 €", "comma", "1234.50"),
        ("CHF 1’234.50", "point", "1234.50"),
        ("(12.50)", "point", "-12.50"),
        ("12,50-", "comma", "-12.50"),
        ("−3", "point", "-3"),
        ("1 234,5", "comma", "1234.5"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, mark: Any, amount: str) -> None:
    assert values.amount(text, "amount", mark) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "mark"), [("12.50", "comma"), ("1,23,4", "point"), ("1e9", "point"), ("NaN", "point")]
)
def test_amounts_of_another_mark_are_refused_and_not_multiplied(text: str, mark: Any) -> None:
    with pytest.raises(Refused, match="decimal"):
        values.amount(text, "amount", mark)


@pytest.mark.parametrize(
    ("text", "dates", "moment"),
    [
        ("21.11.2025 19:30", "iso", datetime.fromisoformat("2025-11-21T19:30")),
        ("21/11/25 7:30 PM", "day-first", datetime.fromisoformat("2025-11-21T19:30")),
        ("11/21/2025 12:05 am", "month-first", datetime.fromisoformat("2025-11-21T00:05")),
        ("2025-11-21T19:30:15Z", "iso", datetime.fromisoformat("2025-11-21T19:30:15+00:00")),
        ("21.11.2025, 19.30 Uhr", "iso", datetime.fromisoformat("2025-11-21T19:30")),
        ("21-11-2025", "day-first", date(2025, 11, 21)),
        ("19h30", "iso", time(19, 30)),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, dates: Dates, moment: object) -> None:
    assert values.moment(text, "purchased_at", dates) == moment


def test_headings_of_a_german_box_office_are_understood() -> None:
    headings = ["Veranstaltung", "Verkaufsdatum", "Uhrzeit", "Preis", "Anzahl", "Bestellnummer", "Straße"]
    assert suggested("sales", headings) == {
        "Veranstaltung": "event_id",
        "Verkaufsdatum": "purchased_at",
        "Preis": "amount",
        "Anzahl": "quantity",
        "Bestellnummer": "order_id",
    }


def packed(folder: Path, parts: dict[str, bytes]) -> Path:
    """An archive that says it is a workbook."""
    path = folder / "hostile.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


BOOK = {
    "xl/workbook.xml": b'<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="r1" Target="worksheets/s.xml"/>'
    b"</Relationships>",
}
SHEET = "xl/worksheets/s.xml"


def sheet(rows: bytes) -> bytes:
    return b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"


def wide(name: str) -> bytes:
    return b'<row r="1"><c r="%s1" t="str"><v>x</v></c></row>' % name.encode()


BOMB = (
    b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<worksheet><sheetData>&b;</sheetData></worksheet>"
)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: packed(folder, BOOK | {SHEET: sheet(b" " * (70 << 20))}), "too-large"),
        (lambda folder: packed(folder, BOOK | {SHEET: BOMB}), "broken-file"),
        (lambda folder: packed(folder, BOOK | {SHEET: sheet(wide("XFD"))}), "too-many-columns"),
        (
            lambda folder: packed(folder, BOOK | {SHEET: sheet(b'<row><c t="s"><v>9</v></c></row>')}),
            "broken-file",
        ),
        (
            lambda folder: packed(
                folder, BOOK | {SHEET: sheet(b'<row><c t="str"><v>' + b"x" * 40_000 + b"</v></c></row>")}
            ),
            "cell-too-long",
        ),
        (lambda folder: packed(folder, BOOK), "no-sheet"),
        (lambda folder: packed(folder, {"mimetype": b"application/vnd.oasis"}), "unknown-format"),
        (lambda folder: csv_file(folder, [HEAD, '"Gala,' + "x" * 200_000]), "broken-file"),
        (lambda folder: csv_file(folder, [",".join("x" * 300)]), "too-many-columns"),
        (lambda folder: csv_file(folder, ["", "", ""]), "no-rows"),
    ],
)
def test_hostile_and_broken_files_are_refused_by_name(
    tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(Unreadable) as refused:
        propose(path, "sales")
    assert refused.value.code == code


def test_old_excel_files_and_pictures_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(Unreadable, match=r"Save it as \.xlsx"):
        propose(path, "sales")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(600))
    with pytest.raises(Unreadable, match="no spreadsheet"):
        propose(path, "sales")


def test_a_cut_workbook_is_no_workbook(tmp_path: Path) -> None:
    book = Workbook()
    book.save(tmp_path / "whole.xlsx")
    path = tmp_path / "cut.xlsx"
    path.write_bytes((tmp_path / "whole.xlsx").read_bytes()[:-200])
    with pytest.raises(Unreadable, match="damaged"):
        propose(path, "sales")
