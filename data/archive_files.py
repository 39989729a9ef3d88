"""One file of archived facts: written from its rows, read back, noted in the list; what archiving, bringing
back and erasing have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg

from data import archive_columns, archive_manifest
from data.archive_columns import Part, columns
from data.archive_manifest import Entry, State, within
from data.archive_parquet import About, Damaged, File, write
from data.audit_entry import Actor, Keys
from data.audit_entry import Entry as Recorded
from data.audit_log import write_entries
from data.engine import TenantConnection
from data.partitions import PARTITIONED, next_month

By = Literal["job", "command"]
WAIT_SECONDS = 90.0
"""How long transactions are waited for that began before a month was said to leave."""
LEFT = "_leaving"
"""What the name of a partition that has left ends with, so that its month may have another one."""


@dataclass(frozen=True, slots=True)
class Archiver:
    """What archiving needs: the one connection that archives, the folder of the files, the keys of the audit
    log, who does it, and whom to tell of every step (tests end the process in there)."""

    connection: psycopg.Connection[Any]
    folder: Path
    keys: Keys
    by: By
    step: Callable[[str], None] = lambda _: None
    wait_seconds: float = WAIT_SECONDS


def attached(table: str, month: date, tenant_id: UUID) -> Part:
    """A tenant's rows of a month, by way of the parent."""
    since, until = (f"{day:%Y-%m-%d} 00:00+00" for day in (month, next_month(month)))
    return Part(table, tenant_id, PARTITIONED[table], since, until)


def left(table: str, month: date, tenant_id: UUID) -> Part:
    """A tenant's rows of a month that is no partition any more."""
    return Part(f"{table}_{month:%Y_%m}{LEFT}", tenant_id)


def write_file(
    archiver: Archiver, table: str, month: date, tenant_id: UUID, state: State, before: Entry | None
) -> Entry:
    """Write a file, read it back, and note it. A file it takes the place of is removed then."""
    connection, kinds = archiver.connection, columns(table)
    part = before.part if before else _next_part(connection, table, month, tenant_id)
    about = About(tenant_id, table, month, part, revision(connection))
    name = archive_manifest.new_name(table, month, part)
    source = attached(table, month, tenant_id) if state == "verified" else left(table, month, tenant_id)
    path = archiver.folder / str(tenant_id) / name
    with within(connection, tenant_id):
        made = write(path, about, kinds, archive_columns.stream(connection, source, kinds, kinds))
    archiver.step("written")
    verified(path, about, made.checksum)
    archiver.step("verified")
    entry = Entry(
        tenant_id,
        table,
        month,
        part,
        state,
        name,
        made.checksum.rows,
        made.size,
        made.checksum.digest,
        about.revision,
        [UUID(bytes=event) for event in made.events],
        datetime.now(UTC),
    )
    with within(connection, tenant_id):
        archive_manifest.put(connection, entry, archiver.by)
    archiver.step("noted")
    if before is not None:
        before.path(archiver.folder).unlink(missing_ok=True)
    return entry


def _next_part(connection: psycopg.Connection[Any], table: str, month: date, tenant_id: UUID) -> int:
    with within(connection, tenant_id):
        row = connection.execute(
            "SELECT coalesce(max(part), 0) + 1 FROM archives"
            " WHERE tenant_id = %s AND fact_table = %s AND month = %s",
            [tenant_id, table, month],
        ).fetchone()
    assert row is not None
    return int(row[0])


def is_whole(archiver: Archiver, entry: Entry) -> bool:
    """Whether a file is there with all its rows, read from the first to the last."""
    try:
        verified(entry.path(archiver.folder), about(entry), entry.sums)
    except Damaged:
        return False
    return True


def verified(path: Path, about: About, checksum: archive_columns.Checksum) -> None:
    """Read all of a file. Raises Damaged."""
    with File(path) as file:
        file.verify(about, checksum)


def about(entry: Entry) -> About:
    """What the file of an entry has to say of itself."""
    return About(entry.tenant_id, entry.fact_table, entry.month, entry.part, entry.revision)


def revision(connection: psycopg.Connection[Any]) -> str:
    """The schema's."""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def record(archiver: Archiver, entry: Entry, action: str) -> None:
    """Note in the audit log what becomes of a file, in the transaction that is open."""
    told = {"table": entry.fact_table, "month": f"{entry.month:%Y-%m}"}
    with within(archiver.connection, entry.tenant_id):
        tenant = TenantConnection(archiver.connection, entry.tenant_id)
        write_entries(tenant, archiver.keys, [Recorded(Actor(archiver.by), archiver.by, action, detail=told)])
