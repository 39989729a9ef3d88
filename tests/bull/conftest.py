from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from data.engine import Database
from data.folder import Urls
from tests.bull.redis_server import RedisServer, redis_server
from tests.bull.service import HOW, Service, is_there, service
from tests.conftest import Tenant
from tests.queues.house import House, house_of
from tests.queues.reading import Reading, reading


@pytest.fixture(scope="session")
def publishers_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with queues, not ours."""
    with redis_server(tmp_path_factory.mktemp("publishers")) as made:
        yield made


@pytest.fixture
def bull(publishers_redis: RedisServer) -> Iterator[Service]:
    """A service with Bull's own library; skips where it is not installed."""
    if not is_there():
        pytest.skip(HOW)
    with service(publishers_redis.url) as made:
        yield made


@pytest.fixture
def house(server_urls: Urls, tmp_path: Path) -> Iterator[House]:
    """A database of the test's own, and the command line on it."""
    with house_of(server_urls, tmp_path) as made:
        yield made


@pytest.fixture
def reader(database: Database, tenant: Tenant, bull: Service) -> Callable[..., Any]:
    """Begins to read queues of the test's service until the block ends."""

    def begin(
        *queues: str,
        url: str = bull.url,
        prefix: str = bull.prefix,
        at: Database = database,
        of: UUID = tenant.tenant_id,
    ) -> AbstractContextManager[Reading]:
        names: Sequence[str] = queues or ("ticket-purchase",)
        return reading(at, of, "bull", url, {"prefix": prefix, "queues": list(names)})

    return begin
