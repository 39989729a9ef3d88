"""The REST door from request to rows and answers."""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from threading import Event, Semaphore
from typing import Any
from uuid import UUID, uuid5

import pytest
import zstandard

from data.engine import Database
from data.messages import message_key
from ingest.door import BATCHES_AT_ONCE
from tests.api.door import House, Sender
from tests.conftest import Tenant


def gzipped(content: bytes, level: int = 9) -> bytes:
    """Compressed without the time, which would end up in the names of tests."""
    return gzip.compress(content, level, mtime=0)


AT = "2026-11-21T19:30:00Z"
SALE = {"ticketId": "T-1", "eventId": "gala", "amount": 12.5, "timestamp": AT}
BATCH = "/api/v1/ingest/batch"
NO_KEY = "This is not JSON: JSON is malformed: object keys must be strings (byte 14)"
EVENTS = "/api/v1/analytics/events"


def totals(database: Database, tenant: Tenant, event: str = "gala") -> dict[str, Any] | None:
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.rows(
            "SELECT sold, comps, refunds, entered, page_views, mentions FROM event_totals"
            " WHERE tenant_id = %s AND event_id = %s",
            [tenant.tenant_id, uuid5(tenant.tenant_id, event)],
        )
    return rows[0] if rows else None


def sales(count: int) -> list[dict[str, Any]]:
    return [SALE | {"type": "ticket-purchase", "id": n, "ticketId": f"T-{n}"} for n in range(count)]


def test_an_accepted_sale_is_committed_before_the_answer(
    sender: Sender, database: Database, tenant: Tenant
) -> None:
    answer = sender.post("/api/v1/ingest/sale", SALE | {"id": "m-1"})
    assert (answer.status_code, answer.json) == (202, {"status": "accepted", "id": "m-1"})
    assert totals(database, tenant) == {
        "sold": 1,
        "comps": 0,
        "refunds": 0,
        "entered": 0,
        "page_views": 0,
        "mentions": 0,
    }
    assert sender.post("/api/v1/ingest/sale", SALE | {"id": "m-1"}).json == {
        "status": "duplicate",
        "id": "m-1",
    }


def test_a_night_is_announced_before_it_comes(sender: Sender, database: Database, tenant: Tenant) -> None:
    doors = (datetime.now(UTC) + timedelta(days=40)).replace(microsecond=0)
    update = {"id": "u-1", "type": "venue-update", "venueId": tenant.venue_ref, "eventId": "gala-ahead"}
    answer = sender.post("/api/v1/analytics/events", update | {"doorsAt": doors.isoformat(), "capacity": 900})
    assert answer.status_code == 202, answer.text
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT doors_at FROM events WHERE tenant_id = %s AND external_id = %s",
            [tenant.tenant_id, "gala-ahead"],
        )
    assert row == {"doors_at": doors}


def test_without_an_id_of_the_senders_the_answer_names_the_key(
    house: House, tenant: Tenant, sender: Sender
) -> None:
    sale = SALE | {"type": "ticket-purchase"}
    canonical = '{"amount":"12.5","event_id":"gala","occurred_at":"%s","ticket_id":"T-1","type":"%s"}'
    content = (canonical % ("2026-11-21T19:30:00+00:00", "ticket-purchase")).encode()
    digest = house.services.directory.digest(tenant.tenant_id, content)
    key = message_key("rest", f"ticket-purchase {digest}")
    assert sender.post(EVENTS, sale).json == {"status": "accepted", "id": str(key)}


