"""Versions, shares, links and notes by REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from data.dashboard_links import SharedLinks
from data.engine import Database
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/dashboards"
NOTES = "/api/v1/annotations"


@pytest.fixture
def board(program: Caller) -> str:
    """The path of a board at version 3."""
    path = f"{PATH}/{program.json('POST', PATH, {'name': 'Friday'})['id']}"
    program.json("PUT", path, {"document": {"widgets": [{"id": "a", "widget": "zones"}]}}, version=1)
    program.json("PUT", path, {"document": {}, "versionName": "Empty again"}, version=2)
    return path


@pytest.fixture
def shared(database: Database) -> Iterator[SharedLinks]:
    shared = SharedLinks(database)
    yield shared
    shared.close()


def test_the_history_is_read_named_and_gone_back_to(program: Caller, board: str) -> None:
    assert program("POST", f"{board}/versions", {"name": "Plain"}).status_code == 428
    named = program("POST", f"{board}/versions", {"name": "Plain"}, version=3)
    assert (named.status_code, named.location, named.headers["ETag"]) == (201, f"{board}/versions/4", '"4"')
    assert program("POST", f"{board}/versions/2/restore").status_code == 428
    assert program("POST", f"{board}/versions/2/restore", version=3).status_code == 412
    restored = program.json("POST", f"{board}/versions/2/restore", version=4)
    assert (restored["version"], len(restored["document"]["widgets"])) == (5, 1)
    lines = program.json("GET", f"{board}/versions")["versions"]
    assert [(line["version"], line["name"], line["summary"]) for line in lines] == [
        (5, "Version 2 restored", "Zones added"),
        (4, "Plain", ""),
        (3, "Empty again", "Zones removed"),
        (2, None, "Zones added"),
        (1, "Created", "Empty"),
    ]
    one = program.json("GET", f"{board}/versions/2")
    assert (one["summary"], one["document"]["widgets"][0]["widget"]) == ("Zones added", "zones")
    for missing in (0, 9, 10**12):
        assert program("GET", f"{board}/versions/{missing}").status_code == 404
        assert program("POST", f"{board}/versions/{missing}/restore", version=5).status_code == 404


def test_the_history_comes_in_pages(program: Caller, board: str) -> None:
    page = program.json("GET", f"{board}/versions?limit=2")
    rest = program.json("GET", f"{board}/versions?limit=2&cursor={page['nextCursor']}")
    assert [line["version"] for line in page["versions"] + rest["versions"]] == [3, 2, 1]
    assert program.json("GET", f"{board}/versions?limit=2&before={page['nextCursor']}") == rest
    assert (page["nextCursor"], rest["nextCursor"]) == ("2", None)
    answer = program("GET", f"{board}/versions?cursor=-1")
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, "cursor")


def test_a_board_is_shared_and_taken_back(
    program: Caller, board: str, whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    ben = person(whole_server, database, tenant, "manager", "Ben")
    assert ben("GET", board).status_code == 404
    given = {"grantee": "role:manager", "kind": "role", "name": "All managers", "mayEdit": True}
    assert program.json("PUT", f"{board}/shares/role:manager", {"mayEdit": True}) == {"shares": [given]}
    assert program.json("GET", f"{board}/shares") == {"shares": [given]}
    assert ben.json("GET", board)["right"] == "edit"
    assert ben("GET", f"{board}/shares").status_code == 403
    assert program.json("DELETE", f"{board}/shares/role:manager") == {"shares": []}
    assert ben("GET", board).status_code == 404
    for nobody in ("role:door", "everybody", f"user:{uuid4()}"):
        answer = program("PUT", f"{board}/shares/{nobody}", {"mayEdit": True})
        assert answer.status_code == 422
        assert answer.json is not None
        assert (answer.json["field"], answer.json["value"]) == ("grantee", nobody)


def test_those_a_board_can_be_shared_with_are_named_to_its_owner(
    program: Caller, board: str, whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    ben = person(whole_server, database, tenant, "analyst", "Ben")
    person(whole_server, database, tenant, "door", "Dora")
    found = program.json("GET", f"{board}/candidates")["candidates"]
    assert [(one["kind"], one["name"]) for one in found] == [
        ("role", "All managers"),
        ("role", "All analysts"),
        ("user", "Ben"),
    ]
    program.json("PUT", f"{board}/shares/{found[-1]['grantee']}", {"mayEdit": True})
    assert ben.json("GET", board)["right"] == "edit"
    assert ben("GET", f"{board}/candidates").status_code == 403


def link(tenant: Tenant, **more: Any) -> dict[str, Any]:
    """A link to be given, for a day."""
    expires_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return {"label": "Blue Note", "filters": {"venue": str(tenant.venue_id)}, "expiresAt": expires_at} | more


def test_a_link_is_given_listed_and_revoked(
    program: Caller, board: str, tenant: Tenant, shared: SharedLinks
) -> None:
    given = program.json("POST", f"{board}/links", link(tenant, masked=True))
    address, token = given.pop("url").rsplit("/", 1)
    assert address == "http://localhost/shared"
    opened = shared.resolve(token)
    assert opened is not None
    assert (str(opened.board.dashboard_id), opened.access.masked) == (board.rsplit("/", 1)[1], True)
    listed = program.json("GET", f"{board}/links")["links"]
    assert listed == [given]
    assert (given["state"], given["views"], given["createdBy"]) == ("active", 0, "API token test")
    revoked = program.json("DELETE", f"{board}/links/{given['id']}")
    assert (revoked["state"], revoked["revokedAt"] is not None) == ("revoked", True)
    assert shared.resolve(token) is None
    assert program("DELETE", f"{board}/links/{uuid4()}").status_code == 404


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"filters": {}}, "filters"),
        ({"filters": {"venue": "hall"}}, "filters.venue"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59Z"}, "expiresAt"),
        ({"expiresAt": "soon"}, "expiresAt"),
        ({"label": ""}, "label"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_a_link_that_cannot_be_is_refused_by_field(
    program: Caller, board: str, tenant: Tenant, more: dict[str, Any], field: str
) -> None:
    answer = program("POST", f"{board}/links", link(tenant, **more))
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, field)
    assert program.json("GET", f"{board}/links") == {"links": []}


def test_the_end_of_a_link_has_an_offset(program: Caller, board: str, tenant: Tenant) -> None:
    naive = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None).isoformat()
    answer = program("POST", f"{board}/links", link(tenant, expiresAt=naive))
    assert answer.json is not None
    told = [answer.json[name] for name in ("code", "field", "value")]
    assert (answer.status_code, told) == (422, ["naive-time", "expiresAt", naive])
    assert program.json("GET", f"{board}/links") == {"links": []}


def test_a_token_of_a_link_opens_no_rest_route(
    program: Caller, board: str, tenant: Tenant, whole_server: Flask
) -> None:
    token = program.json("POST", f"{board}/links", link(tenant))["url"].rsplit("/", 1)[1]
    promoter = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    for path in (PATH, board, NOTES, f"{board}/links"):
        assert promoter("GET", path).status_code == 401


def test_a_note_is_written_found_changed_and_taken_away(program: Caller, tenant: Tenant) -> None:
    sent = {"text": "Fire alarm", "at": "2026-11-20T20:30:00+01:00", "venueId": str(tenant.venue_id)}
    made = program("POST", NOTES, sent)
    assert made.status_code == 201
    assert made.json is not None
    note = made.json
    assert (note["text"], note["at"], note["venueId"], note["eventId"], note["author"]["name"]) == (
        "Fire alarm",
        "2026-11-20T19:30:00.000Z",
        str(tenant.venue_id),
        None,
        "API token test",
    )
    assert program.json("GET", str(made.location)) == note
    span = "from=2026-11-20T19:30:00Z&to=2026-11-20T19:31:00Z"
    assert program.json("GET", f"{NOTES}?{span}&venue_id={tenant.venue_id}") == {
        "annotations": [note],
        "nextCursor": None,
    }
    assert program.json("GET", f"{NOTES}?to=2026-11-20T19:30:00Z") == {"annotations": [], "nextCursor": None}
    assert program.json("PATCH", str(made.location), {"text": "False alarm"})["text"] == "False alarm"
    assert program("DELETE", str(made.location)).status_code == 204
    assert program("GET", str(made.location)).status_code == 404


def test_notes_are_read_page_by_page_from_the_last_one_back(program: Caller, tenant: Tenant) -> None:
    moments = ["2026-11-20T19:30:00Z", "2026-11-20T19:31:00Z", *["2026-11-20T19:32:00Z"] * 3]
    made = [
        program.json("POST", NOTES, {"text": f"Note {n}", "at": at, "venueId": str(tenant.venue_id)})["id"]
        for n, at in enumerate(moments)
    ]
    pages: list[list[str]] = []
    query = f"{NOTES}?limit=2"
    while query:
        page = program.json("GET", query)
        pages.append([note["id"] for note in page["annotations"]])
        query = page["nextCursor"] and f"{NOTES}?limit=2&cursor={page['nextCursor']}"
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [note for page in reversed(pages) for note in page] == [
        note["id"] for note in program.json("GET", NOTES)["annotations"]
    ]
    assert pages[2] == [made[0]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=1001", "limit"),
        ("cursor=soon", "cursor"),
        ("from=2026-11-20", "from"),
        ("to=soon", "to"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("venue_id=hall", "venue_id"),
        ("event_id=%00", "event_id"),
    ],
)
def test_notes_are_not_looked_for_where_the_question_makes_no_sense(
    program: Caller, query: str, field: str
) -> None:
    answer = program("GET", f"{NOTES}?{query}")
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, field)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": "x"}, "at"),
        ({"text": "x", "at": "2026-11-20T19:30:00"}, "at"),
        ({"text": "", "at": "2026-11-20T19:30:00Z"}, "text"),
        ({"text": "x", "at": "2026-11-20T19:30:00Z", "venueId": None}, "venueId"),
        ({"text": "x", "at": "2026-11-20T19:30:00Z", "eventId": str(uuid4())}, "eventId"),
    ],
    ids=["no moment", "no offset", "no text", "no venue", "no such event"],
)
def test_a_note_that_cannot_be_is_refused_by_field(
    program: Caller, tenant: Tenant, sent: dict[str, Any], field: str
) -> None:
    answer = program("POST", NOTES, {"venueId": str(tenant.venue_id)} | sent)
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, field)
