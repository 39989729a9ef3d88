"""A customer is found in archived files too, taken along, and taken out; all else in them stays as it was."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data import archive_manifest, archive_people, erasure
from data.archive_parquet import File
from data.archived import TABLES
from data.engine import Database
from data.erasure import as_owner
from data.field_register import people
from data.folder import Urls
from data.keys import MasterKeys
from tests.conftest import MASTER_KEY, Tenant, fresh_database
from tests.data.archiving import (
    archive,
    archiving,
    emptied,
    entries,
    everything,
    files,
    of_march,
    restore,
    tell,
)

MASTER = MasterKeys([MASTER_KEY])
ANN, BO = "ann@example.org", "bo@example.org"
WITH_PEOPLE = {table for table, _, _ in people("customer", "visitor", "author", "inside")} & set(TABLES)


@pytest.fixture(scope="module")
def postgres_url(server_urls: Urls) -> Iterator[str]:
    """A database of our own: archiving takes the months of all tenants."""
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    """The application's, on that database."""
    database = Database(postgres_url, master=MASTER, max_size=4)
    yield database
    database.close()


@pytest.fixture
def archived(database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path) -> Tenant:
    """Two people in every kind of fact, archived with their messages."""
    emptied(postgres_url)
    for who in (ANN, BO):
        tell(database, tenant, *of_march(who, name=who))
    with as_owner(postgres_url, MASTER, tenant.tenant_id) as owner:
        owner.execute("UPDATE messages SET received_at = occurred_at")
        # As older versions kept visitors: under the key of the tenant.
        ann = erasure.hashes_of(owner, ANN)[0]
        owner.execute(
            "UPDATE page_views SET visitor = %s WHERE ctid = (SELECT min(ctid) FROM page_views)", [ann]
        )
    archive(postgres_url, tmp_path)
    return tenant


def hashes(database: Database, tenant: Tenant, *who: str) -> list[Any]:
    with database.tenant(tenant.tenant_id) as own:
        return [one for each in who for one in erasure.hashes_of(own, each)]


def content(owner_url: str, folder: Path, tenant: Tenant) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a tenant's files."""
    found = {}
    for entry in entries(owner_url, tenant):
        with File(entry.path(folder)) as file:
            found[entry.fact_table] = [row for rows in file.batches() for row in rows]
    return found


