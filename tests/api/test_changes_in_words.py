"""What changed on a board is told with widgets as people know them, wherever it is told."""

from __future__ import annotations

from typing import Any

from tests.api.caller import Caller

PATH = "/api/v1/dashboards"


def board(kpi: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    """A document with a key figure of net revenue and others."""
    key = {"id": "k", "widget": "kpi", "settings": {"metric": "net_revenue"}, "w": 3, "h": 2}
    return {"widgets": [key | kpi, *others]}


def test_a_widget_is_called_as_its_frame_does_and_by_the_title_it_was_given(program: Caller) -> None:
    made = program.json("POST", PATH, {"name": "Friday", "document": board({})})
    path = f"{PATH}/{made['id']}"
    mix = {"id": "m", "widget": "channel-mix", "x": 6}
    for version, document in enumerate(
        [board({"x": 1}), board({"x": 1, "title": "Takings"}), board({"x": 2, "title": "Takings"}, mix), {}],
        1,
    ):
        program.json("PUT", path, {"document": document}, version=version)
    every = program.json("GET", f"{path}/versions?every=1")["versions"]
    assert [line["summary"] for line in every[:4]] == [
        "2 widgets removed",
        "Takings moved, Sales channels added",
        "Net revenue renamed to Takings",
        "Net revenue moved",
    ]
    assert program.json("GET", f"{path}/versions/2")["summary"] == "Net revenue moved"

    late = program("PUT", path, {"document": board({})}, version=2)
    assert late.json is not None
    assert (late.status_code, late.json["changes"]) == (412, "Net revenue removed")
    program.json("POST", f"{path}/versions/2/restore", version=5)
    program.json("PUT", path, {"document": {}, "versionName": "Cleared"}, version=6)
    told = [line["summary"] for line in program.json("GET", f"{path}/versions")["versions"]]
    # The sitting of versions 2 to 5 is told as one change.
    assert told == ["Net revenue removed", "Net revenue added", "Net revenue removed", "By the API"]