@pytest.mark.parametrize("prefix", ["/api/v1/ingest", "/api/ingest"])
def test_each_route_knows_its_type(sender: Sender, database: Database, tenant: Tenant, prefix: str) -> None:
    for route, message in [
        ("sale", SALE),
        ("revenue", SALE | {"ticketId": "T-2"}),
        ("revenue", SALE | {"type": "refund", "amount": 5, "partial": True}),
        ("attendance", {"ticketId": "T-1", "eventId": "gala", "scannedAt": AT}),
        ("social", {"platform": "x", "eventId": "gala", "kind": "mention"}),
    ]:
        assert sender.post(f"{prefix}/{route}", message).json["status"] == "accepted"  # type: ignore[index]
    assert (
        sender.post(
            f"{prefix.removesuffix('/ingest')}/analytics/events",
            {"type": "page-view", "path": "/", "eventId": "gala"},
        ).status_code
        == 202
    )
    assert totals(database, tenant) == {
        "sold": 2,
        "comps": 0,
        "refunds": 1,
        "entered": 1,
        "page_views": 1,
        "mentions": 1,
    }


def test_a_route_refuses_the_types_of_another(sender: Sender) -> None:
    answer = sender.post("/api/v1/ingest/attendance", SALE | {"type": "ticket-purchase"})
    assert answer.status_code == 422
    assert answer.json == {
        "type": "/problems/unknown-type",
        "title": "Unknown type",
        "status": 422,
        "code": "unknown-type",
        "detail": "One of: ticket-scan, invalid-attempt.",
        "field": "type",
        "value": "ticket-purchase",
        "requestId": answer.headers["X-Request-Id"],
    }


def test_a_problem_carries_the_request_id_that_was_sent(sender: Sender) -> None:
    answer = sender.post(EVENTS, b"{", {"X-Request-Id": "abc-1"})
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/problems/not-json",
        "title": "Not json",
        "status": 400,
        "code": "not-json",
        "detail": "This is not JSON: Input data was truncated",
        "requestId": "abc-1",
    }
    assert sender.post(EVENTS, b"{", {"X-Request-Id": "a b"}).headers["X-Request-Id"] != "a b"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(sales(3)).encode(), {}),
        (b"\n".join(json.dumps(sale).encode() for sale in sales(3)), {}),
        (
            b"\r\n".join(json.dumps(sale).encode() for sale in sales(3)),
            {"Content-Type": "application/x-ndjson"},
        ),
        (gzipped(json.dumps(sales(3)).encode()), {"Content-Encoding": "gzip"}),
        (
            gzipped(json.dumps(sales(3)).encode()[:100]) + gzipped(json.dumps(sales(3)).encode()[100:]),
            {"Content-Encoding": "gzip"},
        ),
        (zstandard.compress(json.dumps(sales(3)).encode()), {"Content-Encoding": "zstd"}),
    ],
    ids=["array", "lines", "ndjson", "gzip", "gzip in two members", "zstd"],
)
def test_a_batch_comes_as_array_or_lines_compressed_or_not(
    sender: Sender, database: Database, tenant: Tenant, body: bytes, headers: dict[str, str]
) -> None:
    answer = sender.post(BATCH, body, headers)
    assert (answer.status_code, answer.json) == (
        202,
        {
            "accepted": 3,
            "duplicates": 0,
            "rejected": 0,
            "verdicts": [{"status": "accepted", "id": str(n), "index": n} for n in range(3)],
        },
    )
    found = totals(database, tenant)
    assert found is not None
    assert found["sold"] == 3


def test_one_message_over_several_lines_is_a_batch_of_one(sender: Sender) -> None:
    body = json.dumps(sales(1)[0], indent=2).encode()
    assert sender.post(BATCH, body).json == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "verdicts": [{"status": "accepted", "id": "0", "index": 0}],
    }