def test_everything_of_a_customer_is_taken_along(
    database: Database, archived: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    with archiving(postgres_url, tmp_path) as archiver:
        found = archive_people.export(
            archiver.connection, tmp_path, archived.tenant_id, hashes(database, archived, ANN, f"x {ANN}")
        )
    assert {table: len(rows) for table, rows in found.items()} == {
        "ticket_sales": 2,
        "cart_updates": 1,
        "ticket_transfers": 1,
        "page_views": 1,
        "social_mentions": 1,
        "messages": 5,
    }
    assert set(found) == WITH_PEOPLE
    sale = found["ticket_sales"][0]
    assert (sale["archived"], sale["occurred_at"]) == ("2019-03", "2019-03-04T19:30:00+00:00")
    assert sale["customer"] == str(hashes(database, archived, ANN)[0])


def test_a_customer_is_taken_out_of_every_file_and_nothing_else_is(
    database: Database, archived: Tenant, other_tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    before = content(postgres_url, tmp_path, archived)
    names = {entry.fact_table: entry.file_name for entry in entries(postgres_url, archived)}
    ann, bo = (hashes(database, archived, who, f"x {who}") for who in (ANN, BO))
    with archiving(postgres_url, tmp_path) as archiver:
        archive_people.prepare(archiver)
        report = archive_people.erase(archiver, archived.tenant_id, ann)
        again = archive_people.erase(archiver, archived.tenant_id, ann)
    known = {entry.fact_table: entry for entry in entries(postgres_url, archived)}
    assert {table: report[known[table].file_name]["found"] for table in WITH_PEOPLE} == {
        "ticket_sales": 2,
        "cart_updates": 1,
        "ticket_transfers": 1,
        "page_views": 1,
        "social_mentions": 1,
        "messages": 5,
    }
    assert {(counts["left"], counts["unreadable"]) for counts in report.values()} == {(0, 0)}
    assert {counts["found"] for counts in again.values()} == {0}
    after = content(postgres_url, tmp_path, archived)
    assert {table: len(rows) for table, rows in after.items()} == {t: len(rows) for t, rows in before.items()}
    traces = {one.bytes for one in ann}
    texts = [str(one) for one in ann]
    for rows in after.values():
        for row in rows:
            assert not traces & {value for value in row if isinstance(value, bytes)}
            assert not any(text in value for text in texts for value in row if isinstance(value, str))
    of_bo = {one.bytes for one in bo}
    kept = [row for row in before["ticket_sales"] if of_bo & set(row)]
    assert kept
    assert [row for row in after["ticket_sales"] if of_bo & set(row)] == kept
    # Files without the customer are not touched, those that were are gone.
    assert known["ticket_scans"].file_name == names["ticket_scans"]
    assert known["ticket_sales"].file_name != names["ticket_sales"]
    assert files(tmp_path, archived.tenant_id) == sorted(entry.file_name for entry in known.values())
    restore(postgres_url, tmp_path)
    with database.tenant(archived.tenant_id) as own:
        assert own.execute("SELECT count(customer), count(*) FROM ticket_sales").fetchone() == (2, 4)


@pytest.mark.parametrize("step", ["rewritten", "replaced"])
def test_an_erasure_that_ends_half_way_leaves_every_file_whole_and_is_finished_the_next_time(
    database: Database, archived: Tenant, postgres_url: str, tmp_path: Path, step: str
) -> None:
    class Killed(BaseException):
        pass

    def end(name: str) -> None:
        if name == step:
            raise Killed

    ann = hashes(database, archived, ANN, f"x {ANN}")
    with pytest.raises(Killed), archiving(postgres_url, tmp_path, end) as archiver:
        archive_people.erase(archiver, archived.tenant_id, ann)
    with archiving(postgres_url, tmp_path) as archiver:
        archive_people.prepare(archiver)
        report = archive_people.erase(archiver, archived.tenant_id, ann)
        assert archive_people.export(archiver.connection, tmp_path, archived.tenant_id, ann) == {}
        known = archive_manifest.entries(archiver.connection, archived.tenant_id)
    assert not any(counts["left"] + counts["unreadable"] for counts in report.values())
    assert files(tmp_path, archived.tenant_id) == sorted(entry.file_name for entry in known)


def test_a_file_that_cannot_be_read_is_told_and_no_proof_of_anything(
    database: Database, archived: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    [sales] = [entry for entry in entries(postgres_url, archived) if entry.fact_table == "ticket_sales"]
    sales.path(tmp_path).write_bytes(b"nothing")
    report = erasure.Report("t", ANN, "now", [])
    with archiving(postgres_url, tmp_path) as archiver:
        report.archives = archive_people.erase(archiver, archived.tenant_id, hashes(database, archived, ANN))
    assert report.archives[sales.file_name] == {"found": 0, "left": 0, "unreadable": 1}
    assert not report.complete


def test_a_month_half_on_its_way_is_finished_or_begun_again_before_an_erasure(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    emptied(postgres_url)
    tell(database, tenant, *of_march(ANN))

    class Killed(BaseException):
        pass

    for step in ("leaving", "detached"):

        def end(name: str, step: str = step) -> None:
            if name == step:
                raise Killed

        with pytest.raises(Killed):
            archive(postgres_url, tmp_path, step=end)
        with archiving(postgres_url, tmp_path) as archiver:
            archive_people.prepare(archiver)
            assert {
                entry.state for entry in archive_manifest.entries(archiver.connection, tenant.tenant_id)
            } <= {"archived"}


def test_the_command_erases_and_exports_from_tables_and_files_and_restores(
    database: Database, archived: Tenant, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    tell(
        database,
        archived,
        {
            "id": "new",
            "type": "ticket-purchase",
            "ticketId": "n",
            "amount": 1,
            "userId": ANN,
            "timestamp": "2026-11-20T10:00:00Z",
        },
    )
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path / "data"),
        "ARCHIVE_DIR": str(tmp_path),
        "AUDIT_KEY": "an-audit-key-for-tests-that-is-long-enough",
        "MASTER_KEY": MASTER_KEY,
    }

    def command(*words: str, status: int = 0) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == status, ended.stderr
        return ended.stdout + ended.stderr

    whose = ("--tenant", str(archived.tenant_id))
    exported = json.loads(command("privacy", "export", *whose, "--customer", ANN))
    assert [row.get("archived") for row in exported["ticket_sales"]] == [None, "2019-03", "2019-03"]
    proof = json.loads(command("privacy", "erase", *whose, "--customer", ANN))
    assert proof["complete"] is True
    assert sum(counts["found"] for counts in proof["archives"].values()) == 9
    assert json.loads(command("privacy", "export", *whose, "--customer", ANN)) == {}

    assert "8 files: whole" in command("archive", "verify", *whose)
    assert "ticket_sales 2019-03" in command("archive", "list", *whose)
    assert "set ARCHIVE_AFTER_MONTHS" in command("archive", "run", status=2)
    assert "ticket_sales 2019-03: 4 rows are back" in command(
        "archive", "restore", "ticket_sales", "2019-03", *whose
    )
    assert len(everything(database, archived)["ticket_sales"]) == 5
    assert "None of that is archived" in command(
        "archive", "restore", "ticket_sales", "2019-03", *whose, status=2
    )
    for path in (tmp_path / str(archived.tenant_id)).glob("messages-*"):
        path.write_bytes(b"")
    assert "1 damaged" in command("archive", "verify", *whose, status=1)
    assert "Damaged: " in command("archive", "restore", "messages", *whose, status=1)
    with database.tenant(archived.tenant_id) as own:
        actions = {action for (action,) in own.execute("SELECT action FROM audit_log")}
    assert {"archive-month", "restore-month", "privacy-erase", "privacy-export"} <= actions
