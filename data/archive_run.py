"""Old months of facts leave the tables: written to files, verified, detached, compared again, dropped.

Each step is noted in `archives` in the transaction that takes it, so whatever ends in between is gone on
with:

1. `verified`: a file for each tenant, read back and compared with what was read. The month is still a
   partition.
2. `leaving`: from now on questions are told. Nothing goes on until the transactions that began before are
   over.
3. `detached`: the partition is no longer one; what comes late for its month lands in the default partition.
4. What left is compared with the files, and written again where a writer was quicker than the lock.
5. `archived`: the files are read once more, and the table is dropped.

A month that somebody reads for long is left for the next time. The application can do none of it: this runs
as the owner of the tables. `DETACH … CONCURRENTLY` is not for tables with a default partition, so the lock is
taken for the moment of the change, and waited for no longer than a second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from data import archive_columns, archive_manifest, partitions
from data.archive_columns import columns
from data.archive_files import LEFT, Archiver, attached, is_whole, left, record, write_file
from data.archive_manifest import Entry, within
from data.archive_parquet import Damaged
from data.archived import AWAY, TABLES

log = logging.getLogger(__name__)

RESTED = timedelta(days=30)
"""How long a month that was brought back stays."""
_OLDER = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND xact_start < %s
"""


def first_kept(now: datetime, months: int) -> date:
    """The oldest month that stays beside the current one."""
    count = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def run(archiver: Archiver, before: date, now: datetime) -> list[Entry]:
    """Archive every month before `before`; the files that were made. What cannot be now is left for the next
    time, with a line in the log. Raises OSError (a full disk), Damaged, DatabaseUnavailable."""
    archive_manifest.sweep(archiver.connection, archiver.folder)
    settle(archiver)
    known = archive_manifest.entries(archiver.connection)
    resting = {
        (entry.fact_table, entry.month)
        for entry in known
        if entry.state == "restored" and entry.updated_at > now - RESTED
    }
    made = []
    for table in TABLES:
        try:
            for month in sorted(_due(archiver.connection, table, before, known)):
                if (table, month) not in resting:
                    made += _archive(archiver, table, month)
        except psycopg.errors.LockNotAvailable:
            log.warning("%s is being read for long; its old months are archived later", table)
    return made


def settle(archiver: Archiver) -> None:
    """Go on with months that have left their table and are not dropped. Raises as `run`."""
    for table in TABLES:
        rows = archiver.connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ %s ORDER BY 1",
            [f"^{table}_[0-9]{{4}}_[0-9]{{2}}{LEFT}$"],
        ).fetchall()
        for (name,) in rows:
            _drop(archiver, table, _month(name.removesuffix(LEFT), table))


def forget_begun(archiver: Archiver) -> None:
    """Drop the files of months that have not left their table: the next time writes them anew."""
    for entry in archive_manifest.entries(archiver.connection):
        if entry.state in ("verified", "leaving"):
            archive_manifest.drop(archiver.connection, entry, archiver.folder)


def _due(
    connection: psycopg.Connection[Any], table: str, before: date, known: Sequence[Entry]
) -> Iterator[date]:
    """Months that have a partition or get one: rows in the default one of a month that never left. What comes
    for one that has left stays there until `partitions.ensure` finds them worth a partition."""
    left = {entry.month for entry in known if entry.fact_table == table and entry.state in AWAY}
    for month in partitions.strays(connection, table):
        if month < before and month not in left:
            partitions.make(connection, table, month)
    for name in partitions.present(connection, table):
        if name != f"{table}_default" and _month(name, table) < before:
            yield _month(name, table)


def _month(name: str, table: str) -> date:
    return datetime.strptime(name.removeprefix(f"{table}_"), "%Y_%m").replace(tzinfo=UTC).date()


def _archive(archiver: Archiver, table: str, month: date) -> list[Entry]:
    """The files of one month, which has left; none when it stays for now, and is read as before."""
    connection = archiver.connection
    with _quick(connection):
        while True:
            current = _written(archiver, table, month)
            archive_manifest.move(connection, current, "leaving")
            archiver.step("leaving")
            try:
                alone = _alone_since(connection, archiver.wait_seconds)
                if alone and _detach(connection, table, month, current):
                    break
            except psycopg.errors.LockNotAvailable:
                archive_manifest.move(connection, current, "verified")
                raise
            if not alone:
                archive_manifest.move(connection, current, "verified")
                log.warning("%s of %s is archived later: somebody reads for long", table, f"{month:%Y-%m}")
                return []
        archiver.step("detached")
        return _drop(archiver, table, month)


