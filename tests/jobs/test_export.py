"""Exports as jobs: a million rows in little memory, whole or not at all, whatever ends the process."""

from __future__ import annotations

import csv
import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from data import exports
from data.access import Access
from data.directory import Directory
from data.engine import Database
from data.export_request import ExportRequest
from data.exports import Export
from data.folder import Urls
from data.users import add_user
from jobs.exporting import folder_of, work
from tests.conftest import Tenant, fresh_database, new_tenant

ROOT = Path(__file__).parents[2]
SALES = ExportRequest.model_validate({"format": "csv", "table": "sales", "filters": {"range": "all"}})
DAY = timedelta(hours=24)
ROWS = 40_000


class House:
    """A tenant, and the folder and processes of its exports."""

    def __init__(self, database: Database, tenant: Tenant, environment: dict[str, str]) -> None:
        self.database, self.tenant, self.environment = database, tenant, environment
        self.folder = folder_of(Path(environment["DATA_DIR"]))
        with database.tenant(tenant.tenant_id) as connection:
            self.user = add_user(connection, f"{uuid4()}@example.org", "Ada", "analyst", "a long password")
        self.access = Access(tenant.tenant_id, "analyst", self.user)

    def sell(self, count: int) -> None:
        """So many lines of sale of one event, one a second."""
        event = uuid4()
        with self.database.tenant(self.tenant.tenant_id) as connection:
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, name) VALUES (%s, %s, %s, '=Gala')",
                [self.tenant.tenant_id, self.tenant.venue_id, event],
            )
            connection.execute(
                "INSERT INTO ticket_sales (tenant_id, venue_id, event_id, occurred_at, message_key, line,"
                " kind, order_id, quantity, amount_minor, tax_minor, currency, comp, admission, channel,"
                " customer) SELECT %s, %s, %s, timestamptz '2026-10-20 00:00Z' + n * interval '1 s',"
                " gen_random_uuid(), 0, 'sale', 'O-' || n, 1, n, 0, 'GBP', false, true, 'web',"
                " gen_random_uuid() FROM generate_series(1, %s) n",
                [self.tenant.tenant_id, self.tenant.venue_id, event, count],
            )

    def order(self, what: ExportRequest = SALES, access: Access | None = None) -> Export:
        """An export that waits."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            return exports.create(connection, access or self.access, what, f"x.{what.format}", DAY)

    def now(self, export: Export) -> Export:
        """The export as it stands."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            found = exports.get(connection, self.access, export.export_id)
        assert found is not None
        return found

    def work(self, export: Export) -> bool:
        """Do it in this process."""
        directory = Directory(self.database)
        return work(self.database, directory, self.folder, self.tenant.tenant_id, export.export_id)

    def start(self, *command: str, limit: int | None = None) -> subprocess.Popen[bytes]:
        """A process of ours; it may write files of at most `limit` bytes."""

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        words = [sys.executable, "-m", "jobs", *(command or ("export", "--idle", "0.5"))]
        return subprocess.Popen(words, cwd=ROOT, env=os.environ | self.environment, preexec_fn=limited)

    def rows(self, export: Export) -> list[list[str]]:
        """What the file holds below its heading."""
        text = exports.path_of(self.folder, export).read_text("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
        return lines[next(i for i, line in enumerate(lines) if line[:1] == ["Time"]) + 1 :]

    def files(self) -> list[str]:
        """Everything in the folder."""
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture(scope="module")
def place(
    server_urls: Urls, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Database, dict[str, str]]]:
    """A database of its own, because these processes do every export they find."""
    with fresh_database(server_urls.database_url) as url:
        folder = str(tmp_path_factory.mktemp("exports"))
        database = Database(url, max_size=4)
        yield (
            url,
            database,
            {"DATABASE_URL": url, "REDIS_URL": redis_url, "DATA_DIR": folder, "DEMO": "false"},
        )
        database.close()


