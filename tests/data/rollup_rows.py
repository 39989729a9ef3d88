"""What tests of the roll-ups without events read and send."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import strategies as st

from data.day_increments import DIMENSIONS
from data.day_rollups import ALL_VENUES, current_customers, current_days, month_name
from data.engine import Database
from data.messages import CartUpdate, Fact, Message, PageView, SaleLine, Scan, SocialMention, message_key
from data.rollup_queue import CUSTOMER_SUMS, DAY_SUMS
from tests.conftest import Tenant
from tests.data.day_reference import Expected

NIGHT = datetime(2026, 11, 30, 19, 0, tzinfo=UTC)

EVERYTHING = {
    "dimensions": ["", *DIMENSIONS],
    "months": [month_name(name) for name in ("", *DIMENSIONS)],
    "since": "-infinity",
    "until": "infinity",
}


def add_venue(owner_url: str, tenant: Tenant, venue_id: UUID, zone: str) -> None:
    """A second venue, far away."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant.tenant_id),))
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency, capacity)"
            " VALUES (%s, %s, %s, 'Far', %s, 'JPY', 100)",
            (tenant.tenant_id, venue_id, str(venue_id), zone),
        )


def current(database: Database, tenant: Tenant, venues: list[UUID]) -> Expected:
    """The rows that readers see, summed by key, without what is zero."""
    days = (
        "SELECT months, venue_id, dimension, day, value, currency,"
        f" {', '.join(f'sum({name})::bigint AS {name}' for name in DAY_SUMS)}"
        f" FROM (SELECT false AS months, d.* FROM {current_days()} d"
        f" UNION ALL SELECT true, m.* FROM {current_days(months='%(months)s')} m) r"
        " GROUP BY months, venue_id, dimension, day, value, currency"
    )
    customers = (
        "SELECT venue_id, customer, currency,"
        f" {', '.join(f'sum({name}) AS {name}' for name in CUSTOMER_SUMS)},"
        " min(first_at) AS first_at, max(last_at) AS last_at"
        f" FROM {current_customers()} c GROUP BY venue_id, customer, currency"
    )
    own: dict[str, Any] = {"tenant": tenant.tenant_id}
    with database.tenant(tenant.tenant_id, snapshot=True) as connection:
        found = Expected()
        for row in connection.rows(days, own | EVERYTHING | {"venues": venues}):
            key = tuple(row.pop(name) for name in ("venue_id", "dimension", "day", "value", "currency"))
            months = row.pop("months")
            if kept := {name: amount for name, amount in row.items() if amount}:
                (found.months if months else found.days)[key] = kept
        for row in connection.rows(customers, own | {"venues": [*venues, ALL_VENUES]}):
            key = tuple(row.pop(name) for name in ("venue_id", "customer", "currency"))
            found.customers[key] = row
    return found


def stored(database: Database, tenant: Tenant) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Every row that was applied, as it is."""
    with database.tenant(tenant.tenant_id) as connection:
        days, customers = (
            connection.execute(f"SELECT t FROM {table} t WHERE tenant_id = %s ORDER BY t", [tenant.tenant_id])
            for table in ("day_analytics", "customer_totals")
        )
        return days.fetchall(), customers.fetchall()


def waiting(database: Database, tenant: Tenant) -> int:
    """How many entries of the queue are not applied yet."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT count(*) FROM rollup_queue WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    assert row is not None
    return int(row[0])


def message(venue_id: UUID, event_id: UUID, identity: str, *facts: Fact) -> Message:
    """One message at a venue."""
    return Message(
        message_key("test", identity),
        "test",
        "test",
        venue_id,
        event_id,
        str(event_id),
        facts[0].occurred_at,
        "{}",
        facts,
    )


# Around the start of a business day in two zones, and around midnight.
moments = st.sampled_from([0, 1, 4 * 3600, 5 * 3600, 6 * 3600, 11 * 3600, 24 * 3600, 26 * 3600 + 59]).map(
    lambda seconds: NIGHT + timedelta(seconds=seconds)
)
names = st.sampled_from([None, None, "a", "b"])
scans = st.builds(
    Scan,
    occurred_at=moments,
    ticket_id=st.sampled_from(["t1", "t2", "t3"]),
    direction=st.sampled_from(["entry", "entry", "exit"]),
    effect=st.sampled_from([1, 1, 1, 0, -1]),
    gate=st.sampled_from(["A", "B", None]),
    admission=st.sampled_from([True, True, False]),
)
sales = st.builds(
    lambda kind, count, amount, **other: SaleLine(
        kind=kind,
        quantity={"sale": count, "comp": count, "cancellation": -count}.get(kind, 0),
        amount_minor={"sale": amount, "fee": amount, "refund": -amount}.get(kind, 0),
        tax_minor={"sale": amount // 6, "refund": -amount // 6}.get(kind, 0),
        comp=kind == "comp",
        **other,
    ),
    st.sampled_from(["sale", "sale", "comp", "refund", "cancellation", "fee"]),
    st.integers(1, 3),
    st.sampled_from([0, 1, 999, 1000, 2500, 9_999, 30_000, 90_000]),
    occurred_at=moments,
    currency=st.sampled_from(["GBP", "GBP", "JPY"]),
    ticket_id=st.sampled_from(["t1", "t2", None]),
    admission=st.sampled_from([True, True, True, False]),
    ticket_type=names,
    channel=names,
    campaign=names,
    country=names,
    region=names,
    city=names,
    customer=st.sampled_from([None, UUID(int=1), UUID(int=2)]),
)
others = st.one_of(
    st.builds(PageView, moments, st.just("/"), campaign=names),
    st.builds(CartUpdate, moments, st.integers(0, 3), st.just(100), st.just("GBP"), st.just(UUID(int=1))),
    st.builds(SocialMention, moments, st.just("x"), reach=st.integers(0, 9), likes=st.integers(0, 3)),
)
stated = st.lists(st.one_of(scans, sales, sales, others), min_size=1, max_size=20)
