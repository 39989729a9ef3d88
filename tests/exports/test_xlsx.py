"""Workbooks are read back by openpyxl, which sees types, formats and formulas."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from exports import xlsx
from exports.document import Document, Part
from tests.exports.tables import AT, CURRENCY, EVENT, HOSTILE, MONEY, REVENUE, TICKETS, document, hostile_part


def read(of: Document, **options: Any) -> Workbook:
    file = io.BytesIO()
    xlsx.write(of, file, **options)
    return load_workbook(file)


def rows(workbook: Workbook, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in workbook[name].iter_rows(values_only=True)]


def test_a_sheet_has_a_heading_and_real_numbers_and_dates() -> None:
    workbook = read(document(MONEY))

    sheet = workbook["Revenue by day"]
    assert workbook.sheetnames == ["Revenue by day"]
    assert [row[:2] for row in rows(workbook, "Revenue by day")[:9]] == [
        ("Revenue by day", None),
        ("Organisation", "Riverside"),
        ("From", "Finance"),
        ("Venue", "Riverside Hall"),
        ("Range", "last 30 days"),
        ("Time zone", "Europe/London"),
        ("As of", "2026-11-20 18:22:05 +00:00"),
        ("Rows", "4 rows, all there are"),
        (None, None),
    ]
    assert rows(workbook, "Revenue by day")[9:] == [
        ("Day", "Event", "Currency", "Net revenue", "Tickets", "Fill"),
        (datetime(2026, 11, 18), "Gala", "GBP", 1234.56, 12, 0.615),  # noqa: DTZ001
        (datetime(2026, 11, 18), "東京", "JPY", 123456, 3, None),  # noqa: DTZ001
        (datetime(2026, 11, 19), "Refunds", "KWD", -123.456, -2, 1),  # noqa: DTZ001
        (datetime(2026, 11, 19), "Nothing yet", None, None, 0, 0),  # noqa: DTZ001
    ]
    assert [sheet.cell(row, 4).number_format for row in (11, 12, 13)] == ["#,##0.00", "#,##0", "#,##0.000"]
    assert sheet.cell(11, 1).number_format == "yyyy-mm-dd"
    assert sheet.cell(11, 6).number_format == "0.0%"
    assert sheet.freeze_panes == "A11"
    assert sheet.auto_filter.ref == "A10:F14"


def test_no_cell_is_a_formula_and_every_name_is_whole() -> None:
    workbook = read(document(hostile_part(), replace(hostile_part(), title="=1+1")))

    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}
    names = [row[0] for row in rows(workbook, "Names")[10:]]
    # How the format writes a carriage return, which openpyxl leaves as it stands.
    assert [name.replace("_x000D_", "\r") for name in names] == HOSTILE
    risky = [cell for cell in cells if cell.value in HOSTILE[:5]]
    assert len(risky) == 10
    assert all(cell.quotePrefix for cell in risky)


def test_the_first_sheet_of_a_board_lists_the_others_with_their_counts() -> None:
    empty = Part("Doors", (EVENT,), [], 0, 0)
    failed = Part("Broken", error="The figures could not be read.")
    workbook = read(document(replace(MONEY, total=10), empty, failed))

    assert workbook.sheetnames == ["Contents", "Revenue by day", "Doors", "Broken"]
    assert rows(workbook, "Contents")[-4:] == [
        ("Sheet", "Rows"),
        ("Revenue by day", "4 of 10 rows: 6 are not in this file"),
        ("Doors", "0 rows, all there are"),
        ("Broken", "The figures could not be read."),
    ]
    assert ("Note", "The figures could not be read.") in rows(workbook, "Broken")


def test_sheets_have_names_that_excel_takes_and_no_two_the_same() -> None:
    titles = ["Sales", "sales", "A/B: [x]?*\\", "'quoted'", "History", "x" * 40, "x" * 40, "", "🎟" * 20]
    workbook = read(document(*(Part(title, (EVENT,), [], 0, 0) for title in titles), title="Board"))

    assert workbook.sheetnames[1:] == [
        "Sales",
        "sales (2)",
        "A B x",
        "quoted",
        "History of sales",
        "x" * 31,
        "x" * 27 + " (2)",
        "Board",
        "🎟" * 15,
    ]


def test_moments_are_local_times_beside_their_offset() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    part = Part("Sales", (AT,), [(first,), (first + timedelta(hours=1),)], 2, 2, "Europe/London")

    assert rows(read(document(part)), "Sales")[9:] == [
        ("Sold at", "Sold at: offset from UTC"),
        (datetime(2026, 10, 25, 1, 30), "+01:00"),  # noqa: DTZ001
        (datetime(2026, 10, 25, 1, 30), "+00:00"),  # noqa: DTZ001
    ]


def test_more_rows_than_a_sheet_takes_go_on_in_the_next_one() -> None:
    part = Part("Sales", (TICKETS,), ((n,) for n in range(25)), 25, 25)

    workbook = read(document(part), most_rows=10)

    assert workbook.sheetnames == ["Sales", "Sales (2)", "Sales (3)"]
    assert rows(workbook, "Sales (2)")[0][0] == "Sales (continued, sheet 2)"
    found = [row[0] for name in workbook.sheetnames for row in rows(workbook, name)[10:]]
    assert found == list(range(25))


def test_a_text_longer_than_a_cell_says_that_it_is_cut() -> None:
    part = Part("Notes", (EVENT,), [("x" * 40_000,)], 1, 1)

    value = rows(read(document(part)), "Notes")[-1][0]

    assert value == "x" * 32_707 + " … [the first 32,707 of 40,000 characters]"


def test_days_as_text_are_dates_and_other_words_are_not() -> None:
    day = replace_kind()
    part = Part("Days", (day, EVENT), [("2026-11-20", "2026-11-20"), ("other", "x")], 2, 2)

    assert rows(read(document(part)), "Days")[10:] == [
        (datetime(2026, 11, 20), "2026-11-20"),  # noqa: DTZ001
        ("other", "x"),
    ]


def replace_kind() -> Any:
    return replace(EVENT, name="day", label="Day", kind="time")


def test_a_long_table_flows_through_little_memory_and_leaves_nothing_behind(tmp_path: Path) -> None:
    count = 20_000

    def flowing() -> Iterator[tuple[Any, ...]]:
        for number in range(count):
            yield (date(2026, 11, 1), f"Event {number}", "GBP", number)

    part = Part("Sales", (AT, EVENT, CURRENCY, REVENUE), flowing(), count, count)
    target = tmp_path / "sales.xlsx"
    with target.open("wb") as file:
        xlsx.write(document(Part("Warm", (EVENT,), [("x",)], 1, 1)), io.BytesIO())
        tracemalloc.start()
        written = xlsx.write(document(part), file, scratch=tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert written == count
    assert peak < 3_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["sales.xlsx"]


def test_rows_that_fail_half_way_leave_nothing_behind(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[Any, ...]]:
        yield ("one",)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        xlsx.write(document(Part("Sales", (EVENT,), failing(), 2, 2)), io.BytesIO(), scratch=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_lengths_of_time_are_times_that_a_sheet_can_count_with() -> None:
    stay = replace(TICKETS, name="average_stay", label="Average time inside", unit="seconds")
    part = Part("Stay", (EVENT, stay), [("Gala", 6120), ("Ball", 2_000_000)], 2, 2)
    workbook = read(document(part))
    assert rows(workbook, "Stay")[-3:] == [
        ("Event", "Average time inside (h:mm:ss)"),
        ("Gala", timedelta(hours=1, minutes=42)),
        ("Ball", timedelta(seconds=2_000_000)),
    ]
    assert workbook["Stay"].cell(workbook["Stay"].max_row, 2).number_format == "[h]:mm:ss"
