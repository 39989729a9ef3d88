"""Reads one source of messages at a broker: batches through the door, a commit, then the acknowledgement.

Nothing else acknowledges. The connection belongs to the thread of `run`, which keeps it alive while others
commit. A batch that PostgreSQL cannot take is held until it can; whatever breaks off before the
acknowledgement is delivered again, and found in the ledger.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from data import queue_sources
from data.dead_letters import DeadLetterBox
from data.engine import Database, DatabaseUnavailable
from data.keys import Unsealable
from data.queue_sources import QueueSource, State
from ingest.cloudevents import Envelope
from ingest.door import Door, Outcome
from ingest.queue_report import Report

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STABLE_SECONDS = 10.0
AWAY_SECONDS = 1.0
AT_ONCE = 2
"""Batches that are read and written at the same time: one is read here while PostgreSQL writes the other."""


@dataclass(slots=True)
class Delivery:
    """One message as it came, what takes it out of that, and when (by the monotonic clock)."""

    body: bytes
    envelope: Envelope
    at: float

    @property
    def is_last(self) -> bool:
        """Whether the broker does not deliver it once more when it is refused."""
        return True


D = TypeVar("D", bound=Delivery)


class Connection(Protocol[D]):
    """A connection to a broker, for the thread that made it."""

    def take(self, *, wait: bool) -> list[D]:
        """The next batch in its order; none when there is none, with `wait` after a moment."""

    def tend(self) -> None:
        """Keep the connection and what was taken for a moment, or until `wake`."""

    def wake(self) -> None:
        """Have `tend` return at once. From any thread."""

    def settle(self, batch: Sequence[D], outcomes: Sequence[Outcome]) -> None:
        """Tell the broker what became of the messages of a batch; batches come in their order."""


class QueueReader(ABC, Generic[D]):
    """The reader of one source; `run` is for a thread of its own."""

    AWAY: tuple[type[Exception], ...]
    """What connections raise when the broker cannot be used."""

    def __init__(
        self, tenant_id: UUID, source_id: UUID, database: Database, door: Door, dead_letters: DeadLetterBox
    ) -> None:
        self.tenant_id = tenant_id
        self.source_id = source_id
        self.report = Report()
        self._database = database
        self._door = door
        self._dead_letters = dead_letters

    @abstractmethod
    def _connected(self, source: QueueSource) -> AbstractContextManager[Connection[D]]:
        """A connection; at its end the broker has back what was not settled. Raises what is in AWAY."""

    @abstractmethod
    def _reason(self, error: Exception) -> str:
        """What went wrong at the broker, for people; no address and no password."""

    def run(self, stop: threading.Event) -> None:
        """Read until `stop`, connecting again after every failure, later and later."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._serve(stop)
            except self.AWAY as error:
                self._failed("broker-away", self._reason(error))
            except DatabaseUnavailable:
                self._failed("database-away", "PostgreSQL is away")
            except Unsealable as error:
                self._failed("stopped", str(error))
            except Exception as error:
                log.exception("reading a queue failed", extra={"queue_source": str(self.source_id)})
                self._failed("stopped", f"Something went wrong here: {type(error).__name__}")
            if time.monotonic() - began > STABLE_SECONDS:
                pause = FIRST_PAUSE
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        self.report.is_now("stopped")

    def _failed(self, state: State, why: str) -> None:
        log.warning("a queue is not read", extra={"queue_source": str(self.source_id), "reason": why})
        self.report.failed(state, why)

    def _serve(self, stop: threading.Event) -> None:
        """Connect and read until `stop`. Raises whatever ends the connection."""
        with self._database.tenant(self.tenant_id) as tenant:
            source = queue_sources.by_id(tenant, self.source_id)
        if source is None:
            return
        self.report.is_now("connecting")
        with self._connected(source) as connection:
            self.report.is_now("consuming")
            self._read(source, connection, stop)

    def _read(self, source: QueueSource, connection: Connection[D], stop: threading.Event) -> None:
        gone = threading.Event()
        under_way: deque[tuple[list[D], Future[list[Outcome] | None]]] = deque()
        with ThreadPoolExecutor(AT_ONCE, "commit") as hands:
            try:
                while under_way or not stop.is_set():
                    batch: list[D] = []
                    if not stop.is_set() and len(under_way) < AT_ONCE:
                        batch = connection.take(wait=not under_way)
                    if batch:
                        commit = hands.submit(
                            self._commit, source, batch, lambda: gone.is_set() or stop.is_set()
                        )
                        under_way.append((batch, commit))
                        commit.add_done_callback(lambda _: connection.wake())
                    if under_way and not under_way[0][1].done() and (not batch or len(under_way) == AT_ONCE):
                        connection.tend()
                    while under_way and under_way[0][1].done():  # They are settled in their order.
                        ended, commit = under_way.popleft()
                        outcomes = commit.result()
                        if outcomes is not None:
                            self._settle(connection, ended, outcomes)
            finally:
                gone.set()  # Before the commits' threads are waited for.

    def _commit(
        self, source: QueueSource, batch: Sequence[D], given_up: Callable[[], bool]
    ) -> list[Outcome] | None:
        """What became of each message, however long PostgreSQL is away; None when it was given up."""
        parts = [(each.body, each.envelope) for each in batch]
        outcomes: list[Outcome] | None = None
        while not given_up():
            try:
                if outcomes is None:
                    name = f"{source.kind}:{source.name}"
                    outcomes = self._door.delivered(
                        self.tenant_id, parts, name, lambda index: batch[index].is_last
                    )
                # A refused message leaves the queue: what is known of it has to be kept before.
                if self._dead_letters.flush(AWAY_SECONDS):
                    self.report.is_now("consuming")
                    return outcomes
            except DatabaseUnavailable as error:
                log.warning(
                    "database away, a batch waits",
                    extra={"queue_source": str(self.source_id), "reason": str(error)},
                )
                time.sleep(AWAY_SECONDS)
            if self.report.state != "database-away":
                self.report.failed("database-away", "PostgreSQL is away; messages wait in the queue")
        return None

    def _settle(self, connection: Connection[D], batch: list[D], outcomes: list[Outcome]) -> None:
        connection.settle(batch, outcomes)
        self.report.settled((outcome.status for outcome in outcomes), time.monotonic() - batch[0].at)
