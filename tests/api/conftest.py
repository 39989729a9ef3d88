from collections.abc import Iterator

import pytest

from data.engine import Database
from tests.api.door import House, Sender, build, token_of
from tests.conftest import Tenant


@pytest.fixture(scope="session")
def house(database: Database, redis_url: str, redis_prefix: str) -> Iterator[House]:
    """The REST door in this process."""
    house = build(database, redis_url, redis_prefix)
    yield house
    house.close()


@pytest.fixture
def sender(house: House, database: Database, tenant: Tenant) -> Sender:
    """Somebody with a token of `tenant`."""
    return Sender(house.server.test_client(), token_of(database, tenant))
