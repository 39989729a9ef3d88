"""What a reader may not see changes neither rows nor their order."""

from __future__ import annotations

from datetime import UTC, datetime
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

NOW = datetime(2026, 5, 20, 20, 0, tzinfo=UTC)


@pytest.fixture
def nights(database: Database, tenant: Tenant) -> tuple[Night, Night]:
    """A dear night that few came to, and a cheap one that many came to."""
    dear, cheap = (open_night(database, tenant.tenant_id, tenant.venue_id, NOW) for _ in range(2))
    dear.sell(2, NOW, 90_000)
    cheap.sell(5, NOW, 100)
    return dear, cheap


def ask(night: Night, access: Access, **query: Any) -> Answer:
    with night.database.tenant(night.tenant_id) as tenant:
        return run(tenant, access, [MetricQuery.model_validate(query)], NOW)[0]


def test_nothing_is_ordered_or_chosen_by_masked_money(nights: tuple[Night, Night]) -> None:
    dear, cheap = nights
    masked = Access(dear.tenant_id, masked=True)
    body = {"metrics": ["net_revenue", "tickets_sold"], "dimensions": ["event"]}
    by_id = sorted([(str(cheap.event_id), "GBP", None, 5), (str(dear.event_id), "GBP", None, 2)])
    for order in ("asc", "desc"):
        rows = ask(dear, masked, **body, sort=[{"by": "net_revenue", "order": order}]).rows
        assert rows == ask(dear, masked, **body).rows
        assert sorted(rows) == by_id
    top = ask(dear, masked, **body, top={"limit": 1, "by": "net_revenue", "other": False}).rows
    assert top == [(str(cheap.event_id), "GBP", None, 5)]  # By tickets, the first that may be seen.


def test_a_grant_of_events_is_all_there_is(nights: tuple[Night, Night]) -> None:
    dear, cheap = nights
    access = Access(dear.tenant_id, events=frozenset({cheap.event_id}))
    assert ask(dear, access, metrics=["tickets_sold"]).rows == [(5,)]
    assert ask(dear, access, metrics=["tickets_sold"], dimensions=["channel"]).rows == [("web", 5)]
    assert ask(dear, access, metrics=["events"], range={"named": "today"}).rows == [(1,)]
    with pytest.raises(QueryError, match="no such event"):
        ask(dear, access, metrics=["tickets_sold"], events=[str(dear.event_id)])
    with pytest.raises(QueryError, match="not at events"):
        ask(dear, access, metrics=["new_customers"])


def test_a_grant_of_no_venue_shows_nothing(nights: tuple[Night, Night]) -> None:
    access = Access(nights[0].tenant_id, venues=frozenset())
    assert ask(nights[0], access, metrics=["tickets_sold"], dimensions=["channel"]).rows == []
