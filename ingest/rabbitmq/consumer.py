"""Reads a queue of RabbitMQ: acknowledged is what was committed, refused messages go to its dead letters."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ConsumerCancelled
from pika.spec import Basic

from data.queue_sources import QueueSource
from ingest.door import Outcome
from ingest.queue_reader import Delivery, QueueReader
from ingest.rabbitmq.broker import Different, connected, opened, reason, topology_of
from ingest.rabbitmq.envelope import envelope_of

BATCH = 500
GATHER_SECONDS = 0.05
"""How long the first message of a batch waits for others."""
AHEAD = 4 * BATCH
"""Messages the broker gives out without an acknowledgement."""
_LOOK_SECONDS = 0.5
"""How long a reader with nothing to do listens before it looks whether it is to stop."""


@dataclass(slots=True, kw_only=True)
class Tagged(Delivery):
    """One message, and the number by which it is acknowledged."""

    tag: int


class Consumer(QueueReader[Tagged]):
    """The reader of one queue."""

    AWAY = (AMQPError, OSError, Different)

    @contextlib.contextmanager
    def _connected(self, source: QueueSource) -> Iterator[Channel]:
        connection = connected(source.url)
        try:
            topology = topology_of(source)
            yield Channel(connection, opened(connection, topology), topology.queue)
        finally:
            with contextlib.suppress(AMQPError, OSError):
                connection.close()

    def _reason(self, error: Exception) -> str:
        return reason(error)


class Channel:
    """A channel on which messages arrive. What ends without an acknowledgement is delivered again."""

    def __init__(self, connection: BlockingConnection, channel: BlockingChannel, queue: str) -> None:
        self._connection = connection
        self._channel = channel
        self._arrived: deque[Tagged] = deque()
        self._cancelled = False
        channel.add_on_cancel_callback(self._cancel)
        channel.basic_qos(prefetch_count=AHEAD)
        channel.basic_consume(queue, self._arrive)

    def take(self, *, wait: bool) -> list[Tagged]:
        """As many as are together, once they are enough or the first has waited long enough."""
        batch = self._next_batch()
        if not batch and wait:
            self._connection.process_data_events(GATHER_SECONDS if self._arrived else _LOOK_SECONDS)
            batch = self._next_batch()
        if not batch and self._cancelled:
            raise ConsumerCancelled("The broker has taken the queue away")
        return batch

    def tend(self) -> None:
        """Answer heartbeats, and let messages arrive."""
        self._connection.process_data_events(_LOOK_SECONDS)

    def wake(self) -> None:
        """Have `tend` return at once. From any thread."""
        with contextlib.suppress(AMQPError, OSError):  # A connection that has ended waits for nothing.
            self._connection.add_callback_threadsafe(lambda: None)

    def settle(self, batch: Sequence[Tagged], outcomes: Sequence[Outcome]) -> None:
        """Refused messages go to the broker's dead letters, the others are done."""
        last = None
        for delivery, outcome in zip(batch, outcomes, strict=True):
            if outcome.status == "rejected":
                self._channel.basic_nack(delivery.tag, requeue=False)
            else:
                last = delivery.tag
        if last is not None:
            self._channel.basic_ack(last, multiple=True)

    def _arrive(self, _: object, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        envelope = envelope_of(properties, method.routing_key)
        self._arrived.append(Tagged(body, envelope, time.monotonic(), tag=method.delivery_tag))

    def _cancel(self, _: object) -> None:
        self._cancelled = True

    def _next_batch(self) -> list[Tagged]:
        arrived = self._arrived
        if not arrived or (len(arrived) < BATCH and time.monotonic() - arrived[0].at < GATHER_SECONDS):
            return []
        return [arrived.popleft() for _ in range(min(BATCH, len(arrived)))]
