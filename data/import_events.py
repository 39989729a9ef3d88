"""Events as an import found them: put back when it is undone, and gone where it first named them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from data import recordset, rollup_queue, rollup_tables, venue_updates
from data.engine import TenantConnection
from data.imports import Import
from data.messages import NO_EVENT, Message, VenueUpdate
from data.rollups import EventKey
from data.schema import metadata

_FACTS = tuple(
    table.name for table in metadata.tables.values() if "message_key" in table.c and "line" in table.c
)
_ROLLUPS = (
    "event_money",
    "zone_totals",
    "carts",
    "gate_analytics",
    "venue_analytics",
    "house_counts",
    "house_count_minutes",
    "presence",
    "milestones",
    "usual_arrivals",
    "holds",
)
"""Not `event_totals`: an event that comes again goes on with its versions, which must never go back."""


def put_back(tenant: TenantConnection, found: Import, messages: Sequence[Message]) -> None:
    """Set what these updates set, and nobody else changed since, to what it was before the import. Where
    other updates are left, the latest of them holds: see `venue_updates.apply`. The caller holds the locks.
    """
    latest: dict[tuple[UUID, UUID, str], VenueUpdate] = {}
    for message in messages:
        for fact in message.facts:
            if isinstance(fact, VenueUpdate) and message.event_id != NO_EVENT:
                latest[message.venue_id, message.event_id, fact.field] = fact
    if not latest:
        return
    before = _before(tenant, found, {event for _, event, _ in latest})
    for (venue, event, name), fact in sorted(latest.items(), key=lambda item: item[0]):
        key = {"tenant": tenant.tenant_id, "venue": venue, "event": event}
        if name == "holds":
            tenant.execute(_NO_HOLD, key)
        elif name in venue_updates.OF_EVENT:
            target = venue_updates.OF_EVENT[name]
            was = (before.get((venue, event)) or {}).get(target.column)
            if was is None and target.column in _ALWAYS:
                continue  # There was no event: it goes at the end, if nothing else of it stays.
            tenant.execute(
                f"UPDATE events SET {target.column} = %(was)s WHERE tenant_id = %(tenant)s"
                " AND venue_id = %(venue)s AND event_id = %(event)s"
                f" AND {target.column} IS NOT DISTINCT FROM %(now)s",
                key | {"was": was, "now": msgspec.json.decode(fact.value, type=target.kind)},
            )


_ALWAYS = frozenset({"name", "status"})


def forget_new(tenant: TenantConnection, found: Import) -> list[dict[str, Any]]:
    """Remove the events that were not there before, if nobody else has said anything of them, and return
    them; those that were known by messages alone are so again."""
    before = _before(tenant, found)
    if found.kind == "events":
        known = [event for (_, event), was in before.items() if was is not None and not was["registered"]]
        tenant.execute(
            "UPDATE events SET registered = false WHERE tenant_id = %s AND event_id = ANY(%s)",
            [tenant.tenant_id, known],
        )
    venues = {venue for venue, _ in before}
    new = [event for (_, event), was in before.items() if was is None]
    removed: list[dict[str, Any]] = []
    if new:
        key = {"tenant": tenant.tenant_id, "events": new}
        gone = [event for (event,) in tenant.execute(_UNSAID, key).fetchall()]
        for table in _ROLLUPS:
            tenant.execute(f"DELETE FROM {table} WHERE {_OWN}", key | {"events": gone})
        removed = tenant.rows(
            f"DELETE FROM events WHERE {_OWN} RETURNING venue_id, event_id, external_id",
            key | {"events": gone},
        )
    rollup_queue.put_structure(tenant, venues)
    return removed


def name_again(tenant: TenantConnection, removed: Sequence[dict[str, Any]]) -> None:
    """Give those of these events a placeholder again of which a message was being written just when they were
    removed: it had found them there."""
    rollup_tables.lock(tenant, {(row["venue_id"], row["event_id"]) for row in removed})
    unsaid = {
        event
        for (event,) in tenant.execute(
            _UNSAID_OF_THESE,
            {"tenant": tenant.tenant_id, "events": [row["event_id"] for row in removed]},
        ).fetchall()
    }
    rows = [
        row | {"name": row["external_id"] or str(row["event_id"]), "registered": False}
        for row in removed
        if row["event_id"] not in unsaid
    ]
    if rows:
        columns = ("venue_id", "event_id", "external_id", "name", "registered")
        tenant.execute(
            recordset.insert("events", columns),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )
        rollup_queue.put_structure(tenant, {row["venue_id"] for row in rows})


def _before(
    tenant: TenantConnection, found: Import, events: Iterable[UUID] | None = None
) -> dict[EventKey, dict[str, Any] | None]:
    chosen = "" if events is None else " AND event_id = ANY(%(events)s)"
    rows = tenant.execute(
        "SELECT venue_id, event_id, before FROM import_events WHERE tenant_id = %(tenant)s"
        f" AND import_id = %(import)s{chosen}",
        {
            "tenant": tenant.tenant_id,
            "import": found.import_id,
            "events": None if events is None else list(events),
        },
    )
    return {(venue, event): before for venue, event, before in rows.fetchall()}


_OWN = "tenant_id = %(tenant)s AND event_id = ANY(%(events)s)"
_NO_HOLD = """
DELETE FROM holds WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
  AND hold = 'updates'
"""
_NO_FACTS = "".join(
    f" AND NOT EXISTS (SELECT FROM {table} f WHERE f.tenant_id = e.tenant_id"
    " AND f.venue_id = e.venue_id AND f.event_id = e.event_id)"
    for table in _FACTS
)
_UNSAID = (
    "SELECT event_id FROM events e WHERE tenant_id = %(tenant)s AND event_id = ANY(%(events)s)"
    f"{_NO_FACTS} AND NOT EXISTS (SELECT FROM ticket_types f WHERE f.tenant_id = e.tenant_id"
    " AND f.venue_id = e.venue_id AND f.event_id = e.event_id) FOR UPDATE OF e"
)
_UNSAID_OF_THESE = (
    "SELECT event_id FROM event_totals e WHERE tenant_id = %(tenant)s AND event_id = ANY(%(events)s)"
    f"{_NO_FACTS}"
)
