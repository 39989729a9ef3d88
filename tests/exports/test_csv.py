"""CSV files are read back by Python's own reader: what a spreadsheet would see."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exports import csv as exports_csv
from exports.document import Document, Part
from tests.exports.tables import (
    AT,
    CURRENCY,
    EVENT,
    HOSTILE,
    MONEY,
    REVENUE,
    TICKETS,
    document,
    hostile_part,
)


def written(of: Document, **options: Any) -> bytes:
    file = io.BytesIO()
    exports_csv.write(of, file, **options)
    return file.getvalue()


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_table_says_what_it_is_and_has_exact_money_of_three_currencies() -> None:
    content = written(document(MONEY))

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert read(content) == [
        ["Revenue by day"],
        ["Organisation", "Riverside"],
        ["From", "Finance"],
        ["Venue", "Riverside Hall"],
        ["Range", "last 30 days"],
        ["Time zone", "Europe/London"],
        ["As of", "2026-11-20 18:22:05 +00:00"],
        ["Rows", "4 rows, all there are"],
        [],
        ["Day", "Event", "Currency", "Net revenue", "Tickets", "Fill (%)"],
        ["2026-11-18", "Gala", "GBP", "1234.56", "12", "61.5"],
        ["2026-11-18", "東京", "JPY", "123456", "3", ""],
        ["2026-11-19", "Refunds", "KWD", "-123.456", "-2", "100"],
        ["2026-11-19", "Nothing yet", "", "", "0", "0"],
    ]


def test_for_programs_there_is_only_the_table() -> None:
    content = written(document(MONEY), bom=False, preamble=False)

    assert content.startswith(b'"Day","Event"')
    assert len(read(content)) == 5


def test_numbers_stand_without_quotes_and_nothing_is_not_an_empty_text() -> None:
    content = written(document(MONEY), bom=False, preamble=False)

    assert content.split(b"\r\n")[4] == b'2026-11-19,"Nothing yet",,,0,0'


def test_no_cell_can_be_run_by_a_spreadsheet_and_no_name_is_lost() -> None:
    rows = read(written(document(hostile_part()), preamble=False))[1:]

    assert [row[0] for row in rows] == [f"'{name}" for name in HOSTILE[:11]] + HOSTILE[11:]
    assert {row[1] for row in rows} == {"-1"}


def test_titles_and_filters_cannot_be_run_either() -> None:
    hostile = replace(
        document(Part("=1+1", (EVENT,), [], 0, 0)), filters=(("@event", "+cmd"),), organisation="-x"
    )

    lines = read(written(hostile))

    assert lines[0] == ["'=1+1"]
    assert ["'@event", "'+cmd"] in lines
    assert ["Organisation", "'-x"] in lines


def test_the_hour_that_an_autumn_night_has_twice_stays_two_hours() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    part = Part(
        "Sales", (AT,), [(first,), ((first + timedelta(hours=1)).isoformat(),)], 2, 2, "Europe/London"
    )

    assert read(written(document(part), preamble=False))[1:] == [
        ["2026-10-25T01:30:00+01:00"],
        ["2026-10-25T01:30:00+00:00"],
    ]


def test_what_is_left_out_is_said() -> None:
    part = replace(MONEY, total=1004)

    assert ["Rows", "4 of 1,004 rows: 1,000 are not in this file"] in read(written(document(part)))


def test_an_empty_table_has_its_columns_and_says_that_it_is_empty() -> None:
    lines = read(written(document(Part("Nothing", (EVENT, TICKETS), [], 0, 0))))

    assert lines[-1] == ["Event", "Tickets"]
    assert ["Rows", "0 rows, all there are"] in lines


def test_a_board_is_an_archive_with_a_file_for_each_table() -> None:
    file = io.BytesIO()
    written = exports_csv.write_archive(document(MONEY, MONEY, hostile_part()), file)

    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["revenue-by-day.csv", "revenue-by-day-2.csv", "names.csv"]
        assert read(archive.read("revenue-by-day-2.csv"))[-1][1] == "Nothing yet"
    assert written == 8 + len(HOSTILE)


def test_a_long_table_flows_through_little_memory() -> None:
    rows = 20_000

    def flowing() -> Iterator[tuple[Any, ...]]:
        for number in range(rows):
            yield (
                datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number),
                f"Event {number}",
                "GBP",
                number,
            )

    class Sink(io.RawIOBase):
        size = 0

        def write(self, content: Any) -> int:
            self.size += len(content)
            return len(content)

    sink = Sink()
    told: list[int] = []
    part = Part("Sales", (AT, EVENT, CURRENCY, REVENUE), flowing(), rows, rows, "Europe/London")
    tracemalloc.start()
    count = exports_csv.write(document(part), sink, progress=told.append)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == rows
    assert told == [*range(1000, rows + 1, 1000), rows]
    assert sink.size > 1_000_000
    assert peak < 1_500_000


def test_a_document_of_several_tables_is_not_one_file() -> None:
    with pytest.raises(ValueError, match="unpack"):
        written(document(MONEY, MONEY))
