"""Every widget there is, in every format: what the gallery shows can be taken away."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from dash import dcc, html
from openpyxl import load_workbook
from pypdf import PdfReader

from exports import csv as exports_csv
from exports import pdf, xlsx
from exports.compose import parts_of, spoken
from exports.document import Document, Part
from exports.svg import picture
from widgets.registry import WIDGETS
from widgets.sample import sample, sample_scope

NOW = datetime(2026, 11, 20, 18, 22, tzinfo=UTC)
SCOPE = sample_scope(NOW)


def board() -> list[Part]:
    parts: list[Part] = []
    for name in WIDGETS:
        parts += parts_of(name, sample(WIDGETS[name], SCOPE), (0, 0, 6, 4))
    return parts


def all_widgets(parts: list[Part]) -> Document:
    return Document("Everything", NOW, "Europe/London", "GBP", "Riverside", (), parts, {"GBP": 2})


@pytest.mark.parametrize("name", WIDGETS)
def test_every_widget_has_a_table_or_words_and_a_picture_that_can_be_drawn(name: str) -> None:
    parts = parts_of(name, sample(WIDGETS[name], SCOPE))

    assert parts[0].error == ""
    assert any(part.columns for part in parts) or parts[0].text or parts[0].photo
    assert all(len(row) == len(part.columns) for part in parts for row in part.rows)
    if parts[0].figure is not None:
        assert picture(parts[0].figure, 372, 220).count("<") > 8


def test_a_board_of_all_of_them_is_written_and_read_in_every_format() -> None:
    parts = board()
    tables = [part for part in parts if part.columns]
    book, archive, paper = io.BytesIO(), io.BytesIO(), io.BytesIO()

    assert xlsx.write(all_widgets(parts), book) == sum(part.count for part in tables)
    exports_csv.write_archive(all_widgets(parts), archive)
    pdf.write(all_widgets(parts), paper)

    assert len(load_workbook(book, read_only=True).sheetnames) == len(parts) + 1
    with zipfile.ZipFile(archive) as files:
        read = [
            list(csv.reader(io.StringIO(files.read(name).decode("utf-8-sig")))) for name in files.namelist()
        ]
    assert len(read) == len(parts)
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(paper).pages).split())
    assert [part.title for part in parts if part.title.split(":")[0] not in text] == []


def test_words_of_a_component_are_lines() -> None:
    body = html.Div([html.B("Doors"), html.P(["at ", 19, ":00"]), dcc.Markdown("# Hello\n\nthere"), None])

    assert spoken(body) == "Doors\nat\n19\n:00\n# Hello\nthere"
