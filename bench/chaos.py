"""A night on which everything breaks: nothing is lost, nothing counted twice.

Publishers send a seeded lot of messages through every door, some again and some late, while processes are
killed, connections cut and the disk filled, at random. Afterwards the ledger is compared with what was sent,
message by message, events with a count made here by itself, the roll-ups with the facts, the live state with
PostgreSQL, and the queues by their own counts. Needs root, Node.js with `npm ci --prefix tests/clients`, and
Debian's rabbitmq-server.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pika

from bench.chaos_doors import Amqp, Node, Publisher, Rest
from bench.chaos_parts import House, Part, Rabbit, Redis, Relay, full, scratch, small_disk
from bench.chaos_truth import Truth, lost_and_doubled, wrong_events, wrong_live, wrong_rollups
from bench.evenings import past_evenings
from bench.harness import MASTER_KEY, Tenant, new_tenant, print_machine, print_result
from data import partitions, queue_sources
from data.demo_programme import history_begins
from data.engine import Database, DatabaseUnavailable
from data.keys import MasterKeys
from ingest.rabbitmq.broker import DEAD_EXCHANGE, EXCHANGE, QUEUE, Topology, connected, declare
from jobs.demo_messages import messages

WEIGHTS = {"rest": 34, "single": 1, "bull": 25, "bullmq": 15, "rabbitmq": 25}
"""What part of the messages comes by which door."""
QUIET_SECONDS = (1.0, 4.0)
"""Between two faults."""
FULL_SECONDS = 3.0
SETTLE_SECONDS = 900.0


def main() -> None:
    """Run it and print the result; an error unless all is as it was sent."""
    parser = argparse.ArgumentParser(prog="make bench-chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=int, default=0, help="at least so many, also after all is sent")
    options = parser.parse_args()
    random = Random(options.seed)
    bodies = sent(options.messages)
    truth = Truth.of(bodies)
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(1_500 + options.messages * 5 // 1_000))
        other = stack.enter_context(scratch())
        night = Night.opened(stack, disk, other, bodies, random)
        print_machine(night.house.server)
        print(f"seed {options.seed}: {len(bodies):,} messages, {night.shares()}", flush=True)
        faults = break_things(night, random, options.faults)
        print(f"all taken after {night.seconds():.0f} s and {dict(faults)}; settling", flush=True)
        settle(night, truth)
        result = checked(night, truth, faults)
    print_result(result)
    if result["lost"] or result["doubled"] or result["wrong"]:
        raise SystemExit("What came out is not what was sent.")


def sent(most: int) -> list[bytes]:
    """So many messages of past evenings, as often under other names as it takes, by their time."""
    found: list[bytes] = []
    evenings = past_evenings(20)
    for copy in count():
        for evening in evenings:
            ref = evening.ref.encode()
            renamed = ref if copy == 0 else ref + f"-{copy}".encode()
            found += [one.body.replace(ref, renamed) for one in messages(evening)]
            if len(found) >= most:
                return found[:most]
    raise AssertionError


@dataclass
class Night:
    """All that takes part."""

    house: House
    tenant: Tenant
    redis: Redis
    rabbit: Rabbit
    wires: list[Relay]
    publishers: list[Publisher]
    disk: Path
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def opened(
        cls, stack: ExitStack, disk: Path, other: Path, bodies: Sequence[bytes], random: Random
    ) -> Night:
        """Everything up, its queues read, its publishers ready."""
        (other / "redis").mkdir()
        (other / "rabbitmq").mkdir()
        house = House(disk / "house")
        stack.callback(house.end)
        redis, rabbit = Redis(other / "redis"), Rabbit(other / "rabbitmq")
        stack.callback(redis.end)
        stack.callback(rabbit.end)
        partitions.ensure(house.server.database_url, history_begins(datetime.now(UTC).date()))
        tenant = new_tenant(house.server)
        web, jobs, broker = Relay(house.port), Relay(redis.port), Relay(rabbit.port)
        amqp = f"amqp://guest:guest@127.0.0.1:{broker.port}/%2F"
        read_queues(house, tenant, f"redis://127.0.0.1:{jobs.port}/0", amqp)
        shares = split(bodies, random)
        url = f"redis://127.0.0.1:{redis.port}/0"
        publishers: list[Publisher] = [
            Rest("rest", shares["rest"], random, web.port, tenant.token),
            Rest("single", shares["single"], random, web.port, tenant.token, chunk=1),
            Node("bull", shares["bull"], random, "bull.mjs", url, "bull"),
            Node("bullmq", shares["bullmq"], random, "bullmq.mjs", url, "mq"),
            Amqp("rabbitmq", shares["rabbitmq"], random, amqp),
        ]
        for publisher in publishers:
            publisher.begin()
            if isinstance(publisher, Node):
                stack.callback(publisher.kill)
        return cls(house, tenant, redis, rabbit, [web, jobs, broker], publishers, disk)

    def shares(self) -> str:
        """How many come by which door."""
        return ", ".join(f"{each.name} {each.count:,}" for each in self.publishers)

    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    @property
    def is_sent(self) -> bool:
        """Whether every publisher knows that all of its messages were taken."""
        return all(publisher.done for publisher in self.publishers)

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The house's, for the length of the block."""
        with closing(
            Database(self.house.server.database_url, master=MasterKeys([MASTER_KEY]), max_size=2)
        ) as database:
            yield database


