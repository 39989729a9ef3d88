"""Groups that are too small to be told apart, as widgets show them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from components.markup import markup
from data.answers import Answer
from data.board_document import Placed
from data.query_rows import FEWER
from widgets.draw import Drawn, draw, needs
from widgets.sample import sample_answer, sample_scope

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))


def drawn(widget: str, *rows: tuple[Any, ...], **settings: object) -> Drawn:
    placed = Placed(id="one", widget=widget, settings={"metric": "tickets_sold", **settings})
    [(name, need)] = needs(placed, SCOPE).items()
    answer = sample_answer(need, SCOPE)
    assert isinstance(answer, Answer)
    width = len(answer.columns)
    told = [(*row, *([None] * (width - len(row)))) for row in rows]
    return draw(placed, SCOPE, {name: replace(answer, rows=told, total_rows=len(told), suppressed=True)})


@pytest.mark.parametrize("widget", ["geography-map", "top-places"])
def test_they_are_one_row_of_the_table_and_said_to_be_there(widget: str) -> None:
    settings = {"place": "country"} if widget == "top-places" else {}
    found = drawn(widget, ("GB", 40), ("DE", 9), (FEWER, 6), **settings)
    assert found.state == "drawn", found.error
    assert [row[0] for row in found.tables[0].rows] == ["United Kingdom", "Germany", "Fewer than 5 each"]
    assert "fewer than 5 people from one place are not told apart" in found.sub
    if widget == "top-places":
        assert "Fewer than 5" in markup(found.body)


def test_the_map_names_no_country_that_is_none() -> None:
    assert drawn("geography-map", (FEWER, 60), ("GB", 40)).summary.startswith(
        "Tickets sold from 1 country, most from United Kingdom with 40"
    )
    assert "no country is known" in drawn("geography-map", (FEWER, 6)).summary


def test_a_map_tells_small_countries_from_none() -> None:
    body = markup(drawn("geography-map", ("GB", 60), (FEWER, 30), (None, 10)).body, charts=True)
    assert "30% from countries with fewer than 5 people each, 10% without a country on the map" in body
    assert drawn("geography-map", ("GB", 60), (FEWER, 40)).summary == (
        "Tickets sold from 1 country, most from United Kingdom with 60 tickets;"
        " 40% from countries with fewer than 5 people each."
    )


@pytest.mark.parametrize("widget", ["geography-map", "top-places"])
def test_figures_that_are_not_told_are_not_said_to_be_missing(widget: str) -> None:
    found = drawn(widget)
    assert (found.state, found.error) == ("empty", "")
    assert "too few people. Figures of fewer than 5 people from one place are not told." in found.summary
    assert "Too few people" in markup(found.body)


@pytest.mark.parametrize("kind", ["bar", "flat", "donut"])
def test_what_stands_for_several_filters_by_nothing(kind: str) -> None:
    found = custom(kind, ["country"], ("GB", 40), (None, 9), (FEWER, 6))
    points = [point for trace in traces(found) for point in trace["customdata"]]
    assert [point[1] for point in points] == ["GB", "", None]
    assert "Fewer than 5 each" in points[2][0]


def test_what_stands_for_several_is_no_part_to_filter_by_and_comes_last_in_a_pivot() -> None:
    cells = ((FEWER, "web", 30), ("GB", "web", 9), (None, "web", 40))
    keys = {
        point[1]
        for trace in traces(custom("stacked", ["channel", "country"], *((b, a, v) for a, b, v in cells)))
        for point in trace["customdata"]
    }
    assert keys == {"GB", "", None}
    pivot = drawn("pivot", *cells, down="country", across="channel")
    words = re.findall(r'<th scope="row"[^>]*>([^<]*)<', markup(pivot.body))
    assert words == ["United Kingdom", "Fewer than 5 each", "Not known"]


def custom(kind: str, dimensions: list[str], *rows: tuple[Any, ...]) -> Drawn:
    settings = {"kind": kind, "metrics": ["tickets_sold"], "dimensions": dimensions}
    placed = Placed(id="one", widget="custom", settings=settings)
    [(name, need)] = needs(placed, SCOPE).items()
    answer = sample_answer(need, SCOPE)
    assert isinstance(answer, Answer)
    return draw(placed, SCOPE, {name: replace(answer, rows=list(rows), total_rows=len(rows))})


def traces(found: Drawn) -> list[dict[str, Any]]:
    assert found.figure is not None, found.error
    data: list[dict[str, Any]] = found.figure["data"]
    return data
