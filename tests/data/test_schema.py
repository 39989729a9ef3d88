"""The database rules, held against the catalogue of a migrated database."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from data.engine import Database
from data.migrations import run
from data.schema import metadata
from data.security import APP_ROLE, APPEND_ONLY
from tests.conftest import Tenant

OURS = "n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"


@pytest.fixture
def owner(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def test_every_table_and_every_partition_is_under_forced_row_level_security(
    owner: psycopg.Connection,
) -> None:
    rows = owner.execute(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"
    ).fetchall()
    assert len(rows) > len(metadata.tables)
    assert [name for name, forced in rows if not forced] == []


def test_every_primary_key_and_unique_constraint_starts_with_the_tenant(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "SELECT c.relname, i.indexrelid::regclass::text, a.attname FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        f" WHERE i.indisunique AND {OURS}"
    ).fetchall()
    assert {name for name, *_ in rows} >= set(metadata.tables)
    assert [(table, index) for table, index, first in rows if first != "tenant_id"] == []


def test_no_table_has_a_trigger_of_its_own_or_a_sequence(owner: psycopg.Connection) -> None:
    triggers = owner.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    ).fetchall()
    sequences = owner.execute("SELECT relname FROM pg_class WHERE relkind = 'S'").fetchall()
    assert (triggers, sequences) == ([], [])


def test_no_policy_reads_another_table(owner: psycopg.Connection) -> None:
    policies = owner.execute("SELECT qual FROM pg_policies WHERE schemaname = 'public'").fetchall()
    assert [qual for (qual,) in policies if "select" in qual.lower()] == []


def test_the_application_owns_nothing_and_cannot_bypass_a_policy(owner: psycopg.Connection) -> None:
    role = owner.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin"
        " FROM pg_roles WHERE rolname = %s",
        [APP_ROLE],
    ).fetchone()
    owned = owner.execute("SELECT relname FROM pg_class WHERE relowner = %s::regrole", [APP_ROLE]).fetchall()
    assert (role, owned) == ((False,) * 5, [])


def test_the_application_can_neither_change_nor_remove_a_fact(database: Database, tenant: Tenant) -> None:
    for table in sorted(APPEND_ONLY):
        for statement in (f"UPDATE {table} SET tenant_id = tenant_id", f"DELETE FROM {table}"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                database.tenant(tenant.tenant_id) as own,
            ):
                own.execute(statement)


def test_the_application_cannot_reach_a_partition_around_its_parent(
    database: Database, tenant: Tenant
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.tenant(tenant.tenant_id) as own:
        own.execute("SELECT * FROM ticket_sales_default")


def test_without_a_tenant_every_table_is_empty_and_takes_no_row(database: Database, tenant: Tenant) -> None:
    with database.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM venues").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
                " VALUES (%s, %s, 'x', 'UTC', 'GBP')",
                [tenant.tenant_id, uuid4()],
            )
        connection.rollback()


def test_one_tenant_neither_reads_nor_writes_another(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as own:
        seen = own.execute("SELECT tenant_id FROM venues").fetchall()
    assert seen == [(tenant.tenant_id,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.tenant(tenant.tenant_id) as own:
        own.execute(
            "INSERT INTO zones (tenant_id, venue_id, zone, name) VALUES (%s, %s, 'z', 'z')",
            [other_tenant.tenant_id, other_tenant.venue_id],
        )


def test_a_transaction_that_dies_leaves_no_tenant_on_its_connection(
    database: Database, tenant: Tenant
) -> None:
    with pytest.raises(ZeroDivisionError), database.tenant(tenant.tenant_id):
        raise ZeroDivisionError
    for _ in range(4):
        with database.pool.connection() as connection:
            setting = connection.execute("SELECT current_setting('app.tenant_id', true)").fetchone()
            assert setting in ((None,), ("",))


def test_the_migrated_database_is_what_the_model_says(postgres_url: str) -> None:
    run.check(postgres_url)


def test_migrations_run_down_to_nothing_and_up_again(server_urls: object) -> None:
    from tests.conftest import fresh_database

    with fresh_database(server_urls.database_url) as url:  # type: ignore[attr-defined]
        run.downgrade(url, "base")
        with psycopg.connect(url) as connection:
            left = connection.execute(
                f"SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"
            ).fetchall()
        assert left == []
        run.upgrade(url)
        run.check(url)
