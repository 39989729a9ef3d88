"""The web server's worker: a request is given a thread when it has arrived, not while it is awaited.

Gunicorn's threaded worker reads a request on the thread that answers it and waits for as long as the
client likes: as many half-sent requests as there are threads, and the process answers nobody. Here
the worker's event loop collects a head with a small body and throws out who does not finish in time.
What is read on a thread (the rest of a large body, a chunked one) has to come at a decent rate, and at
most half of the threads may be waiting for such a client at a time. Without TLS, which is a proxy's work.
"""

import errno
import re
import select
import selectors
import socket
import struct
import threading
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 10.0
"""Within which the head of a request and the beginning of its body have to be there."""

BODY_SECONDS, SLOWEST_BODY = 10.0, 1024
"""How long a body may keep us waiting: so many seconds, and one more for each so many bytes of it."""

BRIEF_SECONDS = 1.0
"""Of a body's seconds, those in which it may keep any thread; longer than that, only half of them."""

TAKING_SECONDS = 20
"""How long a client may take nothing of an answer that waits for it."""

LEAVING_SECONDS = 2.0
"""How long a client may take to hang up after its last answer."""

BEGINNING_OF_BODY = 16 * 1024
SKIPPED_OF_BODY = 32 * 1024
"""How much of a body that nobody wants may be passed over to the next request; gunicorn takes twice that."""

LARGEST_HEAD = 64 * 1024
LONGEST_DETAIL = 200
_RECEIVE = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)
_NOBODY_THERE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


