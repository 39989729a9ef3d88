"""Work the roll-ups without events out again from the facts, and correct what differs.

A row that is not there counts as a row of zeros; what is right already is not touched. The figures are
worked out in SQL from the fact tables, by other means than the writer's, so a rebuild that corrects
nothing is also a proof.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from data import archived, price_bands, rollup_applier, rollup_queue, rollup_tables
from data.buckets import days_between, month_start
from data.conflicts import retried
from data.data_versions import BLOCKS
from data.day_increments import OF_SALES, Calendar, VenueDays
from data.day_rollups import ALL_VENUES, of_months
from data.engine import Database, TenantConnection
from data.messages import NO_EVENT
from data.rebuild_progress import Told, nobody
from data.rollup_queue import COUNTS, CUSTOMER_SUMS, DAY_SUMS, MONEY, counted_under


def rebuild(database: Database, tenant_id: UUID, told: Told = nobody) -> Counter[str]:
    """Rebuild one tenant's `day_analytics` and `customer_totals`; returns how many rows of each were wrong.

    Days and months that begin before the end of an archived month are left as they are, and so are all sums
    of customers while any month is. Writers go on meanwhile: facts and the entries of `rollup_queue` are read
    in one snapshot, what comes later waits in the queue as always. Needs two connections. Raises
    DatabaseUnavailable.
    """
    # The lock is taken before the snapshot, on another connection: a snapshot that waited would be old.
    with database.tenant(tenant_id) as holder:
        holder.execute("SET LOCAL lock_timeout = 0")
        rollup_applier.lock(holder)
        return retried(lambda: _rebuild(database, tenant_id, told))


def _rebuild(database: Database, tenant_id: UUID, told: Told) -> Counter[str]:
    with database.tenant(tenant_id) as tenant:
        tenant.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tenant.execute("SET LOCAL statement_timeout = 0")
        rollup_applier.apply_all(tenant)
        venues = [row[0] for row in tenant.execute(_VENUES, [tenant_id])]
        days = _correct_all_days(tenant, sorted(rollup_tables.calendars(tenant, venues).items()), told)
        # What a customer ever bought cannot be added up while some of it is archived.
        everyone = () if archived.whole_from(tenant) else (*venues, ALL_VENUES)
        customers = _correct_all_customers(tenant, everyone, told)
        tenant.execute("UPDATE tenants SET rolled_up = true WHERE tenant_id = %s", [tenant_id])
        return +Counter(day_analytics=days, customer_totals=customers)


def _correct_all_days(tenant: TenantConnection, venues: Sequence[tuple[UUID, Calendar]], told: Told) -> int:
    starts = {venue_id: _starts(tenant, venue_id, calendar) for venue_id, calendar in venues}
    wrong, done, of = 0, 0, sum(map(len, starts.values()))
    told("days", done, of)
    for venue_id, calendar in venues:
        wrong += _correct_days(tenant, venue_id, calendar, starts[venue_id])
        done += len(starts[venue_id])
        told("days", done, of)
    return wrong


def _correct_all_customers(tenant: TenantConnection, venues: Sequence[UUID], told: Told) -> int:
    wrong = 0
    for done, venue_id in enumerate(venues):
        told("sums of customers", done, len(venues))
        wrong += _correct_customers(tenant, venue_id)
    told("sums of customers", len(venues), len(venues))
    return wrong


def _starts(tenant: TenantConnection, venue_id: UUID, calendar: Calendar) -> list[int]:
    """The business days of a venue, from the first fact to the last."""
    span = tenant.execute(_SPAN, {"tenant": tenant.tenant_id, "venue": venue_id}).fetchone()
    assert span is not None
    first, last = (0 if moment is None else int(moment.timestamp() // 1) for moment in span)
    return days_between(first, last, *calendar)


def _correct_days(tenant: TenantConnection, venue_id: UUID, calendar: Calendar, starts: Sequence[int]) -> int:
    key = {"tenant": tenant.tenant_id, "venue": venue_id}
    whole_from = archived.whole_from(tenant) or _BEGINNING
    parameters = key | {
        "starts": [datetime.fromtimestamp(start, UTC) for start in starts],
        "months": [datetime.fromtimestamp(month_start(start, *calendar), UTC) for start in starts],
        "none": NO_EVENT,
        "whole_from": whole_from,
    }
    wrong = [day for (day,) in tenant.execute(_CORRECT_DAYS, parameters)]
    if wrong:
        # Answers that were remembered of these days are not right any more; one that was read from a month
        # begins with the month's first day.
        touched = VenueDays(calendar)
        for day in wrong:
            touched.number(int(day.timestamp()))
        rollup_queue.put(tenant, venue_id, touched)
    return len(wrong)


def _correct_customers(tenant: TenantConnection, venue_id: UUID) -> int:
    parameters = {"tenant": tenant.tenant_id, "venue": venue_id, "all": ALL_VENUES}
    return tenant.execute(_CORRECT_CUSTOMERS, parameters).rowcount


_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_VENUES = "SELECT venue_id FROM venues WHERE tenant_id = %s ORDER BY venue_id"
_MOMENTS = (
    ("ticket_sales", "occurred_at"),
    ("ticket_scans", "occurred_at"),
    ("page_views", "occurred_at"),
    ("cart_updates", "occurred_at"),
    ("social_mentions", "occurred_at"),
    ("presence", "first_entry_at"),
)
_OWN = "tenant_id = %(tenant)s AND venue_id = %(venue)s"
_ALL_MOMENTS = " UNION ALL ".join(
    f"SELECT min({column}) AS first, max({column}) AS last FROM {table} WHERE {_OWN}"
    for table, column in _MOMENTS
)
_SPAN = f"SELECT min(first), max(last) FROM ({_ALL_MOMENTS}) moments"


def _day(column: str = "occurred_at") -> str:
    return f"(%(starts)s)[width_bucket({column}, %(starts)s)]"


def _counted(table: str, dimension: str, value: str, column: str = "occurred_at", **sums: str) -> str:
    """What one table adds to one dimension, with its sums by the columns they go to."""
    added = ", ".join(sums.get(name, "0") for name in DAY_SUMS)
    return (
        f"SELECT '{dimension}' AS dimension, {_day(column)} AS day, {value} AS value, '' AS currency, {added}"
        f" FROM {table} WHERE {_OWN} AND event_id <> %(none)s GROUP BY 2, 3"
    )


def _of_sales(names: tuple[str, ...]) -> str:
    currency = counted_under("dimension", "currency") if names == COUNTS else "currency"
    added = ", ".join(f"coalesce({name}, 0)" if name in names else "0" for name in DAY_SUMS)
    return f"SELECT dimension, day, value, {currency}, {added} FROM sales"


_PASSAGES = {
    "entries": "coalesce(sum(effect) FILTER (WHERE direction = 'entry'), 0)",
    "exits": "coalesce(sum(effect) FILTER (WHERE direction = 'exit'), 0)",
    "invalid": "count(*) FILTER (WHERE effect = 0)",
}
_PEOPLE = f"(SELECT * FROM ticket_scans WHERE {_OWN} AND admission) people"
_AT_GATES = f"(SELECT * FROM ticket_scans WHERE {_OWN} AND gate IS NOT NULL) passages"
_ARRIVED = f"(SELECT * FROM presence WHERE {_OWN} AND first_entry_at IS NOT NULL) arrived"
_LINES = f"""
SELECT {_day()} AS day, currency, {price_bands.SQL} AS price,
       {", ".join(f"coalesce({name}, '') AS {name}" for name in OF_SALES if name != "price")},
       CASE WHEN admission AND NOT comp THEN quantity END AS sold,
       CASE WHEN admission AND comp THEN quantity END AS comps,
       CASE WHEN admission AND kind = 'cancellation' THEN -quantity END AS cancelled,
       CASE WHEN kind = 'refund' THEN 1 END AS refunds,
       CASE WHEN kind NOT IN ('refund', 'fee') THEN amount_minor END AS gross_minor,
       CASE WHEN kind = 'refund' THEN -amount_minor END AS refunded_minor,
       CASE WHEN kind = 'fee' THEN amount_minor END AS fees_minor,
       tax_minor
