"""Unregistered events by REST and on their pages: found, matched by a person, followed by what comes, taken
back."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import SERVICES
from data import unregistered
from data.directory import Event
from data.engine import Database
from data.services import Services
from data.unregistered import Unregistered
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant
from tests.data.test_event_moves import moved, register

PATH, MATCHES = "/api/v1/unregistered-events", "/api/v1/event-matches"
PAGE = "/sources/unregistered"
NOW = datetime(2026, 12, 24, 19, tzinfo=UTC)


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


@pytest.fixture
def shop(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return Caller(whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})


def sell(shop: Caller, event: str, *tickets: str) -> None:
    for ticket in tickets:
        sale = {
            "id": f"{event} {ticket}",
            "ticketId": ticket,
            "eventId": event,
            "amount": 20,
            "venueId": "hall",
        }
        assert shop.json("POST", "/api/v1/ingest/sale", sale)["status"] == "accepted"


def forget(server: Flask, tenant: Tenant) -> None:
    services: Services = server.extensions[SERVICES]
    services.directory.forget(tenant.tenant_id)


def send(caller: Caller, path: str, **fields: object) -> TestResponse:
    token = re.search(r'name="csrf" value="([^"]+)"', caller("GET", "/account").text)
    assert token
    return caller.client.post(path, data={"csrf": token[1], **fields}, headers=caller.headers)


def sold(database: Database, tenant: Tenant) -> dict[UUID, int]:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute(
            "SELECT event_id, sold FROM event_totals WHERE tenant_id = %s AND sold <> 0", [tenant.tenant_id]
        )
        return dict(rows.fetchall())


def test_what_nobody_registered_is_matched_followed_and_taken_back(
    whole_server: Flask, database: Database, postgres_url: str, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    real = register(database, tenant, name="Winter Gala 2026", starts_at=datetime.now(UTC))
    register(database, tenant, name="Jazz Quartet")
    forget(whole_server, tenant)
    sell(shop, "winter-gala", "t1", "t2")
    [stray] = owner.json("GET", PATH)["events"]
    assert (stray["name"], stray["sold"], stray["netMinor"]) == ("winter-gala", 2, {"GBP": 4000})
    one = owner.json("GET", f"{PATH}/{stray['id']}")
    assert [each["name"] for each in one["suggestions"]] == ["Winter Gala 2026"]

    done: Any = owner.json("POST", f"{PATH}/{stray['id']}/match", {"eventId": str(real)})
    assert (done["status"], done["eventId"]) == ("moving", str(real))
    sell(shop, "winter-gala", "t3")
    assert owner.json("GET", PATH)["events"] == []
    moved(postgres_url, tenant, UUID(stray["id"]))
    assert sold(database, tenant) == {real: 3}
    services: Services = whole_server.extensions[SERVICES]
    services.live.refresh(tenant.tenant_id, real)  # As the worker has it published.
    live = shop.json("GET", "/api/v1/realtime/sales/winter-gala")
    assert (live["eventId"], live["sales"]["sold"]) == (str(real), 3), (
        "readers who use the name find the event"
    )
    [match] = owner.json("GET", MATCHES)["matches"]
    assert (match["status"], match["moved"], match["externalId"]) == ("matched", 2, "winter-gala")

    assert owner.json("POST", f"{MATCHES}/{stray['id']}/undo")["status"] == "undoing"
    sell(shop, "winter-gala", "t4")
    moved(postgres_url, tenant, UUID(stray["id"]))
    assert sold(database, tenant) == {UUID(stray["id"]): 4}
    assert owner.json("GET", MATCHES)["matches"] == []
    assert [each["sold"] for each in owner.json("GET", PATH)["events"]] == [4]


def test_a_message_is_sent_on_by_a_process_that_has_not_heard_of_the_match(
    whole_server: Flask, database: Database, postgres_url: str, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    real = register(database, tenant)
    sell(shop, "stale", "t1")
    services: Services = whole_server.extensions[SERVICES]
    held = services.directory._page(tenant.tenant_id)
    [stray] = owner.json("GET", PATH)["events"]
    owner.json("POST", f"{PATH}/{stray['id']}/match", {"eventId": str(real)})
    services.directory._pages[tenant.tenant_id] = held  # As another process has it for some seconds.
    sell(shop, "stale", "t2")
    moved(postgres_url, tenant, UUID(stray["id"]))
    assert sold(database, tenant) == {real: 2}


def test_the_page_leads_from_the_list_to_what_moves_to_the_match_and_back(
    whole_server: Flask, database: Database, postgres_url: str, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    real = register(database, tenant, name="Winter <i>Gala</i>")
    evil = 'winter gala"><script>alert(1)</script>'
    sell(shop, evil, "t1", "t2", "t3")
    forget(whole_server, tenant)
    listed = owner("GET", PAGE, Accept="text/html").text
    assert "<script>alert" not in listed
    assert html.escape(evil, quote=False) in listed.replace("&#34;", '"')
    link = re.search(rf'href="({PAGE}/[0-9a-f-]+)"', listed)
    assert link
    one = owner("GET", link[1], Accept="text/html").text
    assert "Winter &lt;i&gt;Gala&lt;/i&gt;" in one, "suggested by its name"
    found = owner("GET", f"{link[1]}?q=winter", Accept="text/html").text
    assert str(real) in found
    assert "is called so" in owner("GET", f"{link[1]}?q=%3Cb%3Enothing", Accept="text/html").text
    sure = owner("GET", f"{link[1]}?event={real}", Accept="text/html").text
    words = " ".join(re.sub(r"<[^>]+>", " ", sure).split())
    assert "3 tickets sold £60.00 net" in words
    assert send(owner, f"{link[1]}/match", event="x").status_code == 422
    assert send(owner, f"{link[1]}/match", event=str(uuid4())).status_code == 409
    assert owner.client.post(f"{link[1]}/match", headers=owner.headers).status_code == 400
    done = send(owner, f"{link[1]}/match", event=str(real))
    assert (done.status_code, done.location) == (303, f"{PAGE}?done=matched")
    page = owner("GET", PAGE, Accept="text/html")
    assert ("Moving" in page.text, page.headers["Refresh"]) == (True, f"2; url={PAGE}")
    stray = UUID(link[1].rpartition("/")[2])
    assert send(owner, f"{PAGE}/{stray}/undo").status_code == 409, "not while it moves"
    moved(postgres_url, tenant, stray)
    page = owner("GET", PAGE, Accept="text/html")
    assert "3 messages moved" in page.text
    assert "Refresh" not in page.headers
    assert send(owner, f"{PAGE}/{stray}/undo").location == f"{PAGE}?done=undone"
    moved(postgres_url, tenant, stray)
    assert sold(database, tenant) == {stray: 3}
    assert send(owner, f"{PAGE}/{stray}/undo").status_code == 404


@pytest.mark.parametrize("role", ["manager", "analyst", "door", "promoter"])
def test_only_owners_and_managers_of_everything_match(
    whole_server: Flask, database: Database, tenant: Tenant, shop: Caller, role: Role
) -> None:
    real = register(database, tenant)
    sell(shop, "stray", "t1")
    with database.tenant(tenant.tenant_id) as connection:
        [stray] = unregistered.listed(connection, limit=5)
    somebody = person(whole_server, database, tenant, role)
    reads = 200 if role == "manager" else 403
    for path in (PATH, f"{PATH}/{stray.event_id}", MATCHES, PAGE, f"{PAGE}/{stray.event_id}"):
        assert somebody("GET", path).status_code == reads, path
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE users SET reach = 'venues' WHERE tenant_id = %s", [tenant.tenant_id])
    match = f"{PATH}/{stray.event_id}/match"
    assert somebody("POST", match, {"eventId": str(real)}).status_code == 403
    assert sold(database, tenant) == {stray.event_id: 1}


def test_another_tenants_events_are_not_there(
    database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    sell(shop, "ours", "t1")
    theirs = register(database, other_tenant)
    [stray] = owner.json("GET", PATH)["events"]
    answer = owner("POST", f"{PATH}/{stray['id']}/match", {"eventId": str(theirs)})
    nobody = owner("POST", f"{PATH}/{stray['id']}/match", {"eventId": str(uuid4())})
    assert (answer.status_code, answer.json["detail"]) == (409, nobody.json["detail"])  # type: ignore[index]
    assert owner("POST", f"{PATH}/{uuid4()}/match", {"eventId": str(theirs)}).status_code == 404
    assert owner("POST", f"{MATCHES}/{stray['id']}/undo").status_code == 404


def test_pages_hold_all_of_them_once(owner: Caller, shop: Caller) -> None:
    for number in range(7):
        sell(shop, f"stray {number}", "t")
    first = owner.json("GET", f"{PATH}?limit=4")
    second = owner.json("GET", f"{PATH}?limit=4&cursor={first['nextCursor']}")
    names = [each["name"] for each in first["events"] + second["events"]]
    assert sorted(names) == [f"stray {number}" for number in range(7)]
    assert second["nextCursor"] is None
    assert owner("GET", f"{PATH}?cursor=x").status_code == 422


def stray(name: str, **more: Any) -> Unregistered:
    values: dict[str, Any] = {
        "event_id": UUID(int=1), "venue_id": UUID(int=2), "name": name, "external_id": None, "first_at": NOW,
        "last_at": None, "doors_at": None, "sold": 0, "comps": 0, "entries": 0, "inside": 0, "page_views": 0,
        "others": 0, "peak_at": None, "money": {},
    }  # fmt: skip
    return Unregistered(**values | more)


def event(name: str, days: int = 0, *, venue: int = 2, registered: bool = True) -> Event:
    at = NOW + timedelta(days=days)
    return Event(uuid4(), UUID(int=venue), None, name, at, at, None, registered, NOW)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (stray("WINTER_GALA-2026"), ["Winter Gala"]),
        (stray("gala"), ["Winter Gala", "Gala Brunch"]),
        (stray("jaz quartett"), ["Jazz Quartet"]),
        (stray("EVT-99182"), []),
        (stray("EVT-99182", peak_at=NOW + timedelta(days=9, hours=2)), ["Jazz Quartet"]),
    ],
)
def test_the_likeliest_events_are_suggested_first(found: Unregistered, expected: list[str]) -> None:
    events = [
        event("Gala Brunch", 40),
        event("Jazz Quartet", 9),
        event("Winter Gala", -30),
        event("Winter Gala", venue=3),
        event("Winter Gala", registered=False),
    ]
    near = [each.event.name for each in unregistered.suggestions(found, events)]
    assert near[: len(expected)] == expected if len(expected) < 2 else sorted(near) == sorted(expected)
    assert bool(near) == bool(expected)


def test_matching_is_recorded(
    database: Database, postgres_url: str, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    real = register(database, tenant)
    sell(shop, "stray", "t1")
    [found] = owner.json("GET", PATH)["events"]
    owner.json("POST", f"{PATH}/{found['id']}/match", {"eventId": str(real)})
    moved(postgres_url, tenant, UUID(found["id"]))
    owner.json("POST", f"{MATCHES}/{found['id']}/undo")
    with database.tenant(tenant.tenant_id) as connection:
        entries = connection.execute(
            "SELECT action, object, event_id FROM audit_log WHERE tenant_id = %s AND outcome = 'done'"
            " AND action LIKE '%%match%%' ORDER BY recorded_at",
            [tenant.tenant_id],
        ).fetchall()
    about = f"unregistered:{found['id']}"
    assert entries == [("match-events", about, real), ("undo-match", about, real)]
