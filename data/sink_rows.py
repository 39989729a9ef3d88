"""What sinks are given: the messages that came after a position, and the minutes that they fell into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from data.engine import TenantConnection

COUNTS = (
    "sold",
    "comps",
    "cancelled",
    "entries",
    "exits",
    "invalid",
    "page_views",
    "cart_updates",
    "mentions",
    "reach",
    "engagements",
    "transfers",
    "failed_transfers",
    "attempts",
)
"""Of a minute: what depends on the messages of this minute alone, so that they tell when to send it again."""
AMOUNTS = ("gross_minor", "refunded_minor", "fees_minor", "tax_minor")
"""Of a minute and a currency, in its minor units."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A message as it is kept: people in it are keyed hashes."""

    received_at: datetime
    message_key: UUID
    venue_id: UUID
    event_id: UUID
    type: str
    source: str
    occurred_at: datetime
    payload: Any


def after(
    tenant: TenantConnection, at: datetime, at_key: UUID, until: datetime, most: int, *, payload: bool
) -> list[Copied]:
    """At most so many messages that came after this position and before `until`, in their order; with or
    without what was sent."""
    rows = tenant.rows(
        "SELECT received_at, message_key, venue_id, event_id, type, source, occurred_at,"
        " CASE WHEN %(payload)s THEN payload END AS payload FROM messages WHERE tenant_id = %(tenant)s"
        " AND received_at >= %(at)s AND (received_at, message_key) > (%(at)s, %(key)s)"
        " AND received_at < %(until)s ORDER BY received_at, message_key LIMIT %(most)s",
        {
            "payload": payload,
            "tenant": tenant.tenant_id,
            "at": at,
            "key": at_key,
            "until": until,
            "most": most,
        },
    )
    return [Copied(**row) for row in rows]


def minutes(tenant: TenantConnection, touched: Sequence[Copied]) -> list[dict[str, Any]]:
    """The sums of every minute of an event that these messages fell into, as they are now: bucket, venue_id,
    event_id, venue and event (as senders call them), currency, COUNTS and AMOUNTS."""
    cells = {
        (each.venue_id, each.event_id, each.occurred_at.replace(second=0, microsecond=0)) for each in touched
    } | _of_orders(tenant, [each for each in touched if each.type.startswith("pretix-")])
    columns = ", ".join(f"a.{name}" for name in (*COUNTS, *AMOUNTS))
    return tenant.rows(
        f"SELECT a.bucket, a.venue_id, a.event_id, a.currency, {columns},"
        " coalesce(v.external_id, a.venue_id::text) AS venue,"
        " coalesce(e.external_id, a.event_id::text) AS event"
        " FROM venue_analytics a JOIN unnest(%(venues)s::uuid[], %(events)s::uuid[], %(at)s::timestamptz[])"
        "  AS cell (venue_id, event_id, bucket) ON cell.venue_id = a.venue_id"
        "  AND cell.event_id = a.event_id AND cell.bucket = a.bucket"
        " LEFT JOIN (SELECT * FROM venues WHERE tenant_id = %(tenant)s) v ON v.venue_id = a.venue_id"
        " LEFT JOIN (SELECT * FROM events WHERE tenant_id = %(tenant)s) e ON e.event_id = a.event_id"
        " WHERE a.tenant_id = %(tenant)s AND a.grain = '1min'"
        " ORDER BY a.bucket, a.venue_id, a.event_id, a.currency",
        {
            "tenant": tenant.tenant_id,
            "venues": [venue for venue, _, _ in cells],
            "events": [event for _, event, _ in cells],
            "at": [bucket for _, _, bucket in cells],
        },
    )


def _of_orders(tenant: TenantConnection, touched: Sequence[Copied]) -> set[tuple[UUID, UUID, datetime]]:
    """The minutes of the lines of these messages: one about an order tells of several moments."""
    if not touched:
        return set()
    rows = tenant.execute(
        "SELECT DISTINCT venue_id, event_id, date_trunc('minute', occurred_at) FROM ticket_sales"
        " WHERE tenant_id = %s AND venue_id = ANY(%s) AND event_id = ANY(%s) AND message_key = ANY(%s)",
        [
            tenant.tenant_id,
            list({each.venue_id for each in touched}),
            list({each.event_id for each in touched}),
            [each.message_key for each in touched],
        ],
    )
    return set(rows.fetchall())