FROM ticket_sales WHERE {_OWN}
"""
_GROUPED = " ".join(f"WHEN grouping({name}) = 0 THEN '{name}'" for name in OF_SALES)
_TRUE_DAYS = f"""
sales AS MATERIALIZED (
    SELECT day, currency, CASE {_GROUPED} ELSE '' END AS dimension,
           coalesce({", ".join(OF_SALES)}, '') AS value,
           {", ".join(f"sum({name}) AS {name}" for name in COUNTS + MONEY)}
    FROM ({_LINES}) lines
    GROUP BY day, currency, GROUPING SETS ((), {", ".join(f"({name})" for name in OF_SALES)})
), of_days AS (
    SELECT dimension, day, value, currency, {", ".join(f"sum({name}) AS {name}" for name in DAY_SUMS)}
    FROM (
        SELECT '' AS dimension, NULL::timestamptz AS day, '' AS value, '' AS currency,
               {", ".join(f"0::bigint AS {name}" for name in DAY_SUMS)} WHERE false
        UNION ALL {_of_sales(COUNTS)}
        UNION ALL {_of_sales(MONEY)}
        UNION ALL {_counted(_PEOPLE, "", "''", **_PASSAGES)}
        UNION ALL {_counted(_AT_GATES, "gate", "gate", **_PASSAGES)}
        UNION ALL {_counted(_ARRIVED, "", "''", "first_entry_at", arrivals="count(*)")}
        UNION ALL {_counted("page_views", "", "''", page_views="count(*)")}
        UNION ALL {_counted("page_views", "campaign", "coalesce(campaign, '')", page_views="count(*)")}
        UNION ALL {_counted("cart_updates", "", "''", cart_updates="count(*)")}
        UNION ALL {
    _counted(
        "social_mentions",
        "",
        "''",
        mentions="count(*)",
        reach="sum(reach)",
        engagements="sum(likes + shares)",
    )
}
    ) one
    GROUP BY dimension, day, value, currency
), stated AS (
    SELECT * FROM of_days
    UNION ALL
    SELECT {of_months("dimension")}, (%(months)s)[width_bucket(day, %(starts)s)], value, currency,
           {", ".join(f"sum({name})" for name in DAY_SUMS)}
    FROM of_days GROUP BY 1, 2, 3, 4
)
"""
_DAY_KEY = ("dimension", "day", "value", "currency")


def _correction(
    table: str, key: tuple[str, ...], sums: tuple[str, ...], also: tuple[str, ...] = (), condition: str = ""
) -> str:
    """Add to the rows of `have` what they lack of `stated`; `also` are columns set to what is stated.

    In the order of the key: rows that are read together come to lie together.
    """
    lacking = [f"coalesce(s.{name}, 0) - coalesce(h.{name}, 0)" for name in sums]
    changed = [f"{lack} <> 0" for lack in lacking] + [f"s.{name} IS DISTINCT FROM h.{name}" for name in also]
    added = [f"{name} = {table}.{name} + EXCLUDED.{name}" for name in sums]
    return f"""
