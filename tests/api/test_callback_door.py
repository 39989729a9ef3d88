"""What reaches Dash's callback route is a callback of the page, or is refused before it."""

from typing import Any, get_args

import pytest
from dash import Output
from flask import Flask

from api import callback_door
from data.engine import Database
from data.users import Role
from tests.api.caller import person
from tests.conftest import Tenant

PATHNAME = {"id": "_pages_location", "property": "pathname"}
CHILDREN = {"id": "page", "property": "children"}
PAGE = {
    "page.children": {
        "inputs": [PATHNAME],
        "state": [],
        "output": Output("page", "children"),
        "no_output": False,
        "callback": len,
    }
}
CALL = {"output": "page.children", "outputs": CHILDREN, "inputs": [PATHNAME | {"value": "/"}], "state": []}


def post(body: Any) -> tuple[int, str]:
    """Status and code (or text) of the answer to one body."""
    server = Flask("test")
    callback_door.register(server, PAGE)
    server.add_url_rule(callback_door.PATH, "dash", lambda: "dash answers", methods=["POST"])
    answer = server.test_client().post(callback_door.PATH, json=body)
    told = answer.get_json(silent=True)
    return answer.status_code, told["code"] if told else answer.text


def test_a_callback_of_the_page_passes() -> None:
    assert post(CALL) == (200, "dash answers")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, (400, "not-a-callback")),
        ([], (400, "not-a-callback")),
        (None, (400, "not-a-callback")),
        ({"output": ["page.children"]}, (400, "not-a-callback")),
        ({"output": "page.children", "inputs": {}}, (400, "not-a-callback")),
        ({"output": "other.children", "inputs": []}, (404, "unknown-callback")),
    ],
)
def test_anything_else_is_refused(body: Any, answer: tuple[int, str]) -> None:
    assert post(body) == answer


def test_nothing_is_answered_before_it_is_known_for_whom_it_is() -> None:
    server = Flask("test")
    callback_door.register(server, {})
    server.add_url_rule(callback_door.PATH, "dash", lambda: "dash answers", methods=["POST"])
    answer = server.test_client().post(callback_door.PATH, json={"output": "page.children", "inputs": []})
    assert answer.status_code == 404


def test_other_routes_are_none_of_its_business() -> None:
    server = Flask("test")
    callback_door.register(server, PAGE)
    server.add_url_rule("/other", "other", lambda: "there", methods=["POST"])
    assert server.test_client().post("/other", data="{").text == "there"


CONTENT = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
SEARCH = {"id": "_pages_location", "property": "search", "value": ""}
VALUES: list[Any] = [5, None, [], {}]
GO: dict[str, Any] = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": CONTENT,
    "inputs": [PATHNAME | {"value": "/gallery"}, SEARCH],
    "state": [],
    "changedPropIds": ["_pages_location.pathname"],
}
ASK = {"inputs": [{"id": "board-ask", "property": "data", "value": {}}], "state": [], "outputs": None}
DRAWN = {"output": "_pages_dummy.children", "inputs": [CONTENT[1]], "state": []}
WRONG: dict[str, list[Any]] = {
    "outputs": [[], None, "x", {}, [{"id": "x"}], [1, 2], CONTENT[:1], CONTENT[::-1]],
    "inputs": [
        *([], [1], [{}], [{"id": "a"}], [{"id": {}, "property": 1}] * 2, [[], []]),
        *([PATHNAME | {"value": value}, SEARCH] for value in VALUES),
        *([PATHNAME | {"value": "/"}, SEARCH | {"value": value}] for value in VALUES),
    ],
    "state": [[1], [{}], [[]]],
    "changedPropIds": [5, None, [{}], [[]], {"a": 1}],
}
HOSTILE = [{part: given} for part, each in WRONG.items() for given in each]


def test_a_body_of_another_shape_does_not_reach_dash_and_the_pages_own_does(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    for role in get_args(Role):
        caller = person(whole_server, database, tenant, role)
        assert caller("POST", callback_door.PATH, GO).status_code == 200
        for change in HOSTILE:
            answer = caller("POST", callback_door.PATH, GO | change)
            told = (answer.status_code, answer.content_type, answer.get_json()["code"])
            assert told == (400, "application/problem+json", "not-a-callback"), change
    owner = person(whole_server, database, tenant, "owner")
    known: Any = owner("GET", "/_dash-dependencies").json
    [ask] = [each["output"] for each in known if each["inputs"][0]["id"] == "board-ask"]
    for change in ({"inputs": []}, {"inputs": [1]}, {"state": [1]}, {"changedPropIds": 5}):
        assert owner("POST", callback_door.PATH, ASK | {"output": ask} | change).status_code == 400, change
    assert owner("POST", callback_door.PATH, DRAWN).status_code == 404
