"""The REST real-time routes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from data.engine import Database
from data.live import read_state
from tests.conftest import Tenant
from tests.live.night import Night, open_night
from tests.live.served import House, token_of


@pytest.fixture
def client(house: House) -> FlaskClient:
    return house.server.test_client()


def ask(client: FlaskClient, token: str, path: str) -> tuple[int, Any]:
    answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json(force=True)


def test_the_state_route_answers_with_the_whole_state(client: FlaskClient, token: str, night: Night) -> None:
    night.sell(2, datetime.now(UTC))
    status, state = ask(client, token, f"/api/v1/realtime/state/{night.event_id}")
    with night.database.tenant(night.tenant_id) as tenant:
        assert state == read_state(tenant, night.event_id, datetime.fromisoformat(state["asOf"]))
    assert status == 200


def test_an_event_is_there_as_soon_as_its_first_message_is_answered(
    client: FlaskClient, token: str, tenant: Tenant
) -> None:
    assert ask(client, token, "/api/v1/realtime/state/brand-new")[0] == 404
    first = {"ticketId": "T-1", "eventId": "brand-new", "venueId": tenant.venue_ref}
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/ingest/attendance", json=first, headers=headers).status_code == 202
    for path in ("realtime/attendance/brand-new", "analytics/real-time/attendance?event_id=brand-new"):
        status, answer = ask(client, token, f"/api/v1/{path}")
        assert (status, answer["attendance"]["inside"]) == (200, 1)


@pytest.mark.parametrize("section", ["sales", "attendance", "revenue", "social", "capacity"])
def test_each_section_has_a_route_under_both_names_by_both_ids(
    client: FlaskClient, token: str, night: Night, section: str
) -> None:
    night.sell(2, datetime.now(UTC))
    state = ask(client, token, f"/api/v1/realtime/state/{night.event_id}")[1]
    expected = {
        "eventId": str(night.event_id),
        "venueId": str(night.venue_id),
        "seq": 1,
        "asOf": state["asOf"],
        "name": "The Night",
        section: state[section],
    }
    for path in (
        f"/api/v1/realtime/{section}/{night.event_id}",
        f"/api/realtime/{section}/night-{night.event_id}",
    ):
        assert ask(client, token, path) == (200, expected)


@pytest.mark.parametrize("section", ["sales", "revenue", "attendance", "capacity"])
def test_the_other_route_takes_the_event_as_a_parameter(
    client: FlaskClient, token: str, night: Night, section: str
) -> None:
    answers = [
        ask(client, token, path)[1]
        for path in (
            f"/api/v1/analytics/real-time/{section}?event_id={night.event_id}",
            f"/api/analytics/real-time/{section}?eventId=night-{night.event_id}",
            f"/api/v1/realtime/{section}/{night.event_id}",
        )
    ]
    assert answers[0][section] == answers[1][section] == answers[2][section]


def test_a_venue_adds_up_the_events_of_its_business_day(
    client: FlaskClient, token: str, night: Night, tenant: Tenant
) -> None:
    now = datetime.now(UTC)
    second = open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors)
    later = open_night(night.database, tenant.tenant_id, tenant.venue_id, now + timedelta(days=5))
    for event, count in ((night, 3), (second, 4), (later, 50)):
        event.sell(count, now)
    night.sell(1, now, 4000, "JPY")
    night.enter(500, now - timedelta(minutes=1))
    second.enter(310, now - timedelta(minutes=1))
    path = f"/api/v1/analytics/real-time/{{}}?venue_id={tenant.venue_ref}"

    sales = ask(client, token, path.format("sales"))[1]
    assert {event["eventId"] for event in sales["events"]} == {str(night.event_id), str(second.event_id)}
    assert sales["venueId"] == str(tenant.venue_id)
    assert {name: sales["sales"][name] for name in ("sold", "capacity", "remaining", "percentSold")} == {
        "sold": 8,
        "capacity": 1600,
        "remaining": 1592,
        "percentSold": 0.5,
    }
    revenue = ask(client, token, path.format("revenue"))[1]["revenue"]["currencies"]
    assert [(money["currency"], money["exponent"], money["netMinor"]) for money in revenue] == [
        ("GBP", 2, 17500),
        ("JPY", 0, 4000),
    ]
    attendance = ask(client, token, path.format("attendance"))[1]["attendance"]
    assert (attendance["inside"], attendance["entered"]) == (810, 810)
    assert ask(client, token, path.format("capacity"))[1]["capacity"] == {
        "inside": 810,
        "capacity": 1000,
        "percent": 81.0,
        "level": "amber",
        "amberPercent": 80,
        "redPercent": 95,
    }


def test_a_series_counts_visits_and_people_apart(
    client: FlaskClient, token: str, night: Night, tenant: Tenant, other_tenant: Tenant, database: Database
) -> None:
    series_id, now = uuid4(), datetime.now(UTC)
    second = open_night(night.database, tenant.tenant_id, tenant.venue_id, night.doors)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO series (tenant_id, venue_id, series_id, name) VALUES (%s, %s, %s, 'Winter')",
            [tenant.tenant_id, tenant.venue_id, series_id],
        )
        connection.execute(
            "UPDATE events SET series_id = %s WHERE tenant_id = %s", [series_id, tenant.tenant_id]
        )
    night.enter(3, now)  # Tickets e0 to e2: the first two come to both.
    second.enter(2, now)
    path = f"/api/v1/analytics/real-time/attendance?series_id={series_id}"
    figures = {"visits": 5, "people": 3, "inside": 3}
    assert ask(client, token, path) == (200, {"seriesId": str(series_id), "attendance": figures})
    theirs = token_of(database, other_tenant)
    for who, ref in ((theirs, series_id), (token, uuid4()), (token, "winter")):
        status, body = ask(client, who, f"/api/v1/analytics/real-time/attendance?series_id={ref}")
        assert (status, body["code"]) == (404, "series-not-found")
    assert ask(client, token, f"/api/v1/analytics/real-time/sales?series_id={series_id}")[0] == 400


def test_a_venue_without_events_today_adds_up_to_nothing(
    client: FlaskClient, token: str, tenant: Tenant
) -> None:
    status, answer = ask(client, token, f"/api/v1/analytics/real-time/revenue?venue_id={tenant.venue_id}")
    assert (status, answer) == (
        200,
        {"venueId": str(tenant.venue_id), "asOf": None, "revenue": {"currencies": []}, "events": []},
    )


@pytest.mark.parametrize(
    "path", ["/api/v1/realtime/sales/{}", "/api/v1/analytics/real-time/sales?event_id={}"]
)
def test_an_unknown_event_and_another_tenants_are_answered_alike(
    client: FlaskClient, night: Night, other_tenant: Tenant, database: Database, path: str
) -> None:
    theirs = token_of(database, other_tenant)
    for ref in (str(night.event_id), f"night-{night.event_id}", str(uuid4()), "nothing"):
        status, body = ask(client, theirs, path.format(ref))
        body.pop("requestId")
        assert (status, body) == (
            404,
            {
                "type": "/problems/event-not-found",
                "title": "Event not found",
                "status": 404,
                "code": "event-not-found",
                "detail": "There is no such event.",
                "field": "event_id",
                "value": ref,
            },
        )


def test_a_state_in_redis_is_no_way_to_another_tenants_event(
    client: FlaskClient, token: str, night: Night, other_tenant: Tenant, database: Database
) -> None:
    assert ask(client, token, f"/api/v1/realtime/state/{night.event_id}")[0] == 200
    theirs = token_of(database, other_tenant)
    assert ask(client, theirs, f"/api/v1/realtime/state/{night.event_id}")[0] == 404


def test_another_tenants_venue_is_as_unknown_as_none(
    client: FlaskClient, tenant: Tenant, other_tenant: Tenant, database: Database
) -> None:
    theirs = token_of(database, other_tenant)
    for ref in (tenant.venue_id, uuid4()):
        status, body = ask(client, theirs, f"/api/v1/analytics/real-time/sales?venue_id={ref}")
        assert (status, body["code"]) == (404, "venue-not-found")


@pytest.mark.parametrize("query", ["", "?event_id=a&venue_id=b", "?event_id="])
def test_an_event_or_a_venue_must_be_named(client: FlaskClient, token: str, query: str) -> None:
    status, body = ask(client, token, f"/api/v1/analytics/real-time/sales{query}")
    assert (status, body["code"]) == (400, "bad-parameters")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/realtime/state/x", "/api/realtime/sales/x", "/api/v1/analytics/real-time/sales?event_id=x"],
)
def test_strangers_see_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer hc_wrong"}).status_code == 401
    assert client.get(path, headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_answers_are_not_to_be_kept(client: FlaskClient, token: str, night: Night) -> None:
    answer = client.get(
        f"/api/v1/realtime/state/{night.event_id}", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.headers["Cache-Control"] == "no-store"
