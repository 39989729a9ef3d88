"""The live state of events as PostgreSQL has it: the one definition that everything live shows."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from data.buckets import hour_and_day
from data.engine import TenantConnection
from data.instants import iso
from data.live_rows import read_rows
from data.live_state import EventState, compose
from data.query_nights import over_at

JUST_OVER = timedelta(days=3)
SWITCHER_LENGTH = 12


def read_state(tenant: TenantConnection, event_id: UUID, now: datetime | None = None) -> EventState | None:
    """The event's state as of `now` (default: this moment), as `data.live_state.compose` describes it;
    None for an event that does not exist or belongs to somebody else. Raises DatabaseUnavailable.

    Several statements make it: only in a `snapshot` transaction do its figures agree with each other."""
    moment = now or datetime.now(UTC)
    # The next full millisecond, which `asOf` can tell: who asks for that moment again gets the same state.
    rows = read_rows(tenant, event_id, moment + timedelta(microseconds=-moment.microsecond % 1000))
    return None if rows is None else compose(rows)


def versions(tenant: TenantConnection, events: Iterable[tuple[UUID, UUID]]) -> dict[UUID, int]:
    """Event → number of its last committed change, for those of these (venue, event) that have any."""
    pairs = list(events)
    rows = tenant.execute(
        "SELECT event_id, version FROM event_totals"
        " WHERE tenant_id = %s AND venue_id = ANY(%s) AND event_id = ANY(%s)",
        [tenant.tenant_id, list({venue for venue, _ in pairs}), [event for _, event in pairs]],
    )
    return dict(rows.fetchall())


def tonight(tenant: TenantConnection, venue_id: UUID, now: datetime | None = None) -> list[dict[str, Any]]:
    """The venue's events for a switcher: those under way, then the next by doors, then those of the last
    three days, the latest first; of each of these, those that somebody registered come first. At most
    twelve of the registered and twelve of the others, which any sender can make.

    Each is {"eventId", "name", "status", "registered", "doorsAt", "startsAt", "endsAt", "phase"} with
    phase `live` (from an hour before doors to an hour after the end), `next` or `over`. An event
    without times is live while it changes, next for a day after its last change, and then left out,
    as a cancelled one is.
    """
    moment = now or datetime.now(UTC)
    rows = tenant.rows(
        f"""
        SELECT event_id, name, status, registered, doors_at, starts_at, ends_at, phase FROM (
        SELECT dated.*, row_number() OVER (
                   PARTITION BY registered
                   ORDER BY array_position(ARRAY['live', 'next', 'over'], phase),
                            CASE WHEN phase = 'over' THEN %(now)s - opens ELSE opens - %(now)s END NULLS LAST,
                            name, event_id
               ) AS place
        FROM (
            SELECT e.*, CASE WHEN opens IS NULL AND changed_at > %(now)s - interval '30 minutes' THEN 'live'
                             WHEN opens IS NULL OR %(now)s < opens - interval '1 hour' THEN 'next'
                             WHEN %(now)s <= closes + interval '1 hour' THEN 'live' ELSE 'over' END AS phase
            FROM (SELECT e.*, COALESCE(e.doors_at, e.starts_at) AS opens,
                         {over_at("e")} AS closes,
                         COALESCE(t.updated_at, e.created_at) AS changed_at
                  FROM events e LEFT JOIN event_totals t ON t.tenant_id = e.tenant_id
                       AND t.venue_id = e.venue_id AND t.event_id = e.event_id
                  WHERE e.tenant_id = %(tenant)s AND e.venue_id = %(venue)s AND e.status <> 'cancelled') e
            WHERE closes > %(since)s OR (opens IS NULL AND changed_at > %(now)s - interval '1 day')
        ) dated
        ) placed
        WHERE place <= %(length)s
        ORDER BY array_position(ARRAY['live', 'next', 'over'], phase), registered DESC, place
        """,
        {
            "tenant": tenant.tenant_id,
            "venue": venue_id,
            "now": moment,
            "since": moment - JUST_OVER,
            "length": SWITCHER_LENGTH,
        },
    )
    return [
        {
            "eventId": str(row["event_id"]),
            "name": row["name"],
            "status": row["status"],
            "registered": row["registered"],
            "doorsAt": iso(row["doors_at"]),
            "startsAt": iso(row["starts_at"]),
            "endsAt": iso(row["ends_at"]),
            "phase": row["phase"],
        }
        for row in rows
    ]


def on_tonight(tenant: TenantConnection, venue_id: UUID, now: datetime | None = None) -> list[UUID]:
    """The venue's events of the running business day, by doors: those that open in it and those still
    under way; cancelled ones are left out. Empty for a venue the tenant does not have."""
    moment = now or datetime.now(UTC)
    row = tenant.execute(
        "SELECT zone, business_day_starts FROM venues WHERE tenant_id = %s AND venue_id = %s",
        [tenant.tenant_id, venue_id],
    ).fetchone()
    if row is None:
        return []
    _, start = hour_and_day(int(moment.timestamp()), ZoneInfo(row[0]), row[1])
    # The day that begins 30 hours later is the next one, whatever the clocks do in between.
    _, end = hour_and_day(start + 30 * 3600, ZoneInfo(row[0]), row[1])
    events = tenant.execute(
        f"""
        SELECT event_id FROM (
            SELECT event_id, status, COALESCE(doors_at, starts_at) AS opens,
                   {over_at()} AS closes
            FROM events WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s
        ) dated
        WHERE status <> 'cancelled' AND opens < to_timestamp(%(end)s)
          AND (opens >= to_timestamp(%(start)s) OR closes > %(now)s)
        ORDER BY opens, event_id
        """,
        {"tenant": tenant.tenant_id, "venue": venue_id, "start": start, "end": end, "now": moment},
    )
    return [event_id for (event_id,) in events.fetchall()]
