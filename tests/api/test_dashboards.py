"""Dashboards by REST: made, listed, saved with If-Match, trashed; who may, and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from data.engine import Database
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant

PATH = "/api/v1/dashboards"
ONE = {"id": "a", "widget": "house-count"}
DOCUMENT = {"widgets": [ONE]}
KEPT = {
    "widgets": [
        {
            "id": "a",
            "widget": "house-count",
            "title": "",
            "settings": {},
            "x": 0,
            "y": 0,
            "w": 4,
            "h": 4,
            "phone": 0,
        }
    ],
    "filters": {},
}


def made(caller: Caller, name: str = "Friday", **more: Any) -> str:
    """The path of a new board."""
    return f"{PATH}/{caller.json('POST', PATH, {'name': name} | more)['id']}"


def test_a_board_is_made_and_read_with_its_version_as_etag(program: Caller) -> None:
    answer = program("POST", PATH, {"name": "Friday", "document": DOCUMENT})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert answer.json is not None
    board = answer.json
    assert answer.location == f"{PATH}/{board['id']}"
    again = program("GET", answer.location)
    assert (again.status_code, again.headers["ETag"], again.json) == (200, '"1"', board)
    assert {
        name: board[name] for name in ("name", "version", "right", "savedBy", "trashedAt", "document")
    } == {
        "name": "Friday",
        "version": 1,
        "right": "own",
        "savedBy": "API token test",
        "trashedAt": None,
        "document": KEPT,
    }


def test_an_unchanged_board_is_not_sent_again(program: Caller) -> None:
    path = made(program)
    same = program("GET", path, If_None_Match='W/"0", "1"')
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", '"1"')
    assert program("GET", path, If_None_Match='"2"').status_code == 200


def test_saving_needs_the_version_that_was_seen(program: Caller) -> None:
    path = made(program)
    answer = program("PUT", path, {"document": DOCUMENT})
    assert (answer.status_code, answer.json and answer.json["code"]) == (428, "version-required")
    for tag in ("*", "7", 'W/"1"', '"1", "2"', '"x"', '"' + "9" * 10 + '"'):
        answer = program("PUT", path, {"document": DOCUMENT}, If_Match=tag)
        assert answer.status_code == 400, tag
        assert answer.json is not None
        assert (answer.json["code"], answer.json["field"], answer.json["value"]) == (
            "bad-version",
            "If-Match",
            tag,
        )
    saved = program("PUT", path, {"document": DOCUMENT}, version=1)
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"2"')
    assert saved.json is not None
    assert saved.json["document"] == KEPT


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_whoever_saw_an_older_version_is_told_who_saved_what(
    program: Caller, whole_server: Flask, database: Database, tenant: Tenant, method: str
) -> None:
    path = made(program)
    ben = person(whole_server, database, tenant, "owner", "Ben")
    ben.json("PUT", path, {"document": DOCUMENT}, version=1)
    body = {"PUT": {"document": {}}, "PATCH": {"name": "Mine"}, "DELETE": None}[method]
    answer = program(method, path, body, version=1)
    assert (answer.status_code, answer.mimetype, answer.headers["ETag"]) == (
        412,
        "application/problem+json",
        '"2"',
    )
    assert answer.json is not None
    told = answer.json
    assert (told["code"], told["field"], told["version"], told["savedBy"], told["changes"]) == (
        "changed-meanwhile",
        "If-Match",
        2,
        "Ben",
        "House count added",
    )
    now = program.json("GET", path)
    assert (now["version"], now["name"], now["trashedAt"]) == (2, "Friday", None)
    assert told["savedAt"] == now["updatedAt"]


def test_a_board_is_renamed_trashed_and_brought_back(program: Caller) -> None:
    path = made(program)
    assert program.json("PATCH", path, {"name": "Saturday"}, version=1)["name"] == "Saturday"
    assert program.json("PATCH", path, {"trashed": True}, version=2)["trashedAt"] is not None
    assert program.json("GET", PATH)["dashboards"] == []
    assert [board["name"] for board in program.json("GET", f"{PATH}?trashed=1")["dashboards"]] == ["Saturday"]
    assert program.json("PATCH", path, {"trashed": False}, version=2)["trashedAt"] is None
    assert [board["name"] for board in program.json("GET", PATH)["dashboards"]] == ["Saturday"]


def test_deleting_moves_to_the_trash_and_purging_is_for_good(program: Caller) -> None:
    path = made(program)
    early = program("DELETE", f"{path}?purge=1", version=1)
    assert (early.status_code, early.json and early.json["code"]) == (403, "not-permitted")
    assert program("DELETE", path, version=1).status_code == 204
    assert program.json("GET", path)["trashedAt"] is not None
    assert program("DELETE", f"{path}?purge=1", version=1).status_code == 204
    assert program("GET", path).status_code == 404


def test_a_board_begins_with_a_template_or_as_a_copy(program: Caller) -> None:
    board = program.json("POST", PATH, {"template": "tonight"})
    assert board["name"] == "Tonight"
    assert "house-count" in {placed["widget"] for placed in board["document"]["widgets"]}
    copy = program.json("POST", f"{PATH}/{board['id']}/duplicate", {"name": "Mine"})
    assert (copy["name"], copy["version"], copy["document"]) == ("Mine", 1, board["document"])
    assert program.json("POST", f"{PATH}/{board['id']}/duplicate")["name"] == "Tonight (copy)"


def test_pages_of_a_list_neither_repeat_nor_lose_a_board_while_others_are_made(program: Caller) -> None:
    for number in range(5):
        made(program, f"board {number}")
    page = program.json("GET", f"{PATH}?limit=2")
    names = [board["name"] for board in page["dashboards"]]
    made(program, "made between")
    while page["nextCursor"]:
        page = program.json("GET", f"{PATH}?limit=2&cursor={page['nextCursor']}")
        names += [board["name"] for board in page["dashboards"]]
    assert names == [f"board {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=²", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=MjAyNi0wMS0wMSAwMA", "cursor"),
        ("trashed=maybe", "trashed"),
    ],
)
def test_a_list_refuses_what_it_does_not_understand(program: Caller, query: str, field: str) -> None:
    answer = program("GET", f"{PATH}?{query}")
    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["code"], answer.json["field"]) == ("not-valid", field)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"[1", 400, None),
        (b"[]", 422, None),
        (b'{"name": NaN}', 400, None),
        (b'{"name": "a", "name": "b"}', 400, "name"),
        (b'{"document":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, 400, None),
        (b'{"name": "' + b"x" * 1_000_001 + b'"}', 413, None),
        ({}, 422, "name"),
        ({"name": 7}, 422, "name"),
        ({"name": " "}, 422, "name"),
        ({"name": "a\0b"}, 422, "name"),
        ({"name": "x", "owner": "me"}, 422, "owner"),
        ({"name": "x", "document": []}, 422, "document"),
        ({"name": "x", "document": {"widgets": [ONE, ONE]}}, 422, "widgets[1].id"),
        ({"name": "x", "document": {"widgets": [ONE | {"title": "\0"}]}}, 422, "widgets[0].title"),
        ({"name": "x", "document": {"widgets": [ONE | {"w": 99}]}}, 422, "widgets[0].w"),
        ({"name": "x", "document": {"widgets": [ONE | {"widget": "x"}]}}, 422, "widgets[0].widget"),
        (
            {"name": "x", "document": {"widgets": [ONE | {"settings": {"x": 1}}]}},
            422,
            "widgets[0].settings.x",
        ),
        ({"template": "tonite"}, 422, "template"),
        ({"template": "tonight", "document": {}}, 422, "template"),
    ],
    ids=range(20),
)
def test_a_hostile_or_broken_board_is_refused_with_its_fault(
    program: Caller, body: Any, status: int, field: str | None
) -> None:
    answer = program("POST", PATH, body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    assert answer.json.get("field") == field
    assert program.json("GET", PATH)["dashboards"] == []


def test_a_template_that_is_not_there_names_the_nearest(program: Caller) -> None:
    answer = program("POST", PATH, {"template": "tonite"})
    assert answer.json is not None
    assert answer.json["detail"] == (
        "There is no such template; tonight, on-sale, promoter, finance, marketing, season are there."
        " Did you mean tonight?"
    )


# Who


def test_without_token_or_session_nothing_is_told(whole_server: Flask) -> None:
    stranger = Caller(whole_server.test_client(), {})
    for method, path in (("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/{uuid4()}")):
        answer = stranger(method, path, {"name": "x"} if method == "POST" else None)
        assert (answer.status_code, answer.json and answer.json["code"]) == (401, "not-signed-in")


def test_another_tenants_board_is_as_unknown_as_none(
    program: Caller, whole_server: Flask, database: Database, other_tenant: Tenant
) -> None:
    path = made(program)
    token = token_of(database, other_tenant)
    stranger = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    bodies: dict[str, Any] = {"GET": None, "PUT": {"document": {}}, "PATCH": {"name": "x"}, "DELETE": None}
    for method, body in bodies.items():
        foreign = stranger(method, path, body, version=1)
        unknown = stranger(method, f"{PATH}/{uuid4()}", body, version=1)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json is not None
        assert unknown.json is not None
        assert foreign.json["detail"] == unknown.json["detail"]


def test_a_session_changes_boards_only_from_our_own_pages(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    ada = person(whole_server, database, tenant, "manager")
    path = made(ada)
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        elsewhere = Caller(ada.client, headers)
        for method, target in (("POST", PATH), ("PUT", path), ("PATCH", path), ("DELETE", path)):
            answer = elsewhere(method, target, {"name": "x"}, version=1)
            assert (answer.status_code, answer.json and answer.json["code"]) == (403, "foreign-origin")
        assert elsewhere("GET", path).status_code == 200
    assert Caller(ada.client, {"Sec-Fetch-Site": "same-origin"})("DELETE", path, version=1).status_code == 204


@pytest.mark.parametrize(
    ("role", "list_status", "make_status"),
    [
        ("owner", 200, 201),
        ("manager", 200, 201),
        ("analyst", 200, 201),
        ("door", 403, 403),
        ("promoter", 403, 403),
    ],
)
def test_boards_are_for_owners_managers_and_analysts(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    role: Any,
    list_status: int,
    make_status: int,
) -> None:
    caller = person(whole_server, database, tenant, role)
    assert caller("GET", PATH).status_code == list_status
    assert caller("POST", PATH, {"name": "x"}).status_code == make_status


def test_who_may_only_look_is_told_so(
    program: Caller, whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    path = made(program)
    program.json("PUT", f"{path}/shares/role:analyst", {"mayEdit": False})
    ada = person(whole_server, database, tenant, "analyst")
    assert ada.json("GET", path)["right"] == "view"
    answer = ada("PUT", path, {"document": DOCUMENT}, version=1)
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "not-permitted")
    program.json("PUT", f"{path}/shares/role:analyst", {"mayEdit": True})
    assert ada.json("PUT", path, {"document": DOCUMENT}, version=1)["savedBy"] == "Ada"
    assert ada("DELETE", path, version=2).status_code == 403
