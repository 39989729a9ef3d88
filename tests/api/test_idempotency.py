"""A POST that comes again under its Idempotency-Key is answered as before, and not done again."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.idempotency import LARGE_ANSWER, Room, settled
from data import idempotency
from data.counters import Counters
from data.engine import Database, DatabaseUnavailable
from data.idempotency import MOST_BYTES, Kept, begin, claim_of, drop, expire, keep
from data.tokens import create_token
from tests.api.caller import Caller, person
from tests.conftest import Tenant

OURS = "the secret of an installation ..."
BOARDS = "/api/v1/dashboards"
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
    claim = claim_of(tenant.tenant_id, uuid4(), "k-9", OURS, b"body")
    assert begin(database, claim) is None
    for _ in range(2):
        with pytest.raises(idempotency.InFlight):
            begin(database, claim)
    drop(database, claim)
    assert begin(database, claim) is None


def test_keys_are_kept_for_a_day(database: Database, tenant: Tenant) -> None:
    claim = claim_of(tenant.tenant_id, uuid4(), "k-10", OURS, b"body")
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
    claim = claim_of(tenant.tenant_id, uuid4(), "k-11", OURS, b"body")
    begin(database, claim)
    keep(database, claim, Kept(200, {}, b"x" * (MOST_BYTES + 1)))
    assert begin(database, claim) is None


def test_what_is_shown_once_can_be_read_by_whoever_has_the_key_and_by_nobody_in_the_database(
    program: Caller, database: Database, tenant: Tenant
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
    claim = claim_of(tenant.tenant_id, rows[0]["caller"], "k-12", OURS, b"")
    other = replace(claim, fingerprint=bytes(rows[0]["fingerprint"]))
    with pytest.raises(idempotency.InFlight):
        begin(database, other)  # With the key, but the secret of another installation.


def test_large_answers_of_one_caller_do_not_fill_the_table(
    database: Database, tenant: Tenant, redis_url: str, redis_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.idempotency.MOST_LARGE_ANSWERS", 2)
    counters = Counters(redis_url, f"{redis_prefix}-large", OURS)
    room, caller = Room(counters), uuid4()

    def kept(number: int, size: int) -> bool:
        claim = claim_of(tenant.tenant_id, caller, f"large {number}", OURS, b"body")
        assert begin(database, claim) is None
        settled(database, room, claim, Kept(200, {}, b"x" * size))
        return begin(database, claim) is not None

    assert [kept(n, LARGE_ANSWER + 1) for n in range(4)] == [True, True, False, False]
    assert kept(4, LARGE_ANSWER)
    counters.close()


def aged(database: Database, tenant_id: UUID, by: timedelta) -> None:
    """As if every key of the tenant had been claimed so long ago."""
    with database.tenant(tenant_id) as connection:
        connection.execute(
            "UPDATE idempotency_keys SET claimed_at = now() - %s WHERE tenant_id = %s", [by, tenant_id]
        )
