"""What reaches Dash's callback route is a callback of the page, or is refused before it."""

from typing import Any

import pytest
from flask import Flask

from api import callback_door

PAGE = {"page.children": {"inputs": [{"id": "_pages_location", "property": "pathname"}]}}


def post(body: Any) -> tuple[int, str]:
    """Status and code (or text) of the answer to one body."""
    server = Flask("test")
    callback_door.register(server, PAGE)
    server.add_url_rule(callback_door.PATH, "dash", lambda: "dash answers", methods=["POST"])
    answer = server.test_client().post(callback_door.PATH, json=body)
    told = answer.get_json(silent=True)
    return answer.status_code, told["code"] if told else answer.text


def test_a_callback_of_the_page_passes() -> None:
    assert post({"output": "page.children", "inputs": [], "state": []}) == (200, "dash answers")


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
