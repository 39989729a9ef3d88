"""What holds of every widget there is, drawn with its sample figures."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from components.markup import markup
from components.widget_frame import frame
from data.access import Access
from data.answers import Answer
from data.board_document import Placed
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from data.needs import LiveNight
from data.query_check import checked
from widgets.draw import Drawn, draw
from widgets.registry import GROUPS, WIDGETS
from widgets.sample import sample, sample_answers, sample_scope
from widgets.tables import cells
from widgets.widget import Widget

SCOPE = sample_scope(datetime(2026, 11, 20, 19, 42, 7, tzinfo=UTC))
HOSTILE = "<img src=x onerror=alert(1)>&\"'</script>"

every_widget = pytest.mark.parametrize("widget", WIDGETS.values(), ids=list(WIDGETS))


def settings(widget: Widget[Any]) -> Any:
    return widget.settings.model_validate(widget.example)


def placed(widget: Widget[Any]) -> Placed:
    return Placed(id="one", widget=widget.name, settings=widget.example)


def drawn(widget: Widget[Any], change: Any = lambda answer: answer, **scope: Any) -> Drawn:
    """The widget with its sample figures, each answer changed first."""
    answers = sample_answers(widget, settings(widget), SCOPE)
    return draw(
        placed(widget), replace(SCOPE, **scope), {name: change(answer) for name, answer in answers.items()}
    )


def asks(widget: Widget[Any]) -> list[Any]:
    return list(widget.needs(settings(widget), SCOPE).values())


@every_widget
def test_its_sample_is_drawn_in_its_frame(widget: Widget[Any]) -> None:
    shown = sample(widget, SCOPE)
    assert (shown.state, shown.error) == ("drawn", "")
    assert shown.sub.startswith("Sample")
    html = markup(frame(placed(widget), shown, editable=True))
    assert shown.title in html
    assert 'aria-label="Move ' in html


@every_widget
def test_its_summary_is_a_sentence(widget: Widget[Any]) -> None:
    summary = drawn(widget).summary
    assert len(summary) > 10
    assert summary[0] == summary[0].upper()
    assert summary[-1] in ".!?…"
    assert "None" not in summary


@every_widget
def test_its_figure_is_plain_and_says_its_values_when_hovered(widget: Widget[Any]) -> None:
    shown = drawn(widget)
    if shown.figure is None:
        assert widget.figure is None
        return
    assert json.loads(json.dumps(shown.figure)) == shown.figure
    assert "template" not in shown.figure["layout"]
    said = [trace for trace in shown.figure["data"] if trace.get("hoverinfo") != "skip"]
    assert said
    for trace in said:
        assert trace["hovertemplate"].endswith("<extra></extra>")
        assert "customdata" in trace or "text" in trace


@every_widget
def test_its_tables_name_their_columns_and_have_as_many_cells(widget: Widget[Any]) -> None:
    for table in drawn(widget).tables:
        assert len({column.name for column in table.columns}) == len(table.columns)
        assert all(column.label for column in table.columns)
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert table.total_rows >= len(table.rows)
        if any(column.unit == "money" for column in table.columns):
            assert "currency" in [column.name for column in table.columns]
        assert all(isinstance(cell, str) for row in cells(table) for cell in row)


@every_widget
def test_without_figures_it_says_so(widget: Widget[Any]) -> None:
    def nothing(answer: Any) -> Any:
        if isinstance(answer, Answer):
            return replace(answer, rows=[], total_rows=0)
        return None if isinstance(answer, dict) else []

    if asks(widget):
        shown = drawn(widget, nothing)
        assert (shown.state, shown.error) == ("empty", "")
        assert "w-state" in markup(shown.body)
        assert shown.summary.startswith(shown.title)


@every_widget
def test_a_failed_question_is_named_in_its_place(widget: Widget[Any]) -> None:
    if asks(widget):
        shown = drawn(widget, lambda _: ValueError("the metric “ticketz” is not known"))
        assert shown.state == "failed"
        assert shown.error == "This cannot be answered: The metric “ticketz” is not known."
        assert shown.title


@every_widget
def test_masked_it_shows_no_money_and_says_so(widget: Widget[Any]) -> None:
    money = {"£", "GBP"}
    shown = drawn(widget, masked=True)
    text = markup(frame(placed(widget), shown, editable=False)) + json.dumps(shown.figure)
    assert not [sign for sign in money if sign in text]
    asked = [query for query in asks(widget) if isinstance(query, MetricQuery)]
    if any(CATALOGUE[name].in_currency for query in asked for name in query.metrics):
        assert shown.state == "masked" or "amounts hidden" in shown.sub.lower()


@every_widget
def test_senders_words_are_never_markup(widget: Widget[Any]) -> None:
    def hostile(answer: Any) -> Any:
        if isinstance(answer, Answer):
            text = [i for i, c in enumerate(answer.columns) if c.kind == "text" and c.name != "currency"]
            rows = [
                tuple(HOSTILE + str(n) if i in text else v for i, v in enumerate(row))
                for n, row in enumerate(answer.rows)
            ]
            return replace(answer, rows=rows)
        if isinstance(answer, list):
            words = ("name", "text", "author", "venueName")
            return [{k: HOSTILE if k in words else v for k, v in each.items()} for each in answer]
        answer["event"] |= {"name": HOSTILE, "venueName": HOSTILE}
        for item in answer["attendance"]["gates"] + answer["capacity"]["zones"]:
            item["name"] = HOSTILE
        return answer

    shown = drawn(widget, hostile)
    assert shown.state == "drawn", shown.error
    assert "<img src=x" not in markup(frame(placed(widget), shown, editable=True))
    if shown.figure is not None:
        for trace in shown.figure["data"]:
            # The second of the two is the raw value to filter by, which is never shown.
            trace["customdata"] = [pair[0] for pair in trace.get("customdata", [])]
        shown.figure["layout"].pop("meta", None)
        assert "<img" not in json.dumps(shown.figure)


@every_widget
def test_it_asks_only_for_what_the_catalogue_has(widget: Widget[Any]) -> None:
    for query in [each for each in asks(widget) if isinstance(each, MetricQuery)]:
        for name in query.metrics:
            assert set(query.dimensions) <= set(CATALOGUE[name].dimensions), name
        assert set(query.dimensions) <= DIMENSIONS.keys()


@every_widget
def test_it_is_described_and_sized(widget: Widget[Any]) -> None:
    assert widget.group in GROUPS
    assert widget.description.endswith(".")
    assert widget.smallest[0] <= widget.size[0] <= 12
    assert widget.smallest[1] <= widget.size[1] <= 12
    assert bool(widget.live) == any(isinstance(need, LiveNight) for need in asks(widget))


@every_widget
def test_unknown_settings_are_refused_by_name(widget: Widget[Any]) -> None:
    shown = draw(Placed(id="one", widget=widget.name, settings={"colour": "red"}), SCOPE, {})
    assert shown.state == "invalid"
    assert "colour" in shown.error


@every_widget
def test_what_it_asks_as_it_comes_from_the_gallery_can_be_answered(widget: Widget[Any]) -> None:
    as_it_comes = widget.settings.model_validate({})
    for need in widget.needs(as_it_comes, SCOPE).values():
        if isinstance(need, MetricQuery):
            assert checked(need, Access(uuid4()))