def split(bodies: Sequence[bytes], random: Random) -> dict[str, list[bytes]]:
    """Each message by one door."""
    found: dict[str, list[bytes]] = defaultdict(list)
    doors, weights = list(WEIGHTS), list(WEIGHTS.values())
    for body in bodies:
        found[random.choices(doors, weights)[0]].append(body)
    return found


TYPES = [
    "cart-update",
    "page-view",
    "social",
    "ticket-purchase",
    "ticket-refund",
    "ticket-scan",
    "ticket-transfer",
]


def read_queues(house: House, tenant: Tenant, redis: str, amqp: str) -> None:
    """Have the house read the publishers' queues, all over wires that are cut."""
    topology = Topology(EXCHANGE, QUEUE, DEAD_EXCHANGE)
    with closing(connected(amqp)) as connection:
        declare(connection, topology)
    rabbit = {"exchange": EXCHANGE, "queue": QUEUE, "dead_exchange": DEAD_EXCHANGE}
    url = house.server.database_url
    with (
        closing(Database(url, master=MasterKeys([MASTER_KEY]), max_size=1)) as database,
        database.tenant(tenant.tenant_id) as connection_,
    ):
        queue_sources.add(connection_, "bull", "shop", redis, {"prefix": "bull", "queues": TYPES})
        queue_sources.add(connection_, "bullmq", "site", redis, {"prefix": "mq", "queues": TYPES})
        queue_sources.add(connection_, "rabbitmq", "doors", amqp, rabbit)


def break_things(night: Night, random: Random, least: int) -> Counter[str]:
    """One fault after the other until all is sent and there were enough; how many of each kind there were."""
    kinds: dict[str, tuple[int, Callable[[], object]]] = {
        "web": (6, lambda: night.house.kill_one("gunicorn")),
        "reader of queues": (6, lambda: night.house.kill_one("jobs consume")),
        "worker": (3, lambda: night.house.kill_one("jobs worker")),
        "PostgreSQL": (4, lambda: night.house.kill_one("postgres -D")),
        "Redis": (3, lambda: night.house.kill_one("redis-server")),
        "everything": (1, lambda: struck(night.house)),
        "publishers' Redis": (2, lambda: struck(night.redis)),
        "RabbitMQ": (2, lambda: struck(night.rabbit)),
        "publishers": (2, lambda: kill_publishers(night)),
        "wires cut": (6, lambda: [wire.cut() for wire in night.wires]),
        "disk full": (2, lambda: fill(night)),
    }
    names, weights = list(kinds), [weight for weight, _ in kinds.values()]
    faults: Counter[str] = Counter()
    told = 0.0
    while not night.is_sent or sum(faults.values()) < least:
        time.sleep(random.uniform(*QUIET_SECONDS))
        name = random.choices(names, weights)[0]
        if kinds[name][1]() is not False:
            faults[name] += 1
        if night.seconds() - told > 60:
            told = night.seconds()
            sent_so_far = ", ".join(f"{each.name} {each.taken:,}" for each in night.publishers)
            print(f"after {told:.0f} s: {sent_so_far}; {sum(faults.values())} faults", flush=True)
    return faults


