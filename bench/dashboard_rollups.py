"""The roll-ups of events for the drawn facts, in bulk, as the writer would have left them.

Writing 5,000,000 sales one batch after the other takes the better part of an hour, so these tables are filled
by one statement each; the product's own rebuild then has to find nothing to correct in a sample of events.
The roll-ups without events come from the product's rebuild altogether.
"""

from collections import Counter
from itertools import islice
from uuid import UUID

import psycopg

from data import rebuild_days, rebuild_events, rollup_applier
from data.engine import Database

MANY = 100_000
"""Minutes from which on it is quicker to make the indexes of `venue_analytics` afterwards."""


def fill_rollups(owner_url: str, tenant_id: UUID) -> None:
    """Presence, house counts and every roll-up of the tenant's sales and scans, all of them empty before."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET synchronous_commit = off; SET work_mem = '256MB'; SET jit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        parameters = {"tenant": tenant_id}
        for statement in (_MOVES, _PRESENCE, _CHANGES, _COUNTS, _COUNT_MINUTES, _MINUTES):
            connection.execute(statement, parameters)
        connection.execute("ANALYZE minutes; ANALYZE moves; ANALYZE changes")
        _fill_venue_analytics(connection, parameters)
        for statement in (_GATES, _MONEY, _TOTALS, _ZONES):
            connection.execute(statement, parameters)
        connection.execute("DROP TABLE moves, changes, minutes")
    database = Database(owner_url, max_size=2)
    try:
        rebuild_days.rebuild(database, tenant_id)
        while rollup_applier.apply_some(database, tenant_id):
            pass
    finally:
        database.close()


def corrected(owner_url: str, tenant_id: UUID, events: int) -> Counter[str]:
    """What the product's rebuild finds wrong in the first events, by table: nothing, if all is as it says."""
    database = Database(owner_url, max_size=2)
    try:
        return sum(islice(rebuild_events.rebuild(database, tenant_id), events), Counter())
    finally:
        database.close()


def _fill_venue_analytics(connection: psycopg.Connection, parameters: dict[str, UUID]) -> None:
    row = connection.execute("SELECT count(*) FROM minutes").fetchone()
    assert row is not None
    if row[0] < MANY:
        connection.execute(_BUCKETS, parameters)
        return
    made = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'venue_analytics' AND indexname NOT LIKE 'pk%%'"
    ).fetchall()
    key = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pk_venue_analytics'"
    ).fetchone()
    assert key is not None
    connection.execute("ALTER TABLE venue_analytics DROP CONSTRAINT pk_venue_analytics")
    connection.execute("DROP INDEX ix_venue_analytics_tenant_id_venue_id_event_id_grain_bucket")
    connection.execute(_BUCKETS, parameters)
    connection.execute(f"ALTER TABLE venue_analytics ADD CONSTRAINT pk_venue_analytics {key[0]}")
    for (definition,) in made:
        connection.execute(definition)


