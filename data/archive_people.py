"""One customer's rows in archived files: found by reading them, taken along, and taken out.

A file is never changed: one without the customer is written beside it, read back, and takes its place in the
list; then the old one is removed. Everything but the customer's hashes is as before, so no total changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from data import archive_manifest
from data.archive_columns import Kind, Row
from data.archive_files import Archiver, about, verified
from data.archive_manifest import Entry, within
from data.archive_parquet import Damaged, File, write
from data.archive_run import forget_begun, settle
from data.erasure import left_out
from data.field_kept import Person
from data.field_register import people

_HASHES: tuple[Person, ...] = ("customer", "visitor", "author")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export(
    connection: psycopg.Connection[Any], folder: Path, tenant_id: UUID, hashes: Sequence[UUID]
) -> dict[str, list[dict[str, Any]]]:
    """Everything of a customer in archived files: table → rows, each with the month it was archived with.
    Raises Damaged for a file that cannot be read: without it the answer would not be whole."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in _files(connection, tenant_id):
        with File(entry.path(folder)) as file:
            file.verify(about(entry), entry.sums)
            search = _Search(entry.fact_table, list(file.kinds), hashes)
            for rows in file.batches():
                own = [_as_json(entry, file.kinds, row) for row in rows if search.matches(row)]
                if own:
                    found.setdefault(entry.fact_table, []).extend(own)
    return found


def prepare(archiver: Archiver) -> None:
    """Before the tables are searched: a month half on its way is in a file alone, or in the tables alone.
    Raises as `data.archive_run.run`."""
    archive_manifest.sweep(archiver.connection, archiver.folder)
    settle(archiver)
    forget_begun(archiver)


def erase(archiver: Archiver, tenant_id: UUID, hashes: Sequence[UUID]) -> dict[str, dict[str, int]]:
    """Take a customer out of a tenant's files: file → rows found and left, and whether it could not be read.
    Nobody archives meanwhile: `archiver` holds the lock. Raises OSError; what was done stays done."""
    report = {}
    for entry in _files(archiver.connection, tenant_id):
        current, found, left, unreadable = entry, 0, 0, 0
        try:
            found = left = _count(entry, archiver.folder, hashes)
            if found:
                current = _without(archiver, entry, hashes)
                left = _count(current, archiver.folder, hashes)
        except Damaged:
            unreadable = 1
        report[current.file_name] = {"found": found, "left": left, "unreadable": unreadable}
    archive_manifest.sweep(archiver.connection, archiver.folder)
    return report


class _Search:
    """Whether rows are of a customer: by columns that are hashes, and texts that hold one."""

    def __init__(self, table: str, names: Sequence[str], hashes: Sequence[UUID]) -> None:
        kinds = _people(table)
        self.hashes = {one.bytes for one in hashes}
        self.pattern = re.compile("|".join(str(one) for one in hashes))
        self.columns = [index for index, name in enumerate(names) if kinds.get(name) in _HASHES]
        self.insides = [index for index, name in enumerate(names) if kinds.get(name) == "inside"]

    def matches(self, row: Row) -> bool:
        """Whether it is one of the customer's."""
        return any(row[index] in self.hashes for index in self.columns) or any(
            row[index] is not None and self.pattern.search(row[index]) for index in self.insides
        )


def _people(table: str) -> dict[str, Person]:
    return {column: kind for own, column, kind in people(*_HASHES, "inside") if own == table}


def _files(connection: psycopg.Connection[Any], tenant_id: UUID) -> list[Entry]:
    """The files of tables with people."""
    known = archive_manifest.entries(connection, tenant_id)
    return [entry for entry in known if entry.state == "archived" and _people(entry.fact_table)]


def _count(entry: Entry, folder: Path, hashes: Sequence[UUID]) -> int:
    """How many rows are of the customer; only the columns with people are read."""
    wanted = _people(entry.fact_table)
    with File(entry.path(folder)) as file:
        names = [name for name in file.kinds if name in wanted]
        search = _Search(entry.fact_table, names, hashes)
        return sum(search.matches(row) for rows in file.columns(names) for row in rows)


def _without(archiver: Archiver, entry: Entry, hashes: Sequence[UUID]) -> Entry:
    """The same file without the customer, in its place."""
    name = archive_manifest.new_name(entry.fact_table, entry.month, entry.part)
    new = replace(entry, file_name=name)
    connection = archiver.connection
    with File(entry.path(archiver.folder)) as file:
        file.verify(about(entry), entry.sums)
        # Still of the revision that the rows were read under.
        made = write(
            new.path(archiver.folder), about(entry), file.kinds, _cleaned(connection, entry, file, hashes)
        )
    verified(new.path(archiver.folder), about(entry), made.checksum)
    if made.checksum.rows != entry.rows:
        raise Damaged(new.path(archiver.folder), f"it has {made.checksum.rows} rows, not {entry.rows}")
    archiver.step("rewritten")
    new = replace(new, size=made.size, checksum=made.checksum.digest)
    with within(connection, entry.tenant_id):
        archive_manifest.put(connection, new, archiver.by)
    archiver.step("replaced")
    entry.path(archiver.folder).unlink(missing_ok=True)
    return new


def _cleaned(
    connection: psycopg.Connection[Any], entry: Entry, file: File, hashes: Sequence[UUID]
) -> Iterator[list[Row]]:
    search = _Search(entry.fact_table, list(file.kinds), hashes)
    for rows in file.batches():
        yield [_clean(connection, search, row, hashes) if search.matches(row) else row for row in rows]


def _clean(
    connection: psycopg.Connection[Any], search: _Search, row: Row, hashes: Sequence[UUID]
) -> tuple[Any, ...]:
    values = list(row)
    for index in search.columns:
        if values[index] in search.hashes:
            values[index] = None
    for index in search.insides:
        if values[index] is not None and search.pattern.search(values[index]):
            values[index] = left_out(connection, values[index], hashes)
    return tuple(values)


def _as_json(entry: Entry, kinds: dict[str, Kind], row: Row) -> dict[str, Any]:
    values = {name: _value(kind, value) for (name, kind), value in zip(kinds.items(), row, strict=True)}
    return {"tenant_id": str(entry.tenant_id), **values, "archived": f"{entry.month:%Y-%m}"}


def _value(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "uuid":
        return str(UUID(bytes=value))
    if kind == "json":
        return json.loads(value)
    if kind == "instant":
        return (_EPOCH + timedelta(microseconds=value)).isoformat()
    return value
