"""Segment's HTTP API: what Segment's own library sends, and what no library would."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from segment.analytics.client import Client
from werkzeug.serving import make_server

from data.engine import Database
from data.tokens import create_token
from tests.api.door import House, Sender
from tests.conftest import Tenant

BATCH = "/api/v1/batch"
NOW = datetime.now(UTC).replace(microsecond=0)
AT = NOW - timedelta(minutes=30)
SECRETS = ("visit-4711", "customer-4711", "ann@example.org", "198.51.100.7", "Mozilla", "Ann Example")


@pytest.fixture(scope="module")
def host(house: House) -> Iterator[str]:
    """The door at an address of its own, as Segment's libraries are told it."""
    server = make_server("127.0.0.1", 0, house.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/api"
    server.shutdown()
    thread.join()
    server.server_close()


def call(**more: Any) -> dict[str, Any]:
    """A page, as it is sent."""
    return {
        "type": "page",
        "messageId": str(uuid4()),
        "anonymousId": "visit-4711",
        "timestamp": AT.isoformat(),
        "properties": {"path": "/gala", "eventId": "gala"},
    } | more


def cart(event: str = "Cart Viewed", **properties: Any) -> dict[str, Any]:
    """A cart of the gala, as it is sent."""
    given = {"eventId": "gala", "currency": "GBP"} | properties
    return call(type="track", event=event, properties=given)


def batch(*calls: Any, **more: Any) -> dict[str, Any]:
    return {"batch": list(calls), "sentAt": datetime.now(UTC).isoformat()} | more


def rows(database: Database, tenant: Tenant, query: str) -> list[tuple[Any, ...]]:
    with database.tenant(tenant.tenant_id) as own:
        return own.execute(f"{query} WHERE tenant_id = %s ORDER BY 1, 2", [tenant.tenant_id]).fetchall()


PAGES = "SELECT path, referrer, source, medium, campaign FROM page_views"
CARTS = "SELECT quantity, value_minor, currency, items FROM cart_updates"


@pytest.mark.parametrize("gzip", [False, True])
def test_pages_and_carts_of_segments_own_library_arrive_once(
    host: str, sender: Sender, database: Database, tenant: Tenant, gzip: bool
) -> None:
    failed: list[Exception] = []
    client = Client(sender.token, host=host, gzip=gzip, on_error=lambda error, _: failed.append(error))
    private = {"ip": "198.51.100.7", "userAgent": "Mozilla/5.0 (X11; Linux) Chrome/140", "locale": "de"}
    campaign = {"name": "spring", "source": "newsletter", "medium": "email"}
    client.identify("customer-4711", {"email": "ann@example.org", "name": "Ann Example"}, private)
    for _ in range(2):
        client.page(
            anonymous_id="visit-4711",
            name="Ann Example",
            properties={"url": "https://shop.example/gala?q=ann@example.org", "eventId": "gala"},
            context={**private, "campaign": campaign, "page": {"referrer": "https://search.example/?q=x"}},
            message_id="page-1",
        )
    client.track(
        "customer-4711",
        "Checkout Started",
        {"eventId": "gala", "currency": "GBP", "email": "ann@example.org"}
        | {
            "products": [
                {"product_id": "stalls", "quantity": 2, "price": 42.5},
                {"sku": "gallery", "price": 9.99},
            ]
        },
        private,
    )
    client.track("customer-4711", "Email Opened", {"subject": "Ann Example"})
    client.join()
    assert failed == []
    assert rows(database, tenant, PAGES) == [
        ("https://shop.example/gala", "https://search.example/", "newsletter", "email", "spring")
    ]
    items = [
        {"ticketTypeId": "stalls", "quantity": 2, "price": 42.5},
        {"ticketTypeId": "gallery", "quantity": 1, "price": 9.99},
    ]
    assert rows(database, tenant, CARTS) == [(3, 9499, "GBP", items)]
    stored = json.dumps(
        [
            rows(database, tenant, f"SELECT to_jsonb({table})::text, 1 FROM {table}")
            for table in ("messages", "page_views", "cart_updates", "carts", "dead_letters")
        ]
    )
    assert [secret for secret in SECRETS if secret in stored] == []


def test_a_key_that_nobody_has_is_refused_and_the_library_says_so(host: str) -> None:
    failed: list[Any] = []
    client = Client("hc_nobody", host=host, on_error=lambda error, _: failed.append(error))
    client.page(anonymous_id="visit-4711", properties={"path": "/gala"})
    client.join()
    assert [error.status for error in failed] == [401]


def basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


def test_the_key_is_a_user_name_or_in_the_body_or_a_bearer_token(house: House, sender: Sender) -> None:
    client, key = house.server.test_client(), sender.token
    ways: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({"Authorization": basic(key)}, {}),
        ({"Authorization": f"Bearer {key}"}, {}),
        ({}, {"writeKey": key}),
    ]
    for headers, more in ways:
        answer = client.post(BATCH, json=batch(call(), **more), headers=headers)
        assert (answer.status_code, (answer.json or {})["accepted"]) == (200, 1)
    strangers: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({}, {}),
        ({}, {"writeKey": 7}),
        ({}, {"writeKey": "hc_x"}),
        ({"Authorization": basic("hc_x")}, {"writeKey": key}),
        ({"Authorization": "Basic !"}, {}),
    ]
    for headers, more in strangers:
        assert client.post(BATCH, json=batch(call(), **more), headers=headers).status_code == 401


