"""Boards are kept only with widgets that are there, and settings that those take."""

from __future__ import annotations

from typing import Any

import pytest

from data.board_check import Fault, InvalidDocument
from data.board_document import BoardDocument, Placed
from data.board_templates import TEMPLATES, Template
from widgets.documents import called, check, parse, settings_of
from widgets.registry import WIDGETS


def one(widget: str = "kpi", **settings: Any) -> dict[str, Any]:
    return {
        "widgets": [
            {"id": "a", "widget": "house-count"},
            {"id": "b", "widget": widget, "settings": settings, "x": 4},
        ]
    }


def faults(sent: object, kept: BoardDocument | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDocument) as caught:
        parse(sent, kept)
    return [(fault.path, fault.value) for fault in caught.value.faults]


def test_a_board_of_known_widgets_is_taken() -> None:
    assert parse(one(metric="net_revenue", curve=False)) == BoardDocument(
        widgets=(
            Placed(id="a", widget="house-count"),
            Placed(id="b", widget="kpi", settings={"metric": "net_revenue", "curve": False}, x=4),
        )
    )


def test_a_widget_that_is_not_there_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse(one("house-cuont"))
    assert caught.value.faults == [
        Fault(
            "widgets[1].widget",
            "house-cuont",
            "There is no widget “house-cuont”, but there is “house-count”.",
        )
    ]


def test_a_widget_is_called_by_its_title_else_as_its_frame_does_else_by_its_label() -> None:
    assert [
        called(Placed(id="a", widget=widget, title=title, settings=settings))
        for widget, title, settings in (
            ("kpi", "Takings", {"metric": "net_revenue"}),
            ("kpi", "", {"metric": "net_revenue"}),
            ("kpi", "", {"metric": "no_such_metric"}),
            ("channel-mix", "", {}),
            ("lost-and-found", "", {}),
        )
    ] == ["Takings", "Net revenue", "Key figure", WIDGETS["channel-mix"].label, "Lost and found"]


@pytest.mark.parametrize("name", sorted(WIDGETS))
def test_every_widget_has_something_to_be_called(name: str) -> None:
    assert called(Placed(id="a", widget=name)).strip()
    assert called(Placed(id="a", widget=name, settings=WIDGETS[name].example)).strip()


def test_settings_are_refused_by_their_place_and_value() -> None:
    assert faults(one(metric="net_revenu", colour="red", curve="perhaps")) == [
        ("widgets[1].settings.metric", "net_revenu"),
        ("widgets[1].settings.curve", "perhaps"),
        ("widgets[1].settings.colour", "red"),
    ]


def test_filters_that_nobody_understands_are_refused_unless_they_are_those_that_are_kept() -> None:
    filters = {"range": "bogus", "nope": "1", "venue": "not-id", "f.channel": "web\nshop"}
    with pytest.raises(InvalidDocument) as caught:
        parse({"filters": filters})
    assert [(fault.path, fault.detail) for fault in caught.value.faults] == [
        ("filters.venue", "It is not the id of one venue."),
        ("filters.range", "It is no span of time."),
        ("filters.nope", "There is no such parameter."),
    ]
    kept = BoardDocument.model_validate({"filters": filters})
    assert parse({"filters": filters}, kept).filters == filters | {"f.channel": ("web", "shop")}
    assert parse({"filters": {"range": "7d", "f.channel": "web\nshop"}}).filters["range"] == "7d"


@pytest.mark.parametrize("found", TEMPLATES.values(), ids=list(TEMPLATES))
def test_every_template_has_widgets_that_are_there_large_enough_and_set_right(found: Template) -> None:
    check(found.document)
    small = [
        placed.widget
        for placed in found.document.widgets
        if placed.w < WIDGETS[placed.widget].smallest[0] or placed.h < WIDGETS[placed.widget].smallest[1]
    ]
    assert small == []


def test_what_was_kept_before_may_stay_as_it_is() -> None:
    kept = BoardDocument(
        widgets=(Placed(id="b", widget="gone"), Placed(id="c", widget="kpi", settings={"old": 1}))
    )
    moved = {
        "widgets": [
            {"id": "b", "widget": "gone", "x": 4},
            {"id": "c", "widget": "kpi", "settings": {"old": 1}},
        ]
    }
    assert parse(moved, kept).widgets[0].x == 4
    with pytest.raises(InvalidDocument):
        check(kept)
    changed = {"widgets": [{"id": "b", "widget": "gone", "settings": {"a": 1}}]}
    assert faults(changed, kept) == [("widgets[0].widget", "gone")]


def test_the_shape_is_refused_before_the_widgets_are_looked_at() -> None:
    assert faults({"widgets": [{"id": "a", "widget": "nowhere", "w": 13}]}) == [("widgets[0].w", "13")]


def test_a_widget_by_itself_is_checked_as_well() -> None:
    assert settings_of("kpi", {"metric": "orders"}).settings == {"metric": "orders"}
    with pytest.raises(InvalidDocument, match=r"settings\.metric"):
        settings_of("kpi", {"metric": "sales"})
    with pytest.raises(KeyError, match="there is no widget “kpis”, but there is “kpi”"):
        settings_of("kpis", {})
