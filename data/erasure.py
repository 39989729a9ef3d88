"""One customer's data: all of it to take away, and all of it gone, with a report that proves it.

A customer is known here by keyed hashes only, so whoever asks has to say the id or e-mail address that the
senders use. Facts stay as numbers of nobody: no total changes. The application's role cannot change facts;
both run as the owner of the tables, within the tenant's policies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from data import rollup_applier, tenant_keys, visitor_salts
from data.conflicts import retried
from data.engine import DatabaseUnavailable, TenantConnection
from data.field_kept import Person
from data.field_register import people
from data.keys import MasterKeys
from data.messages import uuid_of
from data.rollup_queue import put_structure
from data.schema import metadata
from data.security import APPEND_ONLY

_HASHES: tuple[Person, ...] = ("customer", "visitor", "author")
MOST_ROUNDS = 5
_SUMMED = ("event_totals", "event_money", "venue_analytics", "day_analytics", "gate_analytics")
"""What must be the same after an erasure as before it."""


@dataclass(slots=True)
class Report:
    """What was found and what became of it, by table and by archived file; `left` and `totals_changed` are
    the proof."""

    tenant: str
    customer: str
    at: str
    hashes: list[str]
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    answers_dropped: int = 0
    repeats_dropped: int = 0
    exports_dropped: int = 0
    archives: dict[str, dict[str, int]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    totals_changed: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing is left, also in archived files, and no total changed."""
        files = any(counts["left"] or counts["unreadable"] for counts in self.archives.values())
        return not any(self.left.values()) and not self.totals_changed and not files

    def as_json(self) -> str:
        """The report for whoever asked for the erasure; it names the customer as the request did."""
        return json.dumps(asdict(self) | {"complete": self.complete}, indent=2)


def hashes_of(tenant: TenantConnection, customer: str) -> list[UUID]:
    """The hashes under which somebody may be kept: by the id or e-mail address as it is given, in lower case,
    as an author ("platform name"), as a visitor of the last days; or the hash itself. Raises Unsealable."""
    spellings = dict.fromkeys((customer, customer.strip(), customer.strip().lower()))
    key = tenant_keys.customer_key(tenant)
    found = [uuid_of(tenant_keys.digest(key, spelling.encode())) for spelling in spellings]
    found += [
        visitor for spelling in spellings for visitor in visitor_salts.visitors(tenant, spelling.encode())
    ]
    with suppress(ValueError):
        found.append(UUID(customer.strip()))
    return list(dict.fromkeys(found))


def export(owner_url: str, master: MasterKeys, tenant_id: UUID, customer: str) -> dict[str, Any]:
    """Everything that is kept of a customer: table → rows, as JSON has them. Raises DatabaseUnavailable."""
    with as_owner(owner_url, master, tenant_id) as tenant:
        hashes = hashes_of(tenant, customer)
        found = {table: _rows(tenant, table, hashes) for table in _tables()}
    return {table: rows for table, rows in found.items() if rows}


def erase(owner_url: str, master: MasterKeys, tenant_id: UUID, customer: str, now: datetime) -> Report:
    """Take a customer out of every table, and look whether it is so. Messages may come meanwhile: each round
    is one transaction on one state of the tables, and rounds go on until one finds nothing.

    What is kept outside the tables is for `data.erasure_copies`. Raises DatabaseUnavailable, and then what a
    finished round did stays done; Unsealable.
    """
    with as_owner(owner_url, master, tenant_id) as tenant:
        hashes = hashes_of(tenant, customer)
    moment = now.astimezone(UTC).isoformat()
    report = Report(str(tenant_id), customer, moment, [str(one) for one in hashes])
    for _ in range(MOST_ROUNDS):
        # The lock is taken before the state is fixed, on another connection: who waited would see an old one.
        with as_owner(owner_url, master, tenant_id) as holder:
            rollup_applier.lock(holder)
            found = retried(lambda: _round(owner_url, master, tenant_id, hashes, report))
        if not found:
            break
    return report


def _round(
    owner_url: str, master: MasterKeys, tenant_id: UUID, hashes: Sequence[UUID], report: Report
) -> int:
    """How many rows it found; the report has them when it is committed."""
    with as_owner(owner_url, master, tenant_id, one_state=True) as tenant:
        rollup_applier.apply_all(tenant)
        before = {table: _sums(tenant, table) for table in _SUMMED}
        tables = {}
        for table in _tables():
            found = _count(tenant, table, hashes)
            if found:
                _erase(tenant, table, hashes)
            tables[table] = {"found": found, "left": _count(tenant, table, hashes)}
        changed = [table for table in _SUMMED if _sums(tenant, table) != before[table]]
        # Answers that were kept are of an older state from here on.
        venues = tenant.execute("SELECT venue_id FROM venues WHERE tenant_id = %s", [tenant_id]).fetchall()
        put_structure(tenant, [venue for (venue,) in venues])
    for table, counts in tables.items():
        known = report.tables.setdefault(table, {"found": 0, "left": 0})
        known["found"] += counts["found"]
        known["left"] = counts["left"]
    report.left = {table: counts["left"] for table, counts in report.tables.items() if counts["left"]}
    report.totals_changed = sorted({*report.totals_changed, *changed})
    return sum(counts["found"] for counts in tables.values())


