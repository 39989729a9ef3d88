"""All rows behind a figure as one stream, for exports: read by a cursor of the server, few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data import recordset
from data.access import Access
from data.answers import Column
from data.archived import refuse
from data.directory import Directory
from data.drilldown import bounded, hidden, spans_of
from data.drilldown_names import COLUMNS, Shown
from data.drilldown_question import Drill
from data.drilldown_sql import archived_among, everything, refuse_strangers
from data.engine import TenantConnection

FETCHED = 2_000
"""Rows in one answer of the server."""
TITLES = {"sales": "Lines of sales", "scans": "Scans"}
_PATIENCE = "15min"
"""For counting and sorting millions of rows; nobody waits for it in a request."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Columns, the number of rows, and the rows themselves, to be read once within the transaction. Money is
    in minor units, None where it is masked; people and tickets have names of the day. `zone` is that of the
    venues, empty where they have several: then each row has its own in a column `time_zone`."""

    title: str
    columns: tuple[Column, ...]
    count: int
    rows: Iterator[tuple[Any, ...]]
    zone: str = ""


def flow(tenant: TenantConnection, directory: Directory, access: Access, asked: Drill, now: datetime) -> Flow:
    """All rows of `asked`, whose `after` and `limit` do not matter. The number and the rows agree only in a
    transaction whose tables stand still (`snapshot`). Raises QueryError, DatabaseUnavailable."""
    refuse_strangers(asked)
    title = TITLES[asked.kind]
    spans = bounded(tenant, access, asked, spans_of(directory, access, asked, now))
    if not spans:
        return Flow(title, COLUMNS[asked.kind], 0, iter(()))
    refuse(tenant, archived_among(asked.kind, spans))
    sql, counting, parameters = everything(asked, spans)
    parameters |= {"tenant": tenant.tenant_id, "spans": recordset.encode(spans)}
    tenant.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
    count = tenant.execute(counting, parameters).fetchall()[0][0]
    shown = Shown(tenant, directory, asked.kind, spans, hidden(access, asked.kind), now)
    return Flow(title, shown.columns, count, _rows(tenant, sql, parameters, shown), shown.zone)


def _rows(
    tenant: TenantConnection, sql: str, parameters: dict[str, Any], shown: Shown
) -> Iterator[tuple[Any, ...]]:
    with tenant.cursor(name="flow") as cursor:
        cursor.execute(sql, parameters)
        while batch := cursor.fetchmany(FETCHED):
            yield from shown.rows(batch)
