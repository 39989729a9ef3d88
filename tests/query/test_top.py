"""The top customers: the same whether their sales were rolled up, wait to be, or are read from the facts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from data import facts, rollup_applier
from data.access import Access
from data.engine import Database
from data.messages import SaleLine
from data.metric_query import MetricQuery
from data.query import explain, run
from tests.conftest import Tenant
from tests.data.rollup_rows import add_venue, message
from tests.live.night import Night, open_night

NOW = datetime(2026, 5, 20, 20, 0, tzinfo=UTC)
ANNA, BEN, CLEO, DORA = (UUID(int=number) for number in (10, 11, 12, 13))
TOP = {"limit": 2, "other": False}
QUESTION = {"metrics": ["net_revenue", "tickets_issued"], "dimensions": ["customer"], "top": TOP}
EVER = QUESTION | {"range": {"named": "all"}}


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    return open_night(database, tenant.tenant_id, tenant.venue_id, NOW)


def buy(night: Night, customer: UUID | None, amount: int, currency: str = "GBP", kind: str = "sale") -> None:
    line = SaleLine(
        "refund" if kind == "refund" else "sale",
        NOW - timedelta(days=1),
        0 if kind == "refund" else 1,
        amount,
        currency,
        customer=customer,
    )
    night.write([line])


def ask(night: Night, **query: Any) -> list[tuple[Any, ...]]:
    return seen_by(Access(night.tenant_id), night, query)


def seen_by(access: Access, night: Night, query: dict[str, Any]) -> list[tuple[Any, ...]]:
    with night.database.tenant(night.tenant_id) as tenant:
        return run(tenant, access, [MetricQuery.model_validate(query)], NOW)[0].rows


def pieces(night: Night, query: dict[str, Any]) -> int:
    """How many spans of venues the question reads."""
    with night.database.tenant(night.tenant_id) as tenant:
        return explain(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], NOW)[0][0].pieces


def apply(night: Night) -> None:
    while rollup_applier.apply_some(night.database, night.tenant_id):
        pass


def test_the_top_ones_of_each_currency_are_found_by_the_index(night: Night) -> None:
    for customer, amount in ((ANNA, 5000), (BEN, 4000), (CLEO, 3000), (DORA, 1000), (None, 9000)):
        buy(night, customer, amount)
    buy(night, CLEO, 700, "EUR")
    apply(night)
    assert ask(night, **EVER) == [
        (str(CLEO), "EUR", 700, 1),
        (str(ANNA), "GBP", 5000, 1),
        (str(BEN), "GBP", 4000, 1),
    ]
    with night.database.tenant(night.tenant_id) as tenant:
        plans = explain(tenant, Access(night.tenant_id), [MetricQuery.model_validate(EVER)], NOW)
    assert [part.table for part in plans[0]] == ["customer_totals"]


def test_what_waits_to_be_rolled_up_moves_customers_up_and_down(night: Night) -> None:
    for customer, amount in ((ANNA, 5000), (BEN, 4000), (CLEO, 3000), (DORA, 1000)):
        buy(night, customer, amount)
    apply(night)
    buy(night, DORA, 3500)
    buy(night, ANNA, -4500, kind="refund")
    buy(night, ANNA, 100, "EUR")
    waiting = [(str(ANNA), "EUR", 100, 1), (str(DORA), "GBP", 4500, 2), (str(BEN), "GBP", 4000, 1)]
    assert ask(night, **EVER) == waiting
    apply(night)
    assert ask(night, **EVER) == waiting


def test_of_all_venues_money_is_read_from_the_rows_of_the_whole_tenant(
    night: Night, postgres_url: str, tenant: Tenant
) -> None:
    far = uuid4()
    add_venue(postgres_url, tenant, far, "Asia/Tokyo")
    for customer, amount in ((ANNA, 5000), (BEN, 4000), (CLEO, 3000)):
        buy(night, customer, amount)
    for customer, amount, currency in ((CLEO, 1500, "GBP"), (DORA, 700, "JPY"), (BEN, -2000, "GBP")):
        line = SaleLine("sale", NOW, 1, amount, currency, customer=customer)
        sent = message(far, uuid4(), str(uuid4()), line)
        facts.write(night.database, night.tenant_id, [sent])
    money = EVER | {"metrics": ["net_revenue"]}
    everywhere = [(str(ANNA), "GBP", 5000), (str(CLEO), "GBP", 4500), (str(DORA), "JPY", 700)]
    assert ask(night, **money) == everywhere
    apply(night)
    assert ask(night, **money) == everywhere
    assert ask(night, **money, venues=[night.venue_id])[:2] == [
        (str(ANNA), "GBP", 5000),
        (str(BEN), "GBP", 4000),
    ]
    one = Access(night.tenant_id, venues=frozenset({far}))
    assert seen_by(one, night, money) == [
        (str(CLEO), "GBP", 1500),
        (str(BEN), "GBP", -2000),
        (str(DORA), "JPY", 700),
    ]
    assert pieces(night, money) == 1
    assert pieces(night, EVER) == 2


def test_of_some_venues_or_days_they_are_ranked_where_they_are_added_up(night: Night) -> None:
    for customer, amount in ((ANNA, 5000), (BEN, 4000), (CLEO, 4000), (DORA, 1000)):
        buy(night, customer, amount)
    expected = [(str(ANNA), "GBP", 5000, 1), (str(BEN), "GBP", 4000, 1)]
    assert ask(night, **EVER, venues=[night.venue_id]) == expected
    assert ask(night, **QUESTION, range={"last": 7}) == expected


def test_the_rest_in_one_row_and_other_orders_are_as_ever(night: Night) -> None:
    for customer, amount in ((ANNA, 5000), (BEN, 4000), (CLEO, 3000)):
        buy(night, customer, amount)
    rest = EVER | {"top": {"limit": 1, "other": True}}
    assert ask(night, **rest) == [(str(ANNA), "GBP", 5000, 1), ("other", "GBP", 7000, 2)]
    rising = EVER | {"sort": [{"by": "net_revenue", "order": "asc"}]}
    assert ask(night, **rising) == [(str(BEN), "GBP", 4000, 1), (str(ANNA), "GBP", 5000, 1)]