@contextmanager
def as_owner(
    owner_url: str, master: MasterKeys, tenant_id: UUID, *, one_state: bool = False
) -> Iterator[TenantConnection]:
    """One transaction of the tables' owner, within one tenant's policies; with `one_state` all its statements
    see the tables as the first one did. Raises DatabaseUnavailable."""
    try:
        with psycopg.connect(owner_url) as connection:
            if one_state:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
            yield TenantConnection(connection, tenant_id, None, master)
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
        raise  # Nobody is away: the caller tries again.
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(str(error)) from error


def _tables() -> list[str]:
    """The tables with a person among their columns, each once."""
    return list(dict.fromkeys(table for table, _, _ in people(*_HASHES, "inside")))


def _columns(table: str) -> list[str]:
    return [column for own, column, _ in people(*_HASHES) if own == table]


def _insides(table: str) -> list[str]:
    return [column for own, column, _ in people("inside") if own == table]


def _is_of(table: str) -> sql.Composed:
    """SQL: whether a row is of the customer."""
    parts = [sql.SQL("{} = ANY(%(hashes)s)").format(sql.Identifier(name)) for name in _columns(table)]
    parts += [sql.SQL("{}::text ~ %(pattern)s").format(sql.Identifier(name)) for name in _insides(table)]
    return sql.SQL("tenant_id = %(tenant)s AND ({})").format(sql.SQL(" OR ").join(parts))


def _values(tenant: TenantConnection, hashes: Sequence[UUID]) -> dict[str, Any]:
    return {
        "tenant": tenant.tenant_id,
        "hashes": list(hashes),
        "pattern": _pattern(hashes),
    }


def _pattern(hashes: Sequence[UUID]) -> str:
    return "|".join(str(one) for one in hashes)


def _count(tenant: TenantConnection, table: str, hashes: Sequence[UUID]) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(table), _is_of(table))
    row = tenant.connection.execute(query, _values(tenant, hashes)).fetchone()
    assert row is not None
    return int(row[0])


def _rows(tenant: TenantConnection, table: str, hashes: Sequence[UUID]) -> list[Any]:
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {}").format(sql.Identifier(table), _is_of(table))
    return [row for (row,) in tenant.connection.execute(query, _values(tenant, hashes))]


def _erase(tenant: TenantConnection, table: str, hashes: Sequence[UUID]) -> None:
    """Facts and messages lose the hash; sums of one customer, and refused messages, go."""
    if table == "rollup_queue":
        rollup_applier.apply_all(tenant)  # What came meanwhile: it is found among the sums, which come later.
        return
    values = _values(tenant, hashes)
    name, condition = sql.Identifier(table), _is_of(table)
    if table not in APPEND_ONLY:
        tenant.connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(name, condition), values)
        return
    changes = [_NULLED.format(sql.Identifier(column)) for column in _columns(table)]
    changes += [
        sql.SQL("{} = {}").format(sql.Identifier(column), _LEFT_OUT.format(sql.Identifier(column)))
        for column in _insides(table)
    ]
    query = sql.SQL("UPDATE {} SET {} WHERE {}").format(name, sql.SQL(", ").join(changes), condition)
    tenant.connection.execute(query, values)


_NULLED = sql.SQL("{0} = CASE WHEN {0} = ANY(%(hashes)s) THEN NULL ELSE {0} END")
_LEFT_OUT = sql.SQL(
    "(SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each({0})"
    " WHERE NOT value::text ~ %(pattern)s)"
)
"""A message without its members that hold a hash."""


def left_out(connection: psycopg.Connection[Any], text: str, hashes: Sequence[UUID]) -> str:
    """A message as JSON text, as an erasure leaves it in the tables: for what is kept elsewhere."""
    row = connection.execute(
        sql.SQL("SELECT {}::text").format(_LEFT_OUT.format(sql.SQL("%(value)s::jsonb"))),
        {"value": text, "pattern": _pattern(hashes)},
    ).fetchone()
    assert row is not None
    return str(row[0])


def _sums(tenant: TenantConnection, table: str) -> Any:
    """All of a table's figures in one row, without its counters of changes."""
    numbers = [
        column.name
        for column in metadata.tables[table].columns
        if not column.primary_key
        and column.type.python_type is int
        and column.name not in ("changes", "version")
    ]
    totals = sql.SQL(", ").join(sql.SQL("sum({})").format(sql.Identifier(number)) for number in numbers)
    query = sql.SQL("SELECT count(*), {} FROM {} WHERE tenant_id = %s").format(totals, sql.Identifier(table))
    return tenant.connection.execute(query, [tenant.tenant_id]).fetchone()
