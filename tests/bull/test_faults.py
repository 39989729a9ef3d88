"""Whatever is killed or away, and whoever else works on the queue: every job once in the ledger."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from data.bull_queues import BullQueues
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from ingest.message import LARGEST_MESSAGE
from tests.bull.redis_server import redis_server
from tests.bull.service import Service, service
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.queues.away import away
from tests.queues.house import House
from tests.queues.reading import rows, sold, until

Begin = Callable[..., Any]
QUEUE = "ticket-purchase"
KILLS = 4
JOBS = 400
"""Fewer than are claimed together: a reader that is killed has had all of them."""


def add(house: House, bull: Service) -> None:
    """Read the service's queue."""
    words = ("--name", "shop", "--prefix", bull.prefix, "--queue", QUEUE)
    status, said = house("queue", "add", "bull", *words, typed=bull.url)
    assert status == 0, said


def test_twenty_thousand_jobs_and_readers_that_are_killed_again_and_again(
    bull: Service, house: House
) -> None:
    add(house, bull)
    bull.publish(QUEUE, range(20_000))
    for kill in range(KILLS):
        with house.process() as first, house.process() as second:
            before = house.lines()
            until(lambda before=before: house.lines() > before + 500, 240)  # type: ignore[misc]
            time.sleep(random.Random(kill).random() * 0.1)
            first.kill()
            time.sleep(random.Random(-kill).random() * 0.1)
            second.kill()
    with house.process() as reader:
        done = {"completed": 20_000}
        until(lambda: bull.counts(QUEUE) == done, 240, lambda: (house.lines(), bull.counts(QUEUE)))
        until(lambda: bull.readers() == 1)  # Those before it may have done them all.
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    assert sold(house.database, house.tenant.tenant_id) == (20_000, 20_000_000)
    assert bull.locks(QUEUE) == 0


@pytest.mark.parametrize("place", ["before-commit", "before-completion"])
def test_what_a_reader_had_when_it_was_killed_is_taken_over_by_another(
    bull: Service, house: House, place: str
) -> None:
    add(house, bull)
    bull.publish(QUEUE, range(JOBS))
    for _ in range(3):  # More often than Bull's own workers would forgive.
        with house.process(module="tests.bull.killed", command=place) as reader:
            assert reader.wait(240) == -signal.SIGKILL
    assert bull.counts(QUEUE) == {"active": JOBS}
    assert house.lines() == (0 if place == "before-commit" else JOBS)
    with house.process() as reader:
        until(lambda: bull.counts(QUEUE) == {"completed": JOBS}, 240, lambda: bull.counts(QUEUE))
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    assert sold(house.database, house.tenant.tenant_id) == (JOBS, JOBS * 1_000)


def test_what_a_reader_had_committed_when_it_was_killed_may_be_completed_by_bulls_own_worker(
    bull: Service, house: House
) -> None:
    add(house, bull)
    bull.publish(QUEUE, range(JOBS))
    with house.process(module="tests.bull.killed", command="before-completion") as reader:
        assert reader.wait(240) == -signal.SIGKILL
    assert bull.counts(QUEUE) == {"active": JOBS}
    with service(bull.url, prefix=bull.prefix, stalledInterval=1000) as other:
        other("work", QUEUE, 50)
        until(lambda: bull.counts(QUEUE) == {"completed": JOBS}, 240, lambda: bull.counts(QUEUE))
        assert other("worked") == JOBS
    assert sold(house.database, house.tenant.tenant_id) == (JOBS, JOBS * 1_000)


def test_readers_and_bulls_own_workers_compete_and_each_job_is_taken_by_one(
    bull: Service, house: House
) -> None:
    add(house, bull)
    with ExitStack() as running:
        other = running.enter_context(service(bull.url, prefix=bull.prefix))
        for _ in range(2):
            running.enter_context(house.process())
        until(lambda: bull.readers() == 2, 240)
        other("work", QUEUE, 20)
        for start in range(0, 6_000, 500):
            bull.publish(QUEUE, range(start, start + 500))
        until(lambda: bull.counts(QUEUE) == {"completed": 6_000}, 240, lambda: bull.counts(QUEUE))
        theirs = other("worked")
    assert 0 < theirs < 6_000
    assert house.lines() == 6_000 - theirs


def test_a_redis_that_was_killed_is_connected_to_again(
    database: Database, tenant: Tenant, reader: Begin, tmp_path: Path
) -> None:
    with (
        redis_server(tmp_path) as server,
        service(server.url) as bull,
        reader(url=server.url, prefix=bull.prefix) as begun,
    ):
        bull.publish(QUEUE, range(600))
        begun.taken("accepted", 600)
        until(lambda: bull.counts(QUEUE) == {"completed": 600})
        bull.publish(QUEUE, range(600, 3_000))
        until(lambda: begun.look()["accepted"] > 900)
        server.kill()
        until(lambda: begun.report.state == "broker-away")
        time.sleep(1)
        server.start()
        until(lambda: bull.counts(QUEUE) == {"completed": 3_000}, 240, lambda: bull.counts(QUEUE))
        begun.look()
        assert begun.last_error
        assert "127.0.0.1" not in begun.last_error
        until(lambda: begun.report.state == "consuming")
    assert sold(database, tenant.tenant_id) == (3_000, 3_000_000)


