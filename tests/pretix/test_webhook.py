"""The webhook's door: what it keeps, and whom it lets in."""

import io
import json
import uuid
from typing import Any

import pytest
from flask import Flask

from api import pretix
from data.audit_entry import Keys
from data.audit_log import AuditLog
from data.counters import Counters
from data.directory import Directory
from data.engine import Database
from data.pretix import sources
from data.services import Services
from ingest.group_commit import OneByOne
from tests.conftest import Tenant
from tests.pretix.conftest import House
from tests.pretix.server import TOKEN

PLACED = {
    "notification_id": 155,
    "organizer": "auroragroup",
    "event": "nordlicht26",
    "code": "BAAKC",
    "action": "pretix.event.order.placed",
}


def queue(house: House) -> list[dict[str, object]]:
    return house.rows(
        "SELECT event, subject, pings FROM pretix_pings WHERE tenant_id = %(tenant)s ORDER BY 2"
    )


def test_a_webhook_is_answered_at_once_and_fetched_later(house: House) -> None:
    assert house.post(PLACED) == 200
    assert queue(house) == [{"event": "nordlicht26", "subject": "order/BAAKC", "pings": 1}]
    assert house.pretix.requests == []

    assert house.drain() == 1
    assert queue(house) == []


def test_a_ping_under_a_key_is_kept_once_and_only_for_who_knows_the_address(house: House) -> None:
    def keyed(body: Any, address: str = house.address) -> tuple[int, str | None, str]:
        answer = house.client.post(address, json=body, headers={"Idempotency-Key": "k-1"})
        told = answer.get_json(silent=True) or {}
        return answer.status_code, answer.headers.get("Idempotent-Replayed"), told.get("code", "")

    assert [keyed(PLACED), keyed(PLACED)] == [(200, None, ""), (200, "true", "")]
    assert [ping["pings"] for ping in queue(house)] == [1]
    assert keyed(PLACED | {"code": "OTHER"}) == (422, None, "idempotency-key-reused")
    wrong = house.address[:-1] + ("a" if house.address[-1] != "a" else "b")
    assert keyed(PLACED, wrong) == (404, None, "not-found"), "no answer of the source's for a stranger"
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE idempotency_keys SET answer = NULL WHERE tenant_id = %s", [house.source.tenant_id]
        )
    assert keyed(PLACED) == (409, None, "request-in-flight")
    assert [ping["pings"] for ping in queue(house)] == [1]


def test_many_pings_about_one_order_are_one_fetch(house: House) -> None:
    for number in range(20):
        assert house.post(PLACED | {"notification_id": number}) == 200
    house.drain()

    fetched = [path for path, _ in house.pretix.requests if "/orders/" in path]
    query = "include_canceled_positions=true&include_canceled_fees=true"
    assert fetched == [f"/api/v1/organizers/auroragroup/events/nordlicht26/orders/BAAKC/?{query}"]


def test_a_ping_that_comes_during_the_fetch_is_answered_by_another_one(house: House) -> None:
    house.post(PLACED)
    delivered: list[int] = []

    def ping_again(order: dict[str, object]) -> dict[str, object]:
        if not delivered:
            delivered.append(house.post(PLACED | {"notification_id": 156}))
        return order

    house.pretix.on_order = ping_again

    assert (house.drain(), delivered, house.waiting()) == (2, [200], 0)


def test_changes_of_an_event_are_looked_at_as_one(house: House) -> None:
    item = {"notification_id": 1, "organizer": "auroragroup", "event": "nordlicht26", "item": 3}
    house.post(item | {"action": "pretix.event.item.changed"})
    house.post(item | {"action": "pretix.event.quota.changed"})

    assert queue(house) == [{"event": "nordlicht26", "subject": "event", "pings": 2}]