INSERT INTO {table} (tenant_id, venue_id, {", ".join((*key, *sums, *also))})
SELECT %(tenant)s, %(venue)s, {", ".join((*key, *lacking, *(f"s.{name}" for name in also)))}
FROM stated s FULL JOIN have h USING ({", ".join(key)})
WHERE ({" OR ".join(changed)}){condition}
ORDER BY {", ".join(key)}
ON CONFLICT (tenant_id, venue_id, {", ".join(key)})
DO UPDATE SET {", ".join(added + [f"{name} = EXCLUDED.{name}" for name in also])}
"""


_CORRECT_DAYS = f"""
WITH {_TRUE_DAYS}, have AS (
    SELECT * FROM day_analytics WHERE {_OWN} AND dimension <> '{BLOCKS}'
)
{_correction("day_analytics", _DAY_KEY, DAY_SUMS, condition=" AND day >= %(whole_from)s")}
RETURNING day
"""
_CORRECT_CUSTOMERS = f"""
WITH stated AS (
    SELECT customer, currency, lines, tickets, gross_minor, refunded_minor, fees_minor,
           gross_minor + fees_minor - refunded_minor AS net_minor, first_at, last_at
    FROM (
        SELECT customer, currency, count(*) AS lines,
               coalesce(sum(quantity) FILTER (WHERE admission), 0) AS tickets,
               coalesce(sum(amount_minor) FILTER (WHERE kind NOT IN ('refund', 'fee')), 0) AS gross_minor,
               coalesce(-sum(amount_minor) FILTER (WHERE kind = 'refund'), 0) AS refunded_minor,
               coalesce(sum(amount_minor) FILTER (WHERE kind = 'fee'), 0) AS fees_minor,
               min(occurred_at) FILTER (WHERE kind IN ('sale', 'comp')) AS first_at,
               max(occurred_at) FILTER (WHERE kind IN ('sale', 'comp')) AS last_at
        FROM ticket_sales
        WHERE tenant_id = %(tenant)s AND %(venue)s IN (venue_id, %(all)s) AND customer IS NOT NULL
        GROUP BY customer, currency
    ) sums
), have AS (
    SELECT * FROM customer_totals WHERE {_OWN}
)
{_correction("customer_totals", ("customer", "currency"), CUSTOMER_SUMS, ("first_at", "last_at"))}
"""
