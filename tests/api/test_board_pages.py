"""The pages of dashboards as the server sends them: figures in the HTML, nothing for strangers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from typing import Any
from uuid import UUID, uuid4

from flask import Flask

from app import SERVICES
from callbacks.board_lists import boards
from callbacks.boards import Redrawn, open_board, redraw
from components.board_page import OpenBoard, board_page
from components.markup import markup
from data.access import Access
from data.accounts import Person
from data.board_document import BoardDocument, Placed
from data.dashboard_sharing import share
from data.dashboard_trash import trash
from data.dashboards import create
from data.engine import Database, DatabaseUnavailable
from data.permissions import access_of
from data.users import Role
from tests.api.caller import person
from tests.conftest import Tenant

NOTE = Placed(id="n1", widget="kpi", title="Sold so far", w=3, h=2)
GONE = Placed(id="n2", widget="no-such-widget", x=3, w=3, h=2)


def user(database: Database, tenant: Tenant, name: str) -> Person:
    """The person of this name as a request knows them."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT user_id, email, role FROM users WHERE tenant_id = %s AND name = %s",
            [tenant.tenant_id, name],
        ).fetchone()
    assert row is not None
    return Person(tenant.tenant_id, row[0], uuid4(), name, row[1], row[2], "Test", demo=False)


def board_of(database: Database, who: Person, *widgets: Placed) -> UUID:
    with database.tenant(who.tenant_id) as connection:
        access = Access(who.tenant_id, who.role, who.user_id)
        return create(connection, access, "Friday <b>board</b>", BoardDocument(widgets=widgets)).dashboard_id


def test_a_board_is_in_the_html_and_one_broken_widget_breaks_nothing(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    ada = person(whole_server, database, tenant, "manager", "Ada")
    board = board_of(database, user(database, tenant, "Ada"), NOTE, GONE)
    page = unescape(ada("GET", f"/dashboards/{board}").text)
    assert "Sold so far" in page
    assert "There is no widget “no-such-widget”." in page
    assert "<b>board</b></h1>" not in ada("GET", f"/dashboards/{board}").text
    listed = unescape(ada("GET", "/dashboards").text)
    assert "Friday <b>board</b>" in listed
    assert f'href="/dashboards/{board}"' in listed


def test_a_board_that_is_not_for_somebody_looks_like_none(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    ada = person(whole_server, database, tenant, "manager", "Ada")
    board = board_of(database, user(database, tenant, "Ada"), NOTE)
    not_here = "This board is not here"
    assert (
        not_here
        in person(whole_server, database, tenant, "manager", "Ben")("GET", f"/dashboards/{board}").text
    )
    assert (
        not_here
        in person(whole_server, database, other_tenant, "owner", "Eve")("GET", f"/dashboards/{board}").text
    )
    for nonsense in (uuid4(), "nonsense", "a/b", "%00"):
        assert not_here in ada("GET", f"/dashboards/{nonsense}").text
    roles: list[Role] = ["door", "promoter"]
    for role in roles:
        served = person(whole_server, database, tenant, role, role)
        for path in ("/dashboards", f"/dashboards/{board}"):
            assert "Dashboards are not part of your role" in served("GET", path).text
    with database.tenant(tenant.tenant_id) as connection:
        who = user(database, tenant, "Ada")
        trash(connection, Access(who.tenant_id, who.role, who.user_id), board)
    assert not_here in ada("GET", f"/dashboards/{board}").text
    assert "1 board" not in ada("GET", "/dashboards").text
    assert "Trash (1)" in ada("GET", "/dashboards").text


def test_a_shared_board_says_who_shares_it_and_cannot_be_edited(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "manager", "Ada")
    ben = person(whole_server, database, tenant, "analyst", "Ben")
    ada = user(database, tenant, "Ada")
    board = board_of(database, ada, NOTE)
    with database.tenant(tenant.tenant_id) as connection:
        access = Access(ada.tenant_id, ada.role, ada.user_id)
        share(connection, access, board, "role:analyst", may_edit=False)
    page = ben("GET", f"/dashboards/{board}").text
    assert "Ada shares this with you to look at" in page
    assert "gs-handle" not in page
    assert 'data-board-action="edit"' not in page


def test_only_what_looks_different_is_drawn_again(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "manager", "Ada")
    ada = user(database, tenant, "Ada")
    board = board_of(database, ada, NOTE)
    services = whole_server.extensions[SERVICES]

    def asked(placed: Placed, mark: str) -> Mapping[int, Any]:
        slot = {"placed": placed.model_dump(by_alias=True), "mark": mark, "ask": 7}
        sent = {"board": str(board), "query": "?range=7d", "slots": {"3": slot}}
        found = redraw(services, ada, sent)
        assert json.loads(found.newest) == {"version": 1, "savedBy": "Ada"}
        assert found.look is None
        return found.contents

    first = asked(NOTE, "")
    assert list(first) == [3]
    sent = first[3].to_plotly_json()["props"]
    assert (sent["data-of"], sent["data-ask"]) == ("n1", "7")
    assert asked(NOTE, sent["data-mark"]) == {}
    assert list(asked(NOTE.model_copy(update={"title": "Another"}), sent["data-mark"])) == [3]


def test_a_question_that_is_none_draws_nothing(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "manager", "Ada")
    ada = user(database, tenant, "Ada")
    board = board_of(database, ada, NOTE)
    services = whole_server.extensions[SERVICES]
    slot = {"placed": NOTE.model_dump(by_alias=True)}
    for hostile in (
        {},
        {"board": "x"},
        {"board": str(board), "slots": {"zero": slot}},
        {"board": str(board), "slots": {str(index): slot for index in range(41)}},
        {"board": str(board), "slots": {"0": {"placed": {"id": "<", "widget": "kpi"}}}},
        {"board": str(board), "query": "x" * 5000, "slots": {"0": slot}},
    ):
        assert redraw(services, ada, hostile) == Redrawn({})


def test_a_board_that_is_not_for_this_person_any_more_draws_nothing_and_says_so(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "manager", "Ada")
    ada = user(database, tenant, "Ada")
    board = board_of(database, ada, NOTE)
    services = whole_server.extensions[SERVICES]
    asked = {"slots": {"0": {"placed": NOTE.model_dump(by_alias=True)}}}
    assert list(redraw(services, ada, {"board": str(board)} | asked).contents) == [0]
    with database.tenant(tenant.tenant_id) as connection:
        trash(connection, access_of(ada), board)
    for away in (board, uuid4()):
        assert redraw(services, ada, {"board": str(away)} | asked) == Redrawn({}, '{"gone": true}')


class Away:
    """A database that does not answer."""

    def tenant(self, *_: object, **__: object) -> None:
        raise DatabaseUnavailable


def test_boards_that_cannot_be_read_say_so_and_come_back_by_themselves(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    person(whole_server, database, tenant, "manager", "Ada")
    ada = user(database, tenant, "Ada")
    services = replace(whole_server.extensions[SERVICES], database=Away())
    assert open_board(services, ada, str(uuid4()), {}).problem == "unreadable"
    assert boards(services, ada).problem == "unreadable"
    page = board_page(OpenBoard(problem="unreadable"), {"boards.css": "/"})
    assert "data-retry" in markup(page)
