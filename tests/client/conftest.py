"""A server that can be away, busy or strange, in front of the real door."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.serving import make_server

from data.engine import Database
from tests.api.door import House, build, token_of
from tests.conftest import Tenant

Answer = tuple[str, dict[str, str], bytes]


@dataclass
class Front:
    """The door behind a list of answers that are given instead of its own; `lost` are not given at all after
    the door did what it was asked."""

    house: House
    instead: list[Answer] = field(default_factory=list)
    lost: int = 0
    asked: int = 0
    port: int = 0
    _server: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked += 1
        if self.instead:
            status, headers, body = self.instead.pop(0)
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            start(status, [*headers.items(), ("Content-Length", str(len(body)))])
            return [body]
        body = b"".join(self.house.server.wsgi_app(environ, start))
        if self.lost:
            self.lost -= 1
            raise ConnectionResetError
        return [body]

    def open(self) -> None:
        for tries_left in reversed(range(100)):
            try:
                self._server = make_server("127.0.0.1", self.port, self, threaded=True)
                break
            except SystemExit:  # For a moment an outgoing connection has the port.
                if not tries_left:
                    raise
                time.sleep(0.1)
        self.port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def shut(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def front(database: Database, redis_url: str, redis_prefix: str) -> Iterator[Front]:
    house = build(database, redis_url, redis_prefix)
    front = Front(house)
    front.open()
    yield front
    front.shut()
    house.close()


@pytest.fixture
def token(database: Database, tenant: Tenant) -> str:
    return token_of(database, tenant)
