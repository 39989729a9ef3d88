"""What one event's live state is made of, read from roll-ups in two round trips.

The first asks for the event, its venue and its totals; what else to ask follows from their times.
The second is a pipeline: every other statement goes out before the first answer is read. Facts are
read only for the feed and the last minute, from the end of their primary key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from data.buckets import hour_and_day
from data.engine import TenantConnection

Row = dict[str, Any]

GATE_MINUTES = 60
TALK_HOURS = 4
ARRIVALS_BEFORE, ARRIVALS_AFTER = timedelta(hours=3), timedelta(hours=8)
FEED_DAYS = 7
FEED_LENGTH = 20
SALES_READ, SCANS_READ = 100, 200
"""Facts that the feed's lines are folded from."""

HEAD = """
SELECT e.event_id, e.venue_id, e.name, e.status, e.doors_at, e.starts_at, e.ends_at, e.on_sale_at,
       e.registered, e.physical_capacity, e.sellable_capacity, e.target_tickets, e.target_minor,
       v.name AS venue_name, v.zone, v.currency, v.business_day_starts, v.capacity AS venue_capacity,
       v.amber_percent, v.red_percent, n.demo,
       (SELECT COALESCE(sum(h.quantity), 0)::bigint FROM holds h WHERE h.tenant_id = e.tenant_id
        AND h.venue_id = e.venue_id AND h.event_id = e.event_id AND h.released_at IS NULL) AS held,
       (SELECT CASE WHEN bool_and(y.capacity IS NOT NULL) THEN sum(y.capacity)::bigint END
        FROM ticket_types y WHERE y.tenant_id = e.tenant_id AND y.venue_id = e.venue_id
        AND y.event_id = e.event_id AND y.admission) AS types_capacity,
       COALESCE(t.version, 0) AS version, COALESCE(t.sold, 0) AS sold, COALESCE(t.comps, 0) AS comps,
       COALESCE(t.cancelled, 0) AS cancelled, COALESCE(t.refunds, 0) AS refunds,
       COALESCE(t.transfers, 0) AS transfers, COALESCE(t.entries, 0) AS entries,
       COALESCE(t.exits, 0) AS exits, COALESCE(t.entered, 0) AS entered,
       COALESCE(t.reentries, 0) AS reentries, COALESCE(t.inside, 0) AS inside,
       COALESCE(t.invalid, 0) AS invalid, COALESCE(t.peak, 0) AS peak, t.peak_at,
       COALESCE(t.mentions, 0) AS mentions, COALESCE(t.reach, 0) AS reach,
       COALESCE(t.engagements, 0) AS engagements
FROM events e
JOIN venues v ON v.tenant_id = e.tenant_id AND v.venue_id = e.venue_id
JOIN tenants n ON n.tenant_id = e.tenant_id
LEFT JOIN event_totals t ON t.tenant_id = e.tenant_id AND t.venue_id = e.venue_id AND t.event_id = e.event_id
WHERE e.tenant_id = %(tenant)s AND e.event_id = %(event)s
"""

CART_MINUTES = 30
UNPAID = """
SELECT (SELECT COALESCE(sum(quantity), 0)::bigint FROM carts
        WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
          AND updated_at > %(now)s::timestamptz - make_interval(mins => %(cart_minutes)s)
          AND updated_at <= %(now)s) AS in_carts,
       (SELECT count(*)::int FROM pretix_positions
        WHERE tenant_id = %(tenant)s AND event_id = %(event)s AND pending) AS pending
"""

LAST_MINUTE = """
SELECT COALESCE(sum(quantity), 0)::int AS sold FROM ticket_sales
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND admission AND NOT comp
  AND occurred_at > %(now)s::timestamptz - interval '1 minute' AND occurred_at <= %(now)s
"""

MONEY = """
SELECT currency, gross_minor, refunded_minor, fees_minor, tax_minor FROM event_money
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
"""

MINUTES = """
SELECT bucket, currency, sold, mentions, entries + exits AS moves,
       gross_minor + fees_minor - refunded_minor AS net_minor
FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
  AND grain = '1min' AND bucket > %(now)s::timestamptz - interval '62 minutes' AND bucket <= %(now)s
"""

FIVES = """
SELECT bucket, currency, sold, arrivals, mentions, gross_minor + fees_minor - refunded_minor AS net_minor
FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND grain = '5min'
  AND bucket > %(now)s::timestamptz - make_interval(hours => %(talk)s) AND bucket <= %(now)s
"""

ARRIVALS = """
SELECT bucket, arrivals FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND grain = '5min'
  AND currency = '' AND bucket >= %(arrivals_from)s AND bucket < %(arrivals_to)s AND arrivals <> 0
"""

DAYS = """
SELECT grain, currency, sold, gross_minor + fees_minor - refunded_minor AS net_minor FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
  AND grain = 'daily' AND bucket = %(day)s
UNION ALL
SELECT grain, currency, sold, gross_minor + fees_minor - refunded_minor FROM venue_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND grain = 'hourly'
  AND bucket > %(now)s::timestamptz - interval '24 hours' AND bucket <= %(now)s
"""

GATES = """
SELECT gate, name, zone FROM gates
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s ORDER BY position, gate
"""

GATE_SCANS = """
SELECT gate, sum(entries)::int AS entries, sum(exits)::int AS exits, sum(invalid)::int AS invalid,
       max(bucket) AS last_minute,
       array_agg((extract(epoch FROM bucket) / 60)::int) FILTER (WHERE bucket > %(gate_from)s) AS minutes,
       array_agg(entries + exits) FILTER (WHERE bucket > %(gate_from)s) AS moves,
       array_agg(invalid) FILTER (WHERE bucket > %(gate_from)s) AS refusals
FROM gate_analytics
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
GROUP BY gate
"""

