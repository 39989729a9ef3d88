"""Money on a running night: for those who may see it, and in no byte for those who may not."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from data.engine import Database
from data.live_masking import without_money
from tests.conftest import Tenant
from tests.live.conftest import Socket, open_socket
from tests.live.night import Night, open_night
from tests.live.served import Served, sign_in

PRICE = 987_654
SECTIONS = ("sales", "attendance", "capacity", "social", "state")


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    """A night with one expensive ticket sold, which passes marks of its target."""
    night = open_night(database, tenant.tenant_id, tenant.venue_id)
    night.sell(1, datetime.now(UTC), PRICE)
    return night


def door(database: Database, served: Served, tenant: Tenant) -> dict[str, str]:
    return {"Cookie": sign_in(database, served, tenant, "door"), "Origin": served.url}


def next_of(client: Socket, kind: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The next message of this type, and those that came before it."""
    before = []
    while (message := client.receive())["type"] != kind:
        before.append(message)
    return message, before


def test_a_steward_follows_a_night_without_a_word_of_money(
    database: Database, served: Served, tenant: Tenant, night: Night
) -> None:
    with (
        open_socket(served, headers=door(database, served, tenant)) as steward,
        open_socket(
            served, headers={"Cookie": sign_in(database, served, tenant), "Origin": served.url}
        ) as manager,
    ):
        seen, told = steward.subscribe(night.event_id), manager.subscribe(night.event_id)
        assert str(PRICE) in json.dumps(told)
        assert str(PRICE) not in json.dumps(seen)
        assert seen["data"] == without_money(told["data"] | {"asOf": seen["data"]["asOf"]})
        assert (seen["data"]["masked"], seen["data"]["revenue"]) == (True, {"currencies": []})
        assert seen["data"]["event"]["targetMinor"] is None
        assert "revenue_target" not in json.dumps(seen)

        night.sell(1, datetime.now(UTC), PRICE + 1)
        feed, before = next_of(steward, "activity-update")
        kinds = [message["type"] for message in before]
        assert kinds == ["sale-update", "attendance-update"]
        assert before[0]["data"]["sold"] == 2
        assert [item["amountMinor"] for item in feed["data"]] == [None] * len(feed["data"])
        _, paid = next_of(manager, "activity-update")
        assert "revenue-update" in [message["type"] for message in paid]


@pytest.mark.parametrize("section", SECTIONS)
def test_routes_have_no_amounts_for_a_steward(
    database: Database, served: Served, tenant: Tenant, night: Night, section: str
) -> None:
    url = f"{served.url}/api/v1/realtime/{section}/{night.event_id}"
    answer = httpx.get(url, headers=door(database, served, tenant))
    assert answer.status_code == 200
    assert str(PRICE) not in answer.text
    assert "revenue_target" not in answer.text


def test_routes_of_revenue_alone_are_not_for_a_steward(
    database: Database, served: Served, tenant: Tenant, night: Night
) -> None:
    cookie, boss = door(database, served, tenant), {"Cookie": sign_in(database, served, tenant)}
    for path in (
        f"/api/v1/realtime/revenue/{night.event_id}",
        f"/api/realtime/revenue/{night.event_id}",
        f"/api/v1/analytics/real-time/revenue?event_id={night.event_id}",
        f"/api/analytics/real-time/revenue?venue_id={tenant.venue_id}",
    ):
        answer = httpx.get(served.url + path, headers=cookie)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted"), path
        assert str(PRICE) in httpx.get(served.url + path, headers=boss).text, path
    of_venue = f"/api/v1/analytics/real-time/sales?venue_id={tenant.venue_id}"
    answer = httpx.get(served.url + of_venue, headers=cookie)
    assert answer.json()["sales"]["sold"] == 1
    assert "revenue_target" not in answer.text
