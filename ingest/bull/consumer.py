"""Reads queues of Bull or BullMQ: completed is what was committed, refused jobs fail with the reason."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data.bull_queues import BullQueues
from data.bullmq_queues import BullmqQueues
from data.job_queues import EXTEND_SECONDS, BrokerAway, Job, JobQueues, OtherKind
from data.queue_sources import QueueSource
from ingest.bull.envelope import envelope_of
from ingest.bull.place import place_of
from ingest.door import Outcome
from ingest.message import LARGEST_MESSAGE
from ingest.queue_reader import Delivery, QueueReader

QUEUES: dict[str, type[JobQueues]] = {"bull": BullQueues, "bullmq": BullmqQueues}
BATCH = 500
"""Jobs of each queue that are claimed together: Redis does nothing else for some ms."""
IDLE_SECONDS = 0.03
LOOK_SECONDS = 1.0
"""How often it is looked for jobs that are due, and for those whose worker is gone."""


@dataclass(slots=True, kw_only=True)
class Claimed(Delivery):
    """One message, and the job that carries it."""

    job: Job

    @property
    def is_last(self) -> bool:
        """Whether no attempt follows if this one is refused."""
        return self.job.is_last_try


class Consumer(QueueReader[Claimed]):
    """The reader of all queues of one source."""

    AWAY = (BrokerAway, OtherKind)

    @contextlib.contextmanager
    def _connected(self, source: QueueSource) -> Iterator[Claims]:
        place = place_of(source)
        queues = QUEUES[source.kind](source.url, place.prefix, place.queues, LARGEST_MESSAGE)
        try:
            yield Claims(queues)
        finally:
            queues.close()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, OtherKind):
            return f"A queue is one of another library: {error}"
        return str(error)


class Claims:
    """Jobs claimed from the queues, one batch ahead of the one that is being committed."""

    def __init__(self, queues: JobQueues) -> None:
        self._queues = queues
        self._ahead: list[Claimed] = []
        self._woken = threading.Event()
        self._extended_at = self._looked_at = 0.0

    def take(self, *, wait: bool) -> list[Claimed]:
        """What was claimed ahead, else what can be claimed now."""
        self._look_after()
        batch, self._ahead = self._ahead or self._claim(), []
        if not batch and wait:
            time.sleep(IDLE_SECONDS)
            batch = self._claim()
        return batch

    def tend(self) -> None:
        """Keep what is claimed, and claim the next batch."""
        self._look_after()
        if not self._ahead:
            self._ahead = self._claim()
        self._woken.wait(IDLE_SECONDS)
        self._woken.clear()

    def wake(self) -> None:
        """Have `tend` return at once. From any thread."""
        self._woken.set()

    def settle(self, batch: Sequence[Claimed], outcomes: Sequence[Outcome]) -> None:
        """Refused jobs fail, the others are completed."""
        self._queues.finish(
            (claimed.job, outcome.status, _reason(outcome) if outcome.status == "rejected" else None)
            for claimed, outcome in zip(batch, outcomes, strict=True)
        )

    def _claim(self) -> list[Claimed]:
        jobs = self._queues.claim(BATCH)
        now = time.monotonic()
        return [Claimed(job.data or b"", envelope_of(job), now, job=job) for job in jobs]

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._extended_at > EXTEND_SECONDS:
            self._queues.extend()
            self._extended_at = now
        if now - self._looked_at > LOOK_SECONDS:
            self._queues.look_after()
            self._looked_at = now


def _reason(outcome: Outcome) -> str:
    """Why a message was refused, in one line for people who look at the queue."""
    about = "" if outcome.field is None else f" {outcome.field}"
    value = "" if outcome.value is None else f" ({outcome.value})"
    return f"{outcome.code}{about}: {outcome.detail}{value}"
