"""A receiver of webhooks: a real HTTP server that answers as a test says."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What came: by which path, with which headers (in lower case), and the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Answer:
    """What is answered. `before` is called first; `endless` never stops its body, `drips` its headers."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Callable[[], None] | None = None
    endless: bool = False
    drips: bool = False


@dataclass
class Receiver:
    """A server that runs. `answers` has what each path answers; 204 where nothing is said."""

    port: int = 0
    host: str = "127.0.0.1"
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    def at(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def hang(self) -> None:
        """Answer nothing until the test ends."""
        self.over.wait(60)


@contextmanager
def receiver(certificate: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    """One that listens on this machine; by TLS with a certificate and its key."""
    found = Receiver(scheme="https" if certificate else "http")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Request(self.path, headers, body))
            answer = found.answers.get(self.path.partition("?")[0], Answer())
            if answer.before is not None:
                answer.before()
            with contextlib.suppress(OSError):
                self._answer(answer)

        do_GET = do_POST  # noqa: N815

        def _answer(self, answer: Answer) -> None:
            if answer.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not found.over.is_set():
                    self.wfile.write(b"X-Drip: 1\r\n"[:1] * 1)
                    time.sleep(0.1)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.endless:
                self.end_headers()
                while not found.over.is_set():
                    self.wfile.write(b"and on " * 1_000)
                return
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Nothing: the other side may hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
