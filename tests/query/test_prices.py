"""Bands of prices are of a currency: an event that sells for equal amounts in two has a row for each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data import rollup_applier
from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.messages import SaleLine
from data.metric_query import MetricQuery
from data.query import explain, run
from tests.conftest import Tenant
from tests.live.night import Night, open_night

NOW = datetime(2026, 5, 20, 20, 7, 30, tzinfo=UTC)
BEFORE = NOW - timedelta(days=40)
BY_PRICE: dict[str, Any] = {"metrics": ["tickets_sold"], "dimensions": ["price"], "range": {"last": 60}}


@pytest.fixture(params=["waiting", "applied"])
def night(request: pytest.FixtureRequest, database: Database, tenant: Tenant) -> Night:
    """An event of pounds and euros: three tickets of 12 pounds, two of 12 euros, a comp of each, and one of
    those of euros given back; on two days in two months. The roll-ups wait or are applied."""
    night = open_night(database, tenant.tenant_id, tenant.venue_id, NOW)
    night.sell(2, NOW, 1200)
    night.sell(2, NOW, 1200, "EUR")
    night.sell(1, BEFORE, 1200)
    night.write(
        [
            SaleLine("comp", NOW, 1, 0, "GBP", comp=True),
            SaleLine("comp", BEFORE, 1, 0, "EUR", comp=True),
            SaleLine("cancellation", NOW, -1, -1200, "EUR", ticket_id="t2"),
            SaleLine("refund", NOW, 0, -1200, "EUR", ticket_id="t2"),
        ]
    )
    while request.param == "applied" and rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    return night


def ask(night: Night, **query: Any) -> Answer:
    with night.database.tenant(night.tenant_id) as tenant:
        return run(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], NOW)[0]


def test_tickets_of_two_currencies_in_a_band_are_two_rows(night: Night) -> None:
    found = ask(night, **BY_PRICE)
    assert [column.name for column in found.columns] == ["price", "currency", "tickets_sold"]
    assert found.rows == [("10-20", "GBP", 3), ("10-20", "EUR", 2), (None, "EUR", -1)]


def test_counts_and_amounts_of_a_band_stand_in_one_row_of_its_currency(night: Night) -> None:
    found = ask(night, **(BY_PRICE | {"metrics": ["net_revenue", "tickets_sold", "comps", "refunds"]}))
    assert found.rows == [
        ("10-20", "EUR", 2400, 2, 0, 0),
        ("free", "EUR", 0, 0, 1, 0),
        (None, "EUR", -2400, -1, 0, 1),
        ("10-20", "GBP", 3600, 3, 0, 0),
        ("free", "GBP", 0, 0, 1, 0),
    ]


@pytest.mark.parametrize("metrics", [["tickets_sold"], ["net_revenue", "tickets_issued"]])
def test_the_roll_up_answers_by_days_and_months(night: Night, metrics: list[str]) -> None:
    asked = {"metrics": metrics, "dimensions": ["price"], "range": {"from": "2026-04-01", "to": "2026-05-21"}}
    with night.database.tenant(night.tenant_id) as tenant:
        (plan,) = explain(tenant, Access(night.tenant_id), [MetricQuery.model_validate(asked)], NOW)
    assert {part.table for part in plan} == {
        "day_analytics monthly by price",
        "day_analytics daily by price",
    }


def test_the_same_is_read_from_days_and_from_single_lines(night: Night) -> None:
    daily = ask(night, **(BY_PRICE | {"range": {"from": "2026-04-02", "to": "2026-05-21"}}))
    lines = ask(night, **(BY_PRICE | {"events": [night.event_id]}))
    assert "ticket_sales" not in daily.sources
    assert lines.sources == ("ticket_sales",)
    assert daily.rows == lines.rows == ask(night, **BY_PRICE).rows


def test_by_price_the_bands_of_a_currency_stand_together(night: Night) -> None:
    night.sell(1, NOW, 1_000, "JPY")
    found = ask(night, **(BY_PRICE | {"sort": [{"by": "price", "order": "asc"}]}))
    assert [row[:2] for row in found.rows] == [
        ("10-20", "EUR"),
        (None, "EUR"),
        ("10-20", "GBP"),
        ("1000-2000", "JPY"),
    ]


def test_the_top_bands_are_those_of_each_currency(night: Night) -> None:
    night.sell(1, NOW, 2500)
    night.sell(4, NOW, 7000, "EUR")
    found = ask(night, **(BY_PRICE | {"top": {"limit": 1, "other": True}}))
    assert found.rows == [("50-75", "EUR", 4), ("10-20", "GBP", 3), ("other", "EUR", 1), ("other", "GBP", 1)]


def test_a_filter_takes_tickets_by_their_price_in_the_currency_they_were_paid_in(night: Night) -> None:
    band = {"dimension": "price", "in": ["10-20"]}
    euros = {"and": [band, {"dimension": "currency", "in": ["EUR"]}]}
    filtered: dict[str, Any] = {"metrics": ["tickets_sold"], "range": {"last": 60}}
    assert ask(night, **filtered, where=band).rows == [(5,)]
    assert ask(night, **filtered, where=euros).rows == [(2,)]
    assert "ticket_sales" not in ask(night, **filtered, where=euros).sources
    within = {"dimension": "price", "atLeast": 12, "below": 13}
    assert ask(night, **filtered, where=within).rows == [(5,)]
    assert ask(night, **filtered, where=band, dimensions=["currency"]).rows == [("GBP", 3), ("EUR", 2)]


def test_where_only_one_currency_was_taken_what_was_given_away_is_of_it(
    database: Database, tenant: Tenant
) -> None:
    night = open_night(database, tenant.tenant_id, tenant.venue_id, NOW)
    night.sell(2, NOW, 1200)
    night.write([SaleLine("comp", NOW, 1, 0, "EUR", comp=True)])
    found = ask(night, **(BY_PRICE | {"metrics": ["tickets_issued"]}))
    assert found.rows == [("10-20", "GBP", 2), ("free", "GBP", 1)]
    assert ask(night, **(BY_PRICE | {"metrics": ["gross_revenue", "comps"]})).rows == [
        ("10-20", "GBP", 2400, 0),
        ("free", "GBP", 0, 1),
    ]


def test_tickets_that_were_counted_without_their_currency_stand_under_that_of_the_venue(
    database: Database, tenant: Tenant
) -> None:
    night = open_night(database, tenant.tenant_id, tenant.venue_id, NOW)
    night.sell(2, NOW, 1200)
    night.sell(2, NOW, 1200, "EUR")
    while rollup_applier.apply_some(database, tenant.tenant_id):
        pass
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE day_analytics SET currency = '' WHERE tenant_id = %s AND currency = 'EUR'"
            " AND dimension IN ('price', 'month price')",
            [tenant.tenant_id],
        )
    assert ask(night, **BY_PRICE).rows == [("10-20", "GBP", 4)]
