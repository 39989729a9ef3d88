from collections.abc import Iterator

import pytest
from flask import Flask

from app import CLOSE, create_app
from config import Settings
from data.engine import Database
from tests.api.caller import Caller
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


@pytest.fixture(scope="session")
def whole_server(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The whole application, its sign-in included."""
    settings = Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=f"{redis_prefix}-whole",
        data_dir=tmp_path_factory.mktemp("whole"),
    )
    server = create_app(settings).server
    yield server
    server.extensions[CLOSE]()


@pytest.fixture
def program(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    """A program with an API token of `tenant`."""
    return Caller(whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})
