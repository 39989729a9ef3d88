"""Refused messages are replayed through the one writer: once, with nothing lost, by those who may, also
many."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

import data.facts
import data.letters
from app import SERVICES
from data import letters
from data.dead_letters import DeadLetter, keep
from data.engine import Database
from data.letters import Letter, Wanted
from data.pretix import sources as pretix_sources
from data.pretix.sources import Source
from data.services import Services
from data.users import Role
from ingest.refusal import CODES
from ingest.replaying import Replayer
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant

PATH = "/api/v1/dead-letters"
AT = "2026-07-01T19:30:00+00:00"


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


@pytest.fixture
def shop(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return Caller(whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})


def sale(**more: Any) -> dict[str, Any]:
    return {
        "ticketId": "t-1", "eventId": "gala", "amount": 12.5, "userId": "ann@example.org", "timestamp": AT,
        "venueId": "annexe", "note": "write to ann@example.org",
    } | more  # fmt: skip


def refused(shop: Caller, *messages: dict[str, Any]) -> None:
    for message in messages:
        assert shop("POST", "/api/v1/ingest/sale", message).status_code == 422


def open_annexe(database: Database, tenant: Tenant) -> None:
    """The venue that refused messages name comes to be there."""
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE venues SET external_id = 'annexe' WHERE tenant_id = %s", [tenant.tenant_id]
        )


def forget(server: Flask, tenant: Tenant) -> None:
    services: Services = server.extensions[SERVICES]
    services.directory.forget(tenant.tenant_id)


def there(owner: Caller, number: int, query: str = "") -> list[dict[str, Any]]:
    """The letters, once so many are written."""
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while True:
        found: list[dict[str, Any]] = owner.json("GET", f"{PATH}{query}")["letters"]
        if len(found) >= number or datetime.now(UTC) > deadline:
            assert len(found) == number
            return found


def sold(database: Database, tenant: Tenant) -> list[tuple[Any, ...]]:
    """Every line of the ledger: amount, ticket and whether a customer is known."""
    with database.tenant(tenant.tenant_id) as connection:
        return connection.execute(
            "SELECT amount_minor, ticket_id, customer IS NOT NULL FROM ticket_sales"
            " WHERE tenant_id = %s ORDER BY 1, 2",
            [tenant.tenant_id],
        ).fetchall()


def replayer(server: Flask) -> Replayer:
    services: Services = server.extensions[SERVICES]
    return Replayer(services.database, services.directory, services.live)


def letter(database: Database, tenant: Tenant, letter_id: str) -> Letter:
    with database.tenant(tenant.tenant_id) as connection:
        return letters.by_ids(connection, [UUID(letter_id)])[0]


def test_a_letter_keeps_the_buyer_as_a_hash_and_counts_once_however_often_it_is_replayed(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    message = sale(id="order-1", eventId="gala")
    refused(shop, message)
    [found] = there(owner, 1)
    assert (found["reason"], found["door"], found["type"]) == ("unknown-venue", "rest", "ticket-purchase")
    assert (found["state"], found["replayable"], found["field"]) == ("open", True, "venueId")
    kept = json.loads(found["payload"])
    assert UUID(kept["customer_hash"])
    assert "ann@example.org" not in found["payload"]
    assert kept["note"] == "write to (e-mail removed)"

    again = owner("POST", f"{PATH}/{found['id']}/replay")
    assert (again.status_code, again.json["code"]) == (422, "unknown-venue")  # type: ignore[index]
    assert there(owner, 1)[0]["state"] == "open"
    open_annexe(database, tenant)
    forget(whole_server, tenant)
    outcome = owner.json("POST", f"{PATH}/{found['id']}/replay")
    assert outcome == {"id": found["id"], "outcome": "accepted"}
    assert owner.json("POST", f"{PATH}/{found['id']}/replay")["outcome"] == "gone"
    assert shop.json("POST", "/api/v1/ingest/sale", message)["status"] == "duplicate"
    assert sold(database, tenant) == [(1250, "t-1", True)]
    with database.tenant(tenant.tenant_id) as connection:
        [(customer,)] = connection.execute(
            "SELECT customer FROM ticket_sales WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchall()
    services: Services = whole_server.extensions[SERVICES]
    assert customer == services.directory.customer(tenant.tenant_id, "ann@example.org")
    done = owner.json("GET", f"{PATH}/{found['id']}")
    assert (done["state"], done["outcome"], done["edited"]) == ("replayed", "accepted", False)
    assert UUID(done["handledBy"])
    assert there(owner, 0) == []


def test_what_was_refused_again_and_again_without_an_id_is_one_message(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    refused(shop, sale(), sale(), sale(timestamp="2026-07-01T20:30:00+01:00"), sale(ticketId="t-2"))
    found = there(owner, 4)
    open_annexe(database, tenant)
    forget(whole_server, tenant)
    results = owner.json("POST", f"{PATH}/bulk", {"action": "replay", "ids": [each["id"] for each in found]})
    assert sorted(each["outcome"] for each in results["results"]) == [
        "accepted", "accepted", "duplicate", "duplicate",
    ]  # fmt: skip
    assert shop.json("POST", "/api/v1/ingest/sale", sale())["status"] == "duplicate", "sent once more, too"
    assert [line[:2] for line in sold(database, tenant)] == [(1250, "t-1"), (1250, "t-2")]


def test_a_letter_without_id_and_time_counts_when_it_came(
    database: Database, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    scan = {"type": "ticket-scan", "ticketId": "t-9", "eventId": "gala", "direction": "sideways"}
    assert shop("POST", "/api/v1/ingest/attendance", scan).status_code == 422
    [found] = there(owner, 1)
    changed = json.loads(found["payload"]) | {"direction": "entry"}
    assert owner.json("POST", f"{PATH}/{found['id']}/replay", {"payload": changed})["outcome"] == "accepted"
    with database.tenant(tenant.tenant_id) as connection:
        [(at, key)] = connection.execute(
            "SELECT occurred_at, message_key FROM ticket_scans WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchall()
    assert at == letter(database, tenant, found["id"]).received_at
    assert key != found["id"]


def test_an_edit_is_checked_as_at_the_door_and_loses_nothing(
    database: Database, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    refused(shop, sale(id="order-2", amount=-5, venueId="hall"))
    [found] = there(owner, 1)
    assert found["reason"] == "negative-amount"
    kept = json.loads(found["payload"])
    path = f"{PATH}/{found['id']}/replay"
    for changes, code in (
        ({"amount": "NaN"}, "not-a-number"),
        ({"amount": 5.005}, "fractional-minor"),
        ({"amount": 5, "message_id": "order-3"}, "contradiction"),
        ({"amount": 5, "source": "elsewhere"}, "contradiction"),
        ({"amount": 5, "customer_hash": str(uuid4())}, "contradiction"),
        ({"amount": 5, "userId": "bob"}, "contradiction"),
    ):
        answer = owner("POST", path, {"payload": kept | changes})
        assert (answer.status_code, answer.json["code"]) == (422, code), changes  # type: ignore[index]
    without = {name: value for name, value in kept.items() if name != "customer_hash"}
    assert owner("POST", path, {"payload": without | {"amount": 5}}).status_code == 422
    assert sold(database, tenant) == []
    assert there(owner, 1)[0]["state"] == "open"
    body = json.dumps({"payload": kept | {"amount": 0}}).replace('"amount": 0', '"amount": 5.10')
    assert owner.json("POST", path, body.encode())["outcome"] == "accepted"
    assert sold(database, tenant) == [(510, "t-1", True)]
    done = owner.json("GET", f"{PATH}/{found['id']}")
    assert (done["edited"], done["payload"]) == (True, found["payload"])
    for nonsense in (b"[1]", b'{"payload": [1]}', b'{"payload": {}, "more": 1}', b"{"):
        assert owner("POST", path, nonsense).status_code in (400, 422)


def test_of_many_who_replay_one_letter_one_does(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, shop: Caller
) -> None:
    refused(shop, *(sale(ticketId=f"t-{number}") for number in range(6)))
    found = [letter(database, tenant, each["id"]) for each in there(owner, 6)]
    open_annexe(database, tenant)
    forget(whole_server, tenant)
    outcomes: list[str] = []

    def all_of_them() -> None:
        outcomes.extend(
            each.outcome for each in replayer(whole_server).some(tenant.tenant_id, found, uuid4())
        )

    threads = [threading.Thread(target=all_of_them) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted"] * 6 + ["gone"] * 18
    assert len(sold(database, tenant)) == 6


def test_what_breaks_off_between_the_fact_and_the_mark_leaves_neither(
    whole_server: Flask,
    database: Database,
    tenant: Tenant,
    owner: Caller,
    shop: Caller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused(shop, sale(ticketId="t-1"), sale(ticketId="t-2"))
    there(owner, 2)
    open_annexe(database, tenant)
    forget(whole_server, tenant)
    job: Any = owner.json("POST", f"{PATH}/bulk", {"action": "replay", "filters": {}})

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(data.letters, "mark", killed)
        with pytest.raises(Killed):
            replayer(whole_server).work(tenant.tenant_id, UUID(job["id"]))
    assert sold(database, tenant) == []
    assert len(there(owner, 2)) == 2
    while replayer(whole_server).work(tenant.tenant_id, UUID(job["id"])):
        pass
    assert len(sold(database, tenant)) == 2
    done = owner.json("GET", f"{PATH}/bulk/{job['id']}")
    assert (done["status"], done["done"], done["accepted"], done["duplicates"]) == ("done", 2, 2, 0)


def put(database: Database, tenant: Tenant, many: int, **more: Any) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        for start in range(0, many, 500):
            keep(
                connection,
                [
                    DeadLetter(
                        datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(seconds=start + number),
                        more.get("source", "rest"),
                        more.get("code", "unknown-venue"),
                        "venueId",
                        "There is no such venue.",
                        more.get("payload", "")
                        or json.dumps(
                            {
                                "type": "ticket-purchase",
                                "message_id": f"m{(start + number) // 2}",
                                "event_id": "gala",
                                "venue_id": "hall",
                                "ticket_id": f"t{(start + number) // 2}",
                                "amount": 1,
                                "occurred_at": AT,
                            }
                        ),
                        more.get("door", ""),
                        "ticket-purchase",
                    )
                    for number in range(min(500, many - start))
                ],
            )


def test_all_that_match_are_handled_piece_by_piece_by_several_workers(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    put(database, tenant, 900)
    put(database, tenant, 3, code="not-json", payload="{")
    put(database, tenant, 5, door="site:shop")
    job: Any = owner.json("POST", f"{PATH}/bulk", {"action": "replay", "filters": {"door": "rest"}})
    assert (job["status"], job["total"]) == ("waiting", 903)
    put(database, tenant, 1, door="rest", payload='{"type": "nonsense"}')  # Older than the job is late.

    def work() -> None:
        while replayer(whole_server).work(tenant.tenant_id, UUID(job["id"])):
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    done = owner.json("GET", f"{PATH}/bulk/{job['id']}")
    assert done["status"] == "done"
    assert (done["accepted"], done["duplicates"], done["refused"]) == (450, 450, 4)
    assert len(sold(database, tenant)) == 450
    assert {each["reason"] for each in there(owner, 4, "?door=rest")} == {"not-json", "unknown-venue"}
    laid: Any = owner.json("POST", f"{PATH}/bulk", {"action": "discard", "filters": {}})
    while replayer(whole_server).work(tenant.tenant_id, UUID(laid["id"])):
        pass
    assert owner.json("GET", f"{PATH}/bulk/{laid['id']}")["discarded"] == 9
    assert there(owner, 0) == []
    assert len(there(owner, 9, "?state=discarded")) == 9


def test_a_message_that_cannot_be_stored_stays_and_its_neighbours_count(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    put(database, tenant, 10)
    write_within = data.facts.write_within

    def picky(tenant: Any, messages: Any) -> Any:
        if any("t3" in message.payload for message in messages):
            raise psycopg.DataError("no")
        return write_within(tenant, messages)

    monkeypatch.setattr(data.letters, "write_within", picky)
    job: Any = owner.json("POST", f"{PATH}/bulk", {"action": "replay", "filters": {}})
    while replayer(whole_server).work(tenant.tenant_id, UUID(job["id"])):
        pass
    done = owner.json("GET", f"{PATH}/bulk/{job['id']}")
    assert (done["accepted"], done["duplicates"], done["refused"], done["done"]) == (4, 4, 2, 10)
    assert len(there(owner, 2)) == 2


def test_pages_filters_and_states_find_what_there_is(
    database: Database, tenant: Tenant, owner: Caller
) -> None:
    put(database, tenant, 7)
    put(database, tenant, 2, door="site:shop", code="missing-field")
    first = owner.json("GET", f"{PATH}?limit=5")
    second = owner.json("GET", f"{PATH}?limit=5&cursor={first['nextCursor']}")
    ids = [each["id"] for each in first["letters"] + second["letters"]]
    assert (len(ids), len(set(ids)), second["nextCursor"]) == (9, 9, None)
    for query, many in (
        ("?door=rest", 7),
        ("?door=site:shop&reason=missing-field", 2),
        ("?reason=nonsense", 0),
        ("?type=ticket-purchase&since=2026-07-01T12:00:05Z", 2),
        ("?until=2026-07-01T12:00:01Z", 2),
        ("?state=all", 9),
        ("?state=replayed", 0),
    ):
        assert len(there(owner, many, query)) == many, query
    for query in ("?state=x", "?since=yesterday", "?door=%00", "?nonsense=1", "?cursor=x", "?limit=0"):
        assert owner("GET", f"{PATH}{query}").status_code == 422, query
    for body in ({"action": "replay"}, {"action": "replay", "ids": [], "filters": {}}, {"action": "x"}):
        assert owner("POST", f"{PATH}/bulk", body).status_code == 422


def test_no_more_than_a_few_jobs_wait(database: Database, tenant: Tenant, owner: Caller) -> None:
    for _ in range(3):
        assert owner("POST", f"{PATH}/bulk", {"action": "discard", "filters": {}}).status_code == 202
    answer = owner("POST", f"{PATH}/bulk", {"action": "discard", "filters": {}})
    assert (answer.status_code, answer.json["code"]) == (409, "too-many-jobs")  # type: ignore[index]


def test_a_ping_that_was_given_up_is_asked_for_again(
    database: Database, tenant: Tenant, owner: Caller
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        source = Source(
            tenant.tenant_id, uuid4(), tenant.venue_id, "main", "https://pretix.eu", "hall", b"x", {}
        )
        pretix_sources.add(connection, source, "s" * 54)
    payload = '{"event": "gala", "subject": "order/ABC"}'
    put(database, tenant, 1, source="pretix:main", code="pretix-ping", payload=payload)
    [found] = there(owner, 1)
    assert owner.json("POST", f"{PATH}/{found['id']}/replay")["outcome"] == "asked"
    assert owner.json("POST", f"{PATH}/{found['id']}/replay")["outcome"] == "gone"
    with database.tenant(tenant.tenant_id) as connection:
        pings = connection.execute(
            "SELECT event, subject, pings FROM pretix_pings WHERE tenant_id = %s", [tenant.tenant_id]
        )
        assert pings.fetchall() == [("gala", "order/ABC", 1)]
    put(database, tenant, 1, source="pretix:gone", code="pretix-ping", payload=payload)
    [gone] = there(owner, 1)
    assert owner("POST", f"{PATH}/{gone['id']}/replay").status_code == 422


@pytest.mark.parametrize("role", ["manager", "analyst", "door", "promoter"])
def test_only_owners_and_managers_of_everything_see_and_handle_letters(
    whole_server: Flask, database: Database, tenant: Tenant, role: Role
) -> None:
    put(database, tenant, 1)
    with database.tenant(tenant.tenant_id) as connection:
        [found] = letters.search(connection, Wanted(), limit=5)
    somebody = person(whole_server, database, tenant, role)
    may = role == "manager"
    for path in (PATH, f"{PATH}/{found.letter_id}"):
        assert somebody("GET", path).status_code == (200 if may else 403)
    if may:
        with database.tenant(tenant.tenant_id) as connection:
            connection.execute("UPDATE users SET reach = 'venues' WHERE tenant_id = %s", [tenant.tenant_id])
        assert somebody("GET", PATH).status_code == 403
    assert somebody("POST", f"{PATH}/{found.letter_id}/discard").status_code == 403
    assert somebody("POST", f"{PATH}/bulk", {"action": "discard", "filters": {}}).status_code == 403


def test_another_tenants_letters_are_not_there(
    database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    put(database, other_tenant, 2)
    with database.tenant(other_tenant.tenant_id) as connection:
        theirs = [str(each.letter_id) for each in letters.search(connection, Wanted(), limit=5)]
    assert there(owner, 0, "?state=all") == []
    for path in (f"{PATH}/{theirs[0]}/replay", f"{PATH}/{theirs[0]}/discard"):
        assert owner("POST", path).status_code == 404
    assert owner.json("POST", f"{PATH}/bulk", {"action": "discard", "ids": theirs}) == {"results": []}
    with database.tenant(other_tenant.tenant_id) as connection:
        assert letters.count(connection, Wanted()) == 2


def test_every_reason_of_a_door_has_words() -> None:
    from api.letter_words import REASONS

    assert set(CODES) <= REASONS.keys()
    assert all(what and todo for what, todo in REASONS.values())


def test_handling_is_recorded_with_who_and_which(database: Database, tenant: Tenant, owner: Caller) -> None:
    put(database, tenant, 2)
    first, second = (each["id"] for each in there(owner, 2))
    owner.json("POST", f"{PATH}/{first}/replay")
    owner.json("POST", f"{PATH}/bulk", {"action": "discard", "ids": [second]})
    with database.tenant(tenant.tenant_id) as connection:
        entries = connection.execute(
            "SELECT action, object, detail ->> 'outcome', detail ->> 'letters' FROM audit_log"
            " WHERE tenant_id = %s AND outcome = 'done' AND action LIKE '%%letter%%' ORDER BY recorded_at",
            [tenant.tenant_id],
        ).fetchall()
    assert entries == [
        ("replay-letter", f"letter:{first}", "accepted", None),
        ("handle-letters", "", None, "1"),
    ]
