"""Publishers that never give up: what was not taken for certain is sent again, some of it long after."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pika
from pika.exceptions import AMQPError

from bench.harness import ROOT
from ingest.rabbitmq.broker import EXCHANGE

CLIENTS = ROOT / "tests" / "clients"
REPEATED = 0.03
"""Of all that is sent, how much is sent once more at the end."""
_PAUSE_SECONDS = 0.3


class Untaken(Exception):
    """It is not known that all of it was taken; the text says why."""


class Publisher(ABC):
    """Sends messages in chunks, in a thread of its own, each until it was taken."""

    chunk = 500

    def __init__(self, name: str, bodies: Sequence[bytes], random: Random) -> None:
        self.name = name
        self.count = len(bodies)
        self.refused: list[str] = []
        """What was refused for good: nothing should be."""
        self.attempts = self.taken = 0
        chunks = [bodies[at : at + self.chunk] for at in range(0, len(bodies), self.chunk)]
        again = [each for each in chunks if random.random() < REPEATED]
        self._chunks = [*chunks, *again]
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def send(self, bodies: Sequence[bytes]) -> None:
        """Send them. Raises Untaken, OSError."""

    def begin(self) -> None:
        """Send from now on."""
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether everything was taken."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        for chunk in self._chunks:
            while True:
                self.attempts += 1
                try:
                    self.send(chunk)
                    break
                except (Untaken, OSError, http.client.HTTPException, AMQPError):
                    time.sleep(_PAUSE_SECONDS)
            self.taken += len(chunk)


class Rest(Publisher):
    """Batches to the batch route, or each message by itself."""

    def __init__(
        self,
        name: str,
        bodies: Sequence[bytes],
        random: Random,
        port: int,
        token: str,
        *,
        chunk: int = 500,
    ) -> None:
        self.chunk, single = chunk, chunk == 1
        super().__init__(name, bodies, random)
        self._path = "/api/v1/analytics/events" if single else "/api/v1/ingest/batch?verdicts=errors"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._port = port
        self._single = single
        self._connection: http.client.HTTPConnection | None = None

    def send(self, bodies: Sequence[bytes]) -> None:
        """One request. Raises Untaken, OSError, HTTPException."""
        body = bodies[0] if self._single else b"[" + b",".join(bodies) + b"]"
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._connection = None
        try:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            text = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.status >= 500 or answer.status == 429:
            connection.close()
            raise Untaken(str(answer.status))
        self._connection = connection
        if answer.status >= 300 or (not self._single and json.loads(text)["rejected"]):
            self.refused.append(f"{answer.status} {text[:300]!r}")


class Node(Publisher):
    """A service that uses an npm package, killed now and then."""

    def __init__(
        self, name: str, bodies: Sequence[bytes], random: Random, program: str, url: str, prefix: str
    ) -> None:
        super().__init__(name, bodies, random)
        self._command = ["node", program, url, prefix]
        self._process: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        """End the service at once; it is started again for what is left."""
        if self._process is not None:
            self._process.kill()

    def send(self, bodies: Sequence[bytes]) -> None:
        """A queue for each type, as the publishers have them. Raises Untaken, OSError."""
        by_type: dict[str, list[list[Any]]] = defaultdict(list)
        for body in bodies:
            data = json.loads(body)
            by_type[data["type"]].append([None, data, {}])
        for queue, jobs in by_type.items():
            self._ask("addBulk", queue, jobs)

    def counts(self, queue: str) -> dict[str, int]:
        """What the package itself counts. Raises Untaken, OSError."""
        found: dict[str, int] = self._ask("counts", queue)
        return found

    def _ask(self, method: str, *given: Any) -> Any:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command,
                cwd=CLIENTS,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([method, *given]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            process.kill()
            process.wait()
            raise Untaken("the service ended")
        return json.loads(line)


class Amqp(Publisher):
    """A client of RabbitMQ that waits for the broker's confirms."""

    def __init__(
        self, name: str, bodies: Sequence[bytes], random: Random, url: str, exchange: str = EXCHANGE
    ) -> None:
        super().__init__(name, bodies, random)
        self._url = url
        self._exchange = exchange

    def send(self, bodies: Sequence[bytes]) -> None:
        """Publish them together and wait for all confirms. Raises Untaken, AMQPError, OSError."""
        parameters = pika.URLParameters(self._url)
        parameters.socket_timeout = parameters.stack_timeout = 10
        parameters.blocked_connection_timeout = 30
        publication = _Publication(parameters, self._exchange, bodies)
        publication.run()
        if publication.confirmed < len(bodies):
            raise Untaken("the connection ended")


class _Publication:
    """One connection for one chunk: published without waiting for each confirm by itself."""

    def __init__(self, parameters: pika.ConnectionParameters, exchange: str, bodies: Sequence[bytes]) -> None:
        self.confirmed = 0
        self._exchange = exchange
        self._bodies = bodies
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._publish),
            on_open_error_callback=lambda connection, _: connection.ioloop.stop(),
            on_close_callback=lambda connection, _: connection.ioloop.call_later(
                0.01, connection.ioloop.stop
            ),
        )

    def run(self) -> None:
        self._connection.ioloop.call_later(60, self._connection.ioloop.stop)
        self._connection.ioloop.start()
        with contextlib.suppress(AMQPError):
            self._connection.ioloop.close()

    def _publish(self, channel: Any) -> None:
        channel.confirm_delivery(self._heard)
        channel.add_on_close_callback(lambda *_: self._connection.is_open and self._connection.close())
        for body in self._bodies:
            key = json.loads(body)["type"]
            channel.basic_publish(self._exchange, key, body, pika.BasicProperties(delivery_mode=2))

    def _heard(self, frame: Any) -> None:
        method = frame.method
        if isinstance(method, pika.spec.Basic.Nack):
            self._connection.close()
        elif method.multiple:
            self.confirmed = method.delivery_tag
        else:
            self.confirmed += 1
        if self.confirmed >= len(self._bodies):
            self._connection.close()


def node_is_there() -> bool:
    """Whether the npm packages can be used."""
    return (Path(CLIENTS) / "node_modules").exists()
