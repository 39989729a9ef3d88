"""Sources, by REST and as a page: each door by what came through it, for owners and managers of all of it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from app import COUNTS, SERVICES
from data import queue_sources, sites
from data.engine import Database
from data.services import Services
from data.tokens import create_token
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant
from tests.data.test_doors import RABBIT


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def counted(server: Flask) -> None:
    """Have what came through the doors written now."""
    server.extensions[COUNTS].flush()


def rows(caller: Caller, path: str = "/sources") -> dict[str, str]:
    """Door → its row in words."""
    page = caller("GET", path, Accept="text/html")
    assert page.status_code == 200
    found = re.findall(r'<li class="door-row" data-door="([^"]+)">(.*?)</li>', page.text, re.DOTALL)
    return {
        html.unescape(door): " ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split())
        for door, row in found
    }


def test_each_door_is_told_of_by_what_came_through_it(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    assert "No door is open yet" in owner("GET", "/sources", Accept="text/html").text
    token = {"Authorization": f"Bearer {token_of(database, tenant)}"}
    program = Caller(whole_server.test_client(), token)
    sale = {"id": "1", "ticketId": "t", "eventId": "gala", "amount": 10}
    assert program("POST", "/api/v1/ingest/sale", sale).status_code == 202
    assert program("POST", "/api/v1/ingest/sale", sale).status_code == 202
    assert program("POST", "/api/v1/ingest/sale", {"id": "2", "amount": -1}).status_code == 422
    cloud: Any = {"ce_specversion": "1.0", "ce_id": "9", "ce_source": "/s", "ce_type": "ticket-purchase"}
    assert program("POST", "/api/v1/analytics/events", sale, **cloud).status_code == 202
    batch = [sale | {"id": "3", "type": "ticket-purchase"}, {"type": "nonsense"}]
    assert program.json("POST", "/api/v1/ingest/batch", batch)["rejected"] == 1
    view: dict[str, Any] = {"type": "page", "messageId": "m", "anonymousId": "a"}
    view["properties"] = {"path": "/", "eventId": "gala"}
    assert program.json("POST", "/api/v1/batch", {"batch": [view]})["accepted"] == 1
    counted(whole_server)
    answer = program.json("GET", "/api/v1/sources")
    found = {each["door"]: each for each in answer["sources"]}
    assert {door: (one["accepted"], one["duplicates"], one["rejected"]) for door, one in found.items()} == {
        "rest": (2, 1, 2),
        "cloudevents": (1, 0, 0),
        "segment": (1, 0, 0),
    }
    rest = found["rest"]
    assert (rest["state"], rest["refusedInLastDay"], rest["name"]) == ("receiving", 2, None)
    assert 0 <= rest["lagSeconds"] < 30
    assert rest["perMinute"] >= 3 / 5
    assert abs((datetime.now(UTC) - datetime.fromisoformat(rest["lastMessageAt"])).total_seconds()) < 60
    shown = rows(owner)
    assert list(shown) == ["rest", "cloudevents", "segment"]
    assert re.match(r"Messages and batches REST Receiving (< )?\d+(\.\d+)? s ", shown["rest"])
    assert shown["rest"].endswith(" 2")
    assert rows(owner, "/sources/doors").keys() == shown.keys()


def test_a_queue_that_cannot_be_reached_says_why(database: Database, tenant: Tenant, owner: Caller) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        source = queue_sources.add(connection, "rabbitmq", "shop", "amqp://127.0.0.1/", RABBIT)
        at = datetime(2026, 7, 1, 19, 5, tzinfo=UTC)
        error = "<b>refused</b> by the broker"
        queue_sources.tell(
            connection, source, queue_sources.Seen("broker-away", last_error=error, last_error_at=at)
        )
    row = rows(owner)["rabbitmq:shop"]
    assert row.startswith("shop RabbitMQ Cannot connect")
    assert row.endswith("<b>refused</b> by the broker (20:05)"), "by the venue's clock"
    text = owner("GET", "/sources", Accept="text/html").text
    assert "<b>refused" not in text
    assert "amqp://" not in text


@pytest.mark.parametrize("role", ["owner", "manager", "analyst", "door", "promoter"])
def test_owners_and_managers_see_the_doors_and_are_led_to_them(
    whole_server: Flask, database: Database, tenant: Tenant, role: Role
) -> None:
    somebody = person(whole_server, database, tenant, role)
    sees = role in ("owner", "manager")
    for path in ("/sources", "/sources/doors", "/api/v1/sources"):
        assert somebody("GET", path).status_code == (200 if sees else 403), path
    for path in ("/gallery", "/account"):
        assert ('href="/sources"' in somebody("GET", path).text) == sees


def test_who_was_granted_one_venue_sees_no_doors(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    somebody = person(whole_server, database, tenant, "manager")
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE users SET reach = 'venues' WHERE tenant_id = %s", [tenant.tenant_id])
    assert somebody("GET", "/api/v1/sources").json["code"] == "not-permitted"  # type: ignore[index]
    page = somebody("GET", "/sources", Accept="text/html")
    assert (page.status_code, "every venue" in page.text) == (403, True)
    assert 'href="/sources"' not in somebody("GET", "/account").text


def test_another_tenants_doors_are_its_own(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    with database.tenant(other_tenant.tenant_id) as connection:
        create_token(connection, "theirs", ["send"])
        sites.add(connection, other_tenant.venue_id, "their-shop", ["https://shop.example"])
    assert owner.json("GET", "/api/v1/sources")["sources"] == []
    assert rows(owner) == {}


def test_opening_the_page_is_recorded_and_keeping_it_fresh_is_not(
    whole_server: Flask, tenant: Tenant, database: Database, owner: Caller
) -> None:
    services: Services = whole_server.extensions[SERVICES]
    for path in ("/sources", "/sources/doors", "/sources/doors"):
        owner("GET", path)
    with services.database.tenant(tenant.tenant_id) as connection:
        entries = connection.execute(
            "SELECT count(*) FROM audit_log WHERE tenant_id = %s AND action = 'see-sources'",
            [tenant.tenant_id],
        )
        assert entries.fetchone() == (1,)
