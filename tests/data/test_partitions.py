"""Months: made ahead, found without one, moved when they get one, and never in a writer's way."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from data import facts, partitions
from data.engine import Database
from data.folder import Urls
from data.messages import Message, SaleLine, message_key
from data.migrations import run
from tests.conftest import Tenant, drop, fresh_database, make_url, new_tenant

LONG_AGO = datetime(2017, 3, 4, 5, tzinfo=UTC)


def sell(database: Database, tenant: Tenant, at: datetime) -> None:
    """One sale at `at`."""
    sale = SaleLine("sale", at, 1, 100, "GBP")
    message = Message(
        message_key("test", str(at)), "test", "test", tenant.venue_id, uuid4(), "x", at, "{}", (sale,)
    )
    assert facts.write(database, tenant.tenant_id, [message]).verdicts == ["accepted"]


def partition_of_sale(database: Database, tenant: Tenant) -> str:
    """The table that really holds the tenant's only sale."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT tableoid::regclass::text FROM ticket_sales WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_message_for_a_month_without_a_partition_is_kept_and_moves_when_the_month_gets_one(
    database: Database, tenant: Tenant, postgres_url: str
) -> None:
    sell(database, tenant, LONG_AGO)
    assert partition_of_sale(database, tenant) == "ticket_sales_default"
    partitions.ensure(postgres_url)
    assert partition_of_sale(database, tenant) == "ticket_sales_default", "one row is not worth the locks"
    assert "ticket_sales_2017_03" in partitions.ensure(postgres_url, strays=1)
    assert partition_of_sale(database, tenant) == "ticket_sales_2017_03"


def test_months_are_made_ahead_by_themselves(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        made = {
            name
            for (name,) in connection.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ticket_scans'::regclass"
            )
        }
    today = datetime.now(UTC).date()
    assert {f"ticket_scans_{month:%Y_%m}" for month in partitions.months(today, today)} <= made
    assert len(made) >= 6


def test_a_long_reader_keeps_its_table_and_nobody_waits_behind_the_partition(
    database: Database, tenant: Tenant, postgres_url: str
) -> None:
    month = datetime(2016, 1, 1, tzinfo=UTC).date()
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT count(*) FROM ticket_sales")
        made = partitions.ensure(postgres_url, month, month)
        assert "ticket_scans_2016_01" in made
        assert "ticket_sales_2016_01" not in made
        sell(database, tenant, LONG_AGO)
    assert partitions.ensure(postgres_url, month, month) == ["ticket_sales_2016_01"]


@pytest.fixture
def plain_owner_url(server_urls: Urls) -> Iterator[str]:
    """A migrated database whose owner is no superuser and may not bypass a policy."""
    role, name = f"owner_{secrets.token_hex(4)}", f"housecount_test_{secrets.token_hex(6)}"
    with psycopg.connect(server_urls.database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} NOSUPERUSER NOBYPASSRLS CREATEROLE")
        with fresh_database(server_urls.database_url):  # Makes the application's role, if it was the first.
            admin.execute(f"GRANT housecount_app TO {role} WITH ADMIN OPTION")
        admin.execute(f"CREATE DATABASE {name} OWNER {role}")
        url = make_url(server_urls.database_url, name)
        with psycopg.connect(url, autocommit=True) as inside:
            inside.execute(f"ALTER SCHEMA public OWNER TO {role}")
        url += f"&options={quote(f'-c role={role}')}"
        try:
            run.upgrade(url)
            yield url
        finally:
            drop(admin, name)
            admin.execute(f"REVOKE housecount_app FROM {role} CASCADE")
            admin.execute(f"DROP ROLE {role}")


def test_an_owner_who_is_no_superuser_finds_and_moves_the_strays(plain_owner_url: str) -> None:
    tenant = new_tenant(plain_owner_url)
    database = Database(plain_owner_url.split("&options=")[0])
    try:
        sell(database, tenant, LONG_AGO)
        assert "ticket_sales_2017_03" in partitions.ensure(plain_owner_url, strays=1)
        assert partition_of_sale(database, tenant) == "ticket_sales_2017_03"
        run.check(plain_owner_url)
        run.downgrade(plain_owner_url, "base")
    finally:
        database.close()
