"""Webhooks by REST: made, changed, their secrets told once, their log read, what failed sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from data import webhook_deliveries, webhooks
from data.engine import Database
from data.users import Role
from data.webhook_deliveries import Attempt
from data.webhook_events import CHOICES
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/webhooks"
HOOK = {
    "url": "https://hooks.example/in?key=SECRET",
    "description": "Box office",
    "types": ["event.sold_out"],
}


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def fail(database: Database, tenant: Tenant, webhook_id: str, status: int | None) -> None:
    """As if a worker had tried what is due, and this had been answered."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    with database.tenant(tenant.tenant_id) as connection:
        delivery = webhook_deliveries.claim(connection, UUID(webhook_id), now)
        assert delivery is not None
        attempt = Attempt(now, 0.25, status, f"The answer was {status}.", "no\n<b>")
        webhook_deliveries.note(connection, delivery, attempt, now)


def test_a_webhook_is_made_read_changed_and_removed_and_its_secret_told_once(owner: Caller) -> None:
    made = owner.json("POST", PATH, HOOK)
    one = f"{PATH}/{made['id']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert owner.json("GET", one) == made
    assert owner.json("GET", PATH) == {"webhooks": [made]}
    assert (made["url"], made["types"], made["enabled"]) == (HOOK["url"], ["event.sold_out"], True)
    changed = owner.json("PATCH", one, {"types": [], "description": "Till", "enabled": False})
    assert (changed["types"], changed["description"], changed["reason"]) == ([], "Till", "by-hand")
    assert (changed["enabled"], changed["url"]) == (False, HOOK["url"])
    assert owner.json("PATCH", one, {"enabled": True})["enabled"] is True
    rotated = owner.json("POST", f"{one}/rotate", {"hours": 1})
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != secret
    assert rotated["previousSecretUntil"] is not None
    assert owner.json("POST", f"{one}/rotate", {"hours": 0})["previousSecretUntil"] is None
    assert owner("DELETE", one).status_code == 204
    gone = owner("GET", one)
    assert (gone.status_code, gone.json and gone.json["code"]) == (404, "webhook-not-found")
    assert owner.json("GET", PATH) == {"webhooks": []}


def test_what_can_be_told_is_listed(owner: Caller) -> None:
    found = owner.json("GET", f"{PATH}/types")["types"]
    assert [each["type"] for each in found] == [*CHOICES, "webhook.test"]
    assert all(each["description"] for each in found)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data/"}, "url"),
        ({"url": "https://a:b@hooks.example/"}, "url"),
        ({"url": "https://hooks.example/", "types": ["event.of-nobody"]}, "types"),
        ({"url": "https://hooks.example/", "types": ["webhook.test"]}, "types"),
        ({"url": "https://hooks.example/", "description": "x" * 201}, "description"),
        ({"url": "https://hooks.example/", "description": "a\nb"}, "description"),
        ({"url": "https://hooks.example/", "secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(owner: Caller, sent: dict[str, Any], field: str) -> None:
    refused = owner("POST", PATH, sent)
    assert refused.status_code == 422
    assert refused.json is not None
    assert (refused.json["code"], refused.json["field"]) == ("not-valid", field)
    assert owner.json("GET", PATH) == {"webhooks": []}


def test_there_are_only_so_many(owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST", 2)
    for _ in range(2):
        owner.json("POST", PATH, HOOK)
    assert owner("POST", PATH, HOOK).status_code == 422


def test_the_demo_sends_nothing_to_anybody(owner: Caller, database: Database, tenant: Tenant) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    refused = owner("POST", PATH, HOOK)
    assert (refused.status_code, "demo" in refused.text) == (422, True)


def test_owners_and_tokens_for_it_look_after_webhooks_and_nobody_else(
    whole_server: Flask, database: Database, tenant: Tenant, program: Caller
) -> None:
    made = program.json("POST", PATH, HOOK)
    others: tuple[Role, ...] = ("manager", "analyst", "door", "promoter")
    for role in others:
        other = person(whole_server, database, tenant, role)
        assert other("GET", PATH).status_code == 403
        assert other("POST", f"{PATH}/{made['id']}/rotate").status_code == 403
        assert "hooks.example" not in other("GET", f"{PATH}/{made['id']}").text


def test_the_log_tells_every_attempt_and_what_failed_is_sent_again(
    owner: Caller, database: Database, tenant: Tenant
) -> None:
    made = owner.json("POST", PATH, HOOK)
    one = f"{PATH}/{made['id']}"
    sent = owner.json("POST", f"{one}/test")
    assert (sent["type"], sent["status"], sent["attempts"]) == ("webhook.test", "waiting", 0)
    fail(database, tenant, made["id"], 500)
    path = f"{one}/deliveries/{sent['id']}"
    full = owner.json("GET", path)
    [attempt] = full.pop("tried")
    assert (attempt["number"], attempt["status"], attempt["answer"]) == (1, 500, "no\n<b>")
    assert (full["status"], full["answered"], full["messageId"]) == ("waiting", 500, sent["messageId"])
    assert full["nextAt"] > attempt["at"]
    again = owner.json("POST", f"{path}/replay")
    assert (again["status"], again["nextAt"] < full["nextAt"]) == ("waiting", True)
    fail(database, tenant, made["id"], 410)
    assert owner.json("GET", one)["reason"] == "gone"
    assert owner.json("GET", f"{one}/deliveries?status=failed")["deliveries"][0]["id"] == sent["id"]
    for action in (f"{path}/replay", f"{one}/replay", f"{one}/test"):
        refused = owner("POST", action)
        assert (refused.status_code, refused.json and refused.json["code"]) == (409, "webhook-disabled")
    owner.json("PATCH", one, {"enabled": True})
    assert owner.json("POST", f"{one}/replay") == {"replayed": 1}
    assert owner.json("POST", f"{one}/replay") == {"replayed": 0}
    with database.tenant(tenant.tenant_id) as connection:
        now = datetime.now(UTC) + timedelta(seconds=1)
        assert webhook_deliveries.claim(connection, UUID(made["id"]), now) is not None
    busy = owner("POST", f"{path}/replay")
    assert (busy.status_code, busy.json and busy.json["code"]) == (409, "delivery-under-way")
    assert owner("GET", f"{one}/deliveries/{uuid4()}").status_code == 404


def test_the_log_has_pages(owner: Caller) -> None:
    one = f"{PATH}/{owner.json('POST', PATH, HOOK)['id']}"
    ids = [owner.json("POST", f"{one}/test")["id"] for _ in range(5)]
    seen: list[str] = []
    address = f"{one}/deliveries?limit=2"
    for _ in range(3):
        page = owner.json("GET", address)
        seen += [each["id"] for each in page["deliveries"]]
        address = f"{one}/deliveries?limit=2&cursor={page['nextCursor']}"
    assert sorted(seen) == sorted(ids)
    assert page["nextCursor"] is None
    assert owner("GET", f"{one}/deliveries?status=lost").status_code == 422


def test_the_audit_log_has_the_server_and_neither_the_path_nor_the_secret(
    owner: Caller, database: Database, tenant: Tenant
) -> None:
    made = owner.json("POST", PATH, HOOK)
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute(
            "SELECT object, detail FROM audit_log WHERE action = 'manage-webhooks' AND outcome = 'done'"
        ).fetchall()
    [(about, detail)] = rows
    assert about == f"webhook:{made['id']}"
    assert detail["host"] == "https://hooks.example"
    assert "SECRET" not in str(rows)
    assert made["secret"] not in str(rows)
