"""What a question may cost: neither time nor memory without end, and nobody else's answer with it."""

from __future__ import annotations

from contextlib import closing
from typing import Any, cast

import pytest

from data import query
from data.access import Access
from data.engine import Database
from data.metric_query import MetricQuery
from data.query import _fetch, attempt
from data.query_error import QueryError
from data.query_sql import Statement
from tests.conftest import Tenant
from tests.query.test_top import ANNA, BEN, CLEO, NOW, buy, night

__all__ = ["night"]

SLOW = "SELECT 1 FROM pg_sleep(30)"


def fetched(database: Database, tenant: Tenant, *texts: str) -> list[object]:
    """The rows of each statement, or the code of its error."""
    statements = [Statement(text, {}, (), False, cast(Any, None)) for text in texts]
    with database.tenant(tenant.tenant_id) as connection:
        found = _fetch(connection, statements)
    return [own.code if isinstance(own, QueryError) else own for own in found]


def test_a_slow_question_takes_no_other_answer_with_it(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "TIMEOUT_SECONDS", 0.3)
    found = fetched(database, tenant, "SELECT 1", SLOW, "SELECT 2")
    assert found == [[(1,)], "too-slow", [(2,)]]


def test_many_slow_questions_do_not_each_have_their_time(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(query, "LONGEST_SECONDS", 0.1)
    assert fetched(database, tenant, "SELECT 1", SLOW, "SELECT 2") == [[(1,)], "too-slow", "too-slow"]


def test_plans_of_rollups_are_kept_and_those_of_facts_made_for_their_dates(
    postgres_url: str, night: Any
) -> None:
    asked = [MetricQuery(metrics=(name,), dimensions=("channel",)) for name in ("tickets_sold", "orders")]
    # A connection of its own: a shared one also keeps what others have asked on it.
    with closing(Database(postgres_url, max_size=1)) as database, database.tenant(night.tenant_id) as tenant:
        for _ in range(6):
            attempt(tenant, Access(night.tenant_id), asked, NOW)
        kept = tenant.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert [len([text for (text,) in kept if table in text]) for table in ("sum(f.sold)", "f.order_id")] == [
        1,
        0,
    ]


def test_more_rows_than_may_be_held_are_an_error_of_that_question_alone(
    night: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer in (ANNA, BEN, CLEO):
        buy(night, customer, 1000)
    monkeypatch.setattr(query, "MOST_GROUPS", 2)
    asked = [
        MetricQuery.model_validate({"metrics": ["tickets_sold"], "dimensions": dimensions})
        for dimensions in (["customer"], ["venue"])
    ]
    with night.database.tenant(night.tenant_id) as tenant:
        many, few = attempt(tenant, Access(night.tenant_id), asked, NOW)
    assert isinstance(many, QueryError)
    assert (many.code, isinstance(few, QueryError)) == ("too-many-rows", False)


def test_of_hidden_amounts_not_even_the_order_is_told(night: Any) -> None:
    """By tickets Ben leads, by money Anna: whoever may not see money gets the first two by tickets."""
    buy(night, ANNA, 9000)
    for _ in range(3):
        buy(night, BEN, 1000)
    for _ in range(2):
        buy(night, CLEO, 1000)
    asked = MetricQuery.model_validate(
        {
            "metrics": ["net_revenue", "tickets_sold"],
            "dimensions": ["customer"],
            "range": {"last": 7},
            "top": {"limit": 2, "by": "net_revenue", "other": False},
        }
    )
    with night.database.tenant(night.tenant_id) as tenant:
        open_, hidden = (
            query.run(tenant, Access(night.tenant_id, masked=masked), [asked], NOW)[0].rows
            for masked in (False, True)
        )
    assert [row[0] for row in open_] == [str(ANNA), str(BEN)]
    assert hidden == [(str(BEN), "GBP", None, 3), (str(CLEO), "GBP", None, 2)]