class Incoming(SocketUnreader):  # type: ignore[misc]
    """What a client sends: collected by the event loop first, then read on by a thread."""

    def __init__(self, worker: "ArrivalWorker", sock: socket.socket) -> None:
        super().__init__(sock)
        self.given_up = False
        """Whether the client was too slow: the connection then reads as one that has ended."""
        self._worker = worker
        self._received = 0
        self._waited = 0.0

    @property
    def begun(self) -> bool:
        """Whether something has arrived that no thread has read."""
        return len(self.buf.getbuffer()) > 0

    def collect(self) -> bool:
        """Take what is there without waiting; whether a thread can go on with it."""
        if self._ready():
            return True
        try:
            data = self.sock.recv(_RECEIVE)
        except BlockingIOError:
            return False
        except OSError:
            return True  # The thread meets the same end, and knows what to make of it.
        self.buf.seek(0, 2)
        self.buf.write(data)
        return not data or self._ready()

    def begin(self) -> None:
        """A thread reads from now on: another request, another measure."""
        self._received, self._waited = 0, 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes of the client; none when it has hung up or was too slow."""
        if self.given_up or not self._arrives():
            self.given_up = True
            return b""
        data: bytes = super().chunk(size_hint)
        self._received += len(data)
        return data

    def lacks(self, body: Body) -> bool:
        """Whether part of this body is yet to come, or where it ends is not known."""
        if self.given_up or body.failed:
            return True
        if isinstance(body.reader, LengthReader):
            return bool(body.reader.length > min(len(self.buf.getbuffer()), SKIPPED_OF_BODY))
        return body.reader.parser is not None

    def _ready(self) -> bool:
        held: bytes = self.buf.getvalue()
        end = held.find(b"\r\n\r\n")
        if end < 0:
            return len(held) > LARGEST_HEAD
        length = _LENGTH.search(held, 0, end + 2)
        if length is None or _EXPECT.search(held, 0, end):
            return True
        return len(held) - end - 4 >= min(int(length[1]), BEGINNING_OF_BODY)

    def _arrives(self) -> bool:
        readable = select.poll()
        readable.register(self.sock, select.POLLIN)
        if readable.poll(0):
            return True
        left = max(0.0, self._worker.body_seconds + self._received / SLOWEST_BODY - self._waited)
        briefly = min(left, max(0.0, self._worker.brief_seconds - self._waited))
        began = time.monotonic()
        try:
            if readable.poll(1000 * briefly):
                return True
            if left == briefly or not self._worker.waits.acquire(blocking=False):
                return False
            try:
                return bool(readable.poll(1000 * (left - briefly)))
            finally:
                self._worker.waits.release()
        finally:
            self._waited += time.monotonic() - began


class Connection(TConn):  # type: ignore[misc]
    """A client's connection. In the event loop's hands it waits `since` and is closed at `timeout`."""

    def __init__(self, worker: "ArrivalWorker", sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self.init()
        self.incoming = Incoming(worker, sock)
        self.parser.unreader = self.incoming
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", worker.taking_seconds, 0))
        self.since = 0.0
        self._worker = worker

    @property
    def is_closed(self) -> bool:
        """Whether it was closed to make room, while the event loop had still something to say of it."""
        return bool(self.sock.fileno() < 0)

    def wait(self, seconds: float) -> None:
        """It waits from now on, no longer than this."""
        self.since = time.monotonic()
        self.timeout = self.since + seconds

    def set_timeout(self) -> None:
        """It waits for its first request, or the next one."""
        self.wait(self.cfg.keepalive)

    def close(self, graceful: bool = False) -> None:
        """Close it; with `graceful` only after the client has, so that the last answer gets there."""
        if graceful:
            self._worker.see_off(self)
        else:
            super().close()


def write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """Tell a client what is wrong with what it sent, which no view gets to see: as all others are told."""
    from api.headers import EVERYWHERE  # With Flask, which the process that starts the workers does without.
    from api.problems import PROBLEM_TYPE, Problem, request_id_of

    name, detail = request_id_of({}), message if status < 500 and message else f"{reason}."
    body = Problem(status, reason.lower().replace(" ", "-"), detail[:LONGEST_DETAIL]).body(name)
    headers = EVERYWHERE | {
        "Connection": "close",
        "Content-Type": PROBLEM_TYPE,
        "Content-Length": str(len(body)),
        "X-Request-Id": name,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    util.write_nonblock(sock, f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin1") + body)


# Gunicorn writes HTML, and leaves no other way to what it answers by itself.
util.write_error = write_problem


class ArrivalWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threaded worker, whose threads are for requests that have arrived.

    When it has as many connections as it may have, the one that waits longest makes room for the next.
    """

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    brief_seconds = BRIEF_SECONDS
    taking_seconds = TAKING_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waits = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        self._leaving: deque[Connection] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Let the next client in."""
        self._make_room()
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in _NOBODY_THERE:
                raise
            return
        self.nr_conns += 1
        self.enqueue_req(Connection(self, sock, client, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Give the connection a thread if a request has arrived; else it waits without one."""
        conn.sock.setblocking(False)
        if conn.incoming.collect():
            super().enqueue_req(conn)
        elif conn.incoming.begun:
            conn.wait(self.head_seconds)
            self._watch(self.pending_conns, conn, self.on_pending_socket_readable)
        else:
            conn.set_timeout()
            self._watch(self.keepalived_conns, conn, self.on_client_socket_readable)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """More of a request is there; its time goes on running."""
        if conn.is_closed:
            return
        if conn.incoming.collect():
            self._release(self.pending_conns, conn)
            super().enqueue_req(conn)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request of a kept connection begins."""
        if not conn.is_closed:
            super().on_client_socket_readable(conn, client)

    def handle(self, conn: Connection) -> Any:
        """Answer a request; runs on a thread."""
        conn.incoming.begin()
        kept = super().handle(conn)
        return kept and not conn.incoming.given_up

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer one that was read; whether another may follow.

        A body that was refused unread is not waited for: the answer says that the connection ends with it,
        so that the client does not send its next request on a connection about to be closed.
        """
        asked_to_close = req.should_close
        req.should_close = lambda: asked_to_close() or conn.incoming.lacks(req.body)
        try:
            return super().handle_request(req, conn)
        except BlockingIOError:
            raise StopIteration("the client takes nothing of its answer") from None

    def see_off(self, conn: Connection) -> None:
        """Send no more, and close when the client has hung up; never wait for it.

        To close over bytes that nobody has read would make the kernel discard the last answer.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        conn.wait(LEAVING_SECONDS)
        self._watch(self._leaving, conn, self._drain)

    def murder_pending(self) -> None:
        """Close whose request did not arrive in time, and who does not hang up."""
        super().murder_pending()
        now = time.monotonic()
        while self._leaving and self._leaving[0].timeout <= now:
            self._drop(self._leaving, self._leaving[0])

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        if conn.is_closed:
            return
        try:
            over = not client.recv(_RECEIVE)
        except BlockingIOError:
            return
        except OSError:
            over = True
        if over:
            self._drop(self._leaving, conn)

    def _make_room(self) -> None:
        waiting = [queue for queue in (self.keepalived_conns, self.pending_conns, self._leaving) if queue]
        if waiting and self.nr_conns + 1 >= self.worker_connections:
            queue = min(waiting, key=lambda queue: queue[0].since)
            self._drop(queue, queue[0])

    def _watch(self, queue: "deque[Connection]", conn: Connection, then: Any) -> None:
        queue.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(then, conn))

    def _release(self, queue: "deque[Connection]", conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        queue.remove(conn)

    def _drop(self, queue: "deque[Connection]", conn: Connection) -> None:
        self._release(queue, conn)
        self.nr_conns -= 1
        conn.close()
