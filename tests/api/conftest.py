from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from app import CLOSE, create_app
from config import Settings
from data.engine import Database
from tests.api.caller import Caller, Serve
from tests.api.door import House, Sender, build, token_of
from tests.api.examples import tenant_of_examples
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
def serve(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Serve:
    """Starts the whole application, its sign-in included: under a name of its own, with other settings."""

    @contextmanager
    def start(name: str, **options: Any) -> Iterator[Flask]:
        settings = Settings(
            _env_file=None,
            database_url=postgres_url,
            redis_url=redis_url,
            redis_prefix=f"{redis_prefix}-{name}",
            data_dir=tmp_path_factory.mktemp(name),
            **options,
        )
        server = create_app(settings).server
        yield server
        server.extensions[CLOSE]()

    return start


@pytest.fixture(scope="session")
def whole_server(serve: Serve) -> Iterator[Flask]:
    """The whole application as it is without any settings."""
    with serve("whole") as server:
        yield server


@pytest.fixture
def program(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    """A program with an API token of `tenant`."""
    return Caller(whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})


@pytest.fixture
def example_tenant(postgres_url: str) -> Tenant:
    """A tenant whose venue is that of the reference's examples."""
    return tenant_of_examples(postgres_url)
