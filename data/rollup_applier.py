"""Move what waits in `rollup_queue` into `day_analytics` and `customer_totals`, exactly once.

One statement takes entries, adds them up and adds the sums: either all of it happened or nothing, so
a job may be killed at any moment and any number of them may run. One at a time works on a tenant.
"""

import logging
import time
from collections.abc import Mapping
from uuid import UUID

import psycopg

from data.data_versions import BLOCKS, block_of
from data.day_increments import OF_SALES, STRUCTURE_DAY
from data.day_rollups import ALL_VENUES, of_months
from data.engine import Database, TenantConnection
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
)
from data.rollups import instant

log = logging.getLogger(__name__)

MOST_ENTRIES = 10
"""Entries added up in one transaction: a tenth of a second's work when each is of a thousand messages."""
MANY_ENTRIES = 100
"""So many of a tenant may wait while writers are busy: readers add up even the largest in 50 ms."""
CALM_SECONDS, HURRIED_SECONDS = 0.05, 0.5
"""After how long nothing more is begun, with few and with many entries waiting."""
_LOCK = 0x484F5553
"""Our first key among the server's advisory locks."""


def _increased(table: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in names)


def _row(changes: str, sums: Mapping[str, str]) -> str:
    return ", ".join((changes, *(sums.get(name, "0") for name in DAY_SUMS)))


def _of_sales(names: tuple[str, ...]) -> str:
    """From the CTE `sales` the counts, which are under a currency in few dimensions, or the money."""
    currency = counted_under("dimension", "currency") if names == COUNTS else "currency"
    return (
        f"SELECT venue_id, dimension, day, value, {currency}, {_row('0', {name: name for name in names})}"
        f" FROM sales WHERE num_nonnulls({', '.join(names)}) > 0"
    )


_GROUPED = " ".join(f"WHEN grouping(r.{name}) = 0 THEN '{name}'" for name in OF_SALES)
_OF_DAYS = f"""
sales AS MATERIALIZED (
    SELECT t.venue_id, t.days[r.d + 1] AS day, r.c AS currency,
           CASE {_GROUPED} END AS dimension,
           coalesce({", ".join(f"r.{name}" for name in OF_SALES)}, '') AS value,
           {", ".join(f"sum(r.{name}) AS {name}" for name in COUNTS + MONEY)}
    FROM taken t CROSS JOIN LATERAL {rows_of_sales("t.increments -> 'sales'")}
    GROUP BY t.venue_id, t.days[r.d + 1], r.c, GROUPING SETS ({", ".join(f"(r.{name})" for name in OF_SALES)})
), of_days AS (
    SELECT venue_id, dimension, day, value, currency,
           {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in ("changes", *DAY_SUMS))}
    FROM (
        SELECT t.venue_id, s.key AS dimension, t.days[r.d + 1] AS day, r.v AS value, r.c AS currency,
               0 AS changes, {", ".join(f"r.{name}" for name in DAY_SUMS)}
        FROM taken t CROSS JOIN LATERAL jsonb_each(t.increments -> 'days') s
        CROSS JOIN LATERAL {rows_of_days("s.value")}
        UNION ALL {_of_sales(COUNTS)}
        UNION ALL {_of_sales(MONEY)}
        UNION ALL
        SELECT t.venue_id, n.dimension, n.start, '', '', {_row("1", {})}
        FROM taken t CROSS JOIN LATERAL unnest(t.days) AS d (day)
        CROSS JOIN LATERAL (VALUES ('', d.day), ('{BLOCKS}', {block_of("d.day")})) AS n (dimension, start)
    ) one
    GROUP BY venue_id, dimension, day, value, currency
)
"""
_OF_MONTHS = f"""
of_months AS (
    SELECT d.venue_id, {of_months("d.dimension")} AS dimension, m.month, d.value, d.currency, 0 AS changes,
           {", ".join(f"sum(d.{name}) AS {name}" for name in DAY_SUMS)}
    FROM of_days d
    JOIN (SELECT DISTINCT t.venue_id, m.day, m.month
          FROM taken t CROSS JOIN LATERAL unnest(t.days, t.months) AS m (day, month)) m USING (venue_id, day)
    WHERE d.dimension <> '{BLOCKS}' AND m.day > timestamptz '{instant(STRUCTURE_DAY)}'
    GROUP BY d.venue_id, d.dimension, m.month, d.value, d.currency
)
"""
_OF_CUSTOMERS = f"""
of_customers AS (
    SELECT n.venue_id, r.customer, r.currency,
           {", ".join(f"sum({customer_sum(name)}) AS {name}" for name in CUSTOMER_SUMS)},
           min(r.first_at) AS first_at, max(r.last_at) AS last_at
    FROM taken t CROSS JOIN LATERAL (VALUES (t.venue_id), ('{ALL_VENUES}'::uuid)) AS n (venue_id)
    CROSS JOIN LATERAL {rows_of_customers("t.increments -> 'customers'")}
    GROUP BY n.venue_id, r.customer, r.currency
)
"""
# In the order of the key: rows that are read together come to lie together.
_APPLY = f"""
WITH chosen AS MATERIALIZED (
    SELECT venue_id, entry_id FROM rollup_queue WHERE tenant_id = %(tenant)s LIMIT %(most)s
), taken AS (
    DELETE FROM rollup_queue q USING chosen c
    WHERE q.tenant_id = %(tenant)s AND q.venue_id = c.venue_id AND q.entry_id = c.entry_id
    RETURNING q.venue_id, q.days, q.months, q.increments
), {_OF_DAYS}, {_OF_MONTHS}, {_OF_CUSTOMERS}, added_days AS (
    INSERT INTO day_analytics
        (tenant_id, venue_id, dimension, day, value, currency, changes, {", ".join(DAY_SUMS)})
    SELECT %(tenant)s, * FROM of_days UNION ALL SELECT %(tenant)s, * FROM of_months
    ORDER BY 2, 3, 4, 5, 6
    ON CONFLICT (tenant_id, venue_id, dimension, day, value, currency)
    DO UPDATE SET {_increased("day_analytics", ("changes", *DAY_SUMS))}
), added_customers AS (
    INSERT INTO customer_totals
        (tenant_id, venue_id, customer, currency, {", ".join(CUSTOMER_SUMS)}, first_at, last_at)
    SELECT %(tenant)s, * FROM of_customers
    ON CONFLICT (tenant_id, venue_id, customer, currency)
    DO UPDATE SET {_increased("customer_totals", CUSTOMER_SUMS)},
        first_at = least(customer_totals.first_at, EXCLUDED.first_at),
        last_at = greatest(customer_totals.last_at, EXCLUDED.last_at)
)
SELECT count(*) FROM taken
"""


