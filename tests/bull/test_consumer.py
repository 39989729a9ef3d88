"""A reader on real queues of Bull: each job once in the ledger, the queue as Bull's own worker leaves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import time
from typing import Any
from uuid import uuid4

from data.engine import Database
from data.venues import add_venue
from tests.bull.service import Service, purchase
from tests.conftest import Tenant
from tests.queues.reading import rows, sold, until

Begin = Callable[..., Any]
QUEUE = "ticket-purchase"


def test_jobs_without_a_name_are_of_their_queues_type_and_are_completed(
    bull: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    bull.publish(QUEUE, range(500))
    with reader() as begun:
        begun.taken("accepted", 500)
        bull.publish(QUEUE, range(500, 700))
        begun.taken("accepted", 700)
        until(lambda: bull.counts(QUEUE) == {"completed": 700}, tell=lambda: bull.counts(QUEUE))
    assert sold(database, tenant.tenant_id) == (700, 700_000)
    job = bull("job", QUEUE, "1")
    del job["data"]
    assert job == {
        "state": "completed",
        "returnvalue": "accepted",
        "attemptsMade": 0,
        "stacktrace": [],
        "finished": True,
        "processed": True,
    }
    sources = rows(database, tenant.tenant_id, "SELECT DISTINCT source FROM messages WHERE tenant_id = %s")
    assert sources == [{"source": "bull:shop"}]


def test_named_jobs_of_one_queue_are_of_their_names_types(
    bull: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    at = {"eventId": "gala", "timestamp": purchase(0)["timestamp"]}
    jobs: list[tuple[str, dict[str, Any]]] = [
        ("ticket-purchase", purchase(1)),
        ("ticket-scan", {"ticketId": "T-1", "eventId": "gala", "scannedAt": at["timestamp"]}),
        ("page-view", at | {"userId": "u1", "path": "/gala"}),
        ("cart-update", at | {"userId": "u1", "items": [], "cartValue": 20.5}),
        ("venue-update", {"capacity": 900, "timestamp": at["timestamp"]}),
    ]
    with reader("analytics") as begun:
        for name, data in jobs:
            bull("addNamed", "analytics", name, data, {})
        begun.taken("accepted", 5)
    kinds = rows(database, tenant.tenant_id, "SELECT type FROM messages WHERE tenant_id = %s ORDER BY type")
    assert [row["type"] for row in kinds] == sorted(name for name, _ in jobs)
    assert bull.counts("analytics") == {"completed": 5}


def test_what_others_hear_of_the_queue_is_what_bulls_own_worker_tells(bull: Service, reader: Begin) -> None:
    bull("listen", "worked")
    bull.publish("worked", range(3))
    bull("work", "worked", 1)
    until(lambda: bull.counts("worked") == {"completed": 3})
    until(lambda: bull("heard")[-1][0] == "drained")
    theirs = bull("heard")
    bull("listen", "read")
    with reader("read"):
        bull("addBulk", "read", [["ticket-purchase", purchase(n)] for n in range(3)])
        until(lambda: bull.counts("read") == {"completed": 3})
        until(lambda: len(bull("heard")) >= 2 * len(theirs) or bull("heard")[-1][0] == "drained")
    ours = [each for each in bull("heard")[len(theirs) :] if each[0] != "drained"]
    told = [[event, id_] for event, id_, _ in theirs if event != "drained"]
    assert Counter(map(tuple, told)) == Counter((event, id_) for event, id_, _ in ours)
    assert [value for event, _, value in ours if event == "completed"] == ['"accepted"'] * 3


def test_poison_fails_with_its_reason_and_its_neighbours_are_kept(
    bull: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    poison: list[list[Any]] = [
        [None, "only a text"],
        [None, [1, 2]],
        [None, {"ticketId": "T-1"}],
        [None, purchase(1, pad="x" * 70_000)],
        [None, purchase(1, pad="x" * 6_000_000)],
        [None, purchase(1, amount=-1)],
        [None, {"specversion": "7"}],
        ["no-such-type", {"eventId": "gala"}],
    ]
    bull.publish(QUEUE, range(200))
    bull("addBulk", QUEUE, poison)
    bull.publish(QUEUE, range(200, 400))
    with reader() as begun:
        begun.taken("accepted", 400)
        begun.taken("rejected", 8)
        until(lambda: bull.counts(QUEUE) == {"completed": 400, "failed": 8}, tell=lambda: bull.counts(QUEUE))
    assert sold(database, tenant.tenant_id) == (400, 400_000)
    failed = [bull("job", QUEUE, str(number)) for number in range(201, 209)]
    assert [(job["state"], job["attemptsMade"]) for job in failed] == [("failed", 1)] * 8
    assert [job["stacktrace"] for job in failed] == [[job["failedReason"]] for job in failed]
    reasons = [job["failedReason"].partition(":")[0] for job in failed]
    assert reasons == [
        "wrong-type",
        "wrong-type",
        "missing-field eventId",
        "message-too-large",
        "message-too-large",
        "negative-amount amount",
        "missing-field data",
        "unknown-type type",
    ]
    kept = rows(database, tenant.tenant_id, "SELECT source, code FROM dead_letters WHERE tenant_id = %s")
    assert {each["source"] for each in kept} == {"bull:shop"}
    assert sorted(each["code"] for each in kept) == sorted(each.partition(" ")[0] for each in reasons)


def test_a_failed_job_that_is_tried_again_once_its_cause_is_mended_counts(
    bull: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    id_ = bull("add", QUEUE, purchase(1, venueId="annexe"), {})
    with reader() as begun:
        begun.taken("rejected", 1)
        until(lambda: bull.counts(QUEUE) == {"failed": 1})
    place = {"zone": "Europe/London", "currency": "GBP", "capacity": 50, "day_starts": time(6)}
    with database.tenant(tenant.tenant_id) as one:
        add_venue(one, uuid4(), "annexe", "The Annexe", **place)  # type: ignore[arg-type]
    bull("retry", QUEUE, id_)
    with reader() as begun:
        begun.taken("accepted", 1)
        until(lambda: bull.counts(QUEUE) == {"completed": 1})
    assert sold(database, tenant.tenant_id) == (1, 1_000)


def test_cloudevents_are_understood(bull: Service, reader: Begin, database: Database, tenant: Tenant) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.ticket-purchase"}
    with reader("events") as begun:
        bull("add", "events", event | {"data": purchase(1)}, {})
        begun.taken("accepted", 1)
        bull("add", "events", event | {"data": purchase(1)}, {})
        begun.taken("duplicates", 1)
    assert sold(database, tenant.tenant_id) == (1, 1_000)
