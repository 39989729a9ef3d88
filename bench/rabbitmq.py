"""How fast messages in a quorum queue become committed facts, beside pika that reads them and does nothing.

The messages are the demo's, published with confirms and durable, all of them before anybody reads. Needs a
RabbitMQ at 127.0.0.1:5672, or at BENCH_RABBITMQ_URL.
"""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import chain
from random import Random

import pika
from pika.adapters.blocking_connection import BlockingChannel

from bench.chaos_doors import Amqp
from bench.evenings import past_evenings
from bench.harness import (
    MASTER_KEY,
    Meter,
    Server,
    Tenant,
    new_tenant,
    print_machine,
    print_result,
    scalar,
    server,
)
from data import partitions, queue_sources
from data.demo_house import DemoEvent
from data.demo_programme import history_begins
from data.engine import Database
from data.keys import MasterKeys
from ingest.rabbitmq.broker import Topology, connected, declare, place_of
from ingest.rabbitmq.consumer import AHEAD, BATCH
from jobs.demo_messages import messages

URL = os.environ.get("BENCH_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-rabbitmq", description=__doc__)
    parser.add_argument("--evenings", type=int, default=20, help="demo evenings, about 8,000 messages each")
    options = parser.parse_args()
    with server() as running:
        print_machine(running)
        partitions.ensure(running.database_url, history_begins(datetime.now(UTC).date()))
        result = measure_rabbitmq(running, new_tenant(running), past_evenings(options.evenings))
    print_result(result)


def measure_rabbitmq(running: Server, tenant: Tenant, evenings: Sequence[DemoEvent]) -> dict[str, float]:
    """Messages/s into PostgreSQL (`rabbitmq_per_s`), and how much of pika's own rate that is."""
    bodies = [
        one.body for one in sorted(chain.from_iterable(map(messages, evenings)), key=lambda one: one.at)
    ]
    with queue() as topology:
        publish(topology, bodies)
        nowhere = _to_nowhere(topology, len(bodies))
    with queue() as topology:
        publish(topology, bodies)
        meter = Meter.start(running)
        rate = _to_postgresql(running, tenant, topology, len(bodies))
        spent = sorted(meter.used().items())
        used = ", ".join(f"{name} {1e6 * seconds / len(bodies):.0f}" for name, seconds in spent)
    print(f"pika, which does nothing with a message: {nowhere:,.0f}/s")
    print(f"RabbitMQ to PostgreSQL: {rate:,.0f} of {len(bodies):,} messages/s, {rate / nowhere:.2f} of that")
    print(f"CPU per message in µs: {used}")
    kept = scalar(running, tenant, "SELECT count(*) FROM messages WHERE tenant_id = %(tenant)s")
    if kept != len(bodies):
        raise SystemExit(f"{kept} messages are in the ledger instead of {len(bodies)}.")
    return {"rabbitmq_per_s": round(rate, 3), "rabbitmq_ratio_to_pika": round(rate / nowhere, 3)}


@contextmanager
def queue() -> Iterator[Topology]:
    """A queue of its own at the broker, as `jobs queue add rabbitmq` has it."""
    name = f"housecount-bench-{secrets.token_hex(5)}"
    topology = Topology(f"{name}.events", name, f"{name}.dlx")
    with closing(connected(URL)) as connection:
        declare(connection, topology)
    try:
        yield topology
    finally:
        with closing(connected(URL)) as connection:
            channel = connection.channel()
            for each in (topology.queue, topology.dead_queue):
                channel.queue_delete(each)
            for each in (topology.exchange, topology.dead_exchange):
                channel.exchange_delete(each)


def publish(topology: Topology, bodies: Sequence[bytes]) -> None:
    """All of them, each confirmed by the broker."""
    publisher = Amqp("bench", bodies, Random(0), URL, exchange=topology.exchange)
    for at in range(0, len(bodies), publisher.chunk):
        publisher.send(bodies[at : at + publisher.chunk])


def _to_nowhere(topology: Topology, count: int) -> float:
    """Messages/s that pika takes and acknowledges as Housecount does."""
    read = 0
    with closing(pika.BlockingConnection(pika.URLParameters(URL))) as connection:
        channel: BlockingChannel = connection.channel()
        channel.basic_qos(prefetch_count=AHEAD)
        began = time.perf_counter()
        for method, _, _ in channel.consume(topology.queue):
            read += 1
            if read % BATCH == 0 or read == count:
                channel.basic_ack(method.delivery_tag, multiple=True)
            if read == count:
                break
        seconds = time.perf_counter() - began
        channel.cancel()
    return count / seconds


def _to_postgresql(running: Server, tenant: Tenant, topology: Topology, count: int) -> float:
    """Messages/s from the first that is taken to the last that is acknowledged."""
    with (
        closing(Database(running.database_url, master=MasterKeys([MASTER_KEY]), max_size=1)) as database,
        database.tenant(tenant.tenant_id) as connection,
    ):
        queue_sources.add(connection, "rabbitmq", "bench", URL, place_of(topology))
    began = 0.0
    with closing(connected(URL)) as broker:
        channel = broker.channel()
        while True:
            left = channel.queue_declare(topology.queue, passive=True).method.message_count
            if not began and left < count:
                began = time.perf_counter()
            if left == 0 and scalar(running, tenant, _COUNT) >= count:
                return count / (time.perf_counter() - began)
            time.sleep(0.02)


_COUNT = "SELECT count(*) FROM message_keys WHERE tenant_id = %(tenant)s"


if __name__ == "__main__":
    main()
