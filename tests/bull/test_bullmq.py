"""A reader on real queues of BullMQ, of each version in use: each job once in the ledger, counts right."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from redis import Redis

from data.bullmq_queues import BullmqQueues
from data.engine import Database
from ingest.message import LARGEST_MESSAGE
from tests.bull.redis_server import RedisServer
from tests.bull.service import HOW, Service, is_there, purchase, service
from tests.conftest import Tenant
from tests.queues.house import House
from tests.queues.reading import reading, rows, sold, until

Begin = Callable[..., Any]
QUEUE = "ticket-purchase"
POISON = {"ticketId": "T-1"}
LIBRARIES = ("bullmq4", "bullmq", "bullmq6")
KILLS = 3


@pytest.fixture
def library(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "bullmq"))


@pytest.fixture
def bullmq(publishers_redis: RedisServer, library: str) -> Iterator[Service]:
    """A service with BullMQ's own library; skips where it is not installed."""
    if not is_there():
        pytest.skip(HOW)
    with service(publishers_redis.url, "bullmq.mjs", library=library) as made:
        yield made


@pytest.fixture
def reader(database: Database, tenant: Tenant, bullmq: Service) -> Begin:
    """Begins to read queues of the test's service until the block ends."""

    def begin(*queues: str) -> Any:
        place = {"prefix": bullmq.prefix, "queues": list(queues or (QUEUE,))}
        return reading(database, tenant.tenant_id, "bullmq", bullmq.url, place)

    return begin


every = pytest.mark.parametrize("library", LIBRARIES, indirect=True)