def _written(archiver: Archiver, table: str, month: date) -> list[Entry]:
    """A file for each tenant that has rows in the month; those that an earlier time wrote are kept."""
    current = {entry.tenant_id: entry for entry in _open(archiver, table, month)}
    for tenant_id in archive_manifest.tenants(archiver.connection):
        entry = current.get(tenant_id)
        noted = entry is not None and entry.path(archiver.folder).exists()
        if not noted and _has_rows(archiver.connection, table, month, tenant_id):
            current[tenant_id] = write_file(archiver, table, month, tenant_id, "verified", entry)
    return list(current.values())


@contextmanager
def _quick(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Wait for locks no longer than writers may wait behind us."""
    connection.execute(f"SET lock_timeout = {partitions.LOCK_MILLISECONDS}")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET lock_timeout")


def _has_rows(connection: psycopg.Connection[Any], table: str, month: date, tenant_id: UUID) -> bool:
    with within(connection, tenant_id):
        return archive_columns.any_row(connection, attached(table, month, tenant_id))


def _open(archiver: Archiver, table: str, month: date) -> list[Entry]:
    return [
        entry
        for entry in archive_manifest.entries(archiver.connection)
        if (entry.fact_table, entry.month) == (table, month)
        and entry.state in ("verified", "leaving", "detached")
    ]


def _alone_since(connection: psycopg.Connection[Any], seconds: float) -> bool:
    """Wait for every transaction that began before now: it may not know that a month leaves."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    end = time.monotonic() + seconds
    while connection.execute(_OLDER, row).fetchone() != (0,):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _detach(connection: psycopg.Connection[Any], table: str, month: date, some: Sequence[Entry]) -> bool:
    """Take the partition out of its table. False when a tenant has come into it since the files were
    written."""
    name = f"{table}_{month:%Y_%m}"
    parts = {
        "parent": sql.Identifier(table),
        "name": sql.Identifier(name),
        "left": sql.Identifier(name + LEFT),
    }
    noted = {entry.tenant_id for entry in some}
    with connection.transaction():
        connection.execute(sql.SQL("LOCK TABLE {parent} IN ACCESS EXCLUSIVE MODE").format(**parts))
        for tenant_id in archive_manifest.tenants(connection):
            if tenant_id not in noted and _has_rows(connection, table, month, tenant_id):
                return False
        for statement in (
            "ALTER TABLE {parent} DETACH PARTITION {name}",
            "ALTER TABLE {name} RENAME TO {left}",
            # Its parent's policies no longer hold for it: without one of its own even the owner sees nothing.
            "CREATE POLICY maintenance ON {left} TO CURRENT_USER USING (true)",
        ):
            connection.execute(sql.SQL(statement).format(**parts))
        archive_manifest.move(connection, some, "detached")
    return True


def _drop(archiver: Archiver, table: str, month: date) -> list[Entry]:
    """Compare what has left with its files, and drop it. Raises Damaged, and then the table stays."""
    connection, kinds = archiver.connection, columns(table)
    name = sql.Identifier(f"{table}_{month:%Y_%m}{LEFT}")
    rows = connection.execute(sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(name)).fetchall()
    known = {entry.tenant_id: entry for entry in _open(archiver, table, month)}
    done = []
    for (tenant_id,) in sorted(rows):
        entry = known.get(tenant_id)
        with within(connection, tenant_id):
            found = archive_columns.counted(connection, left(table, month, tenant_id), kinds, kinds)
        if entry is None or entry.sums != found or not is_whole(archiver, entry):
            entry = write_file(archiver, table, month, tenant_id, "detached", entry)
            if entry.sums != found or not is_whole(archiver, entry):
                raise Damaged(entry.path(archiver.folder), "its rows are not those of the table")
        done.append(entry)
    archiver.step("compared")
    with connection.transaction():
        connection.execute(sql.SQL("DROP TABLE {}").format(name))
        archive_manifest.move(connection, done, "archived")
        for entry in done:
            record(archiver, entry, "archive-month")
    archiver.step("dropped")
    return [replace(entry, state="archived") for entry in done]
