"""A reader in this process, and what is in the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

from data import queue_sources
from data.dead_letters import DeadLetterBox
from data.directory import Directory
from data.engine import Database
from data.queue_sources import Kind
from ingest.door import Door
from ingest.group_commit import OneByOne
from ingest.queue_reader import QueueReader
from ingest.queue_report import Report
from jobs.consume import READERS


class Silent:
    """A live path to nobody."""

    def touched(self, tenant_id: UUID, versions: Mapping[tuple[UUID, UUID], int]) -> None:
        pass


class Reading:
    """A reader at work."""

    def __init__(self, consumer: QueueReader[Any]) -> None:
        self.consumer = consumer
        self.totals = {"accepted": 0, "duplicates": 0, "rejected": 0, "errors": 0}
        self.last_error: str | None = None

    @property
    def report(self) -> Report:
        return self.consumer.report

    def look(self) -> dict[str, int]:
        """What came since it began, by outcome."""
        for name, count in self.report.take_counts().items():
            if name in self.totals:
                self.totals[name] += count
        seen, _ = self.report.take()
        self.last_error = seen.last_error or self.last_error
        return self.totals

    def until_reading(self) -> None:
        """Wait until it is connected."""
        until(lambda: self.report.state == "consuming")

    def taken(self, outcome: str, count: int, seconds: float = 240) -> None:
        """Wait until so many came out so, and not more."""
        until(lambda: self.look()[outcome] >= count, seconds, self.look)
        assert self.totals[outcome] == count


@contextmanager
def reading(
    database: Database, tenant_id: UUID, kind: Kind, url: str, place: Mapping[str, Any], name: str = "shop"
) -> Iterator[Reading]:
    """Read from a source of this name for the length of the block."""
    with database.tenant(tenant_id) as tenant:
        source_id = queue_sources.add(tenant, kind, name, url, place)
    with closing(DeadLetterBox(database)) as letters:
        live = Silent()
        door = Door(database, Directory(database), OneByOne(database, live), live, letters)
        consumer = READERS[kind](tenant_id, source_id, database, door, letters)
        stop = threading.Event()
        thread = threading.Thread(target=consumer.run, args=(stop,))
        thread.start()
        try:
            yield Reading(consumer)
        finally:
            stop.set()
            thread.join(60)
            with database.tenant(tenant_id) as tenant:
                queue_sources.remove(tenant, name)
            assert not thread.is_alive()


def sold(database: Database, tenant_id: UUID) -> tuple[int, int]:
    """Tickets and pence in the ledger."""
    (row,) = rows(
        database,
        tenant_id,
        "SELECT count(*) AS lines, coalesce(sum(amount_minor), 0) AS pence FROM ticket_sales"
        " WHERE tenant_id = %s",
    )
    return int(row["lines"]), int(row["pence"])


def rows(database: Database, tenant_id: UUID, query: str) -> list[dict[str, Any]]:
    """Rows of a query with the tenant as its only parameter."""
    with database.tenant(tenant_id) as tenant:
        return tenant.rows(query, [tenant_id])


def until(
    condition: Callable[[], bool], seconds: float = 120, tell: Callable[[], object] = lambda: ""
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come to pass: {tell()}"
        time.sleep(0.05)
