"""Archived months come back: their partition is made again, and their rows are in it exactly as they were.

Each file is one transaction: read, checked against the list, loaded by COPY, counted again in the table; with
it the list says `restored`, and the file is removed. What ends in between is gone on with. The month then
stays for 30 days, after which the job archives it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from data import archive_columns, archive_manifest, partitions
from data.archive_columns import Kind, columns
from data.archive_files import Archiver, about, attached, record
from data.archive_manifest import Entry, within
from data.archive_parquet import Damaged, File
from data.archive_run import settle

_DAY = 86_400_000_000
_LOADED: dict[Kind, sql.SQL] = {
    # Exact for every instant: days are counted apart, what is left of one fits into a float.
    "instant": sql.SQL(
        f"timestamptz 'epoch' + ({{0}} / {_DAY}) * interval '1 day'"
        f" + ({{0}} %% {_DAY}) * interval '1 microsecond'"
    ),
}
_TEMPORARY: dict[Kind, sql.SQL] = {
    "text": sql.SQL("text"),
    "json": sql.SQL("jsonb"),
    "uuid": sql.SQL("uuid"),
    "bool": sql.SQL("boolean"),
    "int2": sql.SQL("smallint"),
    "int4": sql.SQL("integer"),
    "int8": sql.SQL("bigint"),
    "float4": sql.SQL("real"),
    "instant": sql.SQL("bigint"),
}


class Unknown(Exception):
    """A file has values for columns that the table no longer has."""


def restore(archiver: Archiver, chosen: list[Entry]) -> Iterator[tuple[Entry, list[str]]]:
    """Bring files back, one after the other; gives each with the columns that it did not have, and which now
    have their defaults. Raises Damaged or Unknown that names the file, and then nothing of it is in the
    tables; DatabaseUnavailable, LockNotAvailable when somebody reads the table for long."""
    archive_manifest.sweep(archiver.connection, archiver.folder)
    settle(archiver)
    for entry in chosen:
        current = _again(archiver, entry)
        if current is None:
            continue
        archiver.connection.execute(f"SET lock_timeout = {partitions.LOCK_MILLISECONDS}")
        partitions.make(archiver.connection, entry.fact_table, entry.month)
        archiver.connection.execute("RESET lock_timeout")
        archiver.step("made")
        lacking = _load(archiver, current)
        archiver.step("loaded")
        current.path(archiver.folder).unlink(missing_ok=True)
        yield current, lacking


def _again(archiver: Archiver, entry: Entry) -> Entry | None:
    """The entry as it is now: another one may have been brought back meanwhile."""
    return next(
        (
            other
            for other in archive_manifest.entries(archiver.connection, entry.tenant_id)
            if (other.fact_table, other.month, other.part) == (entry.fact_table, entry.month, entry.part)
            and other.state == "archived"
        ),
        None,
    )


def _load(archiver: Archiver, entry: Entry) -> list[str]:
    connection, path = archiver.connection, entry.path(archiver.folder)
    there = columns(entry.fact_table)
    part = attached(entry.fact_table, entry.month, entry.tenant_id)
    with File(path) as file, within(connection, entry.tenant_id):
        file.verify(about(entry), entry.sums)
        unknown = [name for name in file.kinds if name not in there]
        if unknown and any(
            value is not None for rows in file.columns(unknown) for row in rows for value in row
        ):
            raise Unknown(
                f"{path}: it has values for columns that {entry.fact_table} no longer has: {unknown}"
            )
        before = archive_columns.counted(connection, part, file.kinds, there)
        _copy(connection, entry, file, [name for name in file.kinds if name in there])
        after = archive_columns.counted(connection, part, file.kinds, there)
        if after.less(before) != entry.sums:
            raise Damaged(path, "its rows in the table are not those that left it")
        archive_manifest.move(connection, [entry], "restored")
        record(archiver, entry, "restore-month")
    return [name for name in there if name not in file.kinds]


def _copy(connection: psycopg.Connection[Any], entry: Entry, file: File, names: list[str]) -> None:
    """COPY does not go through policies, so rows take the way over a table of this transaction."""
    kinds = {name: file.kinds[name] for name in names}
    shape = [sql.SQL("{} {}").format(sql.Identifier(name), _TEMPORARY[kind]) for name, kind in kinds.items()]
    comma = sql.SQL(", ")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE restoring ({}) ON COMMIT DROP").format(comma.join(shape))
    )
    at = [list(file.kinds).index(name) for name in names]
    uuids = {index for index, name in enumerate(names) if kinds[name] == "uuid"}
    with connection.cursor() as cursor, cursor.copy("COPY restoring FROM STDIN") as copy:
        for rows in file.batches():
            for row in rows:
                values = [row[index] for index in at]
                for index in uuids:
                    values[index] = values[index] and values[index].hex()
                copy.write_row(values)
    loaded = [_LOADED.get(kind, sql.SQL("{0}")).format(sql.Identifier(name)) for name, kind in kinds.items()]
    connection.execute(
        sql.SQL("INSERT INTO {} (tenant_id, {}) SELECT %s, {} FROM restoring").format(
            sql.Identifier(entry.fact_table), comma.join(map(sql.Identifier, names)), comma.join(loaded)
        ),
        [entry.tenant_id],
    )
    connection.execute("DROP TABLE restoring")
