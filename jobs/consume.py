"""Read the tenants' queues, each in a thread of its own, until there are none. The worker starts it for them.

A process of its own: what a flood of messages takes of time and memory, pages and duties do not lack.
"""

import argparse
import threading
import time
from contextlib import closing
from typing import Any
from uuid import UUID

import structlog

from config import Settings
from data import embedded, queue_sources
from data.dead_letters import DeadLetterBox
from data.directory import Directory
from data.door_counts import DoorCounts
from data.engine import Database, DatabaseUnavailable
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.queue_sources import Kind
from data.telemetry import Telemetry
from ingest.bull.consumer import Consumer as BullConsumer
from ingest.door import Door
from ingest.group_commit import OneByOne
from ingest.queue_reader import QueueReader
from ingest.rabbitmq.consumer import Consumer as RabbitConsumer
from processes import collect_garbage_less, until_signalled

log = structlog.stdlib.get_logger("consume")

READERS: dict[Kind, type[QueueReader[Any]]] = {
    "rabbitmq": RabbitConsumer,
    "bull": BullConsumer,
    "bullmq": BullConsumer,
}
LOOK_SECONDS = 1.0
"""How often sources are looked for, and told what was seen of them."""
SIGN_OF_LIFE_SECONDS = 10.0
CONNECTIONS = 4
_END_SECONDS = 8.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Read until a signal, or until there is nothing to read; 0 after the batches under way are finished."""
    stop = until_signalled()
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        closing(
            Database(
                urls.database_url,
                master=MasterKeys(settings.master_keys()),
                max_size=CONNECTIONS,
            )
        ) as database,
        closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
        closing(LivePublisher(database, store, Telemetry())) as live,
        closing(DeadLetterBox(database)) as letters,
        closing(DoorCounts(database)) as counts,
    ):
        door = Door(database, Directory(database), OneByOne(database, live), live, letters, counts)
        readers = Readers(database, store, door, letters)
        collect_garbage_less()
        try:
            while readers.follow() and not stop.wait(LOOK_SECONDS):
                readers.report()
        finally:
            readers.end()
            readers.report()
    return 0


class Readers:
    """The readers of all sources there are."""

    def __init__(self, database: Database, store: LiveStore, door: Door, letters: DeadLetterBox) -> None:
        self._database = database
        self._store = store
        self._door = door
        self._letters = letters
        self._all: dict[tuple[UUID, UUID, Kind], _Reader] = {}

    def follow(self) -> bool:
        """Begin with sources that are new, end with those that were removed; whether there are any."""
        try:
            there = set(queue_sources.everyones(self._database))
        except DatabaseUnavailable:
            return True
        for key in self._all.keys() - there:
            self._all.pop(key).end()
        for key in there - self._all.keys():
            tenant_id, source_id, kind = key
            self._all[key] = _Reader(
                READERS[kind](tenant_id, source_id, self._database, self._door, self._letters)
            )
        return bool(there)

    def report(self) -> None:
        """Write what was seen since the last time."""
        for (tenant_id, source_id, _), reader in self._all.items():
            report = reader.consumer.report
            self._store.count_queue(report.take_counts())
            seen, changed = report.take()
            if not changed and time.monotonic() - reader.told_at < SIGN_OF_LIFE_SECONDS:
                continue
            try:
                with self._database.tenant(tenant_id) as tenant:
                    queue_sources.tell(tenant, source_id, seen)
                reader.told_at = time.monotonic()
            except DatabaseUnavailable:
                report.put_back(seen)
                return

    def end(self) -> None:
        """Let every reader finish its batch."""
        for reader in self._all.values():
            reader.stop.set()
        deadline = time.monotonic() + _END_SECONDS
        for reader in self._all.values():
            reader.thread.join(max(0.0, deadline - time.monotonic()))


class _Reader:
    """One consumer in its thread."""

    def __init__(self, consumer: QueueReader[Any]) -> None:
        self.consumer = consumer
        self.stop = threading.Event()
        self.told_at = 0.0
        self.thread = threading.Thread(
            target=consumer.run, args=(self.stop,), name=f"queue-{consumer.source_id}", daemon=True
        )
        self.thread.start()

    def end(self) -> None:
        """Let it finish its batch."""
        self.stop.set()
        self.thread.join(_END_SECONDS)
