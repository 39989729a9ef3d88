"""Fewer than five people from one place are not told apart, however it is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from data import facts
from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.messages import Message, SaleLine
from data.metric_query import MetricQuery
from data.query import run
from data.query_error import QueryError
from tests.conftest import Tenant

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
LARGE = {"GB": 30, "DE": 12}


class House:
    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database, self.tenant, self.event = database, tenant, uuid4()

    def sell(self, at: datetime = NOON, /, **countries: int) -> None:
        """So many tickets, each to somebody else from there."""
        lines = [
            SaleLine("sale", at, 1, 1000, "GBP", order_id=str(uuid4()), country=country, customer=uuid4())
            for country, count in countries.items()
            for _ in range(count)
        ]
        venue, event = self.tenant.venue_id, self.event
        facts.write(
            self.database,
            self.tenant.tenant_id,
            [Message(uuid4(), "test", "test", venue, event, str(event), at, "{}", (line,)) for line in lines],
        )

    def ask(self, **query: Any) -> Answer:
        asked = {"metrics": ["tickets_sold"], "range": {"named": "all"}} | query
        with self.database.tenant(self.tenant.tenant_id) as connection:
            access = Access(self.tenant.tenant_id, "owner")
            return run(connection, access, [MetricQuery.model_validate(asked)], NOW)[0]

    def of(self, *countries: str, **query: Any) -> Answer:
        """Filtered by these countries."""
        return self.ask(where={"dimension": "country", "in": countries}, **query)


@pytest.fixture
def house(database: Database, tenant: Tenant) -> House:
    return House(database, tenant)


def test_small_groups_stand_together_and_the_total_adds_up(house: House) -> None:
    house.sell(**LARGE, FR=2, IT=4)
    answer = house.ask(dimensions=["country"])
    assert answer.rows == [("GB", 30), ("DE", 12), ("fewer than 5", 6)]
    assert answer.suppressed
    assert sum(answer.column("tickets_sold")) == house.ask().rows[0][0] == 48


def test_where_nobody_is_too_few_nothing_is_hidden(house: House) -> None:
    house.sell(**LARGE, FR=5)
    answer = house.ask(dimensions=["country"])
    assert answer.rows == [("GB", 30), ("DE", 12), ("FR", 5)]
    assert not answer.suppressed


@pytest.mark.parametrize(
    ("sold", "rows"),
    [
        ({"GB": 30, "DE": 12, "FR": 2}, [("GB", 30), ("fewer than 5", 14)]),
        ({"GB": 30, "DE": 12, "FR": 2, "IT": 1}, [("GB", 30), ("fewer than 5", 15)]),
        ({"GB": 30, "FR": 2}, [("fewer than 5", 32)]),
    ],
)
def test_a_hidden_group_cannot_be_found_by_subtraction(
    house: House, sold: dict[str, int], rows: list[tuple[str, int]]
) -> None:
    house.sell(**sold)
    assert house.ask(dimensions=["country"]).rows == rows


def test_a_filter_chooses_among_the_groups_that_a_split_shows(house: House) -> None:
    house.sell(**LARGE, FR=2, IT=4)
    assert (house.of("GB").rows, house.of("GB").suppressed) == ([(30,)], False)
    assert (house.of("GB", "FR").rows, house.of("GB", "FR").suppressed) == ([(30,)], True)
    assert (house.of("FR").rows, house.of("FR").suppressed) == ([(None,)], True)
    assert house.of("FR", "IT").rows == [(None,)], "six, but of two groups: others could be joined to one"
    assert (house.of("ES").rows, house.of("ES").suppressed) == ([(0,)], False)
    assert house.of("FR", metrics=["customers", "orders", "net_revenue"]).rows[0][-3:] == (None,) * 3
    assert house.of("GB", "DE", metrics=["customers"]).rows == [(42,)]


def test_the_total_less_a_filter_does_not_tell_the_only_small_group(house: House) -> None:
    house.sell(GB=30, FR=2)
    assert house.ask().rows == [(32,)]
    assert house.of("GB").rows == [(None,)]


def test_a_condition_beside_a_place_opens_nothing(house: House) -> None:
    house.sell(**LARGE, FR=2, IT=4)
    never = {"dimension": "price", "atLeast": 1_000_000}
    for where in (
        {"or": [{"dimension": "country", "in": ["FR", "GB"]}, never]},
        {"and": [{"or": [{"dimension": "country", "in": ["FR"]}, {"dimension": "country", "in": ["GB"]}]}]},
    ):
        answer = house.ask(where=where)
        assert (answer.rows, answer.suppressed) == ([(30,)], True)


def test_days_and_places_together_hide_the_day_too(house: House) -> None:
    """A day that is hidden alone would be the total of the country less its other days."""
    for day, count in ((1, 9), (2, 8), (3, 3)):
        house.sell(datetime(2026, 5, day, 12, tzinfo=UTC), GB=count)
    answer = house.of("GB", dimensions=["day"], range={"from": "2026-05-01", "to": "2026-05-04"})
    assert answer.rows == [("2026-05-01", 9), ("2026-05-02", None), ("2026-05-03", None)]


def test_a_comparison_hides_on_both_sides_what_is_too_small_on_one(house: House) -> None:
    house.sell(**LARGE, FR=9, IT=7)
    house.sell(datetime(2026, 5, 5, 12, tzinfo=UTC), **LARGE, FR=2, IT=8)
    span = {"from": "2026-05-12", "to": "2026-05-13"}
    answer = house.ask(dimensions=["country"], range=span, compare="last_week")
    assert answer.rows == [("GB", 30, 30), ("DE", 12, 12), ("fewer than 5", 16, 10)]


def test_the_top_values_are_none_of_the_small_ones_which_are_in_the_rest(house: House) -> None:
    house.sell(**LARGE, FR=2, IT=4)
    answer = house.ask(dimensions=["country"], top={"limit": 1})
    assert answer.rows == [("GB", 30), ("other", 18)]
    assert house.ask(dimensions=["country"], top={"limit": 9}).rows[-1] == ("other", 6)


def test_five_tickets_of_one_customer_are_too_few_where_customers_are_asked_for(house: House) -> None:
    house.sell(**LARGE, IT=4)
    who = UUID(int=7)
    lines = [SaleLine("sale", NOON, 1, 0, "GBP", country="FR", customer=who) for _ in range(6)]
    venue, event = house.tenant.venue_id, house.event
    facts.write(
        house.database,
        house.tenant.tenant_id,
        [Message(uuid4(), "t", "t", venue, event, str(event), NOON, "{}", (line,)) for line in lines],
    )
    answer = house.ask(metrics=["customers", "tickets_sold"], dimensions=["country"])
    assert answer.rows == [("GB", 30, 30), ("DE", 12, 12), ("fewer than 5", None, 10)]


def test_where_a_single_customer_lives_is_not_told(house: House) -> None:
    who = str(UUID(int=7))
    for query in (
        {"dimensions": ["customer", "country"]},
        {"dimensions": ["country"], "where": {"dimension": "customer", "in": [who]}},
        {"dimensions": ["customer"], "where": {"dimension": "city", "in": ["Leeds"]}},
    ):
        with pytest.raises(QueryError) as refused:
            house.ask(**query)
        assert refused.value.code == "too-few-people"
