"""The roll-ups without events as they are at this moment: what the job applied and what still waits.

`day_analytics` and `customer_totals` are written by a job (`data/rollup_applier.py`) from what every
writer leaves in `rollup_queue`. Both fragments below stand in FROM and read the applied rows and the
waiting ones in the same statement, that is in the same snapshot: their sums are exact after every
commit, whether the job has run or not.

One key may come in several rows (one applied, any number waiting): always sum. Money is in minor units
and stands in the rows of its currency; tickets, people, views and refunds are counted in the rows of the
empty currency, as in `venue_analytics`. By price tickets and refunds stand in the rows of theirs, too.

    SELECT value, currency, sum(sold) AS sold, sum(gross_minor) AS gross
    FROM {current_days(("sold", "gross_minor"))} AS d
    GROUP BY value, currency
"""

from collections.abc import Sequence
from uuid import UUID

from data.day_increments import OF_SALES
from data.rollup_queue import (
    COUNTS,
    CUSTOMER_SUMS,
    DAY_SUMS,
    MONEY,
    counted_under,
    customer_sum,
    rows_of_customers,
    rows_of_days,
    rows_of_sales,
    sale_value,
)

ALL_VENUES = UUID(int=0)
"""The `venue_id` of `customer_totals` that adds up all venues of the tenant."""


def of_months(dimension: str) -> str:
    """SQL: what the rows of a dimension (SQL text) are called in which its days are added up by months."""
    return f"rtrim('month ' || {dimension})"


def month_name(dimension: str) -> str:
    """The same of a dimension that is known."""
    return f"month {dimension}".rstrip()


def current_days(
    sums: Sequence[str] = DAY_SUMS,
    *,
    tenant: str = "%(tenant)s",
    venues: str = "%(venues)s",
    dimensions: str = "%(dimensions)s",
    since: str = "%(since)s",
    until: str = "%(until)s",
    months: str = "",
) -> str:
    """SQL for FROM (give it an alias): venue_id, dimension, day, value, currency and these sums.

    The other arguments are SQL expressions, by default the parameters of the same names: the tenant,
    uuid[] of venues, text[] of dimensions ('' for the totals, else one of day_increments.DIMENSIONS;
    without doubles) and the instants between which days start, `until` excluded; they may be infinite. Behind
    LATERAL they may be columns of what stands before: then each of its rows reads its own stretch of the key.
    `day` is the instant at which the venue's business day starts (`data/buckets.py`). The value '' means
    "not known". A dimension's rows add up to the totals, except that `gate` counts scans at a named gate.

    With `months`, the `month_name` of each dimension as text[], there is a row for each month instead of
    each day, a twentieth to read of a long span; `day` is then the start of the month's first business day.
    `since` and `until` have to be such starts. Bind the names: an expression would keep PostgreSQL from
    leaving out the partitions of all other dimensions.
    """
    name, asked, start = "dimension", dimensions, "days"
    if months:
        name, start = "CASE dimension WHEN 'month' THEN '' ELSE substr(dimension, 7) END", "months"
        asked = months
    waiting = f"q.tenant_id = {tenant} AND q.venue_id = ANY({venues})"
    of_sales = [name for name in COUNTS + MONEY if name in sums] or COUNTS
    within = f"q.days[r.d + 1] >= {since} AND q.days[r.d + 1] < {until}"
    return f"""(
        SELECT venue_id, {name} AS dimension, day, value, currency, {", ".join(sums)}
        FROM day_analytics
        WHERE tenant_id = {tenant} AND venue_id = ANY({venues}) AND dimension = ANY({asked})
          AND day >= {since} AND day < {until}
        UNION ALL
        SELECT q.venue_id, n.dimension, q.{start}[r.d + 1], r.v, r.c,
               {", ".join(f"coalesce(r.{name}, 0)" for name in sums)}
        FROM rollup_queue q
        CROSS JOIN unnest({dimensions}) AS n (dimension)
        CROSS JOIN LATERAL {rows_of_days("q.increments -> 'days' -> n.dimension", sums)}
        WHERE {waiting} AND {within}
        UNION ALL
        SELECT q.venue_id, n.dimension, q.{start}[r.d + 1], {sale_value("n.dimension")}, {_of_sales(sums)}
        FROM rollup_queue q
        CROSS JOIN LATERAL {rows_of_sales("q.increments -> 'sales'", of_sales)}
        CROSS JOIN unnest({dimensions}) AS n (dimension)
        CROSS JOIN (VALUES (true), (false)) AS k (counts)
        WHERE {waiting} AND {within} AND n.dimension IN ({", ".join(f"'{name}'" for name in OF_SALES)})
          AND {_wanted(sums)}
    )"""


def _of_sales(sums: Sequence[str]) -> str:
    """The currency and the sums of a row of sales: of its counts, or of its money."""
    values = []
    for name in sums:
        kind = "k.counts" if name in COUNTS else "NOT k.counts" if name in MONEY else ""
        values.append(f"CASE WHEN {kind} THEN coalesce(r.{name}, 0) ELSE 0 END" if kind else "0")
    return ", ".join((f"CASE WHEN k.counts THEN {counted_under('n.dimension', 'r.c')} ELSE r.c END", *values))


def _wanted(sums: Sequence[str]) -> str:
    kinds = [{*COUNTS} & {*sums} and "k.counts", {*MONEY} & {*sums} and "NOT k.counts"]
    return f"({' OR '.join(kind for kind in kinds if kind) or 'false'})"


def current_customers(
    sums: Sequence[str] = CUSTOMER_SUMS,
    *,
    tenant: str = "%(tenant)s",
    venues: str = "%(venues)s",
) -> str:
    """SQL for FROM (give it an alias): venue_id, customer, currency, these sums, first_at, last_at.

    `venues` is an SQL expression of uuid[]; [ALL_VENUES] reads one row a customer for the whole tenant.
    `lines` are lines of the ledger of any kind, `tickets` those bought less those given back, net money
    is gross and fees less refunds. `first_at` and `last_at` are the first and last purchase, NULL where
    only refunds are known: take their min and max.
    """
    applied = ", ".join(sums)
    waiting = ", ".join(f"{customer_sum(name)} AS {name}" for name in sums)
    return f"""(
        SELECT venue_id, customer, currency, {applied}, first_at, last_at
        FROM customer_totals
        WHERE tenant_id = {tenant} AND venue_id = ANY({venues})
        UNION ALL
        SELECT n.venue_id, r.customer, r.currency, {waiting}, r.first_at, r.last_at
        FROM rollup_queue q
        CROSS JOIN LATERAL (VALUES (q.venue_id), ('{ALL_VENUES}'::uuid)) AS n (venue_id)
        CROSS JOIN LATERAL {rows_of_customers("q.increments -> 'customers'")}
        WHERE q.tenant_id = {tenant} AND n.venue_id = ANY({venues})
    )"""
