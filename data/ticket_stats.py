"""What happened to tickets: scans, transfers and refused attempts, counted and one by one.

Counts are read from roll-ups: of events from `event_totals`, of business days from the view
`analytics_stats`. Tickets that are no person (parking, a programme) are left out, as in all figures. A scan
that was annulled is no longer counted; the list tells both lines. People and tickets leave under their names
of the day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal, NamedTuple
from uuid import UUID

from data.access import Access
from data.archived import Wanted, refuse
from data.directory import Directory
from data.engine import TenantConnection
from data.export_privacy import renaming, ticket_name
from data.instants import iso

Listed = Literal["scans", "transfers", "invalid_attempts", "days"]
Row = dict[str, Any]

_COUNTED = {
    "scan_count": "entries + exits + invalid",
    "transfer_count": "transfers",
    "invalid_attempt_count": "attempts",
    "valid_scan_count": "entries + exits",
    "invalid_scan_count": "invalid",
    "successful_transfer_count": "transfers - failed_transfers",
    "failed_transfer_count": "failed_transfers",
}
_SUMS = ", ".join(f"COALESCE(sum({of}), 0)::bigint AS {name}" for name, of in _COUNTED.items())
_TOTALS = f"""
SELECT {_SUMS}, max(updated_at) AS last_updated FROM event_totals
WHERE tenant_id = %(tenant)s
  AND (%(venues)s::uuid[] IS NULL OR venue_id = ANY(%(venues)s))
  AND (%(events)s::uuid[] IS NULL OR event_id = ANY(%(events)s))
"""
_EVENT = """
SELECT venue_id, event_id FROM events
WHERE tenant_id = %(tenant)s AND (event_id = %(id)s OR external_id = %(ref)s)
ORDER BY event_id = %(id)s DESC NULLS LAST LIMIT 1
"""
_OWN = "f.tenant_id = %(tenant)s AND f.venue_id = %(venue)s AND f.event_id = %(event)s"
_NEWEST = "ORDER BY f.occurred_at DESC, f.message_key DESC, f.line DESC LIMIT %(limit)s"
_ID = "f.message_key || CASE f.line WHEN 0 THEN '' ELSE '-' || f.line END AS id"
_LISTS: dict[Listed, str] = {
    "scans": f"""
        SELECT {_ID}, f.event_id, f.ticket_id, f.occurred_at AS scanned_at, f.gate AS entry_point,
               f.scanner AS scanner_id, f.direction, f.effect <> 0 AS is_valid, f.effect = -1 AS annuls,
               f.reason,
               COALESCE(f.metadata -> 'deviceInfo', f.metadata -> 'device_info') AS device_info
        FROM ticket_scans f WHERE {_OWN} AND f.admission {_NEWEST}""",
    "transfers": f"""
        SELECT {_ID}, f.event_id, f.ticket_id, f.occurred_at AS transferred_at,
               f.from_customer AS from_user_id, f.to_customer AS to_user_id,
               f.reason, f.successful AS is_successful
        FROM ticket_transfers f WHERE {_OWN} {_NEWEST}""",
    "invalid_attempts": f"""
        SELECT {_ID}, f.event_id, f.ticket_id, f.occurred_at AS attempted_at, f.attempt_type, f.reason,
               f.gate AS entry_point
        FROM invalid_attempts f WHERE {_OWN} {_NEWEST}""",
    "days": f"""
        SELECT f.event_id, f.date::text AS date, {", ".join(f"f.{name}" for name in _COUNTED)}, f.last_updated
        FROM analytics_stats f WHERE {_OWN} ORDER BY f.date DESC LIMIT %(limit)s""",
}
_FACTS: dict[Listed, tuple[str, str]] = {
    "scans": ("ticket_scans", "scanned_at"),
    "transfers": ("ticket_transfers", "transferred_at"),
    "invalid_attempts": ("invalid_attempts", "attempted_at"),
}
"""List of single facts → their table, and what their time is called."""
_BEGINNING, _AHEAD = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)


class Placed(NamedTuple):
    """An event and its venue."""

    venue_id: UUID
    event_id: UUID


def find(tenant: TenantConnection, access: Access, ref: str) -> Placed | None:
    """The event with this uuid or name of the sender's, where these eyes may see it.

    Our id wins over a name that looks like it. Raises DatabaseUnavailable.
    """
    try:
        event_id = UUID(ref)
    except ValueError:
        event_id = None
    row = tenant.execute(_EVENT, {"tenant": tenant.tenant_id, "id": event_id, "ref": ref}).fetchone()
    return Placed(*row) if row is not None and access.sees_event(*row) else None


def counts(tenant: TenantConnection, access: Access, event: Placed | None) -> Row:
    """The counts of one event, or of all that these eyes may see. Raises DatabaseUnavailable."""
    venues, events = ([event.venue_id], [event.event_id]) if event else (access.venues, access.events)
    (row,) = tenant.rows(
        _TOTALS,
        {
            "tenant": tenant.tenant_id,
            "venues": None if venues is None else list(venues),
            "events": None if events is None else list(events),
        },
    )
    return {"event_id": str(event.event_id) if event else None} | _told(row)


def listed(
    tenant: TenantConnection, directory: Directory, event: Placed, what: Listed, limit: int, now: datetime
) -> list[Row]:
    """Lines, or days, of one event, the newest first.

    Raises QueryError when some of the lines are archived, DatabaseUnavailable.
    """
    rows = tenant.rows(
        _LISTS[what],
        {"tenant": tenant.tenant_id, "venue": event.venue_id, "event": event.event_id, "limit": limit},
    )
    if what in _FACTS:
        table, moment = _FACTS[what]
        since = rows[-1][moment] if len(rows) == limit else _BEGINNING
        refuse(tenant, [Wanted(table, since, now + _AHEAD, (event.event_id,))])
    rename: dict[str, Callable[[Any], Any]] = {}
    if what == "transfers":
        rename = dict.fromkeys(("from_user_id", "to_user_id"), renaming(tenant, now))
    digest, day = partial(directory.digest, tenant.tenant_id), now.astimezone(UTC).date()
    rename["ticket_id"] = lambda ticket: None if ticket is None else ticket_name(digest, day, ticket)
    return [
        {name: rename[name](value) if name in rename else value for name, value in _told(row).items()}
        for row in rows
    ]


def _told(row: Row) -> Row:
    return {
        name: iso(value) if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
        for name, value in row.items()
    }
