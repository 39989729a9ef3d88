"""All rows behind a figure as one stream, for exports: read by a cursor of the server, few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data import recordset
from data.access import Access
from data.answers import Column
from data.directory import Directory
from data.drilldown import COLUMNS, Drill, Names, spans_of
from data.drilldown_sql import everything, refuse_strangers
from data.engine import TenantConnection

FETCHED = 2_000
"""Rows in one answer of the server."""
TITLES = {"sales": "Lines of sales", "scans": "Scans"}
_PATIENCE = "15min"
"""For counting and sorting millions of rows; nobody waits for it in a request."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Columns, the number of rows, and the rows themselves, to be read once within the transaction. Money is
    in minor units, None where it is masked; people and tickets have names of the day."""

    title: str
    columns: tuple[Column, ...]
    count: int
    rows: Iterator[tuple[Any, ...]]


def flow(tenant: TenantConnection, directory: Directory, access: Access, asked: Drill, now: datetime) -> Flow:
    """All rows of `asked`, whose `after` and `limit` do not matter. The number and the rows agree only in a
    transaction whose tables stand still (`snapshot`). Raises QueryError, DatabaseUnavailable."""
    if asked.where is not None:
        refuse_strangers(asked.kind, asked.where)
    columns, title = COLUMNS[asked.kind], TITLES[asked.kind]
    spans = spans_of(directory, access, asked, now)
    if not spans:
        return Flow(title, columns, 0, iter(()))
    sql, counting, parameters = everything(asked.kind, spans, asked.where)
    parameters |= {"tenant": tenant.tenant_id, "spans": recordset.encode(spans)}
    tenant.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
    count = tenant.execute(counting, parameters).fetchall()[0][0]
    masked = frozenset({"amount"}) if access.masked and asked.kind == "sales" else frozenset()
    names = Names(directory, access.tenant_id, now)
    return Flow(title, columns, count, _rows(tenant, sql, parameters, names, columns, masked))


def _rows(
    tenant: TenantConnection,
    sql: str,
    parameters: dict[str, Any],
    names: Names,
    columns: tuple[Column, ...],
    masked: frozenset[str],
) -> Iterator[tuple[Any, ...]]:
    with tenant.cursor(name="flow") as cursor:
        cursor.execute(sql, parameters)
        while batch := cursor.fetchmany(FETCHED):
            for row in batch:
                yield names.row(columns, row, masked)
