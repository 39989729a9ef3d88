"""What tests do at a real RabbitMQ: topologies of their own, many messages at once, a wire that breaks."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pika

from ingest.rabbitmq.broker import Topology

URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
HOW = (
    "no RabbitMQ answers at 127.0.0.1:5672: apt-get install rabbitmq-server and rabbitmq-server -detached, or"
    " set TEST_RABBITMQ_URL"
)


def answers() -> bool:
    """Whether there is a broker to test with."""
    parts = urlsplit(URL)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 5672), 2).close()
    except OSError:
        return False
    return True


@dataclass
class Message:
    """One message to publish."""

    body: bytes
    key: str = "ticket-purchase"
    properties: Mapping[str, Any] = field(default_factory=dict)


def purchase(number: int, **more: Any) -> Message:
    """A purchase of one ticket for 10 pounds, known by its message id."""
    at = datetime.now(UTC).isoformat()
    body = {"ticketId": f"T-{number}", "eventId": "gala", "amount": 10, "timestamp": at} | more
    return Message(json.dumps(body).encode(), properties={"message_id": f"m-{number}"})


class Rabbit:
    """Names at the broker that only one test uses, and the test's own connection."""

    def __init__(self) -> None:
        name = f"housecount-test-{secrets.token_hex(5)}"
        self.topology = Topology(f"{name}.events", name, f"{name}.dlx")
        # A test looks elsewhere for minutes, and answers no heartbeat meanwhile.
        quiet = pika.URLParameters(URL)
        quiet.heartbeat = 0
        self.connection = pika.BlockingConnection(quiet)

    def remove(self) -> None:
        """Leave nothing at the broker."""
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(URL))) as connection:
            channel = connection.channel()
            for queue in (self.topology.queue, self.topology.dead_queue):
                channel.queue_delete(queue)
            for exchange in (self.topology.exchange, self.topology.dead_exchange):
                channel.exchange_delete(exchange)
        with contextlib.suppress(pika.exceptions.AMQPError):
            self.connection.close()

    def channel(self) -> Any:
        """A new channel."""
        return self.connection.channel()

    def depth(self, queue: str | None = None) -> int:
        """Messages ready in the queue."""
        with contextlib.closing(self.channel()) as channel:
            return int(channel.queue_declare(queue or self.topology.queue, passive=True).method.message_count)

    def bodies(self, queue: str) -> list[bytes]:
        """Take everything out of a queue."""
        found = []
        with contextlib.closing(self.channel()) as channel:
            while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
                found.append(got[2])
        return found

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all, and return once the broker has confirmed each of them."""
        publisher = _Publisher(self.topology.exchange, messages)
        publisher.run()
        assert publisher.confirmed == len(messages), publisher.confirmed


class _Publisher:
    """Publishes without waiting for each confirm by itself."""

    def __init__(self, exchange: str, messages: Sequence[Message]) -> None:
        self._exchange = exchange
        self._messages = messages
        self.confirmed = 0
        self._connection = pika.SelectConnection(
            pika.URLParameters(URL), on_open_callback=lambda one: one.channel(on_open_callback=self._begin)
        )

    def run(self) -> None:
        self._connection.ioloop.start()
        self._connection.ioloop.close()

    def _begin(self, channel: Any) -> None:
        channel.confirm_delivery(self._heard)
        channel.add_on_close_callback(lambda *_: self._connection.is_open and self._connection.close())
        loop = self._connection.ioloop
        # A moment later, as the loop has to close its socket.
        self._connection.add_on_close_callback(lambda *_: loop.call_later(0.01, loop.stop))
        for each in self._messages:
            properties = pika.BasicProperties(delivery_mode=2, **each.properties)
            channel.basic_publish(self._exchange, each.key, each.body, properties)

    def _heard(self, frame: Any) -> None:
        assert isinstance(frame.method, pika.spec.Basic.Ack), frame
        # A confirm of many says the number of the last.
        self.confirmed = max(self.confirmed + 1, frame.method.delivery_tag if frame.method.multiple else 0)
        if self.confirmed == len(self._messages):
            self._connection.close()


class Wire:
    """A relay to the broker that can be cut, and stay cut."""

    def __init__(self) -> None:
        parts = urlsplit(URL)
        self._to = (parts.hostname or "", parts.port or 5672)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.broken = False
        self.connections = 0
        credentials = parts.netloc.rpartition("@")[0]
        self.url = f"amqp://{credentials}@127.0.0.1:{self._server.getsockname()[1]}{parts.path}?heartbeat=2"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def close(self) -> None:
        """End it for good."""
        self.broken = True
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self.broken:
                client.close()
                continue
            self.connections += 1
            there = socket.create_connection(self._to)
            with self._lock:
                self._open += [client, there]
            self._threads.append(threading.Thread(target=_relay, args=(client, there)))
            self._threads[-1].start()


def _relay(one: socket.socket, other: socket.socket) -> None:
    with one, other:
        back = threading.Thread(target=_pour, args=(other, one))
        back.start()
        _pour(one, other)
        back.join()


def _pour(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := one.recv(65536):
            other.sendall(some)
    for each in (one, other):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire() -> Iterator[Wire]:
    """A wire for the length of the block."""
    relay = Wire()
    try:
        yield relay
    finally:
        relay.close()
