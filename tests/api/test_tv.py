"""Boards on a wall: which ones take turns, and what a screen is told that may not have them."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask

from callbacks.tv import board_ids, interval
from data.engine import Database
from tests.api.caller import Caller, person
from tests.conftest import Tenant


def board(caller: Caller, name: str) -> str:
    """The id of a new board."""
    document = {"widgets": [{"id": "a", "widget": "kpi", "settings": {"metric": "tickets_sold"}}]}
    return str(caller.json("POST", "/api/v1/dashboards", {"name": name, "document": document})["id"])


def following(text: str) -> str:
    found = re.search(r'data-next="([^"]*)"', text)
    assert found
    return unescape(found[1])


@pytest.fixture
def manager(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "manager")


def test_boards_take_turns_in_the_order_of_the_address(manager: Caller) -> None:
    first, second = board(manager, "Doors"), board(manager, "Bar")
    page = manager("GET", f"/tv?boards={first},{second}&every=45").text
    assert "Doors</h1>" in page
    assert following(page) == f"/tv?boards={first},{second}&every=45&at=1"
    page = manager("GET", following(page)).text
    assert "Bar</h1>" in page
    assert following(page) == f"/tv?boards={first},{second}&every=45&at=0"


def test_a_board_that_was_taken_away_is_passed_over(manager: Caller) -> None:
    first, second = board(manager, "Doors"), board(manager, "Bar")
    manager("DELETE", f"/api/v1/dashboards/{first}", version=1)
    answer = manager("GET", f"/tv?boards={first},{uuid4()},{second}&at=5")
    assert answer.status_code == 200
    assert "Bar</h1>" in answer.text
    assert following(answer.text) == f"/tv?boards={second}&every=30&at=0"


def test_without_boards_there_are_some_to_choose(manager: Caller) -> None:
    doors, bar = board(manager, "Doors <1>"), board(manager, "Bar")
    page = manager("GET", "/tv?boards=nonsense").text
    assert "Which board shall be on the screen?" in page
    assert re.search(f'<input [^>]*value="{doors}"[^>]*>', page)
    assert "Doors &lt;1&gt;" in page
    # What the form of that page sends.
    page = manager("GET", f"/tv?boards={doors}&boards={bar}&every=45").text
    assert following(page) == f"/tv?boards={doors},{bar}&every=45&at=1"


def test_a_board_without_widgets_says_so_and_follows_nothing(manager: Caller) -> None:
    empty = manager.json("POST", "/api/v1/dashboards", {"name": "Empty"})["id"]
    page = manager("GET", f"/tv?boards={empty}").text
    assert ("Nothing on this board yet" in page, "data-line" in page) == (True, False)


def test_without_any_board_there_is_none_to_choose(manager: Caller) -> None:
    page = manager("GET", "/tv").text
    assert ("There is no board yet." in page, "<form" in page) == (True, False)


def test_boards_that_are_not_there_are_said_not_to_be(manager: Caller) -> None:
    answer = manager("GET", f"/tv?boards={uuid4()}")
    assert (answer.status_code, "These boards are not here" in answer.text) == (404, True)


def test_a_steward_at_the_door_has_no_boards(whole_server: Flask, database: Database, tenant: Tenant) -> None:
    assert person(whole_server, database, tenant, "door")("GET", "/tv").status_code == 403
    assert whole_server.test_client().get("/tv").status_code == 302


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("", 30), ("soon", 30), ("nan", 30), ("inf", 30), ("0.0001", 5), ("-5", 5), ("1e9", 3600)],
)
def test_the_time_of_a_board_is_what_a_screen_can_do(text: str, seconds: float) -> None:
    assert interval(text) == seconds


def test_a_board_named_twice_takes_one_turn() -> None:
    one, two = uuid4(), uuid4()
    assert board_ids(f"{one}, {two},{one},x") == [one, two]
