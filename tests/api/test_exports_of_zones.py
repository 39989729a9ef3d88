"""Files over venues in London, New York and Kathmandu: each time by its own venue's clock."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from data import facts
from data.engine import Database
from data.messages import SaleLine
from tests.api.caller import Caller
from tests.api.test_exports import file_of, made
from tests.conftest import Tenant
from tests.data.test_facts import message

EVENTS = {"widget": "event-table", "settings": {"phase": "all"}}
RANGE = "2026-11-20..2026-11-21"
OWN = ["Time zone", "each venue's own, in the column Time zone"]
DAYS = ["Time zone", "each venue's own days"]
SOLD_AT = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)


@pytest.fixture
def venues(database: Database, tenant: Tenant) -> dict[str, UUID]:
    """Three houses in three zones, each with one event and one ticket sold at the same moment."""
    found = {"Hall": tenant.venue_id, "Pier": uuid4(), "Stupa": uuid4()}
    programme = [
        ("Hall", "Gala", datetime(2026, 11, 20, 19, 30, tzinfo=UTC)),
        ("Pier", "Recital", datetime(2026, 11, 21, 0, 30, tzinfo=UTC)),
        ("Stupa", "Puja", datetime(2026, 11, 20, 12, 15, tzinfo=UTC)),
    ]
    events = {name: uuid4() for _, name, _ in programme}
    with database.tenant(tenant.tenant_id) as connection:
        for name, zone in (("Pier", "America/New_York"), ("Stupa", "Asia/Kathmandu")):
            connection.execute(
                "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
                " VALUES (%s, %s, %s, %s, 'GBP')",
                [tenant.tenant_id, found[name], name, zone],
            )
        for place, name, doors in programme:
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at, status)"
                " VALUES (%s, %s, %s, %s, %s, 'on_sale')",
                [tenant.tenant_id, found[place], events[name], name, doors],
            )
    for place, name, _ in programme:
        own = Tenant(tenant.tenant_id, found[place], place)
        line = SaleLine("sale", SOLD_AT, 1, 0, "GBP", ticket_id=name)
        facts.write(database, tenant.tenant_id, [message(own, events[name], name, line)])
    return found


def lines_of(caller: Caller, server: Flask, tenant: Tenant, **what: Any) -> list[list[str]]:
    text = file_of(caller, made(caller, server, tenant, format="csv", **what)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def cells_of(caller: Caller, server: Flask, tenant: Tenant, **what: Any) -> list[list[Any]]:
    content = file_of(caller, made(caller, server, tenant, format="xlsx", **what))
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def paper_of(caller: Caller, server: Flask, tenant: Tenant, **what: Any) -> str:
    content = file_of(caller, made(caller, server, tenant, format="pdf", **what))
    pages = PdfReader(io.BytesIO(content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())
    return text.replace("/ ", "/")  # A narrow cell breaks a zone there.


def test_doors_in_csv_have_the_clock_and_zone_of_their_venue(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    lines = lines_of(program, whole_server, tenant, **EVENTS)
    assert OWN in lines
    at = next(index for index, line in enumerate(lines) if line[:1] == ["Event"])
    assert lines[at][:4] == ["Event", "Venue", "Doors", "Time zone"]
    assert sorted(line[0:1] + line[2:4] for line in lines[at + 1 :]) == [
        ["Gala", "2026-11-20T19:30:00+00:00", "Europe/London"],
        ["Puja", "2026-11-20T18:00:00+05:45", "Asia/Kathmandu"],
        ["Recital", "2026-11-20T19:30:00-05:00", "America/New_York"],
    ]


def test_doors_in_a_workbook_are_real_local_times(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    rows = cells_of(program, whole_server, tenant, **EVENTS)
    assert OWN in [row[:2] for row in rows]
    at = next(index for index, row in enumerate(rows) if row[0] == "Event")
    assert rows[at][2:5] == ["Doors", "Doors: offset from UTC", "Time zone"]
    assert sorted(row[0:1] + row[2:5] for row in rows[at + 1 :]) == [
        ["Gala", datetime(2026, 11, 20, 19, 30), "+00:00", "Europe/London"],  # noqa: DTZ001
        ["Puja", datetime(2026, 11, 20, 18, 0), "+05:45", "Asia/Kathmandu"],  # noqa: DTZ001
        ["Recital", datetime(2026, 11, 20, 19, 30), "-05:00", "America/New_York"],  # noqa: DTZ001
    ]


def test_doors_on_paper_are_local_beside_their_zone(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    text = paper_of(program, whole_server, tenant, **EVENTS)
    assert "Time zone: each venue's own, in the column Time zone" in text
    assert "20 Nov 2026, 19:30 Europe/London" in text
    assert "20 Nov 2026, 19:30 America/New_York" in text
    assert "20 Nov 2026, 18:00 Asia/Kathmandu" in text


def test_of_one_venue_the_head_names_its_zone_and_no_column_does(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    what = {**EVENTS, "filters": {"venue": str(venues["Stupa"])}}
    lines = lines_of(program, whole_server, tenant, **what)
    assert ["Time zone", "Asia/Kathmandu"] in lines
    assert "Time zone" not in lines[-2]
    assert lines[-1][:3] == ["Puja", "Stupa", "2026-11-20T18:00:00+05:45"]
    rows = cells_of(program, whole_server, tenant, **what)
    assert ["Time zone", "Asia/Kathmandu"] in [row[:2] for row in rows]
    assert rows[-1][2:4] == [datetime(2026, 11, 20, 18, 0), "+05:45"]  # noqa: DTZ001
    text = paper_of(program, whole_server, tenant, **what)
    assert "Time zone: Asia/Kathmandu" in text
    assert "20 Nov 2026, 18:00" in text


def test_days_of_several_zones_are_each_venues_own(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    settings = {"kind": "bar", "metrics": ["tickets_sold"], "dimensions": ["day"]}
    what = {"widget": "custom", "settings": settings, "filters": {"range": RANGE}}
    lines = lines_of(program, whole_server, tenant, **what)
    assert DAYS in lines
    # In Kathmandu it was past midnight, but not past the end of the business day.
    assert ["2026-11-20", "3"] in lines
    rows = cells_of(program, whole_server, tenant, **what)
    assert DAYS in [row[:2] for row in rows]
    assert [datetime(2026, 11, 20), 3] in [row[:2] for row in rows]  # noqa: DTZ001
    assert "Time zone: each venue's own days" in paper_of(program, whole_server, tenant, **what)


HOURS = [
    ["Gala", "2026-11-20T18:00:00+00:00", "Europe/London", "1"],
    ["Puja", "2026-11-21T00:00:00+05:45", "Asia/Kathmandu", "1"],
    ["Recital", "2026-11-20T13:00:00-05:00", "America/New_York", "1"],
]


def test_hours_of_events_are_by_the_clock_of_each_ones_venue(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    settings = {"kind": "table", "metrics": ["tickets_sold"], "dimensions": ["event", "hour"]}
    what = {"widget": "custom", "settings": settings, "filters": {"range": RANGE}}
    lines = lines_of(program, whole_server, tenant, **what)
    assert OWN in lines
    assert sorted(lines[-3:]) == HOURS
    rows = cells_of(program, whole_server, tenant, **what)
    assert sorted(row[:5] for row in rows[-3:]) == [
        ["Gala", datetime(2026, 11, 20, 18, 0), "+00:00", "Europe/London", 1],  # noqa: DTZ001
        ["Puja", datetime(2026, 11, 21, 0, 0), "+05:45", "Asia/Kathmandu", 1],  # noqa: DTZ001
        ["Recital", datetime(2026, 11, 20, 13, 0), "-05:00", "America/New_York", 1],  # noqa: DTZ001
    ]
    assert "Recital 20 Nov 2026, 13:00 America/New_York 1" in paper_of(program, whole_server, tenant, **what)


@pytest.mark.parametrize("whose", ["event", "venue"])
def test_a_question_gets_the_same_clocks(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID], whose: str
) -> None:
    span = {"start": "2026-11-20", "end": "2026-11-22"}
    asked = {"metrics": ["tickets_sold"], "dimensions": [whose, "hour"], "range": span}
    lines = lines_of(program, whole_server, tenant, query=asked)
    assert OWN in lines
    assert sorted(line[1:] for line in lines[-3:]) == sorted(line[1:] for line in HOURS)


def test_hours_of_all_venues_at_once_are_in_utc_and_say_so(
    whole_server: Flask, program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    span = {"start": "2026-11-20", "end": "2026-11-22"}
    asked = {"metrics": ["tickets_sold"], "dimensions": ["hour"], "range": span}
    lines = lines_of(program, whole_server, tenant, query=asked)
    assert ["Time zone", "UTC; days are each venue's own"] in lines
    assert ["2026-11-20T18:00:00+00:00", "2"] in lines  # An hour of Kathmandu begins at a quarter past.
    assert ["2026-11-20T18:15:00+00:00", "1"] in lines


def test_figures_of_a_widget_by_rest_carry_the_zone_of_each_row(
    program: Caller, tenant: Tenant, venues: dict[str, UUID]
) -> None:
    shown = program.json("POST", "/api/v1/widgets/event-table", {"settings": {"phase": "all"}})
    [table] = shown["tables"]
    assert (shown["zone"], table["zone"]) == ("", "")
    assert [column["name"] for column in table["columns"]][2:4] == ["doors", "time_zone"]
    assert {row[0]: row[3] for row in table["rows"]} == {
        "Gala": "Europe/London",
        "Puja": "Asia/Kathmandu",
        "Recital": "America/New_York",
    }
