"""Files of archived rows: Parquet with zstd, written and read some rows at a time. Only archiving imports
this.

A file says of itself whose rows it has, of which table and month, by which revision of the schema, how many
they are and their checksum. It has its name once it is whole and on the disk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from data.archive_columns import Checksum, Kind, Row

FORMAT = 1
GROUP_ROWS = 20_000
GROUP_BYTES = 16_000_000
"""Rows, or bytes of texts, after which they go to the disk: what is held in memory."""
_READ_ROWS = 2_000
_NAME = b"housecount"
_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "json": pa.string(),
    "uuid": pa.uuid(),
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "instant": pa.timestamp("us", tz="UTC"),
}


class Damaged(Exception):
    """A file is not what was written, or cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself, but for its rows."""

    tenant_id: UUID
    table: str
    month: date
    part: int
    revision: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole and on the disk."""

    checksum: Checksum
    size: int
    events: frozenset[bytes]


def write(path: Path, about: About, kinds: dict[str, Kind], batches: Iterable[list[Row]]) -> Written:
    """Write rows under a temporary name, and give the file its own when all is on the disk. Raises OSError,
    and whatever the rows raise; then there is no file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    schema = pa.schema([pa.field(name, _TYPES[kind]) for name, kind in kinds.items()])
    checksum, events = Checksum(), set[bytes]()
    event = list(kinds).index("event_id")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
                for rows in _groups(batches):
                    checksum.add(rows)
                    events.update(row[event] for row in rows)
                    writer.write_table(_table(schema, kinds, rows), row_group_size=GROUP_ROWS)
                writer.add_key_value_metadata({_NAME.decode(): json.dumps(_said(about, kinds, checksum))})
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return Written(checksum, size, frozenset(events))


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class File:
    """A file to read. Raises Damaged for one that cannot be read, or does not say what it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _readable(path):
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            said = json.loads((self._file.metadata.metadata or {})[_NAME])
            if said["format"] != FORMAT:
                raise ValueError(f"its format is {said['format']!r}, not {FORMAT}")
            self.kinds = cast(dict[str, Kind], dict(said["columns"]))
            self.about = About(
                UUID(said["tenant"]),
                str(said["table"]),
                date.fromisoformat(said["month"]),
                int(said["part"]),
                str(said["revision"]),
            )
            if [(f.name, f.type) for f in self._file.schema_arrow] != [
                (name, _TYPES[kind]) for name, kind in self.kinds.items()
            ]:
                raise ValueError("its columns are others than it says")

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def batches(self) -> Iterator[list[Row]]:
        """All rows, some at a time, with the values that were written. Raises Damaged."""
        with _readable(self.path):
            batches = self._file.iter_batches(batch_size=_READ_ROWS)
        while True:
            with _readable(self.path):
                batch = next(batches, None)
                if batch is None:
                    return
                rows = _rows(batch, self.kinds)
            yield rows

    def columns(self, names: Iterable[str]) -> Iterator[list[Row]]:
        """Some columns of all rows. Raises Damaged."""
        chosen = [name for name in self.kinds if name in set(names)]
        with _readable(self.path):
            for batch in self._file.iter_batches(batch_size=_READ_ROWS, columns=chosen):
                yield _rows(batch, {name: self.kinds[name] for name in chosen})

    def verify(self, about: About, checksum: Checksum) -> None:
        """Read all of it. Raises Damaged when it is about something else, or has other rows."""
        if (self.about.tenant_id, self.about.table, self.about.month, self.about.part) != (
            about.tenant_id,
            about.table,
            about.month,
            about.part,
        ):
            raise Damaged(self.path, "it is another file: of another tenant, table, month or part")
        found = Checksum()
        for rows in self.batches():
            found.add(rows)
        if found != checksum:
            raise Damaged(self.path, f"it has other rows ({found.rows}) than were written ({checksum.rows})")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns whatever a broken file causes into Damaged."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, UnicodeError) as error:
        raise Damaged(path, str(error).splitlines()[0] if str(error) else repr(error)) from error


def _groups(batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for rows in batches:
        group += rows
        size += sum(len(value) for row in rows for value in row if isinstance(value, str))
        if len(group) >= GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _table(schema: pa.Schema, kinds: dict[str, Kind], rows: list[Row]) -> pa.Table:
    arrays = []
    for values, kind in zip(zip(*rows, strict=True), kinds.values(), strict=True):
        if kind == "uuid":
            storage = pa.array(values, pa.binary(16))
            arrays.append(pa.ExtensionArray.from_storage(pa.uuid(), storage))
        elif kind == "instant":
            arrays.append(pa.array(values, pa.int64()).cast(_TYPES[kind]))
        else:
            arrays.append(pa.array(values, _TYPES[kind]))
    return pa.Table.from_arrays(arrays, schema=schema)


def _rows(batch: pa.RecordBatch, kinds: dict[str, Kind]) -> list[Row]:
    values: list[list[Any]] = []
    for column, kind in zip(batch.columns, kinds.values(), strict=True):
        if kind == "uuid":
            column = column.storage
        elif kind == "instant":
            column = column.cast(pa.int64())
        values.append(column.to_pylist())
    return list(zip(*values, strict=True))


def _said(about: About, kinds: dict[str, Kind], checksum: Checksum) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tenant": str(about.tenant_id),
        "table": about.table,
        "month": about.month.isoformat(),
        "part": about.part,
        "revision": about.revision,
        "rows": checksum.rows,
        "checksum": checksum.digest.hex(),
        "columns": list(kinds.items()),
    }
