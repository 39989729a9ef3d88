"""People who were granted one venue or one event: nothing that is read holds anything of the others."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from api.rules import rule_of
from data import facts, grants
from data.engine import Database
from data.grants import NoSuchPlace, Reach
from data.messages import Fact, SaleLine, Scan
from data.metrics import CATALOGUE
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.test_exports import file_of, finish, made
from tests.conftest import Tenant, new_tenant
from tests.data.test_facts import message
from widgets.registry import WIDGETS

SECRETS = ("quokka", "76543.21", "76,543.21", "7654321", "76543", "76,543")
"""Whatever tells of the other venue: its names, and the price of its one ticket."""
EVERYTHING: dict[str, Any] = {"range": {"named": "all"}}


@dataclass(frozen=True, slots=True)
class Place:
    """A venue with an event of tonight in a series, that sold, let in and was talked about."""

    venue: UUID
    event: UUID
    series: UUID


@dataclass(frozen=True, slots=True)
class Stage:
    """What is granted, what is not, and who asks."""

    ours: Place
    theirs: Place
    owner: Caller
    manager: Caller
    promoter: Caller


def open_place(database: Database, tenant: Tenant, venue: UUID, name: str, tickets: int, price: int) -> Place:
    place, now = Place(venue, uuid4(), uuid4()), datetime.now(UTC) - timedelta(minutes=2)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency) VALUES"
            " (%s, %s, %s, %s, 'Europe/London', 'GBP') ON CONFLICT DO NOTHING",
            [tenant.tenant_id, venue, f"{name}-venue", f"{name} house"],
        )
        connection.execute(
            "INSERT INTO series (tenant_id, venue_id, series_id, name) VALUES (%s, %s, %s, %s)",
            [tenant.tenant_id, venue, place.series, f"{name} nights"],
        )
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, series_id, name, doors_at, starts_at,"
            " ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                tenant.tenant_id,
                venue,
                place.event,
                place.series,
                f"{name} ball",
                now,
                now,
                now + timedelta(hours=2),
            ],
        )
    told: list[Fact] = []
    for n in range(tickets):
        sale = SaleLine(
            "sale",
            now,
            1,
            price,
            "GBP",
            ticket_id=f"{name}-{n}",
            order_id=f"{name}-o{n}",
            ticket_type=f"{name}-vip",
            channel=f"{name}-web",
            campaign=f"{name}-ad",
            country="GB",
            city=f"{name}-town",
            customer=uuid4(),
        )
        told += [sale, Scan(now, f"{name}-{n}", gate=f"{name}-gate")]
    at_venue = replace(tenant, venue_id=venue)
    messages = [message(at_venue, place.event, f"{place.event} {n}", fact) for n, fact in enumerate(told)]
    facts.write(database, tenant.tenant_id, messages)
    return place


@pytest.fixture
def ours(database: Database, tenant: Tenant) -> Place:
    """What is granted: three tickets at £10."""
    return open_place(database, tenant, tenant.venue_id, "lark", 3, 1000)


@pytest.fixture
def theirs(database: Database, tenant: Tenant) -> Place:
    """Another venue of the same tenant: one ticket, whose price nobody else pays."""
    return open_place(database, tenant, uuid4(), "quokka", 1, 7_654_321)


@pytest.fixture
def beside(database: Database, tenant: Tenant, ours: Place) -> Place:
    """Another event at the venue that is granted, as secret to those who were granted one event."""
    return open_place(database, tenant, tenant.venue_id, "quokka", 1, 7_654_321)


def limited(
    server: Flask, database: Database, tenant: Tenant, role: Role, reach: Reach, *places: UUID
) -> Caller:
    """Somebody of this role who was granted these, signed in."""
    name = f"{role} {uuid4().hex}"
    caller = person(server, database, tenant, role, name)
    grant(database, tenant, name, reach, places)
    return caller


def grant(database: Database, tenant: Tenant, name: str, reach: Reach, places: Collection[UUID]) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        [user] = connection.rows(
            "SELECT user_id FROM users WHERE tenant_id = %s AND name = %s", [tenant.tenant_id, name]
        )
        grants.put_grants(connection, user["user_id"], reach, places)


def told(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text.lower()]


def walk(server: Flask, caller: Caller, place: Place, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every address that the signed-in may read, the place named where ids stand, and its answer."""
    query = {"event": place.event, "venue": place.venue, "range": "all"}
    for address in server.url_map.iter_rules():
        rule = rule_of(address.endpoint)
        if rule is None or rule.way not in ("session", "permitted") or "GET" not in (address.methods or ()):
            continue
        if "_dash-component-suites" in address.rule or address.rule.startswith("/_dash-assets"):
            continue
        values: dict[str, Any] = {}
        for name, converter in address._converters.items():
            kind = type(converter).__name__
            values[name] = 1 if kind == "IntegerConverter" else ids.get(name, str(place.event))
            if kind == "UUIDConverter":
                values[name] = UUID(values[name])
        built = address.build(values)
        assert built is not None
        for which in (
            {},
            {"event_id": place.event},
            {"venue_id": place.venue},
            {"series_id": place.series},
            query,
        ):
            answer = caller.client.get(built[1], query_string=which, headers=dict(caller.headers))
            yield f"{built[1]} {which}", answer.get_data().decode(errors="replace")