def test_the_good_messages_of_a_batch_are_kept_and_the_bad_explained(
    sender: Sender, house: House, database: Database, tenant: Tenant
) -> None:
    lines = [
        json.dumps(sales(1)[0]).encode(),
        b'{"id": "bad", nonsense}',
        json.dumps(sales(2)[1] | {"amount": -1}).encode(),
        json.dumps(sales(1)[0]).encode(),
        json.dumps(SALE | {"type": "ticket-theft", "userId": "ann"}).encode(),
    ]
    answer = sender.post(BATCH, b"\n".join(lines))
    types = (
        "One of: ticket-purchase, ticket-refund, ticket-scan, ticket-transfer, invalid-attempt, cart-update,"
        " page-view, venue-update, social."
    )
    refused = [
        {
            "status": "rejected",
            "index": 1,
            "code": "not-json",
            "value": "nonsense",
            "detail": NO_KEY,
        },
        {
            "status": "rejected",
            "id": "1",
            "index": 2,
            "code": "negative-amount",
            "field": "amount",
            "value": "-1",
            "detail": "Amounts are not negative.",
        },
        {"status": "duplicate", "id": "0", "index": 3},
        {
            "status": "rejected",
            "index": 4,
            "code": "unknown-type",
            "field": "type",
            "value": "ticket-theft",
            "detail": types,
        },
    ]
    assert (answer.status_code, answer.json) == (
        202,
        {
            "accepted": 1,
            "duplicates": 1,
            "rejected": 3,
            "verdicts": [{"status": "accepted", "id": "0", "index": 0}, *refused],
        },
    )
    again = sender.post(f"{BATCH}?verdicts=errors", lines[0] + b"\n" + json.dumps(sales(2)[1]).encode())
    assert again.json == {
        "accepted": 1,
        "duplicates": 1,
        "rejected": 0,
        "verdicts": [{"status": "duplicate", "id": "0", "index": 0}],
    }
    assert house.dead_letters.flush()
    with database.tenant(tenant.tenant_id) as connection:
        letters = connection.rows(
            "SELECT source, code, field, detail, payload FROM dead_letters"
            " WHERE tenant_id = %s ORDER BY code",
            [tenant.tenant_id],
        )
    assert [
        letter | {"payload": letter["payload"] and json.loads(letter["payload"])} for letter in letters
    ] == [
        {
            "source": "rest",
            "code": "negative-amount",
            "field": "amount",
            "detail": "Amounts are not negative.",
            "payload": {
                "type": "ticket-purchase",
                "message_id": 1,
                "ticket_id": "T-1",
                "event_id": "gala",
                "amount": -1,
                "occurred_at": AT,
            },
        },
        {
            "source": "rest",
            "code": "not-json",
            "field": None,
            "detail": f"{NO_KEY} (23 bytes)",
            "payload": "",
        },
        {
            "source": "rest",
            "code": "unknown-type",
            "field": "type",
            "detail": types,
            "payload": {
                "type": "ticket-theft",
                "ticketId": "T-1",
                "eventId": "gala",
                "amount": 12.5,
                "timestamp": AT,
            },
        },
    ]


def test_bad_values_inside_an_array_do_not_spoil_their_neighbours(sender: Sender) -> None:
    good = [json.dumps(sale).encode() for sale in sales(2)]
    bad = [b'{"amount": NaN}', rb'{"channel": "\ud800"}', b"[" * 1000 + b"]" * 1000, b'{"a": "\xff"}', b"7"]
    answer = sender.post(BATCH, b"[" + b",".join([good[0], *bad, good[1]]) + b"]")
    assert answer.json is not None
    assert [(verdict["status"], verdict.get("code")) for verdict in answer.json["verdicts"]] == [
        ("accepted", None),
        ("rejected", "not-json"),
        ("rejected", "not-json"),
        ("rejected", "too-deep"),
        ("rejected", "not-unicode"),
        ("rejected", "wrong-type"),
        ("accepted", None),
    ]


