"""Every widget there is, in every format: what the gallery shows can be taken away."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from dash import dcc, html
from openpyxl import load_workbook
from pypdf import PdfReader

from data.answers import Answer
from data.board_document import Placed
from exports import csv as exports_csv
from exports import pdf, xlsx
from exports.compose import parts_of, spoken
from exports.document import Document, Part
from exports.svg import picture
from widgets.draw import draw
from widgets.registry import WIDGETS
from widgets.sample import sample, sample_answers, sample_scope

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


def test_words_of_a_component_are_lines_of_its_blocks() -> None:
    body = html.Div([html.B("Doors"), html.P(["at ", 19, ":00"]), dcc.Markdown("# Hello\n\nthere"), None])

    assert spoken(body) == "Doors\nat 19:00\n# Hello\nthere"


def test_a_note_is_its_lines() -> None:
    text = "# Tonight\n\n- Doors **19:00**\n- quiet\n\n1. one\n2. two\n\n> said\n\nlast\nline"
    drawn = draw(Placed(id="n", widget="note", settings={"text": text}), SCOPE, {})

    (part,) = parts_of("n", drawn)

    assert part.notes == ["Tonight", "• Doors 19:00", "• quiet", "1. one", "2. two", "said", "last", "line"]
    assert part.rows_said == ""


def test_a_part_without_figures_has_the_zone_of_the_look() -> None:
    refused = {name: PermissionError() for name in WIDGETS["kpi"].needs(WIDGETS["kpi"].settings(), SCOPE)}
    (part,) = parts_of("one", draw(Placed(id="one", widget="kpi"), SCOPE, refused))
    assert part.error
    assert ("Time zone", "Europe/London") in Document("Board", NOW, "Europe/London").about(part)


def test_a_widget_without_figures_is_exported_as_empty_in_every_format() -> None:
    widget = WIDGETS["top-places"]
    asked = widget.needs(widget.settings(), SCOPE)
    answers = sample_answers(widget, widget.settings(), SCOPE)
    nothing = {name: replace(cast(Answer, answers[name]), rows=[], total_rows=0) for name in asked}
    parts = parts_of("one", draw(Placed(id="one", widget="top-places"), SCOPE, nothing))
    document = replace(all_widgets(parts), filters=(("Range", "Last 30 days"),))
    table, book, paper = io.BytesIO(), io.BytesIO(), io.BytesIO()

    exports_csv.write(document, table)
    xlsx.write(document, book)
    pdf.write(document, paper)

    head = [
        ["Range", "Last 30 days"],
        ["Time zone", "Europe/London"],
        ["As of", "2026-11-20 18:22:00 +00:00"],
        ["Rows", "0 rows, all there are"],
        ["Note", "Nothing to show"],
        ["", "Nothing in this range yet."],
    ]
    read = [row for row in csv.reader(io.StringIO(table.getvalue().decode("utf-8-sig"))) if row]
    assert [row for row in read if row in head] == head
    sheet = load_workbook(book).worksheets[0]
    cells = [[str(value or "") for value in row] for row in sheet.iter_rows(max_col=2, values_only=True)]
    assert [row for row in cells if row in head] == head
    text = " ".join(PdfReader(paper).pages[0].extract_text().split())
    assert "Range: Last 30 days" in text
    assert "Nothing to show Nothing in this range yet. 0 rows, all there are." in text
    assert "As of 20 Nov 2026, 18:22 Europe/London" in text