ZONES = """
SELECT z.zone, z.name, z.capacity, COALESCE(t.inside, 0) AS inside FROM zones z
LEFT JOIN zone_totals t ON t.tenant_id = z.tenant_id AND t.venue_id = z.venue_id AND t.zone = z.zone
     AND t.event_id = %(event)s
WHERE z.tenant_id = %(tenant)s AND z.venue_id = %(venue)s ORDER BY z.position, z.zone
"""

MILESTONES = """
SELECT measure, percent, reached_at, value FROM milestones
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
ORDER BY reached_at, measure, percent
"""

USUAL = """
SELECT first_offset_minutes, shares, peak_offset_minutes, peak_share, cardinality(comparables) AS comparables
FROM usual_arrivals WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
"""

CHANGES = """
SELECT minute, change FROM house_count_minutes
WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s ORDER BY minute
"""

SALES = """
SELECT occurred_at, message_key, order_id, kind, COALESCE(y.name, ticket_type) AS ticket_type, quantity,
       amount_minor, currency, channel
FROM (
    SELECT occurred_at, message_key, line, order_id, kind, ticket_type, quantity, amount_minor, currency,
           channel
    FROM ticket_sales
    WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
      AND occurred_at > %(feed_from)s AND occurred_at <= %(feed_to)s
    ORDER BY occurred_at DESC, message_key DESC, line DESC LIMIT %(sales_read)s
) s LEFT JOIN (
    SELECT ticket_type, name FROM ticket_types
    WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s
) y USING (ticket_type)
ORDER BY occurred_at DESC, message_key DESC, line DESC
"""

# In a rush the newest scans are of the last minute: refusals are looked for among those of ten.
SCANS = """
SELECT occurred_at, direction, effect, gate, reason FROM (
    (SELECT occurred_at, message_key, line, direction, effect, gate, reason FROM ticket_scans
     WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND effect >= 0
       AND occurred_at > %(feed_from)s AND occurred_at <= %(feed_to)s
     ORDER BY occurred_at DESC, message_key DESC, line DESC LIMIT %(scans_read)s)
    UNION
    (SELECT occurred_at, message_key, line, direction, effect, gate, reason FROM ticket_scans
     WHERE tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s AND effect = 0
       AND occurred_at > %(now)s::timestamptz - interval '10 minutes' AND occurred_at <= %(now)s
     ORDER BY occurred_at DESC, message_key DESC, line DESC LIMIT %(scans_read)s)
) s
ORDER BY occurred_at DESC, message_key DESC, line DESC
"""


@dataclass(frozen=True, slots=True)
class LiveRows:
    """The rows of one event as of `now`, in the business day that started at `day`; the statements
    above name the columns."""

    now: datetime
    day: datetime
    head: Row
    unpaid: list[Row]
    last_minute: list[Row]
    money: list[Row]
    minutes: list[Row]
    fives: list[Row]
    arrivals: list[Row]
    days: list[Row]
    gates: list[Row]
    gate_scans: list[Row]
    zones: list[Row]
    milestones: list[Row]
    usual: list[Row]
    changes: list[Row]
    sales: list[Row]
    scans: list[Row]


def read_rows(tenant: TenantConnection, event_id: UUID, now: datetime) -> LiveRows | None:
    """The rows behind an event's live state at `now`; None for an event the tenant does not have."""
    parameters: Row = {"tenant": tenant.tenant_id, "event": event_id, "now": now}
    with tenant.cursor(row_factory=dict_row) as cursor:
        head = cursor.execute(HEAD, parameters, prepare=True).fetchone()
    if head is None:
        return None
    parameters |= {"venue": head["venue_id"]} | _windows(head, now)
    statements = {
        "unpaid": UNPAID,
        "last_minute": LAST_MINUTE,
        "money": MONEY,
        "minutes": MINUTES,
        "fives": FIVES,
        "arrivals": ARRIVALS,
        "days": DAYS,
        "gates": GATES,
        "gate_scans": GATE_SCANS,
        "zones": ZONES,
        "milestones": MILESTONES,
        "usual": USUAL,
        "sales": SALES,
        "scans": SCANS,
    }
    if head["inside"] > 0:
        statements["changes"] = CHANGES
    cursors = {}
    with tenant.connection.pipeline():
        for name, statement in statements.items():
            cursors[name] = tenant.connection.cursor(row_factory=dict_row)
            cursors[name].execute(statement, parameters, prepare=True)
    rows = {name: cursor.fetchall() for name, cursor in cursors.items()}
    return LiveRows(now=now, day=parameters["day"], head=head, **({"changes": []} | rows))


def _windows(head: Row, now: datetime) -> Row:
    """The spans of time to read: of the arrivals, of the business day, of the feed."""
    doors = head["doors_at"] or head["starts_at"] or now
    zone = ZoneInfo(head["zone"])
    _, day = hour_and_day(int(now.timestamp()), zone, head["business_day_starts"])
    last = min(now, head["ends_at"] + timedelta(days=1)) if head["ends_at"] else now
    return {
        "arrivals_from": doors - ARRIVALS_BEFORE,
        "arrivals_to": doors + ARRIVALS_AFTER,
        "day": datetime.fromtimestamp(day, now.tzinfo),
        "cart_minutes": CART_MINUTES,
        "talk": TALK_HOURS,
        "gate_from": now - timedelta(minutes=GATE_MINUTES),
        "feed_from": last - timedelta(days=FEED_DAYS),
        "feed_to": last + timedelta(minutes=5),
        "sales_read": SALES_READ,
        "scans_read": SCANS_READ,
    }
