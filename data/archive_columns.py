"""Rows of facts on their way to a file and back: which columns, as which plain values, and their checksum.

Every value is read as PostgreSQL itself has it, without a loss: instants as microseconds since 1970, uuids as
16 bytes, JSON as its text. So a year that Python has no date for, and a number that no float holds, stay what
they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import REAL, BigInteger, Boolean, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from data.schema import metadata

Kind = Literal["text", "uuid", "json", "bool", "int2", "int4", "int8", "float4", "instant"]
Row = tuple[Any, ...]
FETCHED = 1_000
"""Rows in one answer of the server: a message may have some hundred kB."""

_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (JSONB, "json"),
    (TIMESTAMP, "instant"),
    (Uuid, "uuid"),
    (SmallInteger, "int2"),
    (BigInteger, "int8"),
    (Integer, "int4"),
    (Boolean, "bool"),
    (REAL, "float4"),
    (Text, "text"),
)
_READ: dict[Kind, sql.SQL] = {
    "json": sql.SQL("{}::text"),
    "instant": sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint"),
    "uuid": sql.SQL("uuid_send({})"),
    "float4": sql.SQL("{}::float8"),
}
_SIZE = 2**256
_encode = msgspec.msgpack.Encoder().encode


def columns(table: str) -> dict[str, Kind]:
    """The columns of a table that its files have: all but the tenant, who is named beside the rows."""
    return {
        column.name: _kind(column.type) for column in metadata.tables[table].c if column.name != "tenant_id"
    }


def _kind(of: Any) -> Kind:
    return next(kind for type_, kind in _KINDS if isinstance(of, type_))


@dataclass(slots=True)
class Checksum:
    """The number of rows and the sum of their hashes: the same in whatever order they come, and of two sets
    of rows together the sum of both."""

    rows: int = 0
    _sum: int = field(default=0)

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows in."""
        for row in rows:
            digest = hashlib.blake2b(_encode(row), digest_size=32).digest()
            self._sum += int.from_bytes(digest, "big")
            self.rows += 1

    def less(self, other: Checksum) -> Checksum:
        """What is left without the rows of the other one."""
        return Checksum(self.rows - other.rows, self._sum - other._sum)

    @property
    def digest(self) -> bytes:
        """32 bytes."""
        return (self._sum % _SIZE).to_bytes(32, "big")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checksum) and self.rows == other.rows and self.digest == other.digest


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one tenant in one table over a span (None: all of them). The table may be one that has
    left its parent."""

    table: str
    tenant_id: UUID
    time: str = ""
    since: str = ""
    until: str = ""


def stream(
    connection: psycopg.Connection, part: Part, wanted: dict[str, Kind], there: Iterable[str]
) -> Iterator[list[Row]]:
    """The rows, some at a time, by a cursor of the server. `there` are the columns that the table has: others
    are NULL. Within a transaction in which the tenant may be seen."""
    known = frozenset(there)
    chosen = [
        _READ.get(kind, sql.SQL("{}")).format(sql.Identifier(name)) if name in known else sql.SQL("NULL")
        for name, kind in wanted.items()
    ]
    query = sql.SQL("SELECT {} FROM {} WHERE tenant_id = %(tenant)s{}").format(
        sql.SQL(", ").join(chosen), sql.Identifier(part.table), _span(part)
    )
    with connection.cursor(name="archive", binary=True) as cursor:
        cursor.execute(query, {"tenant": part.tenant_id, "since": part.since, "until": part.until})
        while rows := cursor.fetchmany(FETCHED):
            yield list(rows)


def counted(
    connection: psycopg.Connection, part: Part, wanted: dict[str, Kind], there: Iterable[str]
) -> Checksum:
    """The checksum of rows as they are in the tables."""
    found = Checksum()
    for rows in stream(connection, part, wanted, there):
        found.add(rows)
    return found


def any_row(connection: psycopg.Connection, part: Part) -> bool:
    """Whether there is a row."""
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE tenant_id = %(tenant)s{})").format(
        sql.Identifier(part.table), _span(part)
    )
    row = connection.execute(
        query, {"tenant": part.tenant_id, "since": part.since, "until": part.until}
    ).fetchone()
    return row == (True,)


def _span(part: Part) -> sql.Composable:
    if not part.time:
        return sql.SQL("")
    time = sql.Identifier(part.time)
    return sql.SQL(" AND {} >= %(since)s AND {} < %(until)s").format(time, time)
