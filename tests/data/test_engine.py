"""PostgreSQL going away is an error that says so, and its coming back needs no restart."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from data.embedded import postgres_server
from data.engine import Database, DatabaseUnavailable
from data.migrations import run
from data.security import APP_ROLE
from tests.conftest import Tenant


def test_a_server_that_dies_is_unavailable_and_one_that_returns_is_used_again(tmp_path: Path) -> None:
    server = postgres_server(tmp_path)
    server.start()
    run.upgrade(server.url)
    database = Database(server.url)
    try:
        assert _ask(database) == (0,)
        with pytest.raises(DatabaseUnavailable):
            _ask(database, meanwhile=server.stop)
        with pytest.raises(DatabaseUnavailable):
            _ask(database)
        server.start()
        deadline = time.monotonic() + 10
        while True:
            try:
                assert _ask(database) == (0,)
                break
            except DatabaseUnavailable:
                assert time.monotonic() < deadline
    finally:
        database.close()
        server.stop()


def test_a_deadlock_is_the_statements_own_error_and_not_an_absent_server(database: Database) -> None:
    with pytest.raises(psycopg.errors.DeadlockDetected), database.tenant(uuid4()) as tenant:
        tenant.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")


_IDLE = (
    "FROM pg_stat_activity WHERE application_name = 'housecount' AND state = 'idle'"
    " AND datname = current_database()"
)


def test_connections_that_broke_while_nobody_used_them_are_noticed_by_nobody(
    postgres_url: str, database: Database
) -> None:
    pooled = Database(postgres_url, min_size=3, max_size=3)
    try:
        pooled.pool.wait()
        for _ in range(2):
            with psycopg.connect(postgres_url, autocommit=True) as owner:
                deadline = time.monotonic() + 30
                while len(owner.execute(f"SELECT pid {_IDLE}").fetchall()) < 3:  # The pool makes new ones.
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
                ended = owner.execute(f"SELECT pg_terminate_backend(pid) {_IDLE}")
                assert ended.rowcount >= 3
            for _ in range(4):
                assert _ask(pooled) == (0,)
    finally:
        pooled.close()


def test_a_transaction_begins_by_one_round_trip_and_is_over_by_another(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.tenant(tenant.tenant_id):
        pass
    waits = []
    waiting = psycopg.Connection.wait

    def counted(*given: Any, **named: Any) -> Any:
        waits.append(given)
        return waiting(*given, **named)

    monkeypatch.setattr(psycopg.Connection, "wait", counted)
    with database.tenant(tenant.tenant_id, snapshot=True) as own:
        assert len(waits) == 1
        own.execute("SELECT 1")
    assert len(waits) == 3


def test_a_server_that_ends_the_session_is_unavailable(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.tenant(uuid4()) as tenant:
        tenant.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$")


def test_a_lock_that_is_held_for_too_long_is_unavailable_and_the_urls_options_hold(
    postgres_url: str, database: Database, tenant: Tenant
) -> None:
    options = "-c lock_timeout=50ms -c work_mem=5MB -c role=pg_monitor"
    hasty = Database(f"{postgres_url}&options={quote(options)}")
    rename = "UPDATE venues SET name = name WHERE tenant_id = %s"
    try:
        with hasty.tenant(tenant.tenant_id) as other:
            settings = (
                "SELECT current_setting('work_mem'), current_setting('statement_timeout'), current_role"
            )
            assert other.execute(settings).fetchone() == ("5MB", "1min", APP_ROLE)
        with database.tenant(tenant.tenant_id) as holder:
            shown = [holder.execute(f"SHOW {name}_timeout").fetchone() for name in ("lock", "statement")]
            assert shown == [("10s",), ("1min",)]
            holder.execute(rename, [tenant.tenant_id])
            with pytest.raises(DatabaseUnavailable), hasty.tenant(tenant.tenant_id) as other:
                other.execute(rename, [tenant.tenant_id])
    finally:
        hasty.close()


def test_a_statement_that_takes_too_long_is_unavailable(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.tenant(uuid4()) as tenant:
        tenant.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$")


def test_a_snapshot_sees_nothing_that_others_commit_meanwhile(database: Database, tenant: Tenant) -> None:
    names = "SELECT name FROM venues WHERE tenant_id = %s"
    with database.tenant(tenant.tenant_id, snapshot=True) as before:
        assert before.execute(names, [tenant.tenant_id]).fetchall() == [("The Hall",)]
        with database.tenant(tenant.tenant_id) as other:
            other.execute("UPDATE venues SET name = 'Renamed' WHERE tenant_id = %s", [tenant.tenant_id])
        assert before.execute(names, [tenant.tenant_id]).fetchall() == [("The Hall",)]
    with database.tenant(tenant.tenant_id) as after:
        assert after.execute(names, [tenant.tenant_id]).fetchall() == [("Renamed",)]


def test_a_snapshot_only_reads(database: Database, tenant: Tenant) -> None:
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        database.tenant(tenant.tenant_id, snapshot=True) as reader,
    ):
        reader.execute("UPDATE venues SET name = 'x' WHERE tenant_id = %s", [tenant.tenant_id])


def _ask(database: Database, meanwhile: Callable[[], None] = lambda: None) -> tuple[int] | None:
    with database.tenant(uuid4()) as tenant:
        meanwhile()
        return tenant.execute("SELECT count(*) FROM venues").fetchone()
