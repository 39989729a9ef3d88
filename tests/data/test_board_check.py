"""Hostile and broken documents are refused, each fault named by its place and value."""

from __future__ import annotations

from typing import Any

import pytest

from data.board_check import Fault, InvalidDocument, check, parse
from data.board_document import BoardDocument, Placed

ONE = {"id": "a", "widget": "house-count"}


def faults(sent: object) -> list[Fault]:
    with pytest.raises(InvalidDocument) as caught:
        parse(sent)
    return caught.value.faults


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": value}
    return value


def test_a_document_is_taken_as_it_is_sent() -> None:
    sent = {
        "widgets": [ONE | {"x": 8, "w": 4, "settings": {"a": [1.5, "ü", None, True]}}],
        "filters": {"venue": "v"},
    }
    assert parse(sent) == BoardDocument(
        widgets=(Placed(id="a", widget="house-count", x=8, settings={"a": [1.5, "ü", None, True]}),),
        filters={"venue": "v"},
    )


@pytest.mark.parametrize(
    ("sent", "path", "value"),
    [
        ([], "document", "list of 0"),
        (None, "document", "null"),
        ({"widgets": {}}, "widgets", "dict of 0"),
        ({"widgets": [ONE, "x"]}, "widgets[1]", "x"),
        ({"widgets": [{"widget": "x"}]}, "widgets[0].id", "dict of 1"),
        ({"widgets": [ONE | {"id": "a b"}]}, "widgets[0].id", "a b"),
        ({"widgets": [ONE | {"w": 13}]}, "widgets[0].w", "13"),
        ({"widgets": [ONE | {"x": -1}]}, "widgets[0].x", "-1"),
        ({"widgets": [ONE | {"x": 1.5}]}, "widgets[0].x", "1.5"),
        ({"widgets": [ONE | {"y": 10**30}]}, "widgets[0].y", "1" + "0" * 30),
        ({"widgets": [ONE | {"colour": "red"}]}, "widgets[0].colour", "red"),
        ({"widgets": [ONE | {"settings": []}]}, "widgets[0].settings", "list of 0"),
        ({"widgets": [ONE | {"title": "x" * 121}]}, "widgets[0].title", "x" * 79 + "…"),
        ({"filters": {"venue": 1}}, "filters.venue", "1"),
        ({"name": "x"}, "name", "x"),
        ({"widgets": [ONE | {"x": 9, "w": 4}]}, "widgets[0].w", "4"),
        ({"widgets": [ONE, ONE]}, "widgets[1].id", "a"),
        ({"widgets": [ONE | {"title": "a\0"}]}, "widgets[0].title", "a\0"),
        ({"widgets": [ONE | {"settings": {"a": "\ud800"}}]}, "widgets[0].settings.a", "\\ud800"),
        ({"widgets": [ONE | {"settings": {"a": [0, float("nan")]}}]}, "widgets[0].settings.a[1]", "nan"),
        ({"widgets": [ONE | {"settings": {"a": float("inf")}}]}, "widgets[0].settings.a", "inf"),
        ({"widgets": [ONE | {"settings": {"a": 2**63}}]}, "widgets[0].settings.a", "…"),
        ({"widgets": [ONE | {"settings": {"a": {1, 2}}}]}, "widgets[0].settings.a", "set"),
        ({"widgets": [ONE | {"settings": {"a\0": 1}}]}, "widgets[0].settings.a\0", "a\0"),
        ({"filters": {f"f{n}": "" for n in range(31)}}, "filters", "31 filters"),
        ({"widgets": [ONE | {"settings": {"a": "x" * 512_000}}]}, "document", "512,146 bytes"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)
def test_a_broken_document_is_refused_by_place_and_value(sent: object, path: str, value: str) -> None:
    assert [(fault.path, fault.value) for fault in faults(sent)] == [(path, value)]


def test_widgets_that_overlap_are_refused_and_both_are_named() -> None:
    wide = [
        {"id": "a", "widget": "house-count", "w": 6, "h": 3},
        {"id": "b", "widget": "kpi", "x": 6, "w": 6, "h": 2},
        {"id": "c", "widget": "gate-flow", "title": "Doors", "x": 5, "y": 2, "w": 2},
        {"id": "d", "widget": "zones", "y": 6, "x": 6},
    ]
    assert faults({"widgets": wide}) == [
        Fault(
            "widgets[2]",
            "c",
            "“Doors” (c) overlaps “House count” (a, widgets[0]): a cell holds one widget.",
        )
    ]
    apart = parse({"widgets": [*wide[:2], wide[2] | {"x": 6}, wide[3]]})
    assert [(each.x, each.y) for each in apart.widgets] == [(0, 0), (6, 0), (6, 2), (6, 6)]


def test_nesting_without_end_is_refused_where_it_becomes_too_deep() -> None:
    path = "widgets[0].settings" + ".x" * 10
    assert [fault.path for fault in faults({"widgets": [ONE | {"settings": deep(100_000)}]})] == [path]


def test_too_many_widgets_are_refused() -> None:
    many = [ONE | {"id": f"w{number}"} for number in range(41)]
    assert [fault.path for fault in faults({"widgets": many})] == ["widgets"]


def test_all_faults_are_named_at_once_but_not_without_end() -> None:
    assert [fault.path for fault in faults({"widgets": [ONE | {"w": 0, "h": 0}, {"id": "b"}]})] == [
        "widgets[0].w",
        "widgets[0].h",
        "widgets[1].widget",
    ]
    assert len(faults({f"f{number}": 1 for number in range(1000)})) == 20


def test_a_document_that_was_built_by_hand_is_checked_as_well() -> None:
    with pytest.raises(InvalidDocument, match=r"widgets\[1\]\.id: Another widget"):
        check(BoardDocument(widgets=(Placed(id="a", widget="x"), Placed(id="a", widget="x"))))
