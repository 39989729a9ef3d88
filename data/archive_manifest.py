"""The list of archived files, one row each: what is in it, and how far it is on its way out of the tables or
back.

Only the owner of the tables writes it, within one tenant's policies at a time; one process archives at a
time. A file that no row names is nobody's and is removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from data.archive_columns import Checksum
from data.engine import DatabaseUnavailable

State = Literal["verified", "leaving", "detached", "archived", "restored"]
_LOCK = "SELECT pg_advisory_lock(hashtext('housecount archives'))"
_COLUMNS = (
    "tenant_id, fact_table, month, part, state, file_name, rows, bytes AS size, checksum, revision, events,"
    " updated_at"
)
_PUT = """
INSERT INTO archives (tenant_id, fact_table, month, part, state, file_name, rows, bytes, checksum, revision,
                      events, made_by)
VALUES (%(tenant_id)s, %(table)s, %(month)s, %(part)s, %(state)s, %(file_name)s, %(rows)s, %(bytes)s,
        %(checksum)s, %(revision)s, %(events)s, %(made_by)s)
ON CONFLICT (tenant_id, fact_table, month, part) DO UPDATE
SET state = EXCLUDED.state, file_name = EXCLUDED.file_name, rows = EXCLUDED.rows, bytes = EXCLUDED.bytes,
    checksum = EXCLUDED.checksum, revision = EXCLUDED.revision, events = EXCLUDED.events,
    made_by = EXCLUDED.made_by, updated_at = now()
"""


LockBusy = psycopg.errors.LockNotAvailable
"""Somebody reads a table for so long that others would have to wait behind us."""


class Busy(Exception):
    """Another process archives, brings back or erases at this moment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: of a tenant, a table and a month; `part` counts the times the month was archived."""

    tenant_id: UUID
    fact_table: str
    month: date
    part: int
    state: State
    file_name: str
    rows: int
    size: int
    checksum: bytes
    revision: str
    events: list[UUID]
    updated_at: datetime

    @property
    def sums(self) -> Checksum:
        """As rows that are read are counted."""
        return Checksum(self.rows, int.from_bytes(self.checksum, "big"))

    def path(self, folder: Path) -> Path:
        """Where the file is."""
        return folder / str(self.tenant_id) / self.file_name

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.fact_table} {self.month:%Y-%m}" + (f" part {self.part}" if self.part > 1 else "")


def new_name(table: str, month: date, part: int) -> str:
    """A name that no file has had: a file is never written over."""
    return f"{table}-{month:%Y-%m}-{part}-{secrets.token_hex(4)}.parquet"


@contextmanager
def alone(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the owner's that commits by itself, in the one process that archives. Raises Busy,
    DatabaseUnavailable."""
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            # A moment: the server may still be about to notice that the one before has ended.
            connection.execute("SET lock_timeout = '2s'")
            try:
                connection.execute(_LOCK)
            except LockBusy:
                text = "Another process archives, brings back or erases at this moment: try again later."
                raise Busy(text) from None
            connection.execute("RESET lock_timeout")
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(str(error)) from error


@contextmanager
def within(connection: psycopg.Connection[Any], tenant_id: UUID) -> Iterator[psycopg.Connection[Any]]:
    """A transaction within one tenant's policies (or a part of one, from then on within these)."""
    with connection.transaction():
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        yield connection


def entries(connection: psycopg.Connection[Any], tenant_id: UUID | None = None) -> list[Entry]:
    """All files that the list has ever had, of a tenant or of all, the oldest month first."""
    condition = "WHERE tenant_id = %s" if tenant_id else ""
    with connection.transaction():
        connection.execute("SELECT set_config('app.job', 'archives', true)")
        with connection.cursor(row_factory=class_row(Entry)) as cursor:
            return cursor.execute(
                f"SELECT {_COLUMNS} FROM archives {condition} ORDER BY month, fact_table, tenant_id, part",
                [tenant_id] if tenant_id else [],
            ).fetchall()


def put(connection: psycopg.Connection[Any], entry: Entry, made_by: str) -> None:
    """Note a file, within its tenant's policies; the row of this part that was there is no more."""
    connection.execute(
        _PUT,
        {
            "tenant_id": entry.tenant_id,
            "table": entry.fact_table,
            "month": entry.month,
            "part": entry.part,
            "state": entry.state,
            "file_name": entry.file_name,
            "rows": entry.rows,
            "bytes": entry.size,
            "checksum": entry.checksum,
            "revision": entry.revision,
            "events": sorted(entry.events),
            "made_by": made_by,
        },
    )


def move(connection: psycopg.Connection[Any], some: Sequence[Entry], state: State) -> None:
    """Take files to another state: all of them, or none."""
    with connection.transaction():
        for entry in some:
            with within(connection, entry.tenant_id):
                connection.execute(
                    "UPDATE archives SET state = %s, updated_at = now()"
                    " WHERE tenant_id = %s AND fact_table = %s AND month = %s AND part = %s",
                    [state, entry.tenant_id, entry.fact_table, entry.month, entry.part],
                )


def drop(connection: psycopg.Connection[Any], entry: Entry, folder: Path) -> None:
    """Forget a file whose rows are in the tables, and remove it."""
    with within(connection, entry.tenant_id):
        connection.execute(
            "DELETE FROM archives WHERE tenant_id = %s AND fact_table = %s AND month = %s AND part = %s",
            [entry.tenant_id, entry.fact_table, entry.month, entry.part],
        )
    entry.path(folder).unlink(missing_ok=True)


def tenants(connection: psycopg.Connection[Any]) -> list[UUID]:
    """The ids of all tenants of this database."""
    with connection.transaction():
        connection.execute("SELECT set_config('app.job', 'tenants', true)")
        rows = connection.execute("SELECT tenant_id FROM tenants ORDER BY tenant_id").fetchall()
    return [tenant_id for (tenant_id,) in rows]


def sweep(connection: psycopg.Connection[Any], folder: Path) -> None:
    """Remove what was begun and never finished, what was replaced and what was brought back: files of our
    tenants that the list does not name. Another database's tenants may share the folder."""
    named = {entry.path(folder) for entry in entries(connection) if entry.state != "restored"}
    for tenant_id in tenants(connection):
        own = folder / str(tenant_id)
        for path in (*own.glob("*.parquet"), *own.glob("*.parquet.tmp")):
            if path not in named:
                path.unlink(missing_ok=True)
