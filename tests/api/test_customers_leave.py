"""Whoever takes figures away has customers under a name of the day, by every route that gives any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from data import query
from data.access import Access
from data.directory import Directory
from data.engine import Database
from data.export_privacy import leaving
from data.query_parse import parse
from tests.api.caller import Caller
from tests.conftest import Tenant
from widgets.registry import WIDGETS

BY_CUSTOMER: dict[str, Any] = {
    "metrics": ["tickets_sold"],
    "dimensions": ["customer"],
    "range": {"named": "all"},
}


def sell(program: Caller) -> None:
    for number in range(2):
        sale = {
            "venueId": "hall",
            "eventId": "gala",
            "amount": 10,
            "userId": "ann",
            "ticketId": f"t-{number}",
        }
        assert program("POST", "/api/v1/ingest/sale", sale).status_code == 202


def test_a_question_gives_names_of_the_day_and_the_same_ones_to_all(
    program: Caller, database: Database, tenant: Tenant
) -> None:
    sell(program)
    ann = Directory(database).customer(tenant.tenant_id, "ann")
    found = program.json("POST", "/api/v1/analytics/query", BY_CUSTOMER)
    [[name, tickets]] = found["rows"]
    assert (UUID(name) == ann, tickets) == (False, 2)
    with database.tenant(tenant.tenant_id) as own:
        now = datetime.now(UTC)
        answers = query.run(own, Access(tenant.tenant_id), [parse(BY_CUSTOMER)], now)
        assert answers[0].rows == [(str(ann), 2)], "inside, a customer is who it was"
        [today] = leaving(own, answers, now)
        [tomorrow] = leaving(own, answers, now + timedelta(days=1))
    assert (today.rows[0][0], tomorrow.rows[0][0] in (name, str(ann))) == (name, False)


def test_no_widget_and_no_row_gives_the_name_that_lasts(
    program: Caller, database: Database, tenant: Tenant
) -> None:
    sell(program)
    ann = Directory(database).customer(tenant.tenant_id, "ann")
    of_customers = {"metric": "tickets_sold", "dimension": "customer", "span": "all"}
    said = [program("POST", f"/api/v1/widgets/{name}", {"look": {"range": "all"}}).text for name in WIDGETS]
    said.append(program("POST", "/api/v1/widgets/breakdown", {"settings": of_customers}).text)
    said.append(program("POST", "/api/v1/analytics/rows", {"kind": "sales", "range": {"named": "all"}}).text)
    said.append(program("POST", "/api/v1/exports", {"format": "csv", "query": BY_CUSTOMER}).text)
    assert any("Customer " in text for text in said)
    for text in said:
        assert str(ann) not in text
        assert ann.hex[:8] not in text


def test_a_customer_of_a_widget_is_called_by_the_beginning_of_the_name_in_an_answer(program: Caller) -> None:
    sell(program)
    [[name, _]] = program.json("POST", "/api/v1/analytics/query", BY_CUSTOMER)["rows"]
    listed = program("POST", "/api/v1/widgets/top-customers", {"look": {"range": "all"}}).text
    assert f"Customer {name[:8]}" in listed
