"""PostgreSQL going away is an error that says so, and its coming back needs no restart."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from data.embedded import postgres_server
from data.engine import Database, DatabaseUnavailable
from data.migrations import run


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


def test_a_server_that_ends_the_session_is_unavailable(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.tenant(uuid4()) as tenant:
        tenant.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$")


def _ask(database: Database, meanwhile: Callable[[], None] = lambda: None) -> tuple[int] | None:
    with database.tenant(uuid4()) as tenant:
        meanwhile()
        return tenant.execute("SELECT count(*) FROM venues").fetchone()
