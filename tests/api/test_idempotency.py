"""A POST that comes again under its Idempotency-Key is answered as before, and not done again."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.idempotency import LARGE_ANSWER, Room, settled
from api.reference.document import openapi_path
from api.reference.operation import Operation
from api.reference.subjects import operations, rule_named
from data import idempotency
from data.counters import Counters
from data.engine import Database, DatabaseUnavailable
from data.idempotency import MOST_BYTES, Kept, begin, claim_of, drop, expire, keep
from data.keys import MasterKeys, Unsealable
from data.tokens import create_token
from tests.api.caller import Caller, person
from tests.api.examples import path_to, sent
from tests.conftest import Tenant
from tests.data.test_event_moves import moved, register

BOARDS = "/api/v1/dashboards"
MATCH = "/api/v1/unregistered-events/{unregistered_id}/match"
UNDO = "/api/v1/event-matches/{unregistered_id}/undo"
SCAN = {"type": "ticket-scan", "ticketId": "T-1", "eventId": "gala", "timestamp": "2025-11-20T19:30:00Z"}
BODIES: dict[str, Any] = {
    "/api/v1/webhooks": {"url": "https://hooks.example.com/"},
    "/api/v1/dead-letters/{letter_id}/replay": {"payload": SCAN},
}
"""What the reference has no example of."""
SALE = {"venueId": "hall", "eventId": "night", "amount": "10.00", "currency": "GBP", "quantity": 1}


def post(caller: Caller, path: str, body: Any, key: str | None, **headers: str) -> TestResponse:
    sent: dict[str, Any] = headers if key is None else headers | {"Idempotency_Key": key}
    return caller("POST", path, body, **sent)


def boards(caller: Caller) -> list[str]:
    return [board["name"] for board in caller.json("GET", BOARDS)["dashboards"]]


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


def test_the_same_request_is_done_once_and_answered_the_same(program: Caller) -> None:
    first = post(program, BOARDS, {"name": "Once"}, "k-1")
    again = post(program, BOARDS, {"name": "Once"}, "k-1")
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    for name in ("Location", "ETag", "Content-Type"):
        assert first.headers[name] == again.headers[name]
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert boards(program) == ["Once"]
    assert post(program, BOARDS, {"name": "Once"}, '"k-1"').data == first.data, "as the draft writes keys"
    assert post(program, BOARDS, {"name": "Once"}, None).status_code == 201
    assert len(boards(program)) == 2


def test_a_key_is_for_one_request_of_one_caller(
    program: Caller, whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    assert post(program, BOARDS, {"name": "One"}, "k-2").status_code == 201
    assert told(post(program, BOARDS, {"name": "Two"}, "k-2")) == (422, "idempotency-key-reused")
    assert told(post(program, f"{BOARDS}?x=1", {"name": "One"}, "k-2")) == (422, "idempotency-key-reused")
    assert boards(program) == ["One"]
    ada = person(whole_server, database, tenant, "owner")
    assert post(ada, BOARDS, {"name": "Two"}, "k-2").status_code == 201
    with database.tenant(other_tenant.tenant_id) as connection:
        token = create_token(connection, "theirs", ["write"])
    theirs = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    assert post(theirs, BOARDS, {"name": "Two"}, "k-2").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "with space", "é", "x" * 256, '""'])
def test_what_is_no_key_is_refused_before_anything_is_done(program: Caller, key: str) -> None:
    assert told(post(program, BOARDS, {"name": "None"}, key)) == (400, "bad-idempotency-key")
    assert boards(program) == []


def test_of_many_at_the_same_moment_one_is_done(program: Caller, whole_server: Flask) -> None:
    answers: list[TestResponse] = []

    def ask() -> None:
        caller = Caller(whole_server.test_client(), program.headers)
        answers.append(post(caller, BOARDS, {"name": "Many"}, "k-3"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer.data for answer in answers if answer.status_code == 201]
    assert len(set(done)) == 1
    assert boards(program) == ["Many"]


def test_a_refusal_of_the_request_is_its_answer_and_one_for_the_moment_is_not(
    program: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = post(program, BOARDS, {"name": 7}, "k-4")
    again = post(program, BOARDS, {"name": 7}, "k-4")
    assert (wrong.status_code, again.status_code) == (422, 422)
    assert again.headers["Idempotent-Replayed"] == "true"

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr("data.dashboards.create", away)
        assert post(program, BOARDS, {"name": "Later"}, "k-5").status_code == 503
    assert post(program, BOARDS, {"name": "Later"}, "k-5").status_code == 201
    assert boards(program) == ["Later"]


def test_every_post_takes_a_key_also_one_that_only_asks(program: Caller) -> None:
    question = {"metrics": ["tickets_sold"], "range": {"last": 7}}
    first = post(program, "/api/v1/analytics/query", question, "k-6")
    assert first.status_code == 200
    again = post(program, "/api/v1/analytics/query", question, "k-6")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")


def test_whoever_may_see_less_by_now_gets_no_answer_from_before(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    name, question = uuid4().hex, {"metrics": ["tickets_sold"]}
    ada = person(whole_server, database, tenant, "manager", name)
    assert post(ada, "/api/v1/analytics/query", question, "k-20").status_code == 200
    of = [tenant.tenant_id, name]
    for changed in ("reach = 'venues'", "reach = 'all', role = 'analyst'"):
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute(f"UPDATE users SET {changed} WHERE tenant_id = %s AND name = %s", of)
        refused = post(ada, "/api/v1/analytics/query", question, "k-20")
        assert told(refused) == (422, "idempotency-key-reused"), changed
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute("UPDATE users SET role = 'manager' WHERE tenant_id = %s AND name = %s", of)
    assert post(ada, "/api/v1/analytics/query", question, "k-20").headers["Idempotent-Replayed"] == "true"


def test_a_message_under_a_key_is_answered_as_before(program: Caller) -> None:
    sale = SALE | {"id": "s-1"}
    first = post(program, "/api/v1/ingest/sale", sale, "k-7")
    again = post(program, "/api/v1/ingest/sale", sale, "k-7")
    assert (first.status_code, again.status_code, again.data) == (202, 202, first.data)
    assert b"duplicate" not in again.data
    assert told(post(program, "/api/v1/ingest/sale", sale | {"quantity": 2}, "k-7"))[0] == 422
    assert b"duplicate" in post(program, "/api/v1/ingest/sale", sale, None).data


def test_a_batch_under_a_key_is_the_same_however_it_is_compressed_and_a_refused_one_frees_it(
    program: Caller,
) -> None:
    batch = json.dumps([SALE | {"id": f"b-{n}", "type": "ticket-purchase"} for n in range(3)]).encode()
    refused = post(program, "/api/v1/ingest/batch", b"[", "k-8")
    assert refused.status_code == 400
    first = post(program, "/api/v1/ingest/batch", batch, "k-8")
    squeezed = post(program, "/api/v1/ingest/batch", gzip.compress(batch), "k-8", Content_Encoding="gzip")
    assert (first.status_code, squeezed.status_code, squeezed.data) == (202, 202, first.data)
    assert json.loads(first.data)["accepted"] == 3


def test_whoever_died_before_the_answer_was_kept_leaves_a_key_that_is_never_done_again(
    database: Database, tenant: Tenant
) -> None:
    claim = claim_of(tenant.tenant_id, uuid4(), "k-9", b"body")
    assert begin(database, claim) is None
    for _ in range(2):
        with pytest.raises(idempotency.InFlight):
            begin(database, claim)
    drop(database, claim)
    assert begin(database, claim) is None


def test_keys_are_kept_for_a_day(database: Database, tenant: Tenant) -> None:
    claim = claim_of(tenant.tenant_id, uuid4(), "k-10", b"body")
    begin(database, claim)
    keep(database, claim, Kept(201, {"Location": "/x"}, b"{}"))
    aged(database, tenant.tenant_id, timedelta(hours=23, minutes=59))
    expire(database)
    assert begin(database, claim) == Kept(201, {"Location": "/x"}, b"{}")
    aged(database, tenant.tenant_id, timedelta(hours=24, minutes=1))
    assert begin(database, claim) is None, "older ones are done anew even before they are swept"
    keep(database, claim, Kept(201, {}, b"{}"))
    aged(database, tenant.tenant_id, timedelta(hours=24, minutes=1))
    assert expire(database) >= 1
    with database.tenant(tenant.tenant_id) as connection:
        assert (
            connection.rows("SELECT 1 FROM idempotency_keys WHERE tenant_id = %s", [tenant.tenant_id]) == []
        )


def test_a_very_large_answer_is_not_kept_and_frees_its_key(database: Database, tenant: Tenant) -> None:
    claim = claim_of(tenant.tenant_id, uuid4(), "k-11", b"body")
    begin(database, claim)
    keep(database, claim, Kept(200, {}, b"x" * (MOST_BYTES + 1)))
    assert begin(database, claim) is None


def test_what_is_shown_once_can_be_read_by_whoever_has_the_key_and_by_nobody_in_the_database(
    program: Caller, database: Database, tenant: Tenant, postgres_url: str
) -> None:
    board = program.json("POST", BOARDS, {"name": "Shared"})["id"]
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    link = {"label": "Promoter", "filters": {"venue": str(tenant.venue_id)}, "expiresAt": until}
    first = post(program, f"{BOARDS}/{board}/links", link, "k-12")
    assert first.status_code == 201, first.text
    assert post(program, f"{BOARDS}/{board}/links", link, "k-12").data == first.data
    assert first.json is not None
    secret = first.json["url"].rpartition("/")[2].encode()
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.rows("SELECT * FROM idempotency_keys WHERE tenant_id = %s", [tenant.tenant_id])
    assert rows[0]["answer"]
    kept = b"".join(bytes(value) for row in rows for value in row.values() if isinstance(value, bytes))
    assert secret not in kept
    assert b"k-12" not in kept
    claim = claim_of(tenant.tenant_id, rows[0]["caller"], "k-12", b"")
    other = replace(claim, fingerprint=bytes(rows[0]["fingerprint"]))
    assert begin(database, other) is not None
    elsewhere = Database(postgres_url, master=MasterKeys(["the secret of another installation"]))
    with closing(elsewhere), pytest.raises(Unsealable):
        begin(elsewhere, other)  # With the caller's key, but another master key.
    with pytest.raises(idempotency.InFlight):
        begin(database, replace(other, secret="k-13"))  # With the master key, but another caller's.


def test_large_answers_of_one_caller_do_not_fill_the_table(
    database: Database, tenant: Tenant, redis_url: str, redis_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.idempotency.MOST_LARGE_ANSWERS", 2)
    counters = Counters(redis_url, f"{redis_prefix}-large", "k" * 32)
    room, caller = Room(counters), uuid4()

    def kept(number: int, size: int) -> bool:
        claim = claim_of(tenant.tenant_id, caller, f"large {number}", b"body")
        assert begin(database, claim) is None
        settled(database, room, claim, Kept(200, {}, b"x" * size))
        return begin(database, claim) is not None

    assert [kept(n, LARGE_ANSWER + 1) for n in range(4)] == [True, True, False, False]
    assert kept(4, LARGE_ANSWER)
    counters.close()


KEYED = [
    pytest.param(operation, path, id=openapi_path(path))
    for subject, operation, path in operations()
    if operation.method == "POST" and rule_named(subject.rule_of(operation)).way == "permitted"
]


@pytest.mark.parametrize(("operation", "path"), KEYED)
def test_at_every_address_a_key_is_for_one_request_of_a_day(
    whole_server: Flask,
    database: Database,
    example_tenant: Tenant,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    operation: Operation,
    path: str,
) -> None:
    with database.tenant(example_tenant.tenant_id) as connection:
        token = create_token(connection, "walker", ["send", "read", "write", "webhooks"])
    program = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    address = path_to(program, path)
    named = openapi_path(path)
    if named == UNDO:
        stray = UUID(address.split("/")[-2])
        real = {"eventId": str(register(database, example_tenant))}
        program.json("POST", MATCH.format(unregistered_id=stray), real)
        moved(postgres_url, example_tenant, stray)
    example = operation.examples[0] if operation.examples else BODIES.get(named)
    if named == MATCH:
        example = {"eventId": str(register(database, example_tenant))}
    body = b"" if example is None else json.dumps(sent(example)).encode()
    more = {"If_Match": '"1"'} if operation.versioned else {}

    def ask(body: bytes) -> TestResponse:
        return post(program, address, body, "walk", **more)

    first, again = ask(body), ask(body)
    assert first.status_code in operation.answers, first.text
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert told(ask(body + b" ")) == (422, "idempotency-key-reused")
    with database.tenant(example_tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE idempotency_keys SET answer = NULL WHERE tenant_id = %s", [example_tenant.tenant_id]
        )
    assert told(ask(body)) == (409, "request-in-flight"), "its answer is not there yet"

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Tomorrow:
            return super().now(tz) + timedelta(hours=24, seconds=1)

    monkeypatch.setattr("data.idempotency.datetime", Tomorrow)
    anew = ask(body + b" ")
    assert b"request-in-flight" not in anew.data
    assert anew.status_code < 500
    assert b"idempotency-key-reused" not in anew.data


def aged(database: Database, tenant_id: UUID, by: timedelta) -> None:
    """As if every key of the tenant had been claimed so long ago."""
    with database.tenant(tenant_id) as connection:
        connection.execute(
            "UPDATE idempotency_keys SET claimed_at = now() - %s WHERE tenant_id = %s", [by, tenant_id]
        )