def reached(server: Flask, caller: Caller, place: Place, ids: dict[str, str] | None = None) -> list[str]:
    """The addresses that told something of the place."""
    pages = [
        f"/{name}?venue={place.venue}&event={place.event}&range=all" for name in ("", "sales", "attendance")
    ]
    pages += [f"/{name}?range=all" for name in ("", "sales", "attendance", "dashboards")]
    found = [page for page in pages if told(caller("GET", page).text)]
    return found + [path for path, text in walk(server, caller, place, ids or {}) if told(text)]


def test_no_address_tells_a_manager_of_one_venue_anything_of_another(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, theirs: Place
) -> None:
    owner = person(whole_server, database, tenant, "owner")
    board = owner.json("POST", "/api/v1/dashboards", {"name": "Shared", "template": "tonight"})["id"]
    owner("PUT", f"/api/v1/dashboards/{board}/shares/role:manager", {"right": "edit"})
    owner.json(
        "POST",
        "/api/v1/annotations",
        {"text": "Quokka note", "at": datetime.now(UTC).isoformat(), "venueId": str(theirs.venue)},
    )
    manager = limited(whole_server, database, tenant, "manager", "venues", ours.venue)
    ids = {"board_id": board, "name": "event-list"}
    assert len(reached(whole_server, owner, theirs, ids)) > 20, "else there is nothing to hide"
    assert reached(whole_server, manager, theirs, ids) == []
    assert "lark" in manager("GET", f"/?event={ours.event}").text


def test_no_address_tells_a_promoter_anything_of_another_event(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, beside: Place
) -> None:
    promoter = limited(whole_server, database, tenant, "promoter", "events", ours.event)
    assert reached(whole_server, promoter, beside) == []
    assert "lark ball" in promoter("GET", "/").text
    state = promoter.json("GET", f"/api/v1/realtime/state/{ours.event}")
    assert state["sales"]["sold"] == 3
    assert promoter("GET", f"/api/v1/realtime/state/{beside.event}").status_code == 404
    venue = promoter.json("GET", f"/api/v1/analytics/real-time/sales?venue_id={ours.venue}")
    assert [event["eventId"] for event in venue["events"]] == [str(ours.event)]


def test_a_promoter_without_a_grant_sees_nothing(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place
) -> None:
    promoter = person(whole_server, database, tenant, "promoter")
    page = promoter("GET", f"/?event={ours.event}").text
    assert "lark" not in page
    assert promoter("GET", f"/api/v1/realtime/state/{ours.event}").status_code == 404
    asked = {"metrics": ["tickets_sold"], "range": {"named": "all"}}
    assert promoter.json("POST", "/api/v1/analytics/query", asked)["rows"] in ([], [[0]])