def test_an_event_at_another_venue_is_refused(sender: Sender, database: Database, tenant: Tenant) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency)"
            " VALUES (%s, %s, 'annexe', 'Annexe', 'Europe/London', 'GBP')",
            [tenant.tenant_id, UUID(int=9)],
        )
    first = sender.post("/api/v1/ingest/sale", SALE | {"venueId": "hall"})
    assert first.status_code == 202
    answer = sender.post("/api/v1/ingest/sale", SALE | {"venueId": str(UUID(int=9)), "ticketId": "T-2"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert {name: answer.json.get(name) for name in ("code", "field", "value")} == {
        "code": "other-venue",
        "field": "venueId",
        "value": str(UUID(int=9)),
    }


def test_another_tenants_venue_is_answered_like_an_unknown_one(sender: Sender, other_tenant: Tenant) -> None:
    answers = []
    for ref in (str(other_tenant.venue_id), "00000000-0000-4000-8000-000000000000"):
        answer = sender.post("/api/v1/ingest/sale", SALE | {"venueId": ref}, {"X-Request-Id": "r"})
        assert answer.status_code == 422
        problem = dict(answer.json or {})
        assert problem.pop("value") == ref
        answers.append(problem)
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "unknown-venue"


@pytest.mark.parametrize("path", [EVENTS, BATCH, "/api/v1/ingest/sale"])
def test_without_a_token_nothing_is_read(sender: Sender, path: str) -> None:
    sender.token = ""
    answer = sender.post(path, b"[" * 5000, {"X-Request-Id": "r"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="housecount"'
    assert answer.json == {
        "type": "/problems/missing-token",
        "title": "Missing token",
        "status": 401,
        "code": "missing-token",
        "detail": "Send your API token: Authorization: Bearer hc_…",
        "requestId": "r",
    }


@pytest.mark.parametrize("change", ["other secret", "other tenant", "shorter", "not base64", "no prefix"])
def test_a_foreign_token_opens_nothing(sender: Sender, other_tenant: Tenant, change: str) -> None:
    raw = base64.urlsafe_b64decode(sender.token[3:])
    sender.token = {
        "other secret": "hc_" + base64.urlsafe_b64encode(raw[:16] + bytes(32)).decode(),
        "other tenant": "hc_" + base64.urlsafe_b64encode(other_tenant.tenant_id.bytes + raw[16:]).decode(),
        "shorter": sender.token[:-4],
        "not base64": sender.token[:-1] + "!",
        "no prefix": "xx_" + sender.token[3:],
    }[change]
    answer = sender.post(EVENTS, SALE, {"X-Request-Id": "r"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="housecount", error="invalid_token"'
    assert answer.json == {
        "type": "/problems/invalid-token",
        "title": "Invalid token",
        "status": 401,
        "code": "invalid-token",
        "detail": "This API token is not known, has expired or was revoked.",
        "requestId": "r",
    }


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code", "field", "value"),
    [
        (
            EVENTS,
            b"a=1",
            {"Content-Type": "text/csv"},
            415,
            "unsupported-media-type",
            "Content-Type",
            "text/csv",
        ),
        (EVENTS, b"{}", {"Content-Encoding": "br"}, 415, "unsupported-encoding", "Content-Encoding", "br"),
        (EVENTS, b"{}", {"Content-Encoding": "gzip"}, 400, "bad-encoding", "Content-Encoding", None),
        (
            BATCH,
            gzipped(b"[]" * 9000)[:-30],
            {"Content-Encoding": "gzip"},
            400,
            "bad-encoding",
            "Content-Encoding",
            None,
        ),
        (
            BATCH,
            zstandard.compress(b"[]" * 9000)[:-3],
            {"Content-Encoding": "zstd"},
            400,
            "bad-encoding",
            "Content-Encoding",
            None,
        ),
        (EVENTS, b"x" * 70_000, {}, 413, "body-too-large", None, None),
        (BATCH, b" " * 32_000_001, {}, 413, "body-too-large", None, None),
        (BATCH, b"[" + b"1," * 10_000 + b"1]", {}, 413, "too-many-messages", None, "10001"),
        (BATCH, b"{}\n" * 10_001, {}, 413, "too-many-messages", None, "10001"),
        (BATCH, b"[" * 1_000 + b"]" * 1_000, {}, 202, None, None, None),
        (BATCH, b"[{]", {}, 400, "not-json", None, None),
        (BATCH, b'"text"', {}, 400, "not-json", None, None),
        (BATCH, b"", {}, 400, "not-json", None, None),
    ],
)
def test_a_bad_body_is_refused_as_a_whole(
    sender: Sender,
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str | None,
    field: str | None,
    value: str | None,
) -> None:
    answer = sender.post(path, body, headers)
    assert answer.json is not None
    assert (
        answer.status_code,
        answer.json.get("code"),
        answer.json.get("field"),
        answer.json.get("value"),
    ) == (
        status,
        code,
        field,
        value,
    )


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzipped(gzipped(b"\0" * 10_000_000))),
        ("gzip", gzipped(b"\0" * 200_000_000, 9)),
        ("zstd", zstandard.compress(b"\0" * 400_000_000)),
    ],
    ids=["nested gzip", "gzip", "zstd"],
)
def test_a_decompression_bomb_is_stopped_early(sender: Sender, encoding: str, body: bytes) -> None:
    assert len(body) < 250_000
    answer = sender.post(BATCH, body, {"Content-Encoding": encoding})
    assert answer.status_code in (400, 413)
    assert answer.json is not None
    assert answer.json["code"] == ("not-json" if answer.status_code == 400 else "body-too-large")


def test_other_errors_under_api_are_problems_too(sender: Sender) -> None:
    headers = {"X-Request-Id": "r"}
    wrong_method = sender.client.get(EVENTS, headers=headers)
    assert wrong_method.status_code == 405
    assert wrong_method.headers["Allow"] == "POST"
    assert wrong_method.json == {
        "type": "/problems/method-not-allowed",
        "title": "Method not allowed",
        "status": 405,
        "code": "method-not-allowed",
        "detail": "This address takes POST.",
        "requestId": "r",
    }
    missing = sender.client.get("/api/v1/nothing", headers=headers)
    assert missing.status_code == 404
    assert missing.json is not None
    assert missing.json["code"] == "not-found"
    assert sender.client.get("/nothing").content_type == "application/problem+json"
    person = sender.client.get("/nothing", headers={"Accept": "text/html"})
    assert person.content_type == "text/html; charset=utf-8"


def test_a_batch_of_ten_thousand_is_taken_whole(sender: Sender, database: Database, tenant: Tenant) -> None:
    body = json.dumps([*sales(9_999), sales(1)[0]]).encode()
    answer = sender.post(f"{BATCH}?verdicts=errors", zstandard.compress(body), {"Content-Encoding": "zstd"})
    assert answer.json == {
        "accepted": 9_999,
        "duplicates": 1,
        "rejected": 0,
        "verdicts": [{"status": "duplicate", "id": "0", "index": 9_999}],
    }
    found = totals(database, tenant)
    assert found is not None
    assert found["sold"] == 9_999


def test_no_more_batches_are_read_into_memory_than_have_their_turn(house: House, sender: Sender) -> None:
    reading, go_on = Semaphore(0), Event()

    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reading.release()
            assert go_on.wait(20)
            return super().read(size)

    def send(number: int) -> int:
        body = json.dumps([{"type": "ticket-purchase", "id": number} | SALE]).encode()
        headers = {"Authorization": f"Bearer {sender.token}", "Content-Type": "application/json"}
        length = {"Content-Length": str(len(body))}
        client = house.server.test_client()
        return client.post(BATCH, input_stream=Slow(body), headers=headers | length).status_code

    with ThreadPoolExecutor(BATCHES_AT_ONCE + 2) as threads:
        answers = [threads.submit(send, number) for number in range(BATCHES_AT_ONCE + 2)]
        began = [reading.acquire(timeout=10) for _ in range(BATCHES_AT_ONCE)]
        one_too_many = reading.acquire(timeout=0.5)
        go_on.set()
    assert (all(began), one_too_many) == (True, False)
    assert {answer.result() for answer in answers} == {202}
