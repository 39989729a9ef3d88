"""Pages of websites: only from their origins, with a key that everybody may read and that reads nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

import api.snippet
from api.sites import LARGEST, MOST_CALLS
from api.snippet import PATH, SNIPPET
from data import sites
from data.engine import Database
from tests.api.door import House, Sender, build
from tests.conftest import Tenant

SHOP = "https://shop.example"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@pytest.fixture
def key(database: Database, tenant: Tenant) -> str:
    """The key of a shop of the tenant's venue."""
    with database.tenant(tenant.tenant_id) as own:
        made = sites.add(own, tenant.venue_id, "shop", [SHOP, "https://www.shop.example"])
    return sites.key_of(tenant.tenant_id, made)


def page(**more: Any) -> dict[str, Any]:
    given = {"path": "/gala?token=secret", "search": "utm_source=mail"}
    return {"type": "page", "messageId": str(uuid4()), "properties": given} | more


def post(
    house: House, key: str, *calls: Any, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> TestResponse:
    """As a beacon sends it: text, with the origin of the page."""
    sent = {"Origin": SHOP, "Content-Type": "text/plain;charset=UTF-8", "User-Agent": CHROME}
    said = {"batch": calls, "sentAt": datetime.now(UTC).isoformat()}
    data = json.dumps(said).encode() if body is None else body
    path = f"/api/v1/batch?site={key}"
    return house.server.test_client().post(path, data=data, headers=sent | dict(headers or {}))


def rows(database: Database, tenant: Tenant, query: str) -> list[tuple[Any, ...]]:
    with database.tenant(tenant.tenant_id) as own:
        return own.execute(query).fetchall()


def event(sender: Sender, ref: str) -> None:
    """An event that the house knows."""
    assert (
        sender.post(
            "/api/v1/analytics/events", {"type": "venue-update", "eventId": ref, "name": ref}
        ).status_code
        == 202
    )


def test_pages_of_a_site_count_once_without_anything_of_who_saw_them(
    house: House, database: Database, tenant: Tenant, sender: Sender, key: str
) -> None:
    event(sender, "gala")
    seen = page(userId="ann@example.org", anonymousId="visit-1", context={"ip": "198.51.100.7"})
    seen["properties"] |= {"eventId": "gala"}
    for _ in range(2):
        answer = post(house, key, seen)
        told = {"success": True, "accepted": 1, "rejected": 0, "ignored": 0, "verdicts": []}
        assert (answer.status_code, answer.json) == (200, told)
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert rows(database, tenant, "SELECT path, source, venue_id FROM page_views") == [
        ("/gala", "mail", tenant.venue_id)
    ]
    [(source, stored)] = rows(
        database, tenant, "SELECT source, to_jsonb(m)::text FROM messages m WHERE type = 'page-view'"
    )
    assert source == "site:shop"
    for secret in ("ann@", "visit-1", "198.51", "127.0.0.1", "Chrome", "secret"):
        assert secret not in stored


def test_a_browser_at_an_address_is_one_visitor_whatever_it_says(
    house: House, database: Database, tenant: Tenant, sender: Sender, key: str
) -> None:
    event(sender, "gala")
    bought = {"eventId": "gala", "quantity": "2", "price": "42.50", "currency": "GBP"}
    cart = {"type": "track", "event": "Product Added", "messageId": "c-1", "properties": bought}
    answer = post(house, key, page(anonymousId="a"), page(anonymousId="b"), cart)
    assert (answer.json or {})["verdicts"] == []
    post(house, key, page(), headers={"User-Agent": CHROME.replace("140", "141")})
    post(house, key, page(), headers={"User-Agent": "Mozilla/5.0 (Android 14) Firefox/140.0"})
    assert rows(database, tenant, "SELECT count(*), count(DISTINCT visitor) FROM page_views") == [(4, 2)]
    same = "SELECT c.quantity, c.value_minor, count(*) FROM cart_updates c JOIN page_views p"
    assert rows(database, tenant, f"{same} ON p.visitor = c.customer GROUP BY 1, 2") == [(2, 8500, 3)]


def test_nobody_makes_up_events_or_chooses_a_venue(
    house: House, database: Database, tenant: Tenant, key: str
) -> None:
    made_up = {"eventId": "made-up", "venueId": str(uuid4()), "path": "/"}
    cart = {"type": "track", "event": "Cart Viewed", "messageId": "c-1", "properties": made_up}
    answer = post(house, key, page(properties=made_up), cart)
    assert (answer.json or {})["accepted"] == 1
    assert [(one["code"], one["field"]) for one in (answer.json or {})["verdicts"]] == [
        ("not-a-choice", "eventId")
    ]
    assert rows(database, tenant, "SELECT venue_id, event_id FROM page_views") == [
        (tenant.venue_id, UUID(int=0))
    ]
    assert rows(database, tenant, "SELECT count(*) FROM events") == [(0,)]


@pytest.mark.parametrize("origin", ["https://other.example", "http://shop.example", "null", "", None])
def test_a_page_of_another_origin_is_refused(
    house: House, database: Database, tenant: Tenant, key: str, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    client, path = house.server.test_client(), f"/api/v1/batch?site={key}"
    for answer in (
        client.post(path, json={"batch": [page()]}, headers=headers),
        client.options(path, headers=headers | {"Access-Control-Request-Method": "POST"}),
    ):
        assert (answer.status_code, (answer.json or {})["code"]) == (403, "other-origin")
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert rows(database, tenant, "SELECT count(*) FROM page_views") == [(0,)]


def test_a_browser_that_asks_first_is_answered_for_the_sites_own_origins(house: House, key: str) -> None:
    answer = house.server.test_client().options(f"/api/v1/batch?site={key}", headers={"Origin": SHOP})
    assert (answer.status_code, answer.data) == (204, b"")
    assert {name: value for name, value in answer.headers if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": SHOP,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "600",
    }


def test_without_a_key_of_a_site_nothing_is_allowed(house: House, database: Database, tenant: Tenant) -> None:
    for key in ("", "hs_x", sites.key_of(tenant.tenant_id, uuid4()), sites.key_of(uuid4(), uuid4())):
        answer = post(house, key, page())
        assert (answer.status_code, (answer.json or {})["code"]) == (401, "invalid-token")
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert house.server.test_client().options("/api/v1/batch", headers={"Origin": SHOP}).status_code == 405


def test_a_sites_key_opens_nothing_else(whole_server: Any, key: str) -> None:
    program = whole_server.test_client()
    headers = {"Authorization": f"Bearer {key}", "Origin": SHOP}
    for path in ("/api/v1/ingest/batch", "/api/v1/batch", "/api/v1/analytics/events"):
        assert program.post(path, json={"batch": [page()]}, headers=headers).status_code == 401
    for path in ("/stats", "/api/v1/dashboards", f"/api/v1/dashboards?site={key}"):
        assert program.get(path, headers=headers).status_code == 401
    assert program.get(f"/api/v1/batch?site={key}", headers={"Origin": SHOP}).status_code == 405


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_of_a_browser_that_asks_not_to_be_tracked_nothing_is_kept(
    house: House, database: Database, tenant: Tenant, key: str, header: str
) -> None:
    answer = post(house, key, page(), headers={header: "1"})
    assert (answer.status_code, (answer.json or {})["accepted"]) == (200, 0)
    assert rows(database, tenant, "SELECT count(*) FROM messages") == [(0,)]
    assert (post(house, key, page(), headers={header: "0"}).json or {})["accepted"] == 1


def test_bodies_of_pages_are_small_and_refusals_can_be_read_there(house: House, key: str) -> None:
    for answer, status in (
        (post(house, key, body=b"x" * (LARGEST + 1)), 413),
        (post(house, key, *[page() for _ in range(MOST_CALLS + 1)]), 413),
        (post(house, key, body=b"{"), 400),
        (post(house, key, page(), headers={"Content-Type": "image/png"}), 415),
    ):
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, SHOP)


def test_a_site_that_is_removed_is_not_counted_and_its_name_is_free(
    house: House, database: Database, tenant: Tenant, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "HELD_SECONDS", 0.0)
    assert post(house, key, page()).status_code == 200
    with database.tenant(tenant.tenant_id) as own:
        with pytest.raises(sites.NameTaken):
            sites.add(own, tenant.venue_id, "shop", [SHOP])
        assert sites.remove(own, "shop") is not None
        assert sites.remove(own, "shop") is None
        assert sites.listed(own) == []
        sites.add(own, tenant.venue_id, "shop", [SHOP])
    assert post(house, key, page()).status_code == 401


def test_pages_of_a_site_are_counted_of_the_address_and_the_site(
    database: Database, redis_url: str, redis_prefix: str, key: str
) -> None:
    for options in ({"rate_ingest_per_second": 1}, {"rate_address_per_minute": 1}):
        house = build(database, redis_url, f"{redis_prefix}-{next(iter(options))}", **options)
        assert {429} <= {post(house, key, page()).status_code for _ in range(6)}
        house.close()


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins_are_kept_as_browsers_write_them(written: str, origin: str) -> None:
    assert sites.origin_of(written) == origin


@pytest.mark.parametrize(
    "written",
    [
        "shop.example",
        "http://shop.example",
        "https://shop.example/a",
        "https://a@shop.example",
        "https://",
        "*",
        "https://shop.example:x",
        "https://müller.example",
        "null",
        "https://shop.example?a",
    ],
)
def test_what_is_no_origin_is_no_origin_of_a_site(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sites.origin_of(written)


def test_the_snippet_is_small_public_and_held_by_browsers_of_all_sites(whole_server: Any) -> None:
    client = whole_server.test_client()
    answer = client.get(PATH)
    assert (answer.status_code, answer.data) == (200, SNIPPET.read_bytes())
    assert len(answer.data) <= api.snippet.LARGEST == 2_048
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    assert client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
