"""Venue updates put to work: of all values ever sent for a field, the latest by its own time holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from data.engine import TenantConnection
from data.messages import NO_EVENT, Message, VenueUpdate


class _Target(NamedTuple):
    """The column that a field of an update sets, and the type its JSON value must have."""

    column: str
    kind: Any


_OF_VENUE = {"capacity": _Target("capacity", int), "status": _Target("status", str)}
OF_EVENT = {
    "capacity": _Target("sellable_capacity", int),
    "physicalCapacity": _Target("physical_capacity", int),
    "status": _Target("status", str),
    "doorsAt": _Target("doors_at", datetime),
    "startsAt": _Target("starts_at", datetime),
    "endsAt": _Target("ends_at", datetime),
    "onSaleAt": _Target("on_sale_at", datetime),
    "name": _Target("name", str),
}
EVENT_STATUS = frozenset({"scheduled", "on_sale", "sold_out", "cancelled", "postponed", "over"})


def apply(tenant: TenantConnection, messages: Sequence[Message]) -> None:
    """Set the venue's or event's columns to the latest value of each field the batch names.

    A field we keep no column for, or a value of the wrong type, stays a fact and changes nothing.
    """
    touched = {
        (message.venue_id, message.event_id, fact.field)
        for message in messages
        for fact in message.facts
        if isinstance(fact, VenueUpdate)
    }
    _lock_venues(tenant, sorted({venue_id for venue_id, event_id, _ in touched if event_id == NO_EVENT}))
    for venue_id, event_id, name in sorted(touched):
        if name == "holds" and event_id != NO_EVENT:
            _apply_holds(tenant, venue_id, event_id)
            continue
        target = (_OF_VENUE if event_id == NO_EVENT else OF_EVENT).get(name)
        if target is None:
            continue
        value = _latest(tenant, venue_id, event_id, name, target.kind)
        if value is None or (name == "status" and event_id != NO_EVENT and value not in EVENT_STATUS):
            continue
        table = "venues" if event_id == NO_EVENT else "events"
        of_event = "" if event_id == NO_EVENT else "AND event_id = %(event)s"
        tenant.execute(
            f"UPDATE {table} SET {target.column} = %(value)s"
            f" WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s {of_event}",
            {"tenant": tenant.tenant_id, "venue": venue_id, "event": event_id, "value": value},
        )


def _lock_venues(tenant: TenantConnection, venues: list[UUID]) -> None:
    """One transaction at a time updates a venue: else the latest value of each would not see the other's.

    Events need no lock of their own here, theirs is held already.
    """
    if venues:
        tenant.execute(
            "SELECT 1 FROM venues WHERE tenant_id = %s AND venue_id = ANY(%s)"
            " ORDER BY venue_id FOR NO KEY UPDATE",
            [tenant.tenant_id, venues],
        )


def _latest(tenant: TenantConnection, venue_id: UUID, event_id: UUID, name: str, kind: Any) -> Any:
    row = tenant.execute(
        "SELECT value::text FROM venue_updates WHERE tenant_id = %s AND venue_id = %s AND event_id = %s"
        " AND field = %s ORDER BY occurred_at DESC, message_key DESC LIMIT 1",
        [tenant.tenant_id, venue_id, event_id, name],
    ).fetchone()
    try:
        value = msgspec.json.decode(row[0], type=kind) if row else None
    except msgspec.ValidationError:
        return None
    if isinstance(value, int) and not 0 <= value < 2**31:
        return None
    return None if isinstance(value, datetime) and value.tzinfo is None else value


def _apply_holds(tenant: TenantConnection, venue_id: UUID, event_id: UUID) -> None:
    quantity = _latest(tenant, venue_id, event_id, "holds", int)
    if quantity is None:
        return
    tenant.execute(
        "INSERT INTO holds (tenant_id, venue_id, event_id, hold, quantity) VALUES (%s, %s, %s, 'updates', %s)"
        " ON CONFLICT (tenant_id, venue_id, event_id, hold) DO UPDATE SET quantity = EXCLUDED.quantity",
        [tenant.tenant_id, venue_id, event_id, quantity],
    )
