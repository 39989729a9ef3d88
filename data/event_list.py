"""Events as a list: when they are, how far they are sold and what they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from data.access import Access
from data.engine import TenantConnection
from data.instants import iso
from data.query_nights import NIGHTS, OPEN_HOURS, over_at


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """One event of a list. `net_minor` is currency → gross and fees less refunds, in minor units; None
    where money is masked. `percent_sold` is None without a capacity, `peak` the most people inside."""

    event_id: UUID
    name: str
    venue_id: UUID
    venue_name: str
    zone: str
    currency: str
    status: str
    registered: bool
    series: str | None
    doors_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    on_sale_at: datetime | None
    sold: int
    comps: int
    held: int
    capacity: int
    remaining: int
    percent_sold: float | None
    entered: int
    peak: int
    net_minor: dict[str, int] | None


_LIST = f"""
SELECT e.event_id, e.name, e.venue_id, v.name AS venue_name, v.zone, v.currency, e.status, e.registered,
       x.name AS series, e.doors_at, e.starts_at, e.ends_at, e.on_sale_at,
       n.sold, n.comps, n.held::bigint AS held, n.capacity::bigint AS capacity,
       n.remaining::bigint AS remaining,
       CASE WHEN n.capacity > 0 THEN round(100.0 * n.sold / n.capacity, 1)::float8 END AS percent_sold,
       n.entered, COALESCE(n.peak, 0) AS peak,
       (SELECT jsonb_object_agg(m.currency, m.gross_minor + m.fees_minor - m.refunded_minor)
        FROM event_money m WHERE m.tenant_id = e.tenant_id AND m.venue_id = e.venue_id
        AND m.event_id = e.event_id) AS net_minor
FROM events e
JOIN venues v ON v.tenant_id = e.tenant_id AND v.venue_id = e.venue_id
JOIN {NIGHTS} n ON n.tenant_id = e.tenant_id AND n.venue_id = e.venue_id AND n.event_id = e.event_id
LEFT JOIN series x ON x.tenant_id = e.tenant_id AND x.venue_id = e.venue_id AND x.series_id = e.series_id
CROSS JOIN LATERAL (
    SELECT COALESCE(e.doors_at, e.starts_at) AS opens,
           {over_at("e")} AS closes
) t
WHERE e.tenant_id = %(tenant)s
  AND (%(venue)s::uuid IS NULL OR e.venue_id = %(venue)s)
  AND (%(venues)s::uuid[] IS NULL OR e.venue_id = ANY(%(venues)s))
  AND (%(events)s::uuid[] IS NULL OR e.event_id = ANY(%(events)s))
  AND CASE %(phase)s WHEN 'upcoming' THEN t.closes > %(now)s AND e.status <> 'cancelled'
                     WHEN 'past' THEN t.closes <= %(now)s ELSE true END
ORDER BY t.closes IS NULL, t.closes <= %(now)s,
         CASE WHEN t.closes > %(now)s THEN t.opens END, t.opens DESC, e.name, e.event_id
LIMIT %(limit)s
"""


def listed(
    tenant: TenantConnection,
    access: Access,
    now: datetime,
    *,
    venue: UUID | None = None,
    phase: str = "upcoming",
    limit: int = 20,
) -> list[ListedEvent]:
    """The events that may be seen: those to come by their doors, then those that are over, the latest
    first; `phase` is `upcoming` (also what is under way), `past` or `all`. Raises DatabaseUnavailable."""
    rows = tenant.rows(
        _LIST,
        {
            "tenant": tenant.tenant_id,
            "venue": venue,
            "venues": None if access.venues is None else list(access.venues),
            "events": None if access.events is None else list(access.events),
            "phase": phase,
            "now": now,
            "limit": max(1, min(limit, 1000)),
        },
    )
    return [
        ListedEvent(**row | {"net_minor": None if access.masked else row["net_minor"] or {}}) for row in rows
    ]


def described(event: ListedEvent, now: datetime) -> dict[str, Any]:
    """The event as widgets read it, beside the live state's names: see `data.needs.EventList`."""
    opens = event.doors_at or event.starts_at
    closes = event.ends_at or ((event.starts_at or opens) + timedelta(hours=OPEN_HOURS) if opens else None)
    if opens is None or closes is None or now < opens - timedelta(hours=1):
        phase = "next"
    else:
        phase = "live" if now < closes else "over"
    return {
        "eventId": str(event.event_id),
        "name": event.name,
        "venueId": str(event.venue_id),
        "venueName": event.venue_name,
        "seriesName": event.series,
        "zone": event.zone,
        "status": event.status,
        "phase": phase,
        "doorsAt": iso(event.doors_at),
        "startsAt": iso(event.starts_at),
        "endsAt": iso(event.ends_at),
        "sold": event.sold,
        "comps": event.comps,
        "held": event.held,
        "capacity": event.capacity,
        "remaining": event.remaining,
        "percentSold": event.percent_sold,
        "entered": event.entered,
        "peak": event.peak,
        "revenue": [
            {"currency": currency, "netMinor": net}
            for currency, net in sorted((event.net_minor or {}).items())
        ],
    }
