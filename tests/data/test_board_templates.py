"""Templates are boards as one would lay them out by hand: full width, no holes, numbers on top."""

from __future__ import annotations

import pytest

from data.board_check import InvalidDocument, check
from data.board_templates import TEMPLATES, Template, template

every_template = pytest.mark.parametrize("found", TEMPLATES.values(), ids=list(TEMPLATES))


def test_there_is_one_for_each_job() -> None:
    assert list(TEMPLATES) == ["tonight", "on-sale", "promoter", "finance", "marketing", "season"]


@every_template
def test_its_document_can_be_kept(found: Template) -> None:
    check(found.document)
    assert template(found.name) is found
    assert found.description.endswith(".")


@every_template
def test_it_covers_twelve_columns_without_a_hole_or_an_overlap(found: Template) -> None:
    cells = [
        (x, y)
        for placed in found.document.widgets
        for x in range(placed.x, placed.x + placed.w)
        for y in range(placed.y, placed.y + placed.h)
    ]
    depth = max(y for _, y in cells) + 1
    assert sorted(cells) == [(x, y) for x in range(12) for y in range(depth)]


@every_template
def test_its_first_row_is_numbers_and_a_phone_reads_it_in_order(found: Template) -> None:
    widgets = found.document.widgets
    assert {placed.widget for placed in widgets if placed.y == 0} <= {"kpi", "live-figure", "countdown"}
    assert sorted(widgets, key=lambda placed: placed.phone) == sorted(
        widgets, key=lambda placed: (placed.y, placed.x)
    )
    assert [placed.phone for placed in widgets] == list(range(len(widgets)))


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidDocument, match=r"template: There is no such template.*Did you mean finance"):
        template("finances")