def test_a_redis_that_was_wiped_begins_to_count_anew_and_its_jobs_are_new_ones(
    database: Database, tenant: Tenant, reader: Begin, tmp_path: Path
) -> None:
    with redis_server(tmp_path) as server, reader(url=server.url, prefix="wiped") as begun:
        for numbers in (range(5), range(5, 10)):
            with service(server.url, prefix="wiped") as bull:
                bull.publish(QUEUE, numbers)
                begun.taken("accepted", numbers.stop)
                until(lambda: bull.counts(QUEUE) == {"completed": 5})
                assert bull("ids", QUEUE, "completed") == ["1", "2", "3", "4", "5"]
            with Redis.from_url(server.url) as redis:
                redis.flushall()
    assert sold(database, tenant.tenant_id) == (10, 10_000)


def test_a_database_that_is_away_longer_than_a_lock_lasts_fails_no_job(
    bull: Service, reader: Begin, server_urls: Urls
) -> None:
    with fresh_database(server_urls.database_url) as url:
        tenant = new_tenant(url)
        with (
            closing(Database(url, master=MasterKeys([MASTER_KEY]), wait_seconds=1)) as database,
            reader(at=database, of=tenant.tenant_id) as begun,
        ):
            bull.publish(QUEUE, range(100))
            begun.taken("accepted", 100)
            bull("listen", QUEUE)
            with away(server_urls.database_url, url):
                bull.publish(QUEUE, range(100, 900))
                bull("add", QUEUE, {"ticketId": "T-1"}, {})
                until(lambda: begun.report.state == "database-away")
                time.sleep(14)
                assert bull.counts(QUEUE)["active"] > 0
            begun.taken("accepted", 900)
            begun.taken("rejected", 1)
            until(
                lambda: bull.counts(QUEUE) == {"completed": 900, "failed": 1}, tell=lambda: bull.counts(QUEUE)
            )
            assert begun.report.state == "consuming"
            assert begun.look()["duplicates"] == 0
            assert not [event for event, *_ in bull("heard") if event == "stalled"]
            assert sold(database, tenant.tenant_id) == (900, 900_000)
            letters = rows(database, tenant.tenant_id, "SELECT code FROM dead_letters WHERE tenant_id = %s")
            assert letters == [{"code": "missing-field"}]


def test_a_job_that_another_worker_has_taken_over_stays_the_others(bull: Service) -> None:
    bull.publish(QUEUE, range(2))
    with Redis.from_url(bull.url) as redis:
        mine = BullQueues(bull.url, bull.prefix, [QUEUE], LARGEST_MESSAGE)
        with closing(mine):
            first, second = mine.claim(10)
            redis.set(f"{bull.prefix}:{QUEUE}:{first.id.decode()}:lock", "another's")
            mine.finish([(first, "accepted", None), (second, "accepted", None)])
            assert bull.counts(QUEUE) == {"completed": 1, "active": 1}
            assert redis.get(f"{bull.prefix}:{QUEUE}:{first.id.decode()}:lock") == b"another's"


def test_a_queue_of_another_library_is_not_touched(bull: Service, reader: Begin) -> None:
    bull.publish(QUEUE, range(3))
    with Redis.from_url(bull.url) as redis:
        redis.hset(f"{bull.prefix}:{QUEUE}:meta", "version", "bullmq:5.1.0")
    with reader() as begun:
        until(lambda: begun.look()["errors"] > 0)
        assert begun.report.state == "broker-away"
        assert begun.last_error == "A queue is one of another library: bullmq:5.1.0"
    assert bull.counts(QUEUE) == {"waiting": 3}


def test_ids_of_jobs_that_were_removed_are_left_out(bull: Service, reader: Begin) -> None:
    bull.publish(QUEUE, range(5))
    with Redis.from_url(bull.url) as redis:
        redis.delete(f"{bull.prefix}:{QUEUE}:2", f"{bull.prefix}:{QUEUE}:3")
    with reader() as begun:
        begun.taken("accepted", 3)
        until(lambda: bull.counts(QUEUE) == {"completed": 3}, tell=lambda: bull.counts(QUEUE))


def test_jobs_that_are_given_back_are_taken_in_their_order_again(bull: Service, reader: Begin) -> None:
    bull.publish(QUEUE, range(3))
    bull.publish(QUEUE, range(3, 6), priority=3)
    with closing(BullQueues(bull.url, bull.prefix, [QUEUE], LARGEST_MESSAGE)) as mine:
        order = [job.id for job in mine.claim(10)]
        assert bull.counts(QUEUE) == {"active": 6}
    assert bull.counts(QUEUE) == {"waiting": 6}
    bull.publish(QUEUE, range(6, 7), priority=1)
    with closing(BullQueues(bull.url, bull.prefix, [QUEUE], LARGEST_MESSAGE)) as mine:
        assert [job.id for job in mine.claim(10)] == [b"7", *order]
    assert bull.locks(QUEUE) == 0
