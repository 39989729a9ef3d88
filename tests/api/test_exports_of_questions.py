"""Files of questions say what they are filtered by and how much they leave out."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from openpyxl import load_workbook

from app import SERVICES
from tests.api.caller import Caller
from tests.api.test_exports import file_of, made, sold
from tests.conftest import Tenant

__all__ = ["sold"]
WEB = {"dimension": "channel", "in": ["web"]}
ASKED = {"metrics": ["tickets_sold"], "compare": "last_week", "range": {"last": 7}, "where": WEB}


def head(caller: Caller, export: Any) -> dict[str, str]:
    """The pairs of words above the rows of a file."""
    content = file_of(caller, export)
    if export["format"] == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [[str(cell) for cell in row if cell] for row in sheet.iter_rows(values_only=True)]
    else:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return {row[0]: row[1] for row in rows if len(row) == 2}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_of_a_question_says_all_that_it_is_filtered_by(
    program: Caller, sold: Tenant, whole_server: Flask, kind: str
) -> None:
    within = {"dimension": "price", "at_least": 5}
    where = {"and": [WEB, within, {"or": [WEB, {"dimension": "venue", "in": [str(sold.venue_id)]}]}]}
    asked = ASKED | {"venues": [str(sold.venue_id)], "where": where}
    told = head(program, made(program, whole_server, sold, format=kind, query=asked))
    assert {
        "Venue": "The Hall",
        "Range": "Last 7 days",
        "Compared with": "Same days last week",
        "Channel": "web",
        "Price": "from 5",
        "Any of": "Channel: web, Venue: The Hall",
    }.items() <= told.items()


def test_conditions_on_the_same_dimension_are_all_said(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    where = {"and": [{"dimension": "channel", "in": ["web", "app"]}, WEB]}
    told = head(program, made(program, whole_server, sold, format="csv", query=ASKED | {"where": where}))
    assert told["Channel"] == "web, app; of those web"


def test_the_file_of_rows_says_every_venue(
    program: Caller, sold: Tenant, whole_server: Flask, database: Any
) -> None:
    other: UUID = uuid4()
    with database.tenant(sold.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, 'Pier', 'Europe/London', 'GBP')",
            [sold.tenant_id, other],
        )
    whole_server.extensions[SERVICES].directory.forget(sold.tenant_id)
    asked = {"venues": [str(sold.venue_id), str(other)], "where": WEB}
    export = made(program, whole_server, sold, format="csv", rows=asked)
    told = head(program, export)
    assert (told["Venue"], told["Channel"]) == ("The Hall, Pier", "web")
    assert export["fileName"].startswith("housecount-sales-the-hall-pier-last-30-days-web-20")


def test_files_of_different_questions_have_different_names(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    export = made(program, whole_server, sold, format="csv", query=ASKED | {"venues": [str(sold.venue_id)]})
    assert export["fileName"].startswith("housecount-query-the-hall-last-7-days-same-days-last-week-web-20")


def test_the_state_of_a_plain_table_says_how_much_its_limit_left_out(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    asked = {"metrics": ["tickets_sold"], "dimensions": ["channel"], "limit": 1}
    what = {"format": "csv", "query": asked, "preamble": False, "bom": False}
    export = made(program, whole_server, sold, **what)
    assert len(file_of(program, export).decode().splitlines()) == 2
    assert (export["rowsDone"], export["rowsTotal"], export["progress"]) == (1, 2, 1.0)
