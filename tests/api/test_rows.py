"""The rows behind a figure by REST: who may see them, and what is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask

from data.engine import Database
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/analytics/rows"
EVENT = UUID(int=7)


def sell(database: Database, tenant: Tenant, at: datetime, order: str, line: int = 0) -> None:
    """A ticket for the gala."""
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO ticket_sales (tenant_id, venue_id, event_id, occurred_at, message_key, line, kind,"
            " order_id, quantity, amount_minor, tax_minor, currency, comp, admission)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'sale', %s, 1, 1250, 0, 'KWD', false, true)",
            [tenant.tenant_id, tenant.venue_id, EVENT, at, UUID(int=1), line, order],
        )


@pytest.fixture
def sale(database: Database, tenant: Tenant) -> datetime:
    """A ticket sold just now; when that was."""
    now = datetime.now(UTC).replace(microsecond=0)
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name) VALUES (%s, %s, %s, 'Gala')",
            [tenant.tenant_id, tenant.venue_id, EVENT],
        )
    sell(database, tenant, now, "A1")
    return now


def test_a_program_reads_the_rows_with_units_zone_and_the_places_of_their_money(
    program: Caller, sale: datetime
) -> None:
    page = program.json("POST", PATH, {"range": {"named": "today"}, "limit": 10})
    assert {name: page[name] for name in ("kind", "zone", "exponents", "masked", "nextCursor")} == {
        "kind": "sales",
        "zone": "Europe/London",
        "exponents": {"KWD": 3},
        "masked": [],
        "nextCursor": None,
    }
    assert page["columns"][6] == {"name": "amount", "label": "Amount", "kind": "metric", "unit": "money"}
    (row,) = page["rows"]
    assert datetime.fromisoformat(row[0]) == sale
    assert row[1:8] == ["Gala", "sale", "A1", "", 1, 1250, "KWD"]


def test_the_cursor_of_a_page_asks_for_the_next(
    program: Caller, database: Database, tenant: Tenant, sale: datetime
) -> None:
    sell(database, tenant, sale, "A2", line=1)
    first = program.json("POST", PATH, {"limit": 1})
    second = program.json("POST", PATH, {"limit": 1, "after": first["nextCursor"]})
    assert [page["rows"][0][3] for page in (first, second)] == ["A2", "A1"]
    assert second["nextCursor"] is None


@pytest.mark.parametrize(
    ("body", "code", "field", "value"),
    [
        ({"kind": "orders"}, "not-valid", "kind", "orders"),
        ({"limit": 5000}, "not-valid", "limit", "5000"),
        ({"where": {"dimension": "gate", "in": ["A"]}}, "unknown-dimension", "where", "gate"),
        ({"where": {"dimension": "chanel", "in": ["A"]}}, "unknown-dimension", "where.dimension", "chanel"),
        (
            {
                "where": {
                    "and": [
                        {"dimension": "channel", "in": ["A"]},
                        {"or": [{"dimension": "shoe", "in": ["A"]}]},
                    ]
                }
            },
            "unknown-dimension",
            "where.and.1.or.0.dimension",
            "shoe",
        ),
        ({"after": "AAAA"}, "bad-cursor", "after", "AAAA"),
        ({"colour": "red"}, "not-valid", "colour", "red"),
    ],
)
def test_what_is_wrong_is_named(
    program: Caller, body: dict[str, object], code: str, field: str, value: str
) -> None:
    answer = program("POST", PATH, body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["code"], answer.json["field"], answer.json["value"]) == (code, field, value)


def test_a_misspelt_dimension_names_the_nearest_that_such_rows_have(program: Caller) -> None:
    for kind, name, nearest in (
        ("sales", "chanel", "channel"),
        ("scans", "gat", "gate"),
        ("sales", "county", "currency"),
    ):
        answer = program("POST", PATH, {"kind": kind, "where": {"dimension": name, "in": ["A"]}})
        assert answer.json is not None
        assert answer.json.get("nearest") == nearest, name


def test_single_sales_are_for_those_who_have_boards(
    whole_server: Flask, database: Database, tenant: Tenant, sale: datetime
) -> None:
    assert len(person(whole_server, database, tenant, "analyst").json("POST", PATH, {})["rows"]) == 1
    answer = person(whole_server, database, tenant, "door")("POST", PATH, {})
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "not-permitted")
    assert whole_server.test_client().post(PATH, json={}).status_code == 401
