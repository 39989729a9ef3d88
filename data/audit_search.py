"""Entries of the audit log by who, what, where and when, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from data.audit_entry import Door, Kept, Kind, Outcome
from data.audit_rows import COLUMNS, kept
from data.engine import TenantConnection

Place = tuple[datetime, int, int]
"""Where an entry stands: its time, lane and number."""
AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What entries are looked for; None and "" are any. `since` is included, `until` is not; `object` may be
    a kind alone (`dashboard`), `address` a part of one (`/exports`)."""

    since: datetime | None = None
    until: datetime | None = None
    who: UUID | None = None
    kind: Kind | None = None
    action: str = ""
    door: Door | None = None
    outcome: Outcome | None = None
    object: str = ""
    venue: UUID | None = None
    event: UUID | None = None
    address: str = ""


_CONDITIONS = {
    "since": "recorded_at >= %(since)s",
    "until": "recorded_at < %(until)s",
    "who": "actor_id = %(who)s",
    "kind": "actor_kind = %(kind)s",
    "action": "action = %(action)s",
    "door": "door = %(door)s",
    "outcome": "outcome = %(outcome)s",
    "venue": "venue_id = %(venue)s",
    "event": "event_id = %(event)s",
    "address": "position(%(address)s in detail ->> 'address') > 0",
}
_OBJECT = {True: "object = %(object)s", False: "object LIKE %(object)s || ':%%'"}
_AFTER = "(recorded_at, lane, seq) < (%(at)s, %(lane)s, %(seq)s)"


def search(tenant: TenantConnection, wanted: Wanted, *, after: Place | None = None, limit: int) -> list[Kept]:
    """The newest `limit` entries that are wanted, older than the one that stands at `after`."""
    query, values = _query(tenant, wanted, after)
    rows = tenant.rows(f"{query} LIMIT %(limit)s", values | {"limit": limit})
    return [kept(row) for row in rows]


def every(tenant: TenantConnection, wanted: Wanted) -> Iterator[Kept]:
    """All entries that are wanted, newest first, read as they are taken."""
    query, values = _query(tenant, wanted, None)
    with tenant.connection.cursor(name="audit_entries", row_factory=dict_row) as cursor:
        cursor.itersize = AT_A_TIME
        cursor.execute(query, values)
        for row in cursor:
            yield kept(row)


def count(tenant: TenantConnection, wanted: Wanted) -> int:
    """How many entries are wanted."""
    query, values = _query(tenant, wanted, None)
    row = tenant.execute(f"SELECT count(*) FROM ({query}) found", values).fetchone()
    assert row is not None
    return int(row[0])


def names(tenant: TenantConnection, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What the people, tokens and links among these are called; whoever is gone is not there."""
    rows = tenant.execute(
        "SELECT user_id, name FROM users WHERE tenant_id = %(tenant)s AND user_id = ANY(%(ids)s)"
        " UNION ALL SELECT token_id, name FROM api_tokens"
        " WHERE tenant_id = %(tenant)s AND token_id = ANY(%(ids)s)"
        " UNION ALL SELECT link_id, label FROM dashboard_links"
        " WHERE tenant_id = %(tenant)s AND link_id = ANY(%(ids)s)",
        {"tenant": tenant.tenant_id, "ids": list({each for each in ids if each is not None})},
    )
    return dict(rows.fetchall())


def everybody(tenant: TenantConnection) -> list[tuple[UUID, str]]:
    """The people and tokens of the tenant by name, for a menu."""
    rows = tenant.execute(
        "SELECT user_id, name FROM users WHERE tenant_id = %(tenant)s UNION ALL"
        " SELECT token_id, name FROM api_tokens WHERE tenant_id = %(tenant)s ORDER BY 2, 1",
        {"tenant": tenant.tenant_id},
    )
    return rows.fetchall()


def _query(tenant: TenantConnection, wanted: Wanted, after: Place | None) -> tuple[str, dict[str, Any]]:
    values = {name: value for name in _CONDITIONS if (value := getattr(wanted, name))}
    conditions = ["tenant_id = %(tenant)s", *(_CONDITIONS[name] for name in values)]
    values["tenant"] = tenant.tenant_id
    if wanted.object:
        conditions.append(_OBJECT[":" in wanted.object])
        values["object"] = wanted.object
    if after is not None:
        conditions.append(_AFTER)
        values |= dict(zip(("at", "lane", "seq"), after, strict=True))
    order = "ORDER BY recorded_at DESC, lane DESC, seq DESC"
    return f"SELECT {COLUMNS} FROM audit_log WHERE {' AND '.join(conditions)} {order}", values