def waiting(database: Database) -> dict[UUID, int]:
    """How many entries wait, by tenant. Raises DatabaseUnavailable."""
    with database.job("rollup_queue") as connection:
        rows = connection.execute("SELECT tenant_id, count(*) FROM rollup_queue GROUP BY 1 ORDER BY 1")
        return dict(rows.fetchall())


def apply_some(database: Database, tenant_id: UUID, most: int = MOST_ENTRIES) -> int:
    """Apply up to `most` entries in one transaction; returns how many, 0 too when another job is at it.

    Raises DatabaseUnavailable, and then nothing was applied.
    """
    with database.tenant(tenant_id) as tenant:
        if not _try_lock(tenant):
            return 0
        return _apply(tenant, most)


def apply_all(tenant: TenantConnection) -> None:
    """Apply all that the caller's transaction sees; the caller holds the lock."""
    while _apply(tenant, MOST_ENTRIES):
        pass


def _apply(tenant: TenantConnection, most: int) -> int:
    row = tenant.execute(_APPLY, {"tenant": tenant.tenant_id, "most": most}).fetchone()
    assert row is not None
    return int(row[0])


def apply_waiting(database: Database) -> int:
    """Apply what waits, all tenants in turn, for a moment; returns how many entries.

    Call it every few seconds. It leaves the processors to writers as long as not many entries wait: what
    waits is read right by everyone.
    """
    tenants = waiting(database)
    hurried = max(tenants.values(), default=0) > MANY_ENTRIES
    ends, applied = time.monotonic() + (HURRIED_SECONDS if hurried else CALM_SECONDS), 0
    while tenants:
        for tenant_id in list(tenants):
            if time.monotonic() > ends:
                return applied
            try:
                count = apply_some(database, tenant_id)
            except psycopg.DataError:
                # Its entries wait, its readers are told; the other tenants must not wait with it.
                log.exception("the roll-ups of tenant %s could not be applied", tenant_id)
                count = 0
            applied += count
            if count < MOST_ENTRIES:
                del tenants[tenant_id]
    return applied


def lock(tenant: TenantConnection) -> None:
    """Wait until no job works on the tenant's roll-ups, and keep others away until the transaction ends."""
    tenant.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(tenant.tenant_id)])


def _try_lock(tenant: TenantConnection) -> bool:
    key = [_LOCK, str(tenant.tenant_id)]
    row = tenant.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", key).fetchone()
    return row == (True,)