def test_webhooks_about_other_things_are_taken_and_forgotten(house: House) -> None:
    gift = {"notification_id": 1, "issuer_id": 1, "issuer_slug": "auroragroup", "giftcard": 4}
    voucher = {"notification_id": 2, "organizer": "auroragroup", "event": "nordlicht26", "voucher": 4}

    assert house.post(gift | {"action": "pretix.giftcards.created"}) == 200
    assert house.post(voucher | {"action": "pretix.voucher.added"}) == 200
    assert queue(house) == []


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ("{", 400, "not-json", None),
        ("", 400, "not-json", None),
        ("[]", 400, "not-a-webhook", None),
        (b"\xff\xfe{}", 400, "not-json", None),
        (json.dumps(PLACED | {"event": 5}), 400, "not-a-webhook", "event"),
        (json.dumps(PLACED | {"event": "../../admin"}), 400, "not-a-webhook", "event"),
        (json.dumps(PLACED | {"code": "a'; DROP TABLE"}), 400, "not-a-webhook", "code"),
        (json.dumps(PLACED | {"code": "A\0B"}), 400, "not-a-webhook", "code"),
        (json.dumps(PLACED | {"code": "A" * 17}), 400, "not-a-webhook", "code"),
        (json.dumps(PLACED | {"organizer": "somebody"}), 422, "other-organizer", "organizer"),
        ('{"deep": ' + "[" * 7_000 + "]" * 7_000 + "}", 400, "not-json", None),
        ('{"long": "' + "x" * 20_000 + '"}', 413, "body-too-large", None),
    ],
)
def test_a_malformed_webhook_is_a_problem_that_names_the_field(
    house: House, body: str | bytes, status: int, code: str, field: str | None
) -> None:
    answer = house.client.post(house.address, data=body, content_type="application/json")

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    problem = json.loads(answer.data)
    assert (problem["code"], problem.get("field")) == (code, field)
    assert queue(house) == []


def test_only_the_source_s_own_secret_opens_the_door(house: House, other_tenant: Tenant) -> None:
    base, source_id, secret = house.address.rsplit("/", 2)
    others = sources.new_secret(other_tenant.tenant_id)
    wrong = sources.new_secret(house.source.tenant_id)
    for address in (
        f"{base}/{source_id}/{wrong}",
        f"{base}/{source_id}/{others}",
        f"{base}/{source_id}/{secret[:-1]}",
        f"{base}/{source_id}/{secret}x",
        f"{base}/{source_id}/é",
        f"{base}/{uuid.uuid4()}/{secret}",
        f"{base}/not-a-uuid/{secret}",
    ):
        answer = house.client.post(address, json=PLACED)
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert queue(house) == []
    assert house.post(PLACED) == 200


def test_a_body_that_comes_slowly_holds_no_connection(house: House, postgres_url: str) -> None:
    only = Database(postgres_url, max_size=1)
    server = Flask("test")
    live = house.connector.live
    settings, directory = house.connector.settings, Directory(only)
    counters = Counters("redis://127.0.0.1:1/0", "test", "k" * 32)
    writer = OneByOne(only, live)
    trail = AuditLog(only, Keys(["k" * 32]))
    services = Services(settings, only, directory, writer, live, counters, trail)  # type: ignore[arg-type]
    pretix.register(server, services)

    class Slow(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            with only.tenant(house.source.tenant_id):
                return super().readinto(buffer)

        def read(self, size: int | None = -1) -> bytes:
            with only.tenant(house.source.tenant_id):
                return super().read(size)

    raw = json.dumps(PLACED).encode()
    answer = server.test_client().post(house.address, input_stream=Slow(raw), content_length=len(raw))
    only.close()

    assert answer.status_code == 200
    assert [row["subject"] for row in queue(house)] == ["order/BAAKC"]


def test_a_disabled_source_has_no_door(house: House) -> None:
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute(
            "UPDATE pretix_sources SET disabled_at = now() WHERE tenant_id = %s", [tenant.tenant_id]
        )

    assert house.post(PLACED) == 404


def test_without_the_database_pretix_is_told_to_come_again(house: House) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", min_size=0)
    server = Flask("test")
    live = house.connector.live
    settings, directory = house.connector.settings, Directory(nowhere)
    counters, writer = Counters("redis://127.0.0.1:1/0", "test", "k" * 32), OneByOne(nowhere, live)
    trail = AuditLog(nowhere, Keys(["k" * 32]))
    services = Services(settings, nowhere, directory, writer, live, counters, trail)  # type: ignore[arg-type]
    pretix.register(server, services)
    answer = server.test_client().post(house.address, json=PLACED)
    nowhere.close()

    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0


def test_neither_token_nor_secret_can_be_read_from_the_database(house: House) -> None:
    rows = str(house.rows("SELECT * FROM pretix_sources WHERE tenant_id = %(tenant)s"))
    secret = house.address.rsplit("/", 1)[1]

    assert "sealed_token" in rows
    assert TOKEN not in rows
    assert secret not in rows
