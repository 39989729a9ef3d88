"""The commands for queues of Bull and the process that reads them."""

from __future__ import annotations

import signal

from redis import Redis

from tests.bull.service import Service, purchase
from tests.queues.house import House
from tests.queues.reading import rows, sold, until

QUEUE = "ticket-purchase"


def add(house: House, bull: Service, *words: str) -> str:
    """Read the service's queues; what was said."""
    status, said = house(
        "queue", "add", "bull", "--name", "shop", "--prefix", bull.prefix, *words, typed=bull.url
    )
    assert status == 0, said
    return said


def test_the_worker_reads_what_is_added_and_ends_with_what_is_removed(bull: Service, house: House) -> None:
    with house.process("worker") as worker:
        said = add(house, bull)
        assert said == (
            f"Reading ticket-purchase, ticket-scan, page-view, cart-update, venue-update ({bull.prefix}:…).\n"
        )
        bull.publish(QUEUE, range(300))
        bull("add", "ticket-scan", {"ticketId": "T-1"}, {})
        until(lambda: house.lines() == 300, 240)
        told = "SELECT kind, state, accepted, rejected FROM queue_sources WHERE tenant_id = %s"
        is_told = {"kind": "bull", "state": "consuming", "accepted": 300, "rejected": 1}
        until(lambda: rows(house.database, house.tenant.tenant_id, told) == [is_told])
        _, listed = house("queue", "list")
        assert f"shop  bull {bull.prefix}: ticket-purchase, " in listed
        assert "300 accepted, 0 duplicates, 1 rejected" in listed
        assert "127.0.0.1" not in listed
        assert house("queue", "remove", "--name", "shop")[0] == 0
        until(lambda: bull.readers() == 0)
        bull.publish(QUEUE, range(300, 310))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert bull.counts(QUEUE) == {"completed": 300, "waiting": 10}
    assert sold(house.database, house.tenant.tenant_id) == (300, 300_000)
    query = "SELECT action FROM audit_log WHERE tenant_id = %s ORDER BY seq"
    assert [row["action"] for row in rows(house.database, house.tenant.tenant_id, query)] == [
        "add-queue",
        "remove-queue",
    ]


def test_what_cannot_be_added_is_told_and_nothing_is_kept(bull: Service, house: House) -> None:
    def refused(url: str, *words: str) -> str:
        status, said = house("queue", "add", "bull", "--name", "shop", *words, typed=url)
        assert status == 2, said
        assert "Traceback" not in said
        assert "s3cret" not in said
        return said

    assert "rediss://" in refused("redis://ada:s3cret@redis.example/")
    assert refused("http://127.0.0.1/") == (
        "An address begins with rediss:// and names a host. Give it on standard input.\n"
    )
    assert "An address begins" in refused("")
    assert refused("redis://127.0.0.1:1/") == "The broker cannot be used: Connection refused\n"
    said = refused(bull.url.replace("127.0.0.1", "ada:s3cret@127.0.0.1"))
    assert said == "The broker cannot be used: Redis refuses this name and password\n"
    assert refused(bull.url, "--queue", "a:b") == "No name of a queue: a:b\n"
    with Redis.from_url(bull.url) as redis:
        redis.hset(f"{bull.prefix}:new:meta", "version", "bullmq:5.1.0")
    said = refused(bull.url, "--prefix", bull.prefix, "--queue", "new")
    assert said == "A queue of BullMQ, not of Bull: new\n"
    assert house("queue", "list")[1] == "No queue is read.\n"
    add(house, bull)
    said = refused(bull.url, "--prefix", bull.prefix)
    assert said == "A queue named shop is read already.\n"


def test_a_redis_that_may_drop_jobs_is_told_of(bull: Service, house: House) -> None:
    with Redis.from_url(bull.url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            said = add(house, bull, "--queue", QUEUE)
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert "maxmemory-policy is allkeys-lru: when memory is short, jobs are dropped." in said


def test_a_process_that_is_asked_to_end_gives_back_what_it_has_not_begun(bull: Service, house: House) -> None:
    bull("addBulk", QUEUE, [[None, purchase(n)] for n in range(5_000)])
    add(house, bull, "--queue", QUEUE)
    with house.process() as reader:
        until(lambda: house.lines() > 500, 240)
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    lines = house.lines()
    assert bull.counts(QUEUE) == {"completed": lines, "waiting": 5_000 - lines} if lines < 5_000 else lines
