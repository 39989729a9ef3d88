"""Whoever needs facts of an archived month is told so; what is summed up is answered as before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data import archive_run, drilldown, drilldown_flow, query, ticket_stats
from data.access import Access
from data.answers import Answer
from data.directory import Directory
from data.drilldown_question import Drill
from data.engine import Database
from data.erasure import as_owner
from data.folder import Urls
from data.keys import MasterKeys
from data.metric_query import MetricQuery
from data.query_error import QueryError
from data.rebuild import rebuild
from tests.conftest import MASTER_KEY, Tenant, fresh_database
from tests.data.archiving import NOW, archive, emptied, of_march, restore, tell

MASTER = MasterKeys([MASTER_KEY])
SPRING = {"from": "2019-03-01", "to": "2019-03-31"}


@pytest.fixture(scope="module")
def postgres_url(server_urls: Urls) -> Iterator[str]:
    """A database of our own: archiving takes the months of all tenants."""
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    """The application's, on that database."""
    database = Database(postgres_url, master=MASTER, max_size=4)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def nothing_is_archived(postgres_url: str) -> None:
    """Every test starts with tables of its own."""
    emptied(postgres_url)


def ask(database: Database, tenant: Tenant, **asked: Any) -> Answer:
    """The answer to one question."""
    with database.tenant(tenant.tenant_id) as own:
        return query.run(own, Access(tenant.tenant_id), [MetricQuery.model_validate(asked)], NOW)[0]


def of_april(name: str = "april") -> dict[str, Any]:
    sold = {"type": "ticket-purchase", "ticketId": "t-april", "amount": 5, "quantity": 1, "userId": "di"}
    return {"id": name, "timestamp": "2019-04-20T12:00:00Z", "eventId": "ball"} | sold


@pytest.fixture
def sold(database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path) -> Tenant:
    """A gala of March 2019, archived, and a ball of April, which is not."""
    tell(database, tenant, *of_march(), of_april())
    archive(postgres_url, tmp_path)
    return tenant


