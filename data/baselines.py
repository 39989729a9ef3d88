"""The usual night of a venue, kept for each coming event: how people arrived at comparable past ones.

Computed by a job, never in a request; the live state only reads the stored curve.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from analytics.arrivals import BUCKET_MINUTES, Curve, Night, usual_curve
from data.engine import Database, TenantConnection

COMPARABLES = 12
AHEAD = timedelta(days=14)
BEHIND = timedelta(days=1)
OVER_AFTER = timedelta(hours=8)
KEEP = timedelta(hours=6)
KEEP_THIN = timedelta(minutes=1)
"""A curve of fewer nights than it could have is soon looked at again: history may still be coming in."""
FEWEST_ENTERED = 20

DUE = """
SELECT e.venue_id, e.event_id, COALESCE(e.doors_at, e.starts_at) AS opens, v.zone
FROM events e
JOIN venues v ON v.tenant_id = e.tenant_id AND v.venue_id = e.venue_id
LEFT JOIN usual_arrivals u
  ON u.tenant_id = e.tenant_id AND u.venue_id = e.venue_id AND u.event_id = e.event_id
WHERE e.tenant_id = %(tenant)s AND COALESCE(e.doors_at, e.starts_at) BETWEEN %(first)s AND %(last)s
  AND e.status <> 'cancelled' AND (u.computed_at IS NULL OR u.computed_at < %(stale)s
    OR (cardinality(u.comparables) < %(comparables)s AND u.computed_at < %(thin)s))
ORDER BY opens
"""

# The weekday is that of the venue's own calendar; among equals the latest night comes first.
COMPARABLE = """
SELECT e.event_id, COALESCE(e.doors_at, e.starts_at) AS opens FROM events e
JOIN event_totals t ON t.tenant_id = e.tenant_id AND t.venue_id = e.venue_id AND t.event_id = e.event_id
WHERE e.tenant_id = %(tenant)s AND e.venue_id = %(venue)s AND e.event_id <> %(event)s
  AND COALESCE(e.doors_at, e.starts_at) < LEAST(%(opens)s, %(over)s) AND t.entered >= %(fewest)s
ORDER BY extract(isodow FROM COALESCE(e.doors_at, e.starts_at) AT TIME ZONE %(zone)s)
         = extract(isodow FROM %(opens)s::timestamptz AT TIME ZONE %(zone)s) DESC, opens DESC
LIMIT %(comparables)s
"""

BUCKETS = """
SELECT bucket, arrivals, inside_change FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND grain = '5min'
  AND currency = '' AND bucket BETWEEN %(opens)s - interval '3 hours' AND %(opens)s + interval '8 hours'
"""

STORE = """
INSERT INTO usual_arrivals (tenant_id, venue_id, event_id, bucket_minutes, first_offset_minutes, shares,
                            peak_offset_minutes, peak_share, comparables, computed_at)
VALUES (%(tenant)s, %(venue)s, %(event)s, %(bucket)s, %(first)s, %(shares)s, %(peak)s, %(peak_share)s,
        %(comparables)s, %(now)s)
ON CONFLICT (tenant_id, venue_id, event_id) DO UPDATE SET
    bucket_minutes = EXCLUDED.bucket_minutes, first_offset_minutes = EXCLUDED.first_offset_minutes,
    shares = EXCLUDED.shares, peak_offset_minutes = EXCLUDED.peak_offset_minutes,
    peak_share = EXCLUDED.peak_share, comparables = EXCLUDED.comparables, computed_at = EXCLUDED.computed_at
"""


def refresh(database: Database, tenant_id: UUID, now: datetime | None = None) -> int:
    """Store the usual arrivals of the tenant's events from yesterday to two weeks ahead.

    Each is made from at most twelve past nights of the same venue with at least twenty people, of
    the same weekday as far as there are any, the latest first. Curves younger than six hours stay,
    those of fewer than twelve nights for a minute.
    Returns how many were stored; an event without comparable nights gets none. Raises
    DatabaseUnavailable.
    """
    moment = now or datetime.now(UTC)
    with database.tenant(tenant_id) as tenant:
        due = tenant.rows(
            DUE,
            {
                "tenant": tenant_id,
                "first": moment - BEHIND,
                "last": moment + AHEAD,
                "stale": moment - KEEP,
                "thin": moment - KEEP_THIN,
                "comparables": COMPARABLES,
            },
        )

        @lru_cache(maxsize=256)
        def night(venue_id: UUID, event_id: UUID, opens: datetime) -> Night:
            return _night(tenant, venue_id, event_id, opens)

        stored = 0
        for event in due:
            comparables = tenant.rows(
                COMPARABLE,
                {
                    "tenant": tenant_id,
                    "venue": event["venue_id"],
                    "event": event["event_id"],
                    "opens": event["opens"],
                    "over": moment - OVER_AFTER,
                    "zone": event["zone"],
                    "fewest": FEWEST_ENTERED,
                    "comparables": COMPARABLES,
                },
            )
            nights = [night(event["venue_id"], row["event_id"], row["opens"]) for row in comparables]
            curve = usual_curve(nights)
            if curve is not None:
                used = [row["event_id"] for row in comparables]
                _store(tenant, event["venue_id"], event["event_id"], curve, used, moment)
                stored += 1
    return stored


def _night(tenant: TenantConnection, venue_id: UUID, event_id: UUID, opens: datetime) -> Night:
    rows = tenant.rows(
        BUCKETS, {"tenant": tenant.tenant_id, "venue": venue_id, "event": event_id, "opens": opens}
    )
    # Offsets count from the five minutes that hold doors, as in the live state.
    bucket = BUCKET_MINUTES * 60
    base = int(opens.timestamp()) // bucket * bucket
    offsets = [(int(row["bucket"].timestamp()) - base) // 60 for row in rows]
    return Night(
        {offset: row["arrivals"] for offset, row in zip(offsets, rows, strict=True)},
        {offset: row["inside_change"] for offset, row in zip(offsets, rows, strict=True)},
    )


def _store(
    tenant: TenantConnection,
    venue_id: UUID,
    event_id: UUID,
    curve: Curve,
    comparables: list[UUID],
    now: datetime,
) -> None:
    tenant.execute(
        STORE,
        {
            "tenant": tenant.tenant_id,
            "venue": venue_id,
            "event": event_id,
            "bucket": BUCKET_MINUTES,
            "first": curve.first_offset_minutes,
            "shares": list(curve.shares),
            "peak": curve.peak_offset_minutes,
            "peak_share": curve.peak_share,
            "comparables": comparables,
            "now": now,
        },
    )
