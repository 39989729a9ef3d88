"""Shared fixtures: real servers for every test session, and a fresh tenant for every test that asks for one.

Tests are kept apart by tenant (row-level security does the work), so nothing is ever cleaned up between them.
Each pytest-xdist worker is a session of its own here: own database, own Redis prefix.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from data import embedded
from data.database_login import login_name
from data.folder import Urls

if TYPE_CHECKING:
    from data.engine import Database

# How long an example takes says something about the machine, not about the code. Developers try new examples
# in every run; the build has the same ones until the code of a test changes.
settings.register_profile("any machine", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("any machine")

MASTER_KEY = os.environ["MASTER_KEY"] = "a-master-key-for-tests-long-enough-to-be-one"
"""Of this process and of those that tests start: what one of them locks, another one opens."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of a test's own, with one venue: London time, pounds, nights until 06:00, 1,000 people."""

    tenant_id: uuid.UUID
    venue_id: uuid.UUID
    venue_ref: str


@pytest.fixture(scope="session")
def server_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """PostgreSQL and Redis for this session: TEST_DATABASE_URL and TEST_REDIS_URL, or embedded ones."""
    given = (os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL"))
    with embedded.servers(tmp_path_factory.mktemp("servers"), *given) as urls:
        yield urls


@pytest.fixture(scope="session")
def postgres_url(server_urls: Urls) -> Iterator[str]:
    """The owner's URL of a migrated database that only this session uses; dropped at the end."""
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(server_urls: Urls) -> str:
    """A real Redis. Use keys under a prefix of your own: other sessions may use the same server."""
    return server_urls.redis_url


@pytest.fixture(scope="session")
def redis_prefix() -> str:
    """The first part of this session's Redis keys."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def database(postgres_url: str) -> Iterator[Database]:
    """The pool the application uses, under the application's role."""
    from data.engine import Database
    from data.keys import MasterKeys

    database = Database(postgres_url, master=MasterKeys([MASTER_KEY]))
    yield database
    database.close()


@pytest.fixture
def tenant(postgres_url: str) -> Tenant:
    """A tenant nobody else knows."""
    return new_tenant(postgres_url)


@pytest.fixture
def other_tenant(postgres_url: str) -> Tenant:
    """Another one, whose rows the first must never see."""
    return new_tenant(postgres_url)


@contextlib.contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A new, migrated database on this server for the length of the block; gives its owner URL."""
    from data.migrations import run

    name = f"housecount_test_{secrets.token_hex(6)}"
    url = make_url(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            run.upgrade(url)
            yield url
        finally:
            drop(connection, name)


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Remove a database of this server, and the user that the application logs in to it as."""
    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login_name(name))))


def make_url(server_url: str, database_name: str) -> str:
    """The same server and user, another database, still as a URL."""
    parts = conninfo_to_dict(server_url)
    user, password = parts.pop("user", ""), parts.pop("password", "")
    parts.pop("dbname", None)
    credentials = ":".join(quote(str(part), safe="") for part in (user, password) if part)
    return f"postgresql://{credentials}@/{database_name}?{urlencode(parts)}"


def new_tenant(owner_url: str) -> Tenant:
    """Insert a tenant with one venue, as the tables' owner and under row-level security like everyone."""
    tenant = Tenant(uuid.uuid4(), uuid.uuid4(), "hall")
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant.tenant_id),))
        connection.execute(
            """INSERT INTO tenants (tenant_id, slug, name, demo, customer_key)
               VALUES (%s, %s, 'Test', false, %s)""",
            (tenant.tenant_id, f"test-{tenant.tenant_id}", secrets.token_bytes(32)),
        )
        connection.execute(
            """INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency,
                                   business_day_starts, capacity, amber_percent, red_percent, status)
               VALUES (%s, %s, %s, 'The Hall', 'Europe/London', 'GBP', '06:00', 1000, 80, 95, 'active')""",
            (tenant.tenant_id, tenant.venue_id, tenant.venue_ref),
        )
    return tenant
