"""No two widgets share a cell: refused when sent, put right where it was kept; and unknown versions."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from flask import Flask

from data.board_templates import TEMPLATES
from data.engine import Database
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/dashboards"
SIDE_BY_SIDE = [
    {"id": "a", "widget": "house-count", "x": 0, "y": 0, "w": 4, "h": 4},
    {"id": "b", "widget": "zones", "x": 4, "y": 0, "w": 4, "h": 4},
]
OVER = [SIDE_BY_SIDE[0], SIDE_BY_SIDE[1] | {"x": 3, "y": 3}]


def places(document: Any) -> dict[str, tuple[int, int]]:
    """Widget → where it stands."""
    return {placed["id"]: (placed["x"], placed["y"]) for placed in document["widgets"]}


def test_a_board_with_overlapping_widgets_is_neither_made_nor_saved(program: Caller) -> None:
    board = program.json("POST", PATH, {"name": "A", "document": {"widgets": SIDE_BY_SIDE}})
    for method, path, version in (("POST", PATH, None), ("PUT", f"{PATH}/{board['id']}", 1)):
        body = {"name": "A", "document": {"widgets": OVER}}
        answer = program(method, path, body, version=version)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert answer.json is not None
        assert (answer.json["code"], answer.json["field"], answer.json["value"]) == (
            "not-valid",
            "widgets[1]",
            "b",
        )
        assert answer.json["detail"] == (
            "“Zones” (b) overlaps “House count” (a, widgets[0]): a cell holds one widget."
        )


def test_templates_and_copies_of_them_are_taken(program: Caller) -> None:
    for name in TEMPLATES:
        board = program.json("POST", PATH, {"template": name})
        copy = program.json("POST", f"{PATH}/{board['id']}/duplicate")
        assert copy["document"] == board["document"]
        again = program.json("PUT", f"{PATH}/{copy['id']}", {"document": board["document"]}, version=1)
        assert again["version"] == 1


def test_what_was_kept_with_an_overlap_is_read_restored_copied_and_renamed_as_boards_show_it(
    program: Caller, postgres_url: str
) -> None:
    board = program.json("POST", PATH, {"name": "A", "document": {"widgets": SIDE_BY_SIDE}})
    path = f"{PATH}/{board['id']}"
    with psycopg.connect(postgres_url) as owner:
        owner.execute(
            "UPDATE dashboard_versions SET document = jsonb_set(document, '{widgets}', %s)"
            " WHERE dashboard_id = %s",
            [json.dumps(OVER), board["id"]],
        )
    shown = {"a": (0, 0), "b": (3, 4)}
    read = program.json("GET", path)["document"]
    assert places(read) == shown
    assert places(program.json("GET", f"{path}/versions/1")["document"]) == shown
    assert places(program.json("POST", f"{path}/duplicate")["document"]) == shown
    assert program.json("PUT", path, {"document": read}, version=1)["version"] == 1
    assert program.json("PATCH", path, {"name": "B"}, version=1)["version"] == 2
    program.json("PUT", path, {"document": {"widgets": []}}, version=2)
    assert places(program.json("POST", f"{path}/versions/1/restore", version=3)["document"]) == shown


def test_an_unknown_version_is_said_to_be_one_and_only_to_those_who_know_the_board(
    program: Caller, whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    path = f"{PATH}/{program.json('POST', PATH, {'name': 'A'})['id']}"
    ben = person(whole_server, database, tenant, "manager", "Ben")
    for method, where in (("GET", "versions/999"), ("POST", "versions/999/restore")):
        answers = [caller(method, f"{path}/{where}", version=1) for caller in (program, ben)]
        assert [(each.status_code, each.json and each.json["code"]) for each in answers] == [
            (404, "version-not-found"),
            (404, "dashboard-not-found"),
        ]
        assert answers[0].json is not None
        assert answers[0].json["detail"] == "This dashboard has no version 999."
