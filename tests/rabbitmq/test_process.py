"""The commands and the process that reads: killed at any moment, every message is counted exactly once."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.queues.house import ROOT, House
from tests.queues.reading import rows, sold, until
from tests.rabbitmq.broker import URL, Message, Rabbit, purchase

CLIENT = ROOT / "tests" / "rabbitmq" / "client"
KILLS = 4


@pytest.fixture
def add(house: House, rabbit: Rabbit) -> Callable[[], None]:
    """Begins to read the test's queue."""

    def begin() -> None:
        names = rabbit.topology
        words = ("--name", "shop", "--exchange", names.exchange, "--queue", names.queue)
        status, said = house("queue", "add", "rabbitmq", *words, typed=URL)
        assert status == 0, said

    return begin


def test_twenty_thousand_messages_and_a_reader_that_is_killed_again_and_again(
    rabbit: Rabbit, house: House, add: Callable[[], None]
) -> None:
    add()
    rabbit.publish([purchase(n) for n in range(20_000)])
    for kill in range(KILLS):
        with house.process() as reader:
            before = house.lines()
            until(lambda before=before: house.lines() > before + 500, 240)  # type: ignore[misc]
            time.sleep(random.Random(kill).random() * 0.1)
            reader.kill()
    with house.process() as reader:
        until(lambda: house.lines() == 20_000, 120, house.lines)
        until(lambda: rabbit.depth() == 0)
        until(lambda: consumers(rabbit) == 1)  # The one before it may have read them all.
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    assert sold(house.database, house.tenant.tenant_id) == (20_000, 20_000_000)
    assert rabbit.depth() == 0
    assert rabbit.depth(rabbit.topology.dead_queue) == 0


def test_the_worker_begins_to_read_what_is_added_and_ends_with_what_is_removed(
    rabbit: Rabbit, house: House, add: Callable[[], None]
) -> None:
    with house.process("worker") as worker:
        add()
        rabbit.publish([*(purchase(n) for n in range(3)), Message(b"{")])
        until(lambda: house.lines() == 3, 240)
        told = "SELECT state, accepted, rejected FROM queue_sources WHERE tenant_id = %s"
        is_told = {"state": "consuming", "accepted": 3, "rejected": 1}
        until(lambda: rows(house.database, house.tenant.tenant_id, told) == [is_told])
        _, listed = house("queue", "list")
        assert "shop" in listed
        assert "3 accepted, 0 duplicates, 1 rejected" in listed
        assert "guest" not in listed
        assert house("queue", "remove", "--name", "shop")[0] == 0
        until(lambda: consumers(rabbit) == 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    kept = "SELECT sealed_url, state FROM queue_sources WHERE tenant_id = %s"
    assert rows(house.database, house.tenant.tenant_id, kept) == [{"sealed_url": b"", "state": "stopped"}]
    query = "SELECT action FROM audit_log WHERE tenant_id = %s ORDER BY seq"
    assert [row["action"] for row in rows(house.database, house.tenant.tenant_id, query)] == [
        "add-queue",
        "remove-queue",
    ]
    assert house("queue", "list")[1] == "No queue is read.\n"


def consumers(rabbit: Rabbit) -> int:
    with closing(rabbit.channel()) as channel:
        return int(channel.queue_declare(rabbit.topology.queue, passive=True).method.consumer_count)


def test_what_cannot_be_added_is_told_and_nothing_is_kept(
    rabbit: Rabbit, house: House, add: Callable[[], None]
) -> None:
    names = ("--name", "shop", "--exchange", rabbit.topology.exchange, "--queue")

    def refused(url: str, queue: str = rabbit.topology.queue) -> str:
        status, said = house("queue", "add", "rabbitmq", *names, queue, typed=url)
        assert status == 2, said
        assert "Traceback" not in said
        assert "s3cret" not in said
        return said

    assert "amqps://" in refused("amqp://ada:s3cret@broker.example/")
    assert "amqps://" in refused("http://127.0.0.1/")
    assert "no address" in refused("amqp://127.0.0.1:port/")
    assert refused("") == "An address begins with amqps:// and names a host. Give it on standard input.\n"
    assert refused("amqp://127.0.0.1:1/") == "The broker cannot be used: Connection refused\n"
    said = refused(URL.replace("guest:guest", "guest:s3cret"))
    assert "The broker cannot be used: " in said
    other = f"{rabbit.topology.queue}.dead"  # A quorum queue without dead letters of its own.
    said = refused(URL, other)
    assert said.startswith("The broker has something else by this name: ")
    assert "x-dead-letter-exchange" in said
    assert house("queue", "list")[1] == "No queue is read.\n"
    assert house("queue", "remove", "--name", "shop") == (2, "There is no queue named shop.\n")
    add()
    assert "is read already" in refused(URL)
    with closing(rabbit.channel()) as channel:  # What was declared before the broker refused.
        channel.queue_delete(f"{other}.dead")
        channel.exchange_delete(f"{other}.dlx")


@pytest.mark.skipif(
    not (CLIENT / "node_modules").exists(), reason="Node.js, and npm ci --prefix tests/rabbitmq/client"
)
def test_what_the_client_of_node_publishes_is_read(
    rabbit: Rabbit, house: House, add: Callable[[], None]
) -> None:
    node = shutil.which("node")
    assert node is not None
    add()
    with house.process():
        done = subprocess.run(
            [node, "publish.mjs", URL, rabbit.topology.exchange, "2000"],
            cwd=CLIENT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == {"confirmed": 2000, "returned": 0}
        until(lambda: house.lines() == 2000, 60, house.lines)
    assert sold(house.database, house.tenant.tenant_id) == (2000, 2_000_000)
