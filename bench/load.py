"""A load generator that costs little: one thread, many kept-alive connections, requests encoded beforehand.

It runs in a process of its own and reads nothing from an answer but its status and its length.
"""

import multiprocessing
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection


@dataclass
class Report:
    """What became of the requests: seconds each took, and how many answered what."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass
class _Client:
    connection: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def request(path: str, body: bytes, token: str, content_type: str = "application/json") -> bytes:
    """One POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, requests: Sequence[bytes], clients: int, per_second: float | None = None) -> Report:
    """Send all requests over `clients` connections, each waiting for its answer, in another process.

    With `per_second`, requests start no faster than that.
    """
    with running(port, requests, clients, per_second) as job:
        return job.result()


class running:  # noqa: N801  Reads as a sentence where it is used.
    """Load in the background: `with running(…) as job: …; job.result()`; leaving the block ends it."""

    def __init__(
        self, port: int, requests: Sequence[bytes], clients: int, per_second: float | None = None
    ) -> None:
        context = multiprocessing.get_context("fork")
        self._report, report = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(report, port, requests, clients, per_second))

    def __enter__(self) -> "running":
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def result(self) -> Report:
        """Wait for the last answer."""
        found = self._report.recv()
        assert isinstance(found, Report)
        return found


def _work(
    report: Connection, port: int, requests: Sequence[bytes], clients: int, per_second: float | None
) -> None:
    report.send(_drive(port, iter(requests), clients, per_second))


def _drive(port: int, requests: Iterator[bytes], clients: int, per_second: float | None) -> Report:
    report = Report()
    began = time.perf_counter()
    number = 0
    idle = deque(_Client(socket.create_connection(("127.0.0.1", port))) for _ in range(clients))
    everyone = list(idle)
    with selectors.DefaultSelector() as selector:
        for client in idle:
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, client)
        exhausted = False
        while True:
            while idle and not exhausted:
                if per_second is not None and number > (time.perf_counter() - began) * per_second:
                    break
                body = next(requests, None)
                if body is None:
                    exhausted = True
                    break
                number += 1
                # The one that rested longest: the server hangs up on those that say nothing for long.
                client = idle.popleft()
                client.sent_at = time.perf_counter()
                client.connection.sendall(body)
            if exhausted and len(idle) == len(everyone):
                break
            pause = None
            if idle and per_second is not None and not exhausted:
                pause = max(0.0, began + number / per_second - time.perf_counter())
            for key, _ in selector.select(pause):
                client = key.data
                if _answered(client, report):
                    idle.append(client)
    report.seconds = time.perf_counter() - began
    for client in everyone:
        client.connection.close()
    return report


def _answered(client: _Client, report: Report) -> bool:
    """Take in what arrived; whether the answer is complete."""
    data = client.connection.recv(1 << 20)
    if not data:
        raise ConnectionError("The server hung up.")
    client.received += data
    end = client.received.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = client.received[:end].lower()
    at = head.find(b"content-length:")
    assert at >= 0, "the answer says no length"
    length = int(head[at + 15 :].split(b"\r\n", 1)[0])
    if len(client.received) < end + 4 + length:
        return False
    status = int(head[9:12])
    report.statuses[status] = report.statuses.get(status, 0) + 1
    report.latencies.append(time.perf_counter() - client.sent_at)
    client.received.clear()
    return True
