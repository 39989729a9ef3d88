"""What writers leave for the roll-ups without events, and how it is read: one row per transaction and venue.

A row belongs to the facts of its transaction: both are there or neither. Adding one waits for nobody,
so the busiest venue's writers never queue for the rows of a day.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from data.buckets import month_start
from data.day_increments import OF_SALES, STRUCTURE_DAY, VenueDays
from data.engine import TenantConnection
from data.metric_dimensions import IN_CURRENCY
from data.rollups import instant
from data.schema import customer_totals, day_analytics

NOT_SUMS = frozenset({"tenant_id", "venue_id", "dimension", "day", "value", "currency", "changes"})
DAY_SUMS = tuple(column.name for column in day_analytics.c if column.name not in NOT_SUMS)
"""The columns of `day_analytics` that facts add to, all of them bigint."""
CUSTOMER_SUMS = ("lines", "tickets", "gross_minor", "refunded_minor", "fees_minor", "net_minor")
assert set(CUSTOMER_SUMS) < set(customer_totals.c.keys())

_PUT = (
    "INSERT INTO rollup_queue (tenant_id, venue_id, entry_id, days, months, increments)"
    " VALUES (%s, %s, %s, %s::timestamptz[], %s::timestamptz[], %s::jsonb)"
)


def put(tenant: TenantConnection, venue_id: UUID, days: VenueDays) -> None:
    """Leave what the transaction adds at one venue."""
    starts = [instant(start) for start in days.days]
    months = [instant(month_start(start, *days.calendar)) for start in days.days]
    tenant.execute(_PUT, [tenant.tenant_id, venue_id, uuid4(), starts, months, days.increments()])


def put_structure(tenant: TenantConnection, venues: Iterable[UUID]) -> None:
    """Say that the programme of these venues changed: events, series, capacities, ticket types, gates."""
    days = [instant(STRUCTURE_DAY)]
    for venue_id in sorted(venues):
        tenant.execute(_PUT, [tenant.tenant_id, venue_id, uuid4(), days, days, "{}"])


COUNTS = ("sold", "comps", "cancelled", "refunds")
MONEY = ("gross_minor", "refunded_minor", "fees_minor", "tax_minor")
"""What the ledger adds to tickets and refunds, and to money."""
_CUSTOMER_RECORD = (
    "customer uuid, currency text, lines bigint, tickets bigint, gross_minor bigint, refunded_minor bigint,"
    " fees_minor bigint, first_at timestamptz, last_at timestamptz"
)
_NET = "coalesce(r.gross_minor, 0) + coalesce(r.fees_minor, 0) - coalesce(r.refunded_minor, 0)"


def rows_of_days(sums: str, names: Sequence[str] = DAY_SUMS) -> str:
    """SQL in FROM, as `r`: the rows in a JSON list of one dimension's sums (SQL text); none for NULL.

    Columns d (which of the entry's days, from 0), v and c (value and currency) and the sums of these names,
    NULL for none.
    """
    return f"jsonb_to_recordset({sums}) AS r (d int, v text, c text, {_bigints(names)})"


def rows_of_sales(sums: str, names: Sequence[str] = COUNTS + MONEY) -> str:
    """SQL in FROM, as `r`: the rows in a JSON list of sales' sums; d, c, the dimensions and the sums."""
    dimensions = ", ".join(f"{name} text" for name in OF_SALES)
    return f"jsonb_to_recordset({sums}) AS r (d int, c text, {dimensions}, {_bigints(names)})"


def _bigints(names: Sequence[str]) -> str:
    return ", ".join(f"{name} bigint" for name in names)


def sale_value(dimension: str) -> str:
    """SQL: the value of a dimension (SQL text) in a row of `rows_of_sales`, "" when it is not known."""
    cases = " ".join(f"WHEN '{name}' THEN r.{name}" for name in OF_SALES)
    return f"coalesce(CASE {dimension} {cases} END, '')"


def counted_under(dimension: str, currency: str) -> str:
    """SQL: the currency under which the COUNTS of a line of the ledger stand in a dimension (SQL text)."""
    apart = ", ".join(f"'{name}'" for name in sorted(IN_CURRENCY))
    return f"CASE WHEN {dimension} IN ({apart}) THEN {currency} ELSE '' END"


def rows_of_customers(sums: str) -> str:
    """SQL in FROM, as `r`: the rows in a JSON list of customers' sums (SQL text); NULL for none."""
    return f"jsonb_to_recordset({sums}) AS r ({_CUSTOMER_RECORD})"


def customer_sum(name: str) -> str:
    """SQL: the value of one of CUSTOMER_SUMS in a row of `rows_of_customers`."""
    return f"({_NET})" if name == "net_minor" else f"coalesce(r.{name}, 0)"