@pytest.fixture(scope="module")
def stage(whole_server: Flask, database: Database, postgres_url: str) -> Stage:
    """Two venues, an owner, a manager of one of them and a promoter of its event."""
    tenant = new_tenant(postgres_url)
    ours = open_place(database, tenant, tenant.venue_id, "lark", 3, 1000)
    return Stage(
        ours,
        open_place(database, tenant, uuid4(), "quokka", 1, 7_654_321),
        person(whole_server, database, tenant, "owner"),
        limited(whole_server, database, tenant, "manager", "venues", ours.venue),
        limited(whole_server, database, tenant, "promoter", "events", ours.event),
    )


def close(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows, whose rates go on falling from one question to the next."""
    return [[pytest.approx(cell, rel=0.01) if type(cell) is float else cell for cell in row] for row in rows]


@pytest.mark.parametrize("group", sorted({metric.group for metric in CATALOGUE.values()}))
def test_every_metric_leaves_the_other_venue_out_of_its_totals_and_its_rows(stage: Stage, group: str) -> None:
    path, asked = "/api/v1/analytics/query", [name for name, one in CATALOGUE.items() if one.group == group]
    for metric in asked:
        for dimensions in ([], *([name] for name in CATALOGUE[metric].dimensions)):
            question = {"metrics": [metric], "dimensions": dimensions} | EVERYTHING
            alone = stage.owner("POST", path, question | {"venues": [str(stage.ours.venue)]})
            seen = stage.manager("POST", path, question)
            assert alone.status_code == seen.status_code, (question, seen.text)
            if seen.status_code == 200:
                assert alone.json is not None
                assert seen.json is not None
                assert close(seen.json["rows"]) == alone.json["rows"], question
            assert told(seen.text) + told(stage.promoter("POST", path, question).text) == [], question
        for caller in (stage.manager, stage.promoter):
            for place in ({"venues": [str(stage.theirs.venue)]}, {"events": [str(stage.theirs.event)]}):
                assert caller("POST", path, {"metrics": [metric]} | EVERYTHING | place).status_code == 422


def test_the_owner_is_told_what_the_others_are_not(stage: Stage) -> None:
    asked = {"metrics": ["net_revenue"], "dimensions": ["channel"]} | EVERYTHING
    assert told(stage.owner("POST", "/api/v1/analytics/query", asked).text) == ["quokka", "7654321", "76543"]


@pytest.mark.parametrize("widget", WIDGETS)
def test_every_widget_leaves_the_other_venue_out(stage: Stage, widget: str) -> None:
    path, settings = f"/api/v1/widgets/{widget}", WIDGETS[widget].example
    for caller in (stage.manager, stage.promoter):
        for look in ({}, {"range": "all"}):
            answer = caller("POST", path, {"settings": settings, "look": look})
            assert answer.status_code < 500
            assert told(answer.text) == [], look
        for look in ({"venue": str(stage.theirs.venue)}, {"event": str(stage.theirs.event)}):
            assert caller("POST", path, {"settings": settings, "look": look}).status_code == 422


def test_rows_and_exports_hold_what_is_granted_and_links_cannot_give_more(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, theirs: Place
) -> None:
    manager = limited(whole_server, database, tenant, "manager", "venues", ours.venue)
    page = manager.json("POST", "/api/v1/analytics/rows", EVERYTHING)
    assert len(page["rows"]) == 3
    assert (
        manager.json("POST", "/api/v1/analytics/rows", EVERYTHING | {"venues": [str(theirs.venue)]})["rows"]
        == []
    )
    for table, many in (("sales", 3), ("scans", 3)):
        export = made(
            manager, whole_server, tenant, format="csv", table=table, filters={"range": "all"}, preamble=False
        )
        text = file_of(manager, export).decode("utf-8-sig")
        assert told(text) == []
        assert len(list(csv.DictReader(io.StringIO(text)))) == many
    refused = manager(
        "POST",
        "/api/v1/exports",
        {"format": "csv", "table": "sales", "filters": {"venue": str(theirs.venue)}},
    )
    assert refused.status_code == 422
    board = manager.json("POST", "/api/v1/dashboards", {"name": "Mine"})["id"]
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for locked, status in (
        ({"venue": str(ours.venue)}, 201),
        ({"venue": str(theirs.venue)}, 422),
        ({"event": str(theirs.event)}, 422),
    ):
        link = {"label": "For outside", "filters": locked, "expiresAt": until}
        answer = manager("POST", f"/api/v1/dashboards/{board}/links", link)
        assert answer.status_code == status, answer.text
    note = {"text": "Not here", "at": datetime.now(UTC).isoformat(), "venueId": str(theirs.venue)}
    assert manager("POST", "/api/v1/annotations", note).status_code == 422


def test_links_to_places_that_are_not_granted_are_not_listed_and_not_revoked(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, theirs: Place
) -> None:
    boss = person(whole_server, database, tenant, "owner", "Olga of both")
    path = f"/api/v1/dashboards/{boss.json('POST', '/api/v1/dashboards', {'name': 'Both'})['id']}"
    boss.json("PUT", f"{path}/shares/role:manager", {"mayEdit": True})
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    given = {}
    for label, locked in (
        ("our venue", {"venue": str(ours.venue)}),
        ("our event", {"event": str(ours.event)}),
        ("Artist of their venue", {"venue": str(theirs.venue)}),
        ("Artist of their event", {"event": str(theirs.event)}),
    ):
        link = {"label": label, "filters": locked, "expiresAt": until}
        given[label] = boss.json("POST", f"{path}/links", link)["id"]

    def seen(caller: Caller) -> set[str]:
        return {link["label"] for link in caller.json("GET", f"{path}/links")["links"]}

    of_venue = limited(whole_server, database, tenant, "manager", "venues", ours.venue)
    of_event = limited(whole_server, database, tenant, "manager", "events", ours.event)
    assert seen(boss) == set(given)
    assert seen(of_venue) == {"our venue", "our event"}
    assert seen(of_event) == {"our event"}
    for caller, label in ((of_venue, "Artist of their event"), (of_event, "our venue")):
        assert caller("DELETE", f"{path}/links/{given[label]}").status_code == 404
    states = {link["label"]: link["state"] for link in boss.json("GET", f"{path}/links")["links"]}
    assert set(states.values()) == {"active"}
    assert of_venue.json("DELETE", f"{path}/links/{given['our event']}")["state"] == "revoked"


def test_an_export_that_waits_is_written_with_the_grants_of_when_it_is_written(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, theirs: Place
) -> None:
    ada = person(whole_server, database, tenant, "manager", "Ada of both")
    what = {"format": "csv", "table": "sales", "filters": {"range": "all"}, "preamble": False}
    export = ada.json("POST", "/api/v1/exports", what)
    assert export["status"] == "waiting", "facts are always written by the worker"
    grant(database, tenant, "Ada of both", "venues", [ours.venue])
    assert finish(whole_server, tenant, export["id"])
    text = file_of(ada, ada.json("GET", f"/api/v1/exports/{export['id']}")).decode()
    assert "lark" in text
    assert told(text) == []


def test_a_grant_holds_from_the_next_request_on(
    whole_server: Flask, database: Database, tenant: Tenant, ours: Place, theirs: Place
) -> None:
    ada = person(whole_server, database, tenant, "analyst", "Ada who moves")
    path = f"/api/v1/realtime/state/{theirs.event}"

    def door(reach: Reach, *places: UUID) -> int:
        grant(database, tenant, "Ada who moves", reach, places)
        status: int = ada("GET", path).status_code
        return status

    assert [
        door("all"),
        door("venues", ours.venue),
        door("venues", theirs.venue),
        door("events"),
        door("all"),
    ] == [
        200,
        404,
        200,
        404,
        200,
    ]


def test_an_owner_is_never_limited_and_places_of_others_cannot_be_granted(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, ours: Place
) -> None:
    owner = limited(whole_server, database, tenant, "owner", "venues")
    assert owner("GET", f"/api/v1/realtime/state/{ours.event}").status_code == 200
    person(whole_server, database, tenant, "door", "Dan")
    for reach, place in (("venues", other_tenant.venue_id), ("events", ours.venue)):
        with pytest.raises(NoSuchPlace, match=str(place)):
            grant(database, tenant, "Dan", reach, [place])  # type: ignore[arg-type]
