from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from data.engine import Database
from data.folder import Urls
from ingest.rabbitmq import broker
from tests.conftest import Tenant
from tests.queues.house import House, house_of
from tests.queues.reading import Reading, reading
from tests.rabbitmq.broker import HOW, URL, Rabbit, answers


@pytest.fixture
def rabbit() -> Iterator[Rabbit]:
    """A declared topology of the test's own; skips where there is no broker."""
    if not answers():
        pytest.skip(HOW)
    made = Rabbit()
    try:
        broker.declare(made.connection, made.topology)
        yield made
    finally:
        made.remove()


@pytest.fixture
def house(server_urls: Urls, tmp_path: Path) -> Iterator[House]:
    """A database of the test's own, and the command line on it."""
    with house_of(server_urls, tmp_path) as made:
        yield made


@pytest.fixture
def reader(database: Database, tenant: Tenant, rabbit: Rabbit) -> Callable[..., Any]:
    """Begins to read the test's queue, at this address and in this database, until the block ends."""

    @contextmanager
    def begin(url: str = URL, at: Database = database, of: UUID = tenant.tenant_id) -> Iterator[Reading]:
        with reading(at, of, "rabbitmq", url, broker.place_of(rabbit.topology)) as begun:
            yield begun

    return begin
