"""Rows of venues in several zones: each time by its own venue's clock, in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Any

from openpyxl import load_workbook
from pypdf import PdfReader

from data.answers import Column
from exports import csv as exports_csv
from exports import pdf, xlsx
from exports.document import Document, Part
from tests.exports.tables import document

ROWS = Part(
    "Scans",
    (
        Column("time", "Time", "time"),
        Column("time_zone", "Time zone", "text"),
        Column("venue", "Venue", "text"),
    ),
    [
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", "The Pier"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", "The Pier"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "Asia/Kathmandu", "Stupa Yard"),
    ],
    count=3,
    total=3,
)
SAID = ["Time zone", "each venue's own, in the column Time zone"]


def bytes_of(write: Callable[..., int], of: Document) -> IO[bytes]:
    file = io.BytesIO()
    assert write(of, file) == 3
    file.seek(0)
    return file


def test_in_csv_each_moment_has_the_offset_of_its_venue() -> None:
    text = bytes_of(exports_csv.write, document(ROWS)).read().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert SAID in lines
    assert lines[-4:] == [
        ["Time", "Time zone", "Venue"],
        ["2026-11-01T01:30:00-04:00", "America/New_York", "The Pier"],
        ["2026-11-01T01:30:00-05:00", "America/New_York", "The Pier"],
        ["2026-11-01T12:15:00+05:45", "Asia/Kathmandu", "Stupa Yard"],
    ]


def test_in_a_workbook_each_cell_is_local_and_its_offset_stands_beside_it() -> None:
    sheet = load_workbook(bytes_of(xlsx.write, document(ROWS)))["Scans"]
    rows: list[Any] = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert SAID in [row[:2] for row in rows]
    assert rows[-4:] == [
        ["Time", "Time: offset from UTC", "Time zone", "Venue"],
        [datetime(2026, 11, 1, 1, 30), "-04:00", "America/New_York", "The Pier"],  # noqa: DTZ001
        [datetime(2026, 11, 1, 1, 30), "-05:00", "America/New_York", "The Pier"],  # noqa: DTZ001
        [datetime(2026, 11, 1, 12, 15), "+05:45", "Asia/Kathmandu", "Stupa Yard"],  # noqa: DTZ001
    ]


def test_on_paper_each_time_is_local_beside_its_zone() -> None:
    pages = PdfReader(bytes_of(pdf.write, document(ROWS))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())
    assert "1 Nov 2026, 01:30 EDT America/New_York The Pier" in text
    assert "1 Nov 2026, 01:30 EST America/New_York The Pier" in text
    assert "1 Nov 2026, 12:15 Asia/Kathmandu Stupa Yard" in text
