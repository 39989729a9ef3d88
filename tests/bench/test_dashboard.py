"""The dashboard benchmark on a small set: its draw, its roll-ups, the eight questions answered both ways."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bench.dashboard_data import DataSet, Size, fill
from bench.dashboard_questions import comparable, questions, raw, rounds
from bench.dashboard_rollups import corrected, fill_rollups
from data.access import Access
from data.engine import Database
from data.metric_query import MetricQuery
from data.query import run
from data.query_rows import FEWER

TENANT = UUID(int=0x2020)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERY_EVENT = 1_000


@pytest.fixture(scope="module")
def data(postgres_url: str) -> DataSet:
    """Twenty venues with three thousand tickets and two thousand scans."""
    drawn = fill(postgres_url, TENANT, Size(3_000, 2_000))
    fill_rollups(postgres_url, TENANT)
    return drawn


def test_as_much_is_drawn_as_was_asked_for(database: Database, data: DataSet) -> None:
    with database.tenant(TENANT) as tenant:
        row = tenant.execute(
            "SELECT (SELECT count(*) FROM ticket_sales WHERE tenant_id = %(t)s AND kind IN ('sale', 'comp')),"
            " (SELECT count(*) FROM ticket_scans WHERE tenant_id = %(t)s),"
            " (SELECT count(*) FROM venues WHERE tenant_id = %(t)s),"
            " (SELECT count(DISTINCT currency) FROM venues WHERE tenant_id = %(t)s),"
            " (SELECT max(occurred_at) < '2026-11-01 12:00Z' FROM ticket_sales WHERE tenant_id = %(t)s)",
            {"t": TENANT},
        ).fetchone()
    assert row == (3_000, 2_000, 20, 9, True)


def test_the_rollups_are_what_the_rebuild_makes_of_the_facts(postgres_url: str, data: DataSet) -> None:
    assert corrected(postgres_url, TENANT, EVERY_EVENT) == Counter()


def test_the_eight_questions_get_the_answers_of_the_raw_facts(database: Database, data: DataSet) -> None:
    with database.tenant(TENANT, snapshot=True) as tenant:
        for asked in rounds(tenant, data, 2):
            eight = questions(asked)
            bodies = [MetricQuery.model_validate(question.body) for question in eight]
            answers = run(tenant, Access(TENANT), bodies, NOW)
            for question, answer in zip(eight, answers, strict=True):
                expected = comparable(raw(tenant, question))
                found = comparable(answer.rows)
                assert expected != []
                if answer.suppressed:  # So few come from some countries here that these are told together.
                    assert question.name == "countries"
                    assert {*found} - {*expected} == {row for row in found if row[0] == FEWER}
                    assert sum(int(row[-1]) for row in found) == sum(int(row[-1]) for row in expected)
                    continue
                assert (question.name, found) == (question.name, expected)