@every
def test_jobs_are_of_their_names_type_and_are_completed(
    bullmq: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    bullmq.publish(QUEUE, range(300))
    with reader(QUEUE, "analytics") as begun:
        begun.taken("accepted", 300)
        bullmq("addNamed", "analytics", "ticket-scan", {"ticketId": "T-1", "eventId": "gala"}, {})
        begun.taken("accepted", 301)
        until(lambda: bullmq.counts(QUEUE) == {"completed": 300}, tell=lambda: bullmq.counts(QUEUE))
        until(lambda: bullmq.counts("analytics") == {"completed": 1})
    assert sold(database, tenant.tenant_id) == (300, 300_000)
    job = bullmq("job", QUEUE, "1")
    assert (job["state"], job["returnvalue"], job["finished"]) == ("completed", "accepted", True)
    sources = rows(database, tenant.tenant_id, "SELECT DISTINCT source FROM messages WHERE tenant_id = %s")
    assert sources == [{"source": "bullmq:shop"}]


@every
def test_a_queue_that_is_paused_loses_nothing_when_it_goes_on(
    bullmq: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    with reader() as begun:
        bullmq.publish(QUEUE, range(10))
        begun.taken("accepted", 10)
        bullmq("pause", QUEUE)
        bullmq.publish(QUEUE, range(10, 20))
        bullmq.publish(QUEUE, range(20, 23), delay=100)
        time.sleep(2.5)  # Those that are due, and a look for those whose worker is gone.
        assert begun.look()["accepted"] == 10
        bullmq("resume", QUEUE)
        begun.taken("accepted", 23)
        until(lambda: bullmq.counts(QUEUE) == {"completed": 23}, tell=lambda: bullmq.counts(QUEUE))
    assert sold(database, tenant.tenant_id) == (23, 23_000)


@every
def test_what_is_given_back_while_a_queue_is_paused_is_there_when_it_goes_on(
    bullmq: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    bullmq.publish(QUEUE, range(20))
    with closing(BullmqQueues(bullmq.url, bullmq.prefix, [QUEUE], LARGEST_MESSAGE)) as mine:
        assert len(mine.claim(10)) == 10
        bullmq("pause", QUEUE)
    bullmq("resume", QUEUE)
    with reader() as begun:
        begun.taken("accepted", 20)
        until(lambda: bullmq.counts(QUEUE) == {"completed": 20}, tell=lambda: bullmq.counts(QUEUE))
    assert sold(database, tenant.tenant_id) == (20, 20_000)


@every
def test_jobs_that_are_given_back_are_taken_in_their_order_again(bullmq: Service) -> None:
    bullmq.publish(QUEUE, range(3))
    bullmq.publish(QUEUE, range(3, 6), priority=3)
    with closing(BullmqQueues(bullmq.url, bullmq.prefix, [QUEUE], LARGEST_MESSAGE)) as mine:
        order = [job.id for job in mine.claim(10)]
        assert bullmq.counts(QUEUE) == {"active": 6}
    with closing(BullmqQueues(bullmq.url, bullmq.prefix, [QUEUE], LARGEST_MESSAGE)) as mine:
        again = [job.id for job in mine.claim(10)]
    assert again[:3] == order[:3]
    assert sorted(again) == sorted(order)
    assert bullmq.locks(QUEUE) == 0


@every
@pytest.mark.parametrize(
    ("backoff", "pause"), [(None, 0), (300, 0.6), ({"type": "exponential", "delay": 300}, 0.9)]
)
def test_a_refused_job_is_tried_again_as_its_publisher_asked(
    bullmq: Service, reader: Begin, database: Database, tenant: Tenant, backoff: Any, pause: float
) -> None:
    with reader() as begun:
        begun.until_reading()
        began = time.monotonic()
        options = {"attempts": 3} | ({} if backoff is None else {"backoff": backoff})
        id_ = bullmq("add", QUEUE, POISON, options)
        begun.taken("rejected", 3)
        assert time.monotonic() - began >= pause
        until(lambda: bullmq.counts(QUEUE) == {"failed": 1})
    job = bullmq("job", QUEUE, id_)
    assert job["failedReason"] == "missing-field eventId: This field is required."
    assert job["stacktrace"] == [job["failedReason"]] * 3
    letters = rows(database, tenant.tenant_id, "SELECT code FROM dead_letters WHERE tenant_id = %s")
    assert letters == [{"code": "missing-field"}]


def test_attempts_are_counted_as_by_bullmq(bullmq: Service, reader: Begin) -> None:
    with reader() as begun:
        refused = bullmq("add", QUEUE, POISON, {"attempts": 3})
        taken = bullmq("add", QUEUE, purchase(1), {"attempts": 3})
        begun.taken("rejected", 3)
        until(lambda: bullmq.counts(QUEUE) == {"failed": 1, "completed": 1})
    assert [bullmq("job", QUEUE, each)["attemptsMade"] for each in (refused, taken)] == [3, 1]


@pytest.mark.parametrize("outcome", ["completed", "failed"])
@pytest.mark.parametrize(
    ("wish", "left"), [(True, 0), (False, 12), (0, 0), (7, 7), ({"count": 4}, 4), ({"age": 3600}, 12)]
)
def test_finished_jobs_are_kept_as_their_publisher_asked(
    bullmq: Service, reader: Begin, outcome: str, wish: Any, left: int
) -> None:
    options = {"removeOnComplete" if outcome == "completed" else "removeOnFail": wish}
    with reader() as begun:
        data = [purchase(n) if outcome == "completed" else POISON for n in range(12)]
        bullmq("addBulk", QUEUE, [[None, each, options] for each in data])
        begun.taken("accepted" if outcome == "completed" else "rejected", 12)
        expected = {outcome: left} if left else {}
        until(lambda: bullmq.counts(QUEUE) == expected, tell=lambda: bullmq.counts(QUEUE))
    assert bullmq.hashes(QUEUE) == left


@every
def test_what_others_hear_of_the_queue_is_what_bullmqs_own_worker_tells(
    bullmq: Service, reader: Begin
) -> None:
    heard: list[Counter[tuple[str, str]]] = []
    for queue in ("worked", "read"):
        bullmq("listen", queue)
        before = len(bullmq("heard"))
        bullmq("addBulk", queue, [["ticket-purchase", purchase(n)] for n in range(3)])
        if queue == "worked":
            bullmq("work", queue, 1)
            until(lambda: bullmq.counts("worked") == {"completed": 3})
        else:
            with reader(queue):
                until(lambda: bullmq.counts("read") == {"completed": 3})
        until(lambda before=before: bullmq("heard")[-1][0] == "drained")  # type: ignore[misc]
        heard.append(
            Counter((event, id_) for event, id_, _ in bullmq("heard")[before:] if event != "drained")
        )
    assert heard[0] == heard[1]


@every
def test_readers_that_are_killed_and_a_worker_of_bullmqs_own_share_a_queue(
    bullmq: Service, house: House
) -> None:
    words = ("--name", "shop", "--prefix", bullmq.prefix, "--queue", QUEUE)
    bullmq.publish(QUEUE, range(6_000))
    status, said = house("queue", "add", "bullmq", *words, typed=bullmq.url)
    assert status == 0, said
    for kill in range(KILLS):
        with house.process() as reader:
            before = house.lines()
            until(lambda before=before: house.lines() > min(before, 5_999), 240)  # type: ignore[misc]
            time.sleep(random.Random(kill).random() * 0.2)
            reader.kill()
    done = {"completed": 6_000}
    with house.process() as reader:
        until(lambda: bullmq.counts(QUEUE) == done, 240, lambda: (house.lines(), bullmq.counts(QUEUE)))
        assert sold(house.database, house.tenant.tenant_id) == (6_000, 6_000_000)
        bullmq("work", QUEUE, 20)
        for start in range(6_000, 9_000, 250):
            bullmq.publish(QUEUE, range(start, start + 250))
        until(lambda: bullmq.counts(QUEUE) == {"completed": 9_000}, 240, lambda: bullmq.counts(QUEUE))
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    assert house.lines() + bullmq("worked") == 9_000
    assert bullmq.locks(QUEUE) == 0


def test_a_job_that_was_given_up_by_others_counts(
    bullmq: Service, reader: Begin, database: Database, tenant: Tenant
) -> None:
    id_ = bullmq("add", QUEUE, purchase(1), {})
    with Redis.from_url(bullmq.url) as redis:  # As after two crashes of workers.
        redis.hset(f"{bullmq.prefix}:{QUEUE}:{id_}", "defa", "job stalled more than allowable limit")
    with reader() as begun:
        begun.taken("accepted", 1)
        until(lambda: bullmq.counts(QUEUE) == {"completed": 1})
    assert sold(database, tenant.tenant_id) == (1, 1_000)


def test_a_job_that_takes_long_stays_ours(bullmq: Service) -> None:
    bullmq.publish(QUEUE, range(2))
    with (
        Redis.from_url(bullmq.url) as redis,
        closing(BullmqQueues(bullmq.url, bullmq.prefix, [QUEUE], LARGEST_MESSAGE)) as mine,
    ):
        locks = [f"{bullmq.prefix}:{QUEUE}:{job.id.decode()}:lock" for job in mine.claim(10)]
        for lock in locks:
            redis.pexpire(lock, 2_000)
        mine.extend()
        assert [redis.pttl(lock) > 5_000 for lock in locks] == [True, True]


def test_a_queue_of_bull_is_not_touched(bullmq: Service, reader: Begin) -> None:
    with service(bullmq.url, prefix=bullmq.prefix) as bull:
        bull.publish(QUEUE, range(3))
        with reader() as begun:
            until(lambda: begun.look()["errors"] > 0)
            assert begun.last_error == f"A queue is one of another library: {QUEUE} is Bull's"
        assert bull.counts(QUEUE) == {"waiting": 3}