def test_a_key_that_may_not_send_sends_nothing(house: House, database: Database, tenant: Tenant) -> None:
    with database.tenant(tenant.tenant_id) as own:
        key = create_token(own, "reader", ["read"])
    assert house.server.test_client().post(BATCH, json=batch(call(), writeKey=key)).status_code == 403
    assert rows(database, tenant, PAGES) == []


def test_a_body_whose_sender_is_not_known_yet_is_small(house: House, sender: Sender) -> None:
    large = batch(*(call(context={"filling": "x" * 60_000}) for _ in range(9)))
    client = house.server.test_client()
    assert client.post(BATCH, json=large | {"writeKey": sender.token}).status_code == 413
    assert sender.post(BATCH, large).json["accepted"] == 9  # type: ignore[index]


def test_what_is_refused_has_its_place_and_reason_and_the_others_are_kept(
    sender: Sender, database: Database, tenant: Tenant
) -> None:
    known = call()
    answer = sender.post(
        BATCH,
        batch(
            call(type="identify", traits={"email": "ann@example.org"}),
            known,
            call(messageId=None, properties={}, traits={"plan": "Ann Example"}, userId="customer-4711"),
            cart("Order Completed"),
            call(type="nonsense"),
            call(properties={}),
            cart(eventId=None),
            cart(products=[{"eventId": "other"}]),
            cart(products=[{"price": "much"}]),
            cart(products=7),
            call(type="track", event=None),
            call(timestamp="yesterday"),
            call(properties=[1]),
            7,
            known,
        ),
    )
    assert answer.status_code == 200
    assert {name: value for name, value in (answer.json or {}).items() if name != "verdicts"} == {
        "success": True,
        "accepted": 1,
        "duplicates": 1,
        "rejected": 11,
        "ignored": 2,
    }
    told = [(one["index"], one["code"], one.get("field")) for one in (answer.json or {})["verdicts"]]
    assert told == [
        (2, "missing-field", "messageId"),
        (4, "unknown-type", "type"),
        (5, "missing-field", "path"),
        (6, "missing-field", "eventId"),
        (7, "contradiction", "properties.products"),
        (8, "not-a-number", "properties.price"),
        (9, "wrong-type", "properties.products"),
        (10, "not-a-choice", "event"),
        (11, "bad-timestamp", "timestamp"),
        (12, "wrong-type", "properties"),
        (13, "wrong-type", None),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "not-json"),
        (b"[]", 422, "wrong-type"),
        (b"{}", 422, "wrong-type"),
        (b'{"batch": {}}', 422, "wrong-type"),
        (b'{"batch": [' + b"0," * 10_000 + b"0]}", 413, "too-many-messages"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(
    sender: Sender, body: bytes, status: int, code: str
) -> None:
    answer = sender.post(BATCH, body)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)


@pytest.mark.parametrize("behind", [timedelta(hours=-3), timedelta(days=400)])
def test_a_clock_that_is_wrong_is_put_right_by_when_it_says_that_it_sent(
    sender: Sender, database: Database, tenant: Tenant, behind: timedelta
) -> None:
    wrong = datetime.now(UTC) - behind
    happened = (wrong - timedelta(minutes=5)).replace(tzinfo=None).isoformat()
    answer = sender.post(BATCH, batch(call(timestamp=happened), sentAt=wrong.isoformat()))
    assert (answer.json or {})["accepted"] == 1
    [(at, _)] = rows(database, tenant, "SELECT occurred_at, 1 FROM page_views")
    assert abs(datetime.now(UTC) - timedelta(minutes=5) - at) < timedelta(seconds=30)


def test_a_time_without_sent_at_counts_as_it_is(sender: Sender, database: Database, tenant: Tenant) -> None:
    assert sender.post(BATCH, {"batch": [call()]}).status_code == 200
    assert rows(database, tenant, "SELECT occurred_at, 1 FROM page_views") == [(AT, 1)]


def test_carts_of_nobody_known_are_those_of_a_visitor_of_the_day(
    sender: Sender, database: Database, tenant: Tenant
) -> None:
    mine = [cart("Product Added", product_id="stalls", quantity=n, price="10.50") for n in (1, 2)]
    other = cart("Product Added", product_id="stalls") | {"anonymousId": "visit-2"}
    assert sender.post(BATCH, batch(*mine, other, call())).json["accepted"] == 4  # type: ignore[index]
    counted = "SELECT count(*), count(DISTINCT customer) FROM cart_updates"
    with database.tenant(tenant.tenant_id) as own:
        assert own.execute(counted).fetchone() == (3, 2)
        same = "SELECT count(*) FROM cart_updates c JOIN page_views p ON p.visitor = c.customer"
        assert own.execute(same).fetchone() == (2,)
        values = own.execute("SELECT quantity, value_minor FROM cart_updates ORDER BY 1, 2").fetchall()
    assert values == [(1, 0), (1, 1050), (2, 2100)]
