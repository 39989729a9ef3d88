"""Rows of facts by the names that people gave, with the venue and zone of each where there are several."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from data.access import Access
from data.drilldown_flow import flow
from data.drilldown_question import Drill
from data.engine import Database
from tests.conftest import Tenant
from tests.data.test_drilldown import BALL, GALA, NOW, Book

PIER, RECITAL = UUID(int=21), UUID(int=22)


@pytest.fixture
def book(database: Database, tenant: Tenant) -> Book:
    """The hall, and a pier that the Gala does not know; floors and doors have names."""
    book = Book(database, tenant)
    own = [tenant.tenant_id, tenant.venue_id]
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, 'The Pier', 'America/New_York', 'USD')",
            [tenant.tenant_id, PIER],
        )
        for venue, gate, name, zone in [
            (tenant.venue_id, "A", "North door", "floor"),
            (tenant.venue_id, "B", "Stage door", None),
            (PIER, "A", "Gangway", "deck"),
        ]:
            connection.execute(
                "INSERT INTO gates (tenant_id, venue_id, gate, name, zone) VALUES (%s, %s, %s, %s, %s)",
                [tenant.tenant_id, venue, gate, name, zone],
            )
        connection.execute(
            "INSERT INTO zones (tenant_id, venue_id, zone, name) VALUES (%s, %s, 'floor', 'Main floor')", own
        )
        for event, name in [(GALA, "Floor, final release"), (BALL, "Floor of the ball")]:
            connection.execute(
                "INSERT INTO ticket_types (tenant_id, venue_id, event_id, ticket_type, name)"
                " VALUES (%s, %s, %s, 'floor-final', %s)",
                [*own, event, name],
            )
    return book


def at_the_pier(book: Book) -> dict[str, Any]:
    """A recital over there; what a fact of it says of its place."""
    with book.database.tenant(book.tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
            " VALUES (%s, %s, %s, 'Recital', %s)",
            [book.tenant.tenant_id, PIER, RECITAL, NOW + timedelta(hours=4)],
        )
    book.directory.forget(book.tenant.tenant_id)
    return {"venue_id": PIER}


def test_a_ticket_type_is_called_by_its_event_and_one_without_a_name_by_its_id(book: Book) -> None:
    for event, ticket_type, order in [
        (GALA, "floor-final", "1"),
        (BALL, "floor-final", "2"),
        (GALA, "balcony", "3"),
        (GALA, None, "4"),
    ]:
        book.sell(event, timedelta(minutes=int(order)), order_id=order, ticket_type=ticket_type)
    page = book.ask()
    assert [(row[3], row[4]) for row in page.rows] == [
        ("1", "Floor, final release"),
        ("2", "Floor of the ball"),
        ("3", "balcony"),
        ("4", ""),
    ]


def test_doors_and_zones_are_called_as_at_their_venue(book: Book) -> None:
    there = at_the_pier(book)
    for minute, (event, gate, more) in enumerate(
        [(GALA, "A", {}), (GALA, "B", {}), (GALA, "C", {}), (GALA, None, {}), (RECITAL, "A", there)]
    ):
        book.scan(event, timedelta(minutes=minute), "T", gate=gate, **more)
    page = book.ask(kind="scans")
    names = [column.name for column in page.columns]
    assert names == [
        "time",
        "time_zone",
        "venue",
        "event",
        "what",
        "gate",
        "zone",
        "ticket",
        "reason",
        "scanner",
    ]
    assert [row[2:4] + row[5:7] for row in page.rows] == [
        ("The Hall", "Gala", "North door", "Main floor"),
        ("The Hall", "Gala", "Stage door", ""),
        ("The Hall", "Gala", "C", ""),
        ("The Hall", "Gala", "", ""),
        ("The Pier", "Recital", "Gangway", "deck"),
    ]


def test_rows_of_one_venue_say_neither_venue_nor_zone_and_of_two_both(book: Book) -> None:
    book.sell(GALA, timedelta(hours=1))
    one = book.ask()
    assert [column.name for column in one.columns][:2] == ["time", "event"]
    assert one.zone == "Europe/London"
    book.sell(RECITAL, timedelta(hours=2), currency="USD", **at_the_pier(book))
    both = book.ask()
    assert [(column.name, column.label) for column in both.columns][:4] == [
        ("time", "Time"),
        ("time_zone", "Time zone"),
        ("venue", "Venue"),
        ("event", "Event"),
    ]
    assert both.zone == ""
    assert [row[:4] for row in both.rows] == [
        (datetime(2026, 11, 20, 17, tzinfo=UTC), "Europe/London", "The Hall", "Gala"),
        (datetime(2026, 11, 20, 16, tzinfo=UTC), "America/New_York", "The Pier", "Recital"),
    ]
    there = book.ask(events=(RECITAL,))
    assert (there.zone, [row[:2] for row in there.rows]) == (
        "America/New_York",
        [(datetime(2026, 11, 20, 16, tzinfo=UTC), "Recital")],
    )


def test_venues_of_one_zone_are_told_apart_without_a_zone_for_each_row(book: Book) -> None:
    with book.database.tenant(book.tenant.tenant_id) as connection:
        connection.execute("UPDATE venues SET zone = 'Europe/London' WHERE venue_id = %s", [PIER])
    book.sell(RECITAL, timedelta(hours=2), **at_the_pier(book))
    page = book.ask()
    assert [column.name for column in page.columns][:3] == ["time", "venue", "event"]
    assert (page.zone, page.rows[0][1:3]) == ("Europe/London", ("The Pier", "Recital"))


def test_what_flows_into_a_file_is_named_alike(book: Book) -> None:
    there = at_the_pier(book)
    book.sell(GALA, timedelta(hours=1), ticket_type="floor-final")
    book.sell(RECITAL, timedelta(hours=2), ticket_type="deck", **there)
    access = Access(book.tenant.tenant_id, "analyst")
    with book.database.tenant(book.tenant.tenant_id, snapshot=True) as connection:
        found = flow(connection, book.directory, access, Drill(), NOW)
        rows = list(found.rows)
    page = book.ask()
    assert (found.columns, found.zone, rows) == (page.columns, page.zone, page.rows)
    assert [row[6] for row in rows] == ["Floor, final release", "deck"]
