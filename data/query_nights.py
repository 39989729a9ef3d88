"""Whole events as rows, dated by their doors: what inventory and attendance are counted in.
Customers as rows, dated by their first purchase."""

from data.day_rollups import current_customers

OPEN_HOURS = 4
"""How long an event goes on that does not say when it ends."""


def over_at(event: str = "") -> str:
    """SQL: when an event is over, by an alias of `events`; NULL for one without times."""
    own = f"{event}." if event else ""
    begins = f"COALESCE({own}starts_at, {own}doors_at)"
    return f"COALESCE({own}ends_at, {begins} + interval '{OPEN_HOURS} hours')"


NIGHTS = """(
    SELECT e.tenant_id, e.venue_id, e.event_id, COALESCE(e.doors_at, e.starts_at) AS doors,
           (e.status <> 'cancelled')::int AS counts,
           COALESCE(e.doors_at, e.starts_at) <= %(now)s AS opened,
           n.capacity, n.held, n.target_tickets, t.peak,
           COALESCE(t.sold, 0) AS sold, COALESCE(t.comps, 0) AS comps,
           COALESCE(t.entered, 0) AS entered, COALESCE(t.reentries, 0) AS reentries,
           greatest(n.capacity - COALESCE(t.sold, 0) - COALESCE(t.comps, 0) - n.held, 0) AS remaining,
           CASE WHEN COALESCE(e.doors_at, e.starts_at) <= %(now)s
                THEN greatest(COALESCE(t.sold, 0) + COALESCE(t.comps, 0) - COALESCE(t.entered, 0), 0)
                ELSE 0 END AS no_shows,
           (SELECT sum(h.change) * extract(epoch FROM CASE
                       WHEN e.ends_at IS NULL THEN max(h.second)
                       ELSE greatest(least(e.ends_at, %(now)s), max(h.second)) END)::bigint
                   - sum(h.change * extract(epoch FROM h.second)::bigint)
            FROM house_counts h WHERE h.tenant_id = %(tenant)s AND h.venue_id = e.venue_id
                 AND h.event_id = e.event_id AND h.change <> 0) AS stayed
    FROM events e
    JOIN venues v ON v.tenant_id = e.tenant_id AND v.venue_id = e.venue_id
    LEFT JOIN event_totals t ON t.tenant_id = e.tenant_id AND t.venue_id = e.venue_id
         AND t.event_id = e.event_id
    LEFT JOIN (
        SELECT venue_id, event_id, CASE WHEN bool_and(capacity IS NOT NULL) THEN sum(capacity) END AS places
        FROM ticket_types WHERE tenant_id = %(tenant)s AND admission GROUP BY venue_id, event_id
    ) y ON y.venue_id = e.venue_id AND y.event_id = e.event_id
    LEFT JOIN (
        SELECT venue_id, event_id, sum(quantity) AS quantity
        FROM holds WHERE tenant_id = %(tenant)s AND released_at IS NULL GROUP BY venue_id, event_id
    ) h ON h.venue_id = e.venue_id AND h.event_id = e.event_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(NULLIF(e.sellable_capacity, 0), NULLIF(y.places, 0), NULLIF(e.physical_capacity, 0),
                        v.capacity, 0) AS capacity,
               COALESCE(h.quantity, 0) AS held, COALESCE(e.target_tickets, 0) AS target_tickets
    ) n
    WHERE e.tenant_id = %(tenant)s
)"""

TAKINGS = """(
    SELECT e.tenant_id, e.venue_id, e.event_id, COALESCE(e.doors_at, e.starts_at) AS doors, m.currency,
           m.gross_minor, m.refunded_minor, m.fees_minor
    FROM events e
    JOIN event_money m ON m.tenant_id = e.tenant_id AND m.venue_id = e.venue_id AND m.event_id = e.event_id
    WHERE e.tenant_id = %(tenant)s
)"""

_PURCHASES = f"SELECT venue_id, customer, currency, first_at FROM {current_customers(('lines',))} c"
FIRSTS_OF_VENUES = f"""(
    SELECT DISTINCT ON (venue_id, customer) p.* FROM ({_PURCHASES}) p WHERE first_at IS NOT NULL
    ORDER BY venue_id, customer, first_at, currency
)"""
"""Each venue's customers by their first purchase there, in the currency of it."""
FIRSTS = f"""(
    SELECT DISTINCT ON (customer) p.* FROM ({_PURCHASES}) p WHERE first_at IS NOT NULL
    ORDER BY customer, first_at, venue_id, currency
)"""
"""Customers by their first purchase at any of the venues, in the currency of it."""

SUBQUERIES = {
    "events": NIGHTS,
    "events and event_money": TAKINGS,
    "customer_totals (first purchases)": FIRSTS,
}
"""Source → the rows that take the place of its table."""