def struck(part: Part) -> None:
    """Gone, and back."""
    part.kill()
    part.revive()


def kill_publishers(night: Night) -> None:
    """Services in the middle of what they publish."""
    for publisher in night.publishers:
        if isinstance(publisher, Node):
            publisher.kill()


def fill(night: Night) -> None:
    """The disk is full for a moment."""
    with full(night.disk):
        time.sleep(FULL_SECONDS)


def settle(night: Night, truth: Truth) -> None:
    """Until everything that was taken is in the ledger and no queue holds a message; or nothing moves."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(2)
        with (
            contextlib.suppress(DatabaseUnavailable, OSError, pika.exceptions.AMQPError),
            night.database() as database,
        ):
            if kept(database, night.tenant) >= truth.messages and not waiting(night):
                return
    print("it did not settle", flush=True)


def kept(database: Database, tenant: Tenant) -> int:
    """Messages in the ledger."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT count(*) FROM message_keys WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    assert row is not None
    return int(row[0])


def waiting(night: Night) -> dict[str, int]:
    """What is not done in the queues, by their own counts: Bull's and BullMQ's packages, and the broker."""
    found: Counter[str] = Counter()
    for publisher in night.publishers:
        if isinstance(publisher, Node):
            for queue in TYPES:
                counts = publisher.counts(queue)
                found.update(
                    {f"{publisher.name} {state}": n for state, n in counts.items() if state != "completed"}
                )
    parameters = pika.URLParameters(f"amqp://guest:guest@127.0.0.1:{night.rabbit.port}/%2F")
    with closing(pika.BlockingConnection(parameters)) as connection:
        for queue in (QUEUE, f"{QUEUE}.dead"):
            declared = connection.channel().queue_declare(queue, passive=True)
            found[queue] = declared.method.message_count
    return {name: n for name, n in found.items() if n}


def checked(night: Night, truth: Truth, faults: Counter[str]) -> dict[str, int]:
    """Everything against what was sent; what is wrong is printed."""
    wrong: list[Any] = []
    with night.database() as database:
        lost, doubled = lost_and_doubled(database, night.tenant, truth)
        wrong += wrong_events(database, night.tenant, truth)
        wrong += wrong_live(database, night.house.server, night.tenant, truth)
        wrong += wrong_rollups(database, night.tenant)
    wrong += [f"{name}: {n} left" for name, n in waiting(night).items()]
    wrong += [f"{each.name} refused: {text}" for each in night.publishers for text in each.refused[:3]]
    for line in wrong[:20]:
        print(f"WRONG: {line}", flush=True)
    attempts = ", ".join(f"{each.name} {each.attempts:,}" for each in night.publishers)
    kills = sum(n for name, n in faults.items() if name not in ("wires cut", "disk full"))
    print(
        f"requests and chunks sent: {attempts}; faults: {dict(faults)}; {night.seconds():.0f} s", flush=True
    )
    return {
        "sent": truth.messages,
        "lost": lost,
        "doubled": doubled,
        "wrong": len(wrong),
        "kills": kills,
        "cuts": faults["wires cut"],
        "full_disks": faults["disk full"],
    }


if __name__ == "__main__":
    main()
