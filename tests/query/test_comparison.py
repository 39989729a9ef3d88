"""Beside every figure that of another span, at the place it is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.metric_query import MetricQuery
from data.query import run
from data.query_error import QueryError
from tests.conftest import Tenant
from tests.live.night import Night, open_night

NOW = datetime(2026, 4, 1, 14, 0, tzinfo=UTC)
"""Three in the afternoon in London, three days after the clocks went on."""


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    return open_night(database, tenant.tenant_id, tenant.venue_id, NOW + timedelta(days=2))


def ask(night: Night, **query: Any) -> Answer:
    with night.database.tenant(night.tenant_id) as tenant:
        return run(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], NOW)[0]


def test_of_a_day_that_is_not_over_only_as_much_is_compared_as_has_passed(night: Night) -> None:
    night.sell(5, NOW - timedelta(minutes=30))
    night.sell(2, NOW - timedelta(days=1, minutes=30))
    night.sell(9, NOW - timedelta(days=1) + timedelta(minutes=30))
    today = {"metrics": ["tickets_sold"], "range": {"named": "today"}}
    assert ask(night, **today, compare="previous_period").rows == [(5, 2)]
    yesterday = today | {"range": {"named": "yesterday"}}
    assert ask(night, **yesterday, compare="previous_period").rows == [(11, 0)]


def test_a_week_ago_is_the_same_weekday_and_hour_also_across_a_change_of_clocks(night: Night) -> None:
    night.sell(3, datetime(2026, 3, 25, 10, 5, tzinfo=UTC))  # Five past ten in London, still winter time.
    night.sell(4, datetime(2026, 4, 1, 9, 5, tzinfo=UTC))  # Five past ten in London, summer time.
    body = {"metrics": ["tickets_sold"], "range": {"named": "today"}, "compare": "last_week"}
    hours = ask(night, **body, dimensions=["hour"])
    assert [row for row in hours.rows if any(row[1:])] == [(datetime(2026, 4, 1, 9, tzinfo=UTC), 4, 3)]
    assert ask(night, **body, dimensions=["day"]).rows == [("2026-04-01", 4, 3)]


def test_a_year_ago_is_the_same_date(night: Night) -> None:
    night.sell(2, datetime(2025, 3, 31, 12, tzinfo=UTC))
    night.sell(6, datetime(2026, 3, 31, 12, tzinfo=UTC))
    body = {"metrics": ["tickets_sold"], "dimensions": ["day"], "compare": "last_year"}
    found = ask(night, **body, range={"from": "2026-03-30", "to": "2026-04-01"})
    assert found.rows == [("2026-03-30", 0, 0), ("2026-03-31", 6, 2)]


def test_a_month_is_compared_with_the_whole_month_before(night: Night) -> None:
    night.sell(1, datetime(2026, 2, 1, 12, tzinfo=UTC))
    night.sell(2, datetime(2026, 2, 28, 12, tzinfo=UTC))
    night.sell(4, datetime(2026, 1, 31, 12, tzinfo=UTC))
    night.sell(7, datetime(2026, 3, 31, 12, tzinfo=UTC))
    body = {"metrics": ["tickets_sold"], "range": {"named": "last_month"}, "compare": "previous_period"}
    assert ask(night, **body).rows == [(7, 3)]
    assert ask(night, **body, dimensions=["month"]).rows == [("2026-03-01", 7, 3)]


def test_another_event_is_compared_at_the_same_distance_to_its_doors(night: Night) -> None:
    other = open_night(night.database, night.tenant_id, night.venue_id, night.doors - timedelta(days=70))
    for event, counts in ((night, (1, 2)), (other, (5, 6, 40))):
        for number, count in enumerate(counts):
            event.sell(count, event.doors - timedelta(days=3 - number, hours=6))
    body = {
        "metrics": ["tickets_sold"],
        "dimensions": ["days_to_doors"],
        "range": {"daysBefore": 3},
        "events": [str(night.event_id)],
        "compareEvent": str(other.event_id),
    }
    # The doors are two days off: of the other event, too, nothing later is compared.
    assert ask(night, **body).rows == [(2, 2, 6), (3, 1, 5)]
    stranger = body | {"compareEvent": str(night.venue_id)}
    with pytest.raises(QueryError, match="no such event"):
        ask(night, **stranger)


def test_what_has_no_earlier_span_is_refused(night: Night) -> None:
    for asked in ({"named": "all"}, {"daysBefore": 7}):
        with pytest.raises(QueryError) as raised:
            ask(night, metrics=["tickets_sold"], range=asked, compare="last_week")
        assert (raised.value.code, raised.value.field) == ("nothing-to-compare", "compare")