_MOVES = """
CREATE TEMPORARY TABLE moves AS
SELECT venue_id, event_id, ticket_id, occurred_at AS at,
       CASE direction WHEN 'entry' THEN 1 ELSE 0 END AS kind, g.zone
FROM ticket_scans s LEFT JOIN gates g USING (tenant_id, venue_id, gate)
WHERE s.tenant_id = %(tenant)s AND effect = 1
UNION ALL
SELECT venue_id, event_id, ticket_id, occurred_at, 2, NULL
FROM ticket_sales WHERE tenant_id = %(tenant)s AND kind = 'cancellation'
"""
_PRESENCE = """
INSERT INTO presence (tenant_id, venue_id, event_id, ticket_id, inside, zone, entries, exits, first_entry_at,
                      last_move_at, moves)
SELECT %(tenant)s, venue_id, event_id, ticket_id, kinds[array_upper(kinds, 1)] = 1,
       CASE WHEN kinds[array_upper(kinds, 1)] = 1 THEN zones[array_upper(zones, 1)] END,
       entries, exits, first_entry_at, last_move_at, moves
FROM (
    SELECT venue_id, event_id, ticket_id, array_agg(kind ORDER BY at) AS kinds,
           array_agg(zone ORDER BY at) AS zones,
           count(*) FILTER (WHERE kind = 1) AS entries, count(*) FILTER (WHERE kind = 0) AS exits,
           min(at) FILTER (WHERE kind = 1) AS first_entry_at, max(at) AS last_move_at,
           jsonb_agg(jsonb_build_array((extract(epoch FROM at) * 1000000)::bigint, kind, '', zone, 1)
                     ORDER BY at) AS moves
    FROM moves GROUP BY venue_id, event_id, ticket_id
) tickets
ORDER BY event_id, first_entry_at
"""
# There is one area, so a person is inside after an entry and outside after anything else.
_CHANGES = """
CREATE TEMPORARY TABLE changes AS
SELECT venue_id, event_id, at, kind, zone, entered, was, CASE WHEN kind = 1 THEN 1 ELSE -1 END AS change
FROM (
    SELECT *, COALESCE(lag(kind) OVER ticket, 0) AS was,
           bool_or(kind = 1) OVER (ticket ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS entered
    FROM moves WINDOW ticket AS (PARTITION BY venue_id, event_id, ticket_id ORDER BY at)
) followed
WHERE (kind = 1) <> (was = 1)
"""
_COUNTS = """
INSERT INTO house_counts (tenant_id, venue_id, event_id, second, change)
SELECT %(tenant)s, venue_id, event_id, date_trunc('second', at), sum(change)
FROM changes GROUP BY venue_id, event_id, date_trunc('second', at) ORDER BY 3, 4
"""
_COUNT_MINUTES = """
INSERT INTO house_count_minutes (tenant_id, venue_id, event_id, minute, change, highest, highest_at)
SELECT %(tenant)s, venue_id, event_id, minute, sum(change), max(running),
       (array_agg(second ORDER BY running DESC, second))[1]
FROM (
    SELECT *, date_trunc('minute', second) AS minute, sum(change) OVER (
               PARTITION BY venue_id, event_id, date_trunc('minute', second) ORDER BY second) AS running
    FROM house_counts WHERE tenant_id = %(tenant)s
) seconds
GROUP BY venue_id, event_id, minute
"""
_SUMS = [
    "sold",
    "comps",
    "cancelled",
    "gross_minor",
    "refunded_minor",
    "fees_minor",
    "tax_minor",
    "entries",
    "exits",
    "arrivals",
    "inside_change",
    "invalid",
]


def _stated(table: str, currency: str = "''", at: str = "occurred_at", where: str = "", **sums: str) -> str:
    values = ", ".join(f"COALESCE({sums.get(name, '0')}, 0) AS {name}" for name in _SUMS)
    return (
        f"SELECT venue_id, event_id, date_trunc('minute', {at}) AS minute, {currency} AS currency, {values}"
        f" FROM {table} WHERE {where or 'true'} GROUP BY 1, 2, 3, 4"
    )


