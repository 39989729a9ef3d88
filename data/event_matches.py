"""A person says which event was meant by a name that nobody registered, or takes that back.

Either is one short transaction of the application, which holds the locks of both events: from its commit on,
what names the placeholder is sent on (or not any more). What came before is moved by the worker:
`data/event_moves.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from data import archived, rollup_tables
from data.engine import Database, TenantConnection

Status = Literal["moving", "matched", "undoing"]
COLUMNS = "name, doors_at, starts_at, ends_at, on_sale_at, physical_capacity, sellable_capacity, status"
"""What messages can set of an event: put back when a match is undone."""
_COLUMNS = (
    "event_id, venue_id, real_event_id, ref, name, status, placeholder, before, notes, version, moved,"
    " matched_by, matched_at"
)
_OWN = "tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s"


class NotMatchable(Exception):
    """These events cannot be matched, or this match not be undone; the text says why."""


@dataclass(frozen=True, slots=True)
class Match:
    """A placeholder and the real event it was matched to; `moved` counts messages."""

    event_id: UUID
    venue_id: UUID
    real_event_id: UUID
    ref: str | None
    name: str
    status: Status
    placeholder: dict[str, Any]
    before: dict[str, Any]
    notes: list[UUID]
    version: int
    moved: int
    matched_by: UUID | None
    matched_at: datetime


def match(tenant: TenantConnection, event_id: UUID, real_id: UUID, by: UUID | None) -> Match:
    """Match an event that nobody registered to one that somebody did. Raises NotMatchable."""
    stray, real = _event(tenant, event_id), _event(tenant, real_id)
    if stray is None or stray["registered"]:
        raise NotMatchable("Somebody has registered or matched this event already.")
    if real is None or not real["registered"]:
        raise NotMatchable("There is no such event.")
    venue = stray["venue_id"]
    if real["venue_id"] != venue:
        raise NotMatchable("The event is at another venue: what was scanned and sold stays at its venue.")
    if str(stray["external_id"] or "").startswith("pretix:"):
        raise NotMatchable("Events of pretix are registered by pretix.")
    _require_whole(tenant, event_id, real_id)
    rollup_tables.lock(tenant, [(venue, event_id), (venue, real_id)])
    key = {"tenant": tenant.tenant_id, "venue": venue, "event": event_id, "real": real_id}
    gone = tenant.rows(f"SELECT * FROM events WHERE {_OWN} AND NOT registered FOR UPDATE", key)
    before = tenant.rows(
        f"SELECT to_jsonb(e) AS was FROM (SELECT {COLUMNS} FROM events WHERE tenant_id = %(tenant)s"
        " AND venue_id = %(venue)s AND event_id = %(real)s AND registered) e",
        key,
    )
    if not gone or not before:
        raise NotMatchable("Somebody else was quicker: look again.")
    notes = tenant.execute(
        f"UPDATE annotations SET event_id = %(real)s WHERE {_OWN} RETURNING annotation_id", key
    ).fetchall()
    for table in ("ticket_types", "holds", "usual_arrivals"):
        tenant.execute(f"DELETE FROM {table} WHERE {_OWN}", key)
    tenant.execute(f"DELETE FROM events WHERE {_OWN}", key)
    rows = tenant.rows(
        "INSERT INTO event_aliases (tenant_id, event_id, venue_id, real_event_id, ref, name, placeholder,"
        " before, notes, matched_by) VALUES (%(tenant)s, %(event)s, %(venue)s, %(real)s, %(ref)s, %(name)s,"
        f" %(placeholder)s, %(before)s, %(notes)s, %(by)s) RETURNING {_COLUMNS}",
        key
        | {
            "ref": gone[0]["external_id"],
            "name": gone[0]["name"],
            "placeholder": Jsonb({name: _plain(value) for name, value in gone[0].items()}),
            "before": Jsonb(before[0]["was"]),
            "notes": [note for (note,) in notes],
            "by": by,
        },
    )
    rollup_tables.touch(tenant, [(venue, real_id)])
    return Match(**rows[0])


def undo(tenant: TenantConnection, event_id: UUID) -> Match:
    """Take a match back. Raises NotMatchable."""
    found = by_id(tenant, event_id)
    if found is None:
        raise NotMatchable("There is no such match.")
    _require_whole(tenant, found.event_id, found.real_event_id)
    venue = found.venue_id
    rollup_tables.lock(tenant, [(venue, event_id), (venue, found.real_event_id)])
    key = {"tenant": tenant.tenant_id, "event": event_id, "venue": venue}
    changed = tenant.execute(
        "UPDATE event_aliases SET status = 'undoing' WHERE tenant_id = %(tenant)s AND event_id = %(event)s"
        " AND status = 'matched'",
        key,
    )
    if not changed.rowcount:
        raise NotMatchable("It is being moved: wait until that is done.")
    ref = found.ref
    taken = tenant.execute(
        "SELECT 1 FROM events WHERE tenant_id = %s AND external_id = %s", [tenant.tenant_id, ref]
    ).fetchone()
    if taken is not None:
        raise NotMatchable("Another event has this name by now.")
    tenant.execute(
        "INSERT INTO events SELECT * FROM jsonb_populate_record(NULL::events, %(placeholder)s)",
        {"placeholder": Jsonb(found.placeholder)},
    )
    # It goes on with its versions, which must never go back.
    tenant.execute(
        f"UPDATE event_totals SET version = greatest(version, %(version)s) WHERE {_OWN}",
        key | {"version": found.version},
    )
    tenant.execute(
        "UPDATE annotations SET event_id = %(event)s WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s"
        " AND annotation_id = ANY(%(notes)s)",
        key | {"notes": found.notes},
    )
    rollup_tables.touch(tenant, [(venue, event_id), (venue, found.real_event_id)])
    return found


def by_id(tenant: TenantConnection, event_id: UUID) -> Match | None:
    """The match of this placeholder, None when there is none."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM event_aliases WHERE tenant_id = %s AND event_id = %s",
        [tenant.tenant_id, event_id],
    )
    return Match(**rows[0]) if rows else None


def listed(tenant: TenantConnection, limit: int = 200) -> list[Match]:
    """The latest matches, the newest first."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM event_aliases WHERE tenant_id = %s"
        " ORDER BY matched_at DESC, event_id LIMIT %s",
        [tenant.tenant_id, limit],
    )
    return [Match(**row) for row in rows]


def everyones(database: Database) -> list[tuple[UUID, UUID]]:
    """(tenant_id, event_id) of every match of which something is still to be moved. Raises
    DatabaseUnavailable."""
    with database.job("event_aliases") as connection:
        rows = connection.execute(
            "SELECT tenant_id, event_id FROM event_aliases WHERE status <> 'matched' ORDER BY matched_at"
        )
        return rows.fetchall()


def _event(tenant: TenantConnection, event_id: UUID) -> dict[str, Any] | None:
    rows = tenant.rows(
        "SELECT venue_id, external_id, registered FROM events WHERE tenant_id = %s AND event_id = %s",
        [tenant.tenant_id, event_id],
    )
    return rows[0] if rows else None


def _require_whole(tenant: TenantConnection, *events: UUID) -> None:
    if any(archived.holds(tenant, event) for event in events):
        raise NotMatchable(
            "Some of its months are archived. The operator can bring them back:"
            f" {archived.COMMAND}. Then it can be done."
        )


def _plain(value: Any) -> Any:
    return (
        value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
    )
