"""A served house of this package's own, and clients for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from data.engine import Database
from tests.conftest import Tenant
from tests.live.night import Night, open_night
from tests.live.served import House, Served, build, fresh_prefix, served_here, token_of


@pytest.fixture(scope="session")
def house(postgres_url: str, redis_url: str) -> Iterator[House]:
    """The live routes in this process."""
    house = build(postgres_url, redis_url, redis_prefix=fresh_prefix())
    yield house
    house.close()


@pytest.fixture(scope="session")
def served(house: House) -> Iterator[Served]:
    """The house behind a real server."""
    with served_here(house) as served:
        yield served


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    """An event of `tenant` whose doors opened an hour ago."""
    return open_night(database, tenant.tenant_id, tenant.venue_id)


@pytest.fixture
def token(database: Database, tenant: Tenant) -> str:
    """An API token of `tenant`."""
    return token_of(database, tenant)


class Socket:
    """A client that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self, timeout: float = 5) -> dict[str, Any]:
        received = json.loads(self.connection.recv(timeout=timeout))
        assert isinstance(received, dict)
        return received

    def subscribe(self, event_id: object, **more: Any) -> dict[str, Any]:
        """The first answer to a subscription."""
        self.send({"type": "subscribe-event", "eventId": str(event_id), **more})
        return self.receive()

    def until(self, kind: str, true: Any = lambda _: True, timeout: float = 5) -> dict[str, Any]:
        """The next message of this type for which `true(data)`."""
        while True:
            message = self.receive(timeout)
            if message["type"] == kind and true(message["data"]):
                return message


@contextmanager
def open_socket(served: Served, token: str | None = None, **options: Any) -> Iterator[Socket]:
    """A connected client, with an API token if given."""
    headers = dict(options.pop("headers", {}))
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    with connect(served.stream, additional_headers=headers, legacy=True, **options) as connection:
        yield Socket(connection)
