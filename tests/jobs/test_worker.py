"""The worker as a process: it does its duties and ends in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from data import facts, password_resets
from data.demo_handover import read_handover
from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from data.messages import SaleLine
from data.tenants import everyone, find
from data.users import add_user
from tests.conftest import MASTER_KEY, fresh_database, new_tenant
from tests.data.rollup_rows import NIGHT, message, waiting

ROOT = Path(__file__).parents[2]


@pytest.fixture
def owner_url(server_urls: Urls) -> Iterator[str]:
    """A database of its own: the worker serves every tenant that it finds."""
    with fresh_database(server_urls.database_url) as url:
        yield url


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def test_it_keeps_the_demo_the_roll_ups_and_the_partitions_and_ends_when_asked(
    owner_url: str, redis_url: str, tmp_path: Path
) -> None:
    tenant = new_tenant(owner_url)
    with closing(Database(owner_url, max_size=1)) as database:
        sale = SaleLine("sale", NIGHT, 2, 9000, "GBP")
        facts.write(database, tenant.tenant_id, [message(tenant.venue_id, uuid4(), "one", sale)])
    partition = f"ticket_scans_{datetime.now(UTC).replace(day=15) + timedelta(days=62):%Y_%m}"
    environment = {
        "DATABASE_URL": owner_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
        "DEMO": "true",
    }
    with closing(Database(owner_url, master=MasterKeys([MASTER_KEY]), max_size=1)) as database:
        with database.tenant(tenant.tenant_id) as connection:
            add_user(connection, "ada@forgot.example", "Ada", "owner", "a long and quiet night")
        password_resets.ask(database, "ada@forgot.example")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE {partition}")
        worker = subprocess.Popen(
            [sys.executable, "-m", "jobs", "worker"], cwd=ROOT, env=os.environ | environment
        )
        try:
            is_back = "SELECT to_regclass(%s) IS NOT NULL"
            until(lambda: connection.execute(is_back, [partition]).fetchone() == (True,))
            until(lambda: read_handover(tmp_path) is not None)
            until(lambda: len([*(tmp_path / "mail").glob("*-reset-*.eml")]) == 1)
            with closing(Database(owner_url, max_size=1)) as database:
                until(lambda: waiting(database, tenant) == 0)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(15) == 0
        finally:
            worker.kill()
            worker.wait()


def test_a_tenant_is_found_by_name_by_id_or_by_being_the_only_one(owner_url: str) -> None:
    first = new_tenant(owner_url)
    database = Database(owner_url, max_size=1)
    assert find(database, None) == first.tenant_id
    second = new_tenant(owner_url)
    assert find(database, None) is None
    assert find(database, str(second.tenant_id)) == second.tenant_id
    assert find(database, f"test-{first.tenant_id}") == first.tenant_id
    assert find(database, "nobody") is None
    assert everyone(database) == sorted([first.tenant_id, second.tenant_id])
    database.close()
