"""A question that takes too long says so, and leaves the others of its board alone."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from data import query
from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.metric_query import MetricQuery
from data.query_error import QueryError
from tests.conftest import Tenant
from tests.live.night import open_night

NOW = datetime(2026, 5, 20, 20, 0, tzinfo=UTC)


def test_one_slow_question_does_not_take_the_others_with_it(
    database: Database, postgres_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "TIMEOUT_SECONDS", 1)
    open_night(database, tenant.tenant_id, tenant.venue_id, NOW).sell(3, NOW)
    queries = [MetricQuery(metrics=(name,)) for name in ("tickets_sold", "authors", "orders", "likes")]
    with psycopg.connect(postgres_url) as somebody:
        somebody.execute("LOCK TABLE social_mentions IN ACCESS EXCLUSIVE MODE")
        with database.tenant(tenant.tenant_id) as connection:
            sold, authors, orders, likes = query.attempt(connection, Access(tenant.tenant_id), queries, NOW)
            after = query.attempt(connection, Access(tenant.tenant_id), queries[:1], NOW)
        somebody.rollback()
    assert [answer.rows for answer in (sold, orders, *after) if isinstance(answer, Answer)] == [
        [(3,)],
        [(0,)],
        [(3,)],
    ]
    for slow in (authors, likes):
        assert isinstance(slow, QueryError)
        assert slow.code == "too-slow"