@pytest.fixture
def house(place: tuple[str, Database, dict[str, str]]) -> Iterator[House]:
    url, database, environment = place
    house = House(database, new_tenant(url), environment)
    yield house
    for left in house.folder.iterdir():  # The next one begins with an empty folder and nothing to do.
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with database.tenant(house.tenant.tenant_id) as connection:
        connection.execute("DELETE FROM exports WHERE tenant_id = %s", [house.tenant.tenant_id])


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def peak_of(process: subprocess.Popen[bytes]) -> float:
    """The most memory that a process had by its orderly end, in MB."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_killed_or_stopped_it_is_begun_again_and_ends_whole_in_little_memory(house: House) -> None:
    small = house.order()
    usual = peak_of(house.start())
    assert house.now(small).status == "done"
    exports.path_of(house.folder, small).unlink()

    house.sell(ROWS)
    export = house.order()
    for number, (status, attempts) in ((signal.SIGKILL, ("running", 1)), (signal.SIGTERM, ("waiting", 1))):
        process = house.start()
        until(lambda: (now := house.now(export)).status == "running" and now.rows_total == ROWS, "it began")
        process.send_signal(number)
        process.wait(30)
        left = house.now(export)
        assert (left.status, left.attempts) == (status, attempts)
        with house.database.tenant(
            house.tenant.tenant_id
        ) as connection:  # Not to be taken for the next one's.
            connection.execute("UPDATE exports SET rows_total = NULL")
        assert not exports.path_of(house.folder, export).exists()
    peak = peak_of(house.start())

    done = house.now(export)
    assert (done.status, done.attempts, done.rows_done) == ("done", 2, ROWS)
    assert house.files() == [f"{export.export_id}.csv"]
    rows = house.rows(export)
    assert len(rows) == ROWS
    assert [row[3] for row in (rows[0], rows[-1])] == [f"O-{ROWS}", "O-1"]
    assert rows[-1][:3] == ["2026-10-20T01:00:01+01:00", "'=Gala", "sale"]
    assert done.bytes is not None
    assert done.bytes > 3_000_000
    assert peak - usual < 12, (usual, peak)


def test_the_worker_does_it_and_removes_it_when_its_time_is_over(house: House) -> None:
    house.sell(10)
    export = house.order()
    worker = house.start("worker")
    try:
        until(lambda: house.now(export).status == "done", "it was done")
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    assert len(house.rows(export)) == 10
    with house.database.tenant(house.tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE exports SET expires_at = now() - interval '1 s' WHERE tenant_id = %s",
            [house.tenant.tenant_id],
        )
    (house.folder / f"{uuid4()}.pdf").touch()
    running = house.order()
    kept = house.folder / f"{running.export_id}.1.work"
    kept.mkdir()
    with house.database.tenant(house.tenant.tenant_id) as connection:
        exports.claim(connection, running.export_id)
    assert exports.expire(house.database, house.folder) == 2
    assert (house.now(export).status, house.files()) == ("expired", [kept.name])


def test_cancelled_while_it_runs_it_stops_and_leaves_nothing(house: House) -> None:
    house.sell(ROWS)
    export = house.order()
    with ThreadPoolExecutor(1) as hands:
        done = hands.submit(house.work, export)
        until(lambda: house.files() != [], "it began")
        with house.database.tenant(house.tenant.tenant_id) as connection:
            assert exports.cancel(connection, house.access, export.export_id, house.folder)
        assert done.result(30)
    assert (house.now(export).status, house.files()) == ("cancelled", [])


def test_without_room_it_says_so_and_serves_no_half_file(house: House) -> None:
    house.sell(10_000)
    orders = [house.order(SALES.model_copy(update={"format": kind})) for kind in ("csv", "xlsx")]
    assert house.start(limit=200_000).wait(60) == 0
    for export in map(house.now, orders):
        assert (export.status, export.error) == (
            "failed",
            "There is no room left on the server's disk. Nothing was kept; ask the operator.",
        )
    assert house.files() == []


def test_two_processes_do_not_do_the_same_one(house: House) -> None:
    export = house.order()
    with house.database.tenant(house.tenant.tenant_id, snapshot=True) as other:
        assert exports.lock(other, export.export_id)
        assert not house.work(export)
        assert house.now(export).status == "waiting"
    assert house.work(export)
    assert house.now(export).status == "done"
    assert not house.work(export)


def test_one_that_breaks_off_again_and_again_is_given_up(house: House) -> None:
    export = house.order()
    with house.database.tenant(house.tenant.tenant_id) as connection:
        for _ in range(3):
            assert exports.claim(connection, export.export_id) is not None
    assert not house.work(export)
    failed = house.now(export)
    assert (failed.status, failed.error) == ("failed", "It broke off 3 times, and is not tried again.")


def test_whoever_was_disabled_meanwhile_gets_nothing(house: House) -> None:
    export = house.order()
    with house.database.tenant(house.tenant.tenant_id) as connection:
        connection.execute("UPDATE users SET disabled_at = now() WHERE user_id = %s", [house.user])
    assert house.work(export)
    assert house.now(export).error == "Whoever asked for it may no longer see these figures."


def test_masked_eyes_take_no_amounts_away(house: House) -> None:
    house.sell(2)
    masked = Access(house.tenant.tenant_id, "analyst", house.user, masked=True)
    export = house.order(SALES, masked)
    assert house.work(export)
    assert [row[6] for row in house.rows(export)] == ["", ""]
    text = exports.path_of(house.folder, export).read_text("utf-8-sig")
    assert '"Amounts","hidden from you"\n' in text


def test_people_have_names_of_the_day_only(house: House) -> None:
    house.sell(1)
    export = house.order()
    assert house.work(export)
    (row,) = house.rows(export)
    with house.database.tenant(house.tenant.tenant_id) as connection:
        found: Any = connection.execute(
            "SELECT customer FROM ticket_sales WHERE tenant_id = %s", [house.tenant.tenant_id]
        ).fetchone()
    assert isinstance(found[0], UUID)
    assert (len(row[-1]), UUID(row[-1]) == found[0]) == (36, False)
