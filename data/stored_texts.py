"""Texts that are kept already, day by day, for somebody to clean: what older versions stored as it came.

The application's role cannot change what is stored; this runs as the owner of the tables, within the tenant's
policies. A day (UTC) of a table is a transaction of its own, and to clean what is clean changes nothing, so
what is interrupted is simply begun again. Nobody else changes these rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from data.engine import TenantConnection
from data.erasure import as_owner
from data.keys import MasterKeys

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "messages": ("received_at", ("payload",)),
    "dead_letters": ("received_at", ("field", "detail", "payload")),
    "ticket_sales": ("occurred_at", ("channel", "campaign", "metadata")),
    "ticket_scans": ("occurred_at", ("reason", "metadata")),
    "page_views": (
        "occurred_at",
        ("path", "referrer", "source", "medium", "campaign", "visitor", "metadata"),
    ),
    "cart_updates": ("occurred_at", ("items", "metadata")),
    "social_mentions": ("occurred_at", ("metadata",)),
    "ticket_transfers": ("occurred_at", ("reason", "metadata")),
    "invalid_attempts": ("occurred_at", ("reason", "metadata")),
}
"""Table → the column of its time, and the columns in which a sender's words stand."""

Clean = Callable[[str, dict[str, Any], datetime], dict[str, Any]]
"""From a table, a row (its columns of TEXTS) and its time to the columns that have to change."""

_AT_ONCE = 2_000


def clean_all(
    owner_url: str, master: MasterKeys, tenant_id: UUID, clean: Clean
) -> Iterator[tuple[str, int, int]]:
    """Clean everything of a tenant; gives (table, rows read, rows changed) for each table and day.

    Raises DatabaseUnavailable; what was cleaned before it stays so.
    """
    for table, (time, columns) in TEXTS.items():
        with as_owner(owner_url, master, tenant_id) as tenant:
            first, last = _span(tenant, table, time)
        while first is not None and last is not None and first <= last:
            with as_owner(owner_url, master, tenant_id) as tenant:
                yield (table, *_clean_day(tenant, table, time, columns, first, clean))
            first += timedelta(days=1)


def forget_values(tenant: TenantConnection, cleaned: Callable[[str], str]) -> int:
    """Remove the rows of days whose value would be cleaned; how many. Call it after a rebuild: by then they
    are zero, and what they counted stands under the cleaned value."""
    rows = tenant.execute("SELECT DISTINCT value FROM day_analytics WHERE tenant_id = %s", [tenant.tenant_id])
    gone = [value for (value,) in rows.fetchall() if cleaned(value) != value]
    return tenant.execute(
        "DELETE FROM day_analytics WHERE tenant_id = %s AND value = ANY(%s)", [tenant.tenant_id, gone]
    ).rowcount


def _span(tenant: TenantConnection, table: str, time: str) -> tuple[datetime | None, datetime | None]:
    query = sql.SQL("SELECT min({0}), max({0}) FROM {1} WHERE tenant_id = %s").format(
        sql.Identifier(time), sql.Identifier(table)
    )
    row = tenant.connection.execute(query, [tenant.tenant_id]).fetchone()
    assert row is not None
    first = row[0] and row[0].astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return first, row[1]


def _clean_day(
    tenant: TenantConnection, table: str, time: str, columns: tuple[str, ...], day: datetime, clean: Clean
) -> tuple[int, int]:
    names = {"table": sql.Identifier(table), "time": sql.Identifier(time)}
    wanted = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL(
        "SELECT tableoid, ctid, {time} AS at, {wanted} FROM {table}"
        " WHERE tenant_id = %s AND {time} >= %s AND {time} < %s"
    ).format(**names, wanted=wanted)
    read = changed = 0
    with tenant.connection.cursor("stored_texts", row_factory=dict_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(query, [tenant.tenant_id, day, day + timedelta(days=1)])
        for row in cursor:
            read += 1
            place, at = (row.pop("tableoid"), row.pop("ctid")), row.pop("at")
            changes = clean(table, row, at)
            if changes:
                changed += 1
                sets = sql.SQL(", ").join(
                    sql.SQL("{} = %s").format(sql.Identifier(column)) for column in changes
                )
                update = sql.SQL(
                    "UPDATE {table} SET {sets} WHERE tenant_id = %s AND tableoid = %s AND ctid = %s"
                ).format(**names, sets=sets)
                values = [json.dumps(v) if isinstance(v, dict | list) else v for v in changes.values()]
                tenant.connection.execute(update, [*values, tenant.tenant_id, *place])
    return read, changed