def test_what_is_summed_up_is_answered_as_before(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    tell(database, tenant, *of_march(), of_april())
    questions: list[dict[str, Any]] = [
        {"metrics": ["tickets_sold", "net_revenue"], "dimensions": ["day"], "range": SPRING},
        {"metrics": ["tickets_sold"], "dimensions": ["channel"], "range": {"named": "all"}},
        {"metrics": ["net_revenue"], "dimensions": ["customer"], "range": {"named": "all"}},
    ]
    before = [ask(database, tenant, **one).rows for one in questions]
    archive(postgres_url, tmp_path)
    assert [ask(database, tenant, **one).rows for one in questions] == before


def test_what_needs_single_facts_of_an_archived_month_says_so_until_it_is_back(
    database: Database, sold: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    buyers: dict[str, Any] = {"metrics": ["orders"], "dimensions": ["day"], "range": SPRING}
    with pytest.raises(QueryError) as refused:
        ask(database, sold, **buyers)
    assert (refused.value.code, refused.value.value) == ("archived", "2019-03")
    assert "python -m jobs archive restore ticket_sales 2019-03" in refused.value.detail
    assert "Ask from 2019-04-01 on" in refused.value.detail
    later = buyers | {"range": {"from": "2019-04-01", "to": "2019-04-30"}}
    assert ask(database, sold, **later).rows
    restore(postgres_url, tmp_path)
    assert ask(database, sold, **buyers).rows


def test_a_question_about_an_event_without_archived_facts_is_answered_over_all_time(
    database: Database, sold: Tenant
) -> None:
    events = {event.name: event.event_id for event in Directory(database).events(sold.tenant_id)}
    buyers: dict[str, Any] = {"metrics": ["orders"], "range": {"named": "all"}}
    assert ask(database, sold, **buyers, events=[events["ball"]]).rows
    with pytest.raises(QueryError, match="archived"):
        ask(database, sold, **buyers, events=[events["gala"]])


def test_rows_are_shown_as_far_as_they_are_there_and_then_it_is_said(
    database: Database, sold: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    directory, access = Directory(database), Access(sold.tenant_id)
    april, march = (
        Drill.model_validate({"range": {"from": f"2019-0{m}-01", "to": f"2019-0{m}-28"}}) for m in (4, 3)
    )
    with database.tenant(sold.tenant_id) as own:
        assert len(drilldown.rows(own, directory, access, april, NOW).rows) == 1
        assert drilldown_flow.flow(own, directory, access, april, NOW).count == 1
        for read in (drilldown.rows, drilldown_flow.flow):
            with pytest.raises(QueryError, match=r"ticket_sales of 2019-03, which are archived"):
                read(own, directory, access, march, NOW)
    restore(postgres_url, tmp_path)
    with database.tenant(sold.tenant_id) as own:
        assert len(drilldown.rows(own, directory, access, march, NOW).rows) == 2


def test_a_rebuild_leaves_what_it_cannot_work_out_and_corrects_the_rest(
    database: Database, sold: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    list(rebuild(database, sold.tenant_id))
    sums = (
        "SELECT event_id, sold, gross_minor FROM event_totals JOIN event_money USING (tenant_id, event_id)"
        " ORDER BY 1"
    )
    days = (
        "SELECT day, dimension, value, currency, sold FROM day_analytics WHERE sold <> 0 ORDER BY 1, 2, 3, 4"
    )
    people = "SELECT customer, venue_id, net_minor FROM customer_totals ORDER BY 1, 2"
    with database.tenant(sold.tenant_id) as own:
        before = [own.execute(each).fetchall() for each in (sums, days, people)]
    assert len(before[0]) == 2
    assert sum(sum(step.values()) for step in rebuild(database, sold.tenant_id)) == 0
    with as_owner(postgres_url, MASTER, sold.tenant_id) as owner:
        owner.execute("UPDATE day_analytics SET sold = sold + 5 WHERE day > '2019-04-10' AND sold > 0")
        owner.execute("UPDATE event_totals SET sold = sold + 5 WHERE sold = 1")
    assert sum(sum(step.values()) for step in rebuild(database, sold.tenant_id)) > 0
    with database.tenant(sold.tenant_id) as own:
        assert [own.execute(each).fetchall() for each in (sums, days, people)] == before
    restore(postgres_url, tmp_path)
    assert sum(sum(step.values()) for step in rebuild(database, sold.tenant_id)) == 0


def test_a_month_leaves_only_when_every_transaction_knows_it(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    tell(database, tenant, *of_march())
    with database.tenant(tenant.tenant_id, snapshot=True) as reader:
        reader.execute("SELECT count(*) FROM events")
        assert archive(postgres_url, tmp_path, wait_seconds=0.3) == []
        assert reader.execute("SELECT count(*) FROM ticket_sales").fetchone() == (2,)
    assert ask(database, tenant, metrics=["orders"], range=SPRING).rows, "it is as if nothing had been"
    assert archive(postgres_url, tmp_path)


def test_the_first_month_that_stays_is_so_many_before_this_one() -> None:
    assert archive_run.first_kept(datetime(2026, 11, 26, tzinfo=UTC), 12).isoformat() == "2025-11-01"
    assert archive_run.first_kept(datetime(2026, 1, 1, tzinfo=UTC), 1).isoformat() == "2025-12-01"


def test_counts_of_tickets_stay_and_their_lines_say_that_they_are_archived(
    database: Database, sold: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    directory, access = Directory(database), Access(sold.tenant_id)
    lists: tuple[ticket_stats.Listed, ...] = ("scans", "transfers", "invalid_attempts")

    def lines(what: ticket_stats.Listed, limit: int) -> list[dict[str, Any]]:
        with database.tenant(sold.tenant_id) as own:
            gala = ticket_stats.find(own, access, "gala")
            assert gala is not None
            counted = ticket_stats.counts(own, access, gala)
            assert [counted[f"{of}_count"] for of in ("transfer", "invalid_attempt")] == [1, 1]
            return ticket_stats.listed(own, directory, gala, what, limit, NOW)

    assert len(lines("days", 50)) == 1
    for what in lists:
        with pytest.raises(QueryError, match=r"2019-03, which are archived"):
            lines(what, 50)
    tell(
        database,
        sold,
        {"type": "ticket-scan", "id": "late", "ticketId": "t", "timestamp": "2019-04-02T10:00:00Z"},
    )
    assert len(lines("scans", 1)) == 1
    with pytest.raises(QueryError, match="archived"):
        lines("scans", 2)
    restore(postgres_url, tmp_path)
    assert [len(lines(what, 50)) for what in lists] == [2, 1, 1]