_OWN = "tenant_id = %(tenant)s"
_PARTS = (
    _stated(
        "ticket_sales",
        where=f"{_OWN} AND quantity <> 0",
        sold="sum(quantity) FILTER (WHERE NOT comp)",
        comps="sum(quantity) FILTER (WHERE comp)",
        cancelled="-sum(quantity) FILTER (WHERE kind = 'cancellation')",
    ),
    _stated(
        "ticket_sales",
        "currency",
        where=f"{_OWN} AND (amount_minor <> 0 OR tax_minor <> 0)",
        gross_minor="sum(amount_minor) FILTER (WHERE kind NOT IN ('refund', 'fee'))",
        refunded_minor="-sum(amount_minor) FILTER (WHERE kind = 'refund')",
        fees_minor="sum(amount_minor) FILTER (WHERE kind = 'fee')",
        tax_minor="sum(tax_minor)",
    ),
    _stated(
        "ticket_scans",
        where=_OWN,
        entries="count(*) FILTER (WHERE effect = 1 AND direction = 'entry')",
        exits="count(*) FILTER (WHERE effect = 1 AND direction = 'exit')",
        invalid="count(*) FILTER (WHERE effect = 0)",
    ),
    _stated(
        "presence",
        at="first_entry_at",
        where=f"{_OWN} AND first_entry_at IS NOT NULL",
        arrivals="count(*)",
    ),
    _stated("changes", at="at", inside_change="sum(change)"),
)
_ADDED = ", ".join(f"sum({name})::bigint AS {name}" for name in _SUMS)
_MINUTES = f"""
CREATE TEMPORARY TABLE minutes AS
SELECT venue_id, event_id, minute, currency, {_ADDED}
FROM ({" UNION ALL ".join(_PARTS)}) parts GROUP BY venue_id, event_id, minute, currency
"""
_LOCAL = "(m.minute AT TIME ZONE v.zone)"
_START = f"((({_LOCAL} - v.business_day_starts)::date + v.business_day_starts) AT TIME ZONE v.zone)"
_GRAINS = {
    "1min": "m.minute",
    "5min": "date_bin('5 minutes', m.minute, '1970-01-01 00:00Z'::timestamptz)",
    "hourly": f"(m.minute - extract(minute FROM {_LOCAL}) * interval '1 minute')",
    "daily": _START,
}
_BUCKETS = (
    "INSERT INTO venue_analytics (tenant_id, venue_id, grain, bucket, event_id, currency, {}) {}".format(
        ", ".join(_SUMS),
        " UNION ALL ".join(
            f"(SELECT %(tenant)s, m.venue_id, '{grain}', {start}, m.event_id, m.currency, {_ADDED}"
            " FROM minutes m JOIN venues v ON v.tenant_id = %(tenant)s AND v.venue_id = m.venue_id"
            f" GROUP BY m.venue_id, {start}, m.event_id, m.currency ORDER BY {start})"
            for grain, start in _GRAINS.items()
        ),
    )
)
_GATES = f"""
INSERT INTO gate_analytics (tenant_id, venue_id, event_id, gate, bucket, entries, exits, invalid)
SELECT tenant_id, venue_id, event_id, gate, date_trunc('minute', occurred_at),
       count(*) FILTER (WHERE effect = 1 AND direction = 'entry'),
       count(*) FILTER (WHERE effect = 1 AND direction = 'exit'), count(*) FILTER (WHERE effect = 0)
FROM ticket_scans WHERE {_OWN} GROUP BY 1, 2, 3, 4, 5 ORDER BY 5
"""
_MONEY = """
INSERT INTO event_money (tenant_id, venue_id, event_id, currency, gross_minor, refunded_minor, fees_minor,
                         tax_minor)
SELECT %(tenant)s, venue_id, event_id, currency, sum(gross_minor), sum(refunded_minor), sum(fees_minor),
       sum(tax_minor)
FROM minutes WHERE currency <> '' GROUP BY venue_id, event_id, currency
"""
_TOTALS = f"""
INSERT INTO event_totals (tenant_id, venue_id, event_id, version, sold, comps, cancelled, refunds, entries,
                          exits, invalid, entered, inside, reentries, peak, peak_at, updated_at)
SELECT %(tenant)s, m.venue_id, m.event_id, 1, m.sold, m.comps, m.cancelled, COALESCE(r.refunds, 0), m.entries,
       m.exits, m.invalid, m.arrivals, m.inside_change, COALESCE(c.reentries, 0),
       GREATEST(COALESCE(p.peak, 0), 0), CASE WHEN p.peak > 0 THEN p.peak_at END, m.last
FROM (SELECT venue_id, event_id, max(minute) AS last, {_ADDED} FROM minutes GROUP BY venue_id, event_id) m
LEFT JOIN (SELECT event_id, count(*) AS refunds FROM ticket_sales WHERE {_OWN} AND kind = 'refund'
           GROUP BY event_id) r USING (event_id)
LEFT JOIN (SELECT event_id, count(*) AS reentries FROM changes WHERE kind = 1 AND entered
           GROUP BY event_id) c USING (event_id)
LEFT JOIN (
    SELECT DISTINCT ON (event_id) event_id, inside AS peak, highest_at AS peak_at
    FROM (SELECT event_id, highest_at, highest + sum(change) OVER (
                     PARTITION BY event_id ORDER BY minute ROWS UNBOUNDED PRECEDING) - change AS inside
          FROM house_count_minutes WHERE {_OWN}) minutes
    ORDER BY event_id, inside DESC, highest_at
) p USING (event_id)
"""
_ZONES = f"""
INSERT INTO zone_totals (tenant_id, venue_id, event_id, zone, inside)
SELECT tenant_id, venue_id, event_id, zone, count(*) FROM presence
WHERE {_OWN} AND inside AND zone IS NOT NULL GROUP BY 1, 2, 3, 4
"""
