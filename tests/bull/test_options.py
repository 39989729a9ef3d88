"""What publishers ask of Bull for their jobs is done as Bull's own worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from data.engine import Database
from tests.bull.service import Service, purchase
from tests.conftest import Tenant
from tests.queues.reading import rows, sold, until

Begin = Callable[..., Any]
QUEUE = "ticket-purchase"
POISON = {"ticketId": "T-1"}


def test_a_paused_queue_is_left_alone_until_it_goes_on(
    bull: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    with reader() as begun:
        bull.publish(QUEUE, range(10))
        begun.taken("accepted", 10)
        bull("pause", QUEUE)
        bull.publish(QUEUE, range(10, 20))
        bull.publish(QUEUE, range(20, 22), delay=200)
        until(lambda: bull.counts(QUEUE) == {"completed": 10, "paused": 12}, tell=lambda: bull.counts(QUEUE))
        time.sleep(0.5)
        assert begun.look()["accepted"] == 10
        bull("resume", QUEUE)
        begun.taken("accepted", 22)
        until(lambda: bull.counts(QUEUE) == {"completed": 22})
    assert sold(database, tenant.tenant_id) == (22, 22_000)


def test_a_delayed_job_comes_when_its_time_has_come(bull: Service, reader: Begin) -> None:
    with reader() as begun:
        began = time.monotonic()
        bull.publish(QUEUE, range(3), delay=2_000)
        bull.publish(QUEUE, range(3, 5))
        begun.taken("accepted", 2)
        assert bull.counts(QUEUE) == {"completed": 2, "delayed": 3}
        begun.taken("accepted", 5)
        assert time.monotonic() - began > 2
        until(lambda: bull.counts(QUEUE) == {"completed": 5})


def test_jobs_are_taken_in_the_order_in_which_bulls_worker_takes_them(bull: Service, reader: Begin) -> None:
    wishes: list[dict[str, Any]] = [
        {},
        {"priority": 7},
        {"priority": 2},
        {"lifo": True},
        {"priority": 7},
        {},
        {"priority": 1},
        {"lifo": True},
    ]
    order: dict[str, list[str]] = {}
    for queue in ("worked", "ticket-purchase"):
        bull("listen", queue)
        before = len(bull("heard"))
        bull("addBulk", queue, [[None, purchase(n), wish] for n, wish in enumerate(wishes)])
        if queue == "worked":
            bull("work", queue, 1)
            until(lambda: bull.counts("worked") == {"completed": 8})
        else:
            with reader(queue) as begun:
                begun.taken("accepted", 8)
                until(lambda: bull.counts("ticket-purchase") == {"completed": 8})
        until(lambda before=before: len(active(bull, before)) == 8)  # type: ignore[misc]
        order[queue] = active(bull, before)
    assert order["ticket-purchase"] == order["worked"]


def active(bull: Service, since: int) -> list[str]:
    """The jobs that became active, in their order."""
    return [id_ for event, id_, _ in bull("heard")[since:] if event == "active"]


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [
        (None, [0, 0]),
        (400, [0.4, 0.4]),
        ({"type": "exponential", "delay": 300}, [0.3, 0.9]),
    ],
)
def test_a_refused_job_is_tried_again_as_its_publisher_asked(
    bull: Service, reader: Begin, database: Database, tenant: Tenant, backoff: Any, pauses: list[float]
) -> None:
    with reader() as begun:
        begun.until_reading()
        began = time.monotonic()
        options = {"attempts": 3} | ({} if backoff is None else {"backoff": backoff})
        id_ = bull("add", QUEUE, POISON, options)
        begun.taken("rejected", 3)
        took = time.monotonic() - began
        until(lambda: bull.counts(QUEUE) == {"failed": 1})
    assert took >= sum(pauses)
    job = bull("job", QUEUE, id_)
    assert (job["attemptsMade"], job["state"]) == (3, "failed")
    assert job["stacktrace"] == [job["failedReason"]] * 3
    letters = rows(database, tenant.tenant_id, "SELECT code FROM dead_letters WHERE tenant_id = %s")
    assert letters == [{"code": "missing-field"}]


def test_a_job_that_waits_for_its_next_attempt_is_delayed(bull: Service, reader: Begin) -> None:
    with reader() as begun:
        id_ = bull("add", QUEUE, POISON, {"attempts": 2, "backoff": 60_000})
        begun.taken("rejected", 1)
        until(lambda: bull.counts(QUEUE) == {"delayed": 1})
    job = bull("job", QUEUE, id_)
    assert (job["attemptsMade"], job["state"]) == (1, "delayed")


def test_a_job_with_a_strategy_of_its_publishers_own_is_not_tried_again(bull: Service, reader: Begin) -> None:
    with reader() as begun:
        bull("add", QUEUE, POISON, {"attempts": 5, "backoff": {"type": "jitter"}})
        begun.taken("rejected", 1)
        until(lambda: bull.counts(QUEUE) == {"failed": 1})


@pytest.mark.parametrize("outcome", ["completed", "failed"])
@pytest.mark.parametrize(
    ("wish", "left"),
    [
        (True, 0),
        (False, 30),
        (0, 0),
        (7, 7),
        ({"count": 4}, 4),
        ({"age": 3600}, 30),
        ({"age": 3600, "count": 5}, 5),
    ],
)
def test_finished_jobs_are_kept_as_their_publisher_asked(
    bull: Service, reader: Begin, outcome: str, wish: Any, left: int
) -> None:
    options = {"removeOnComplete" if outcome == "completed" else "removeOnFail": wish}
    with reader() as begun:
        data = [purchase(n) if outcome == "completed" else POISON for n in range(30)]
        bull("addBulk", QUEUE, [[None, each, options] for each in data])
        begun.taken("accepted" if outcome == "completed" else "rejected", 30)
        expected = {outcome: left} if left else {}
        until(lambda: bull.counts(QUEUE) == expected, tell=lambda: bull.counts(QUEUE))
    assert bull.hashes(QUEUE) == left
    assert bull("ids", QUEUE, outcome) == [str(n) for n in range(31 - left, 31)]


def test_finished_jobs_go_when_they_are_too_old(bull: Service, reader: Begin) -> None:
    with reader() as begun:
        bull.publish(QUEUE, range(4), removeOnComplete={"age": 1})
        begun.taken("accepted", 4)
        until(lambda: bull.counts(QUEUE) == {"completed": 4})
        time.sleep(1.2)
        bull.publish(QUEUE, range(4, 6), removeOnComplete={"age": 1})
        begun.taken("accepted", 6)
        until(lambda: bull.counts(QUEUE) == {"completed": 2}, tell=lambda: bull.counts(QUEUE))
    assert bull("ids", QUEUE, "completed") == ["5", "6"]


def test_different_wishes_in_one_batch_do_not_mix(bull: Service, reader: Begin) -> None:
    options: list[dict[str, Any]] = [{"removeOnComplete": True}, {}, {"removeOnComplete": True}, {}] * 5
    bull("addBulk", QUEUE, [[None, purchase(n), each] for n, each in enumerate(options)])
    with reader() as begun:
        begun.taken("accepted", 20)
        until(lambda: bull.counts(QUEUE) == {"completed": 10})
    assert bull("ids", QUEUE, "completed") == [str(n) for n in range(2, 21, 2)]


def test_a_debounced_job_makes_room_for_the_next(bull: Service, reader: Begin) -> None:
    first = bull("add", QUEUE, purchase(1), {"debounce": {"id": "once"}})
    assert bull("add", QUEUE, purchase(2), {"debounce": {"id": "once"}}) == first
    with reader() as begun:
        begun.taken("accepted", 1)
        until(lambda: bull.counts(QUEUE) == {"completed": 1})
        assert bull("add", QUEUE, purchase(3), {"debounce": {"id": "once"}}) != first
        begun.taken("accepted", 2)
