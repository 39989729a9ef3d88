"""Exports by REST: small ones at once, each format read back, and nobody else's to be had."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from app import SERVICES
from data import facts
from data.engine import Database
from data.messages import SaleLine
from data.tokens import create_token
from jobs.exporting import folder_of, work
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant
from tests.data.test_facts import message

PATH = "/api/v1/exports"
TICKETS = {"widget": "kpi", "settings": {"metric": "tickets_sold", "curve": False}}
REVENUE = {"metrics": ["net_revenue"], "dimensions": ["channel"], "range": {"last": 2}}


@pytest.fixture
def sold(database: Database, tenant: Tenant) -> Tenant:
    """A tenant that sold three tickets a moment ago: two in pounds and one in yen."""
    event, now = uuid4(), datetime.now(UTC) - timedelta(seconds=5)
    lines = [
        SaleLine("sale", now, 2, 9000, "GBP", ticket_id="a", channel='=cmd|"x"!A1'),
        SaleLine("sale", now, 1, 5000, "JPY", ticket_id="b", channel="web"),
    ]
    facts.write(
        database,
        tenant.tenant_id,
        [message(tenant, event, f"m{n}", line) for n, line in enumerate(lines)],
    )
    return tenant


def finish(server: Flask, tenant: Tenant, export_id: str) -> bool:
    """Do what the worker would."""
    services = server.extensions[SERVICES]
    folder = folder_of(services.settings.data_dir)
    return work(services.database, services.directory, folder, tenant.tenant_id, UUID(export_id))


def made(caller: Caller, server: Flask, tenant: Tenant, **what: Any) -> Any:
    """An export that is done."""
    export = caller.json("POST", PATH, what)
    if export["status"] == "waiting":
        assert finish(server, tenant, export["id"])
    done = caller.json("GET", f"{PATH}/{export['id']}")
    assert done["status"] == "done", done
    return done


def file_of(caller: Caller, export: Any) -> bytes:
    with caller("GET", export["file"]) as answer:
        assert answer.status_code == 200
        return bytes(answer.data)


def test_a_widget_is_there_at_once_as_csv_under_a_name_that_says_what_it_is(
    program: Caller, sold: Tenant
) -> None:
    answer = program("POST", PATH, {"format": "csv", **TICKETS})
    assert answer.status_code == 201
    export: Any = answer.json
    assert answer.location == f"{PATH}/{export['id']}"
    assert (export["status"], export["progress"], export["rowsDone"]) == ("done", 1.0, 1)
    assert export["fileName"].startswith("housecount-tickets-sold-last-30-days-")
    with program("GET", export["file"]) as got:
        content = bytes(got.data)
    assert got.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{export["fileName"]}"' in got.headers["Content-Disposition"]
    assert (got.headers["Cache-Control"], got.headers["X-Content-Type-Options"]) == (
        "private, no-store",
        "nosniff",
    )
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert ["Organisation", "Test"] in rows
    assert ["Range", "Last 30 days"] in rows
    assert ["Time zone", "Europe/London"] in rows
    assert rows[-1] == ["3"]
    assert export["bytes"] == len(content)


@pytest.mark.parametrize(
    ("settings", "span", "versus", "name"),
    [
        ({"query": '{"metrics": ["tickets_sold"]}'}, "All time", "nothing", "-all-time-"),
        (
            {"query": '{"metrics": ["tickets_sold"], "range": {"last": 7}}'},
            "Last 7 days",
            "Last year",
            "-last-7-days-",
        ),
    ],
)
def test_a_file_says_the_range_of_its_figures_and_not_only_that_of_the_board(
    program: Caller, sold: Tenant, settings: Any, span: str, versus: str, name: str
) -> None:
    asked = {"format": "csv", "widget": "custom-query", "settings": settings}
    export = program.json("POST", PATH, {**asked, "filters": {"range": "all", "compare": "last_year"}})
    rows = list(csv.reader(io.StringIO(file_of(program, export).decode("utf-8-sig"))))
    assert [row for row in rows if row[:1] == ["Range"]] == [["Range", span]]
    assert [row for row in rows if row[:1] == ["Compared with"]] == [["Compared with", versus]]
    assert name in export["fileName"]


def test_a_question_keeps_currencies_apart_and_runs_nothing(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    export = made(
        program,
        whole_server,
        sold,
        format="csv",
        query=REVENUE,
        title="By channel",
        preamble=False,
        bom=False,
    )
    rows = list(csv.reader(io.StringIO(file_of(program, export).decode())))
    assert rows[0][:2] == ["Channel", "Currency"]
    assert sorted(rows[1:]) == sorted([['\'=cmd|"x"!A1', "GBP", "90.00"], ["web", "JPY", "5000"]])


def test_a_workbook_has_numbers_and_no_formula(program: Caller, sold: Tenant, whole_server: Flask) -> None:
    export = made(program, whole_server, sold, format="xlsx", query=REVENUE, title="By channel")
    sheet = load_workbook(io.BytesIO(file_of(program, export)))["By channel"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert {'=cmd|"x"!A1', "GBP", 90, 5000} <= {cell.value for cell in cells}


def test_the_rows_behind_a_figure_are_counted_and_name_nobody(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    export = made(program, whole_server, sold, format="csv", table="sales", filters={"f.channel": "web"})
    rows = list(csv.reader(io.StringIO(file_of(program, export).decode("utf-8-sig"))))
    assert export["fileName"].startswith("housecount-sales-last-30-days-")
    assert ["Channel", "web"] in rows
    assert ["Rows", "1 row, all there are"] in rows
    assert rows[-2][:8] == ["Time", "Event", "What", "Order", "Ticket type", "Tickets", "Amount", "Currency"]
    assert rows[-1][2:8] == ["sale", "", "", "1", "5000", "JPY"]


def board(caller: Caller, **document: Any) -> str:
    widgets = [
        {"id": "a", **TICKETS, "w": 3, "h": 2},
        {"id": "b", "widget": "sales-over-time", "y": 2, "w": 12, "h": 4},
        {"id": "c", "widget": "event-table", "title": "#let *x*", "y": 6, "w": 12, "h": 4},
    ]
    made = caller.json("POST", "/api/v1/dashboards", {"name": "Friday", "document": {"widgets": widgets}})
    return str(made["id"])


def test_a_board_is_a_workbook_with_a_sheet_for_each_widget(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    export = made(
        program, whole_server, sold, format="xlsx", dashboard=board(program), filters={"range": "7d"}
    )
    book = load_workbook(io.BytesIO(file_of(program, export)))
    assert export["fileName"].startswith("housecount-friday-last-7-days-")
    assert book.sheetnames[:2] == ["Contents", "Tickets sold"]
    assert "#let x" in book.sheetnames
    assert ("Range", "Last 7 days") in [row[:2] for row in book["Tickets sold"].iter_rows(values_only=True)]


def test_a_board_is_an_archive_of_csv_files(program: Caller, sold: Tenant, whole_server: Flask) -> None:
    export = made(program, whole_server, sold, format="csv", dashboard=board(program))
    assert export["fileName"].endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(file_of(program, export))) as archive:
        assert "tickets-sold.csv" in archive.namelist()


def test_a_board_is_a_pdf(program: Caller, sold: Tenant, whole_server: Flask) -> None:
    export = made(program, whole_server, sold, format="pdf", dashboard=board(program))
    reader = PdfReader(io.BytesIO(file_of(program, export)))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "Friday Range: Last 30 days · Time zone: Europe/London Test" in text
    assert "Tickets sold 3" in text
    assert "#let *x*" in text


def test_one_widget_of_a_board_can_be_taken_alone(program: Caller, sold: Tenant) -> None:
    export = program.json("POST", PATH, {"format": "csv", "dashboard": board(program), "placed": "a"})
    assert export["fileName"].startswith("housecount-friday-tickets-sold-last-30-days-")
    rows = list(csv.reader(io.StringIO(file_of(program, export).decode("utf-8-sig"))))
    assert rows[0] == ["Tickets sold"]
    assert ["Dashboard", "Friday"] in rows


def test_a_file_calls_the_filters_it_was_made_with_as_the_bar_does(program: Caller, sold: Tenant) -> None:
    filters = {"f.country": ["GB", "FR"], "f.hour_of_day": "9"}
    export = program.json("POST", PATH, {"format": "csv", "filters": filters, **TICKETS})
    rows = list(csv.reader(io.StringIO(file_of(program, export).decode("utf-8-sig"))))
    assert ["Country", "United Kingdom, France"] in rows
    assert ["Hour of the day", "09:00"] in rows


def test_a_page_of_figures_and_one_widget_of_it_are_taken_away(
    program: Caller, sold: Tenant, whole_server: Flask
) -> None:
    whole = made(program, whole_server, sold, format="xlsx", page="sales", filters={"range": "7d"})
    assert whole["fileName"].startswith("housecount-sales-last-7-days-")
    book = load_workbook(io.BytesIO(file_of(program, whole)))
    assert "Tickets sold" in book.sheetnames
    one = program.json("POST", PATH, {"format": "xlsx", "page": "sales", "placed": "kpi-3-0"})
    assert (one["status"], one["fileName"].startswith("housecount-sales-tickets-sold-")) == ("done", True)


def test_the_rows_of_a_question_are_taken_away(program: Caller, sold: Tenant, whole_server: Flask) -> None:
    where = {"and": [{"dimension": "channel", "in": ["web"]}, {"dimension": "currency", "in": ["JPY"]}]}
    rows = {"kind": "sales", "range": {"last": 1}, "where": where}
    export = made(program, whole_server, sold, format="xlsx", rows=rows)
    sheet = load_workbook(io.BytesIO(file_of(program, export)))["Lines of sales"]
    lines = [row[:2] for row in sheet.iter_rows(values_only=True)]
    assert {
        ("Range", "This day"),
        ("Channel", "web"),
        ("Currency", "JPY"),
        ("Rows", "1 row, all there are"),
    } <= set(lines)


def test_nobody_else_sees_or_fetches_or_removes_it(
    program: Caller,
    sold: Tenant,
    other_tenant: Tenant,
    whole_server: Flask,
    database: Database,
) -> None:
    analyst = person(whole_server, database, sold, "analyst")
    export = analyst.json("POST", PATH, {"format": "csv", **TICKETS})
    colleague = person(whole_server, database, sold, "manager")
    stranger = Caller(
        whole_server.test_client(), {"Authorization": f"Bearer {token_of(database, other_tenant)}"}
    )
    for caller in (colleague, stranger):
        for method, path in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
            answer = caller(method, f"{PATH}/{export['id']}{path}")
            assert (answer.status_code, answer.json and answer.json["code"]) == (404, "export-not-found")
        assert caller.json("GET", PATH)["exports"] == []
    owner = person(whole_server, database, sold, "owner")
    assert [one["id"] for one in owner.json("GET", PATH)["exports"]] == [export["id"]]
    assert file_of(owner, export)


def test_a_token_that_only_reads_has_its_own_exports_and_no_others(
    program: Caller, sold: Tenant, whole_server: Flask, database: Database
) -> None:
    with database.tenant(sold.tenant_id) as connection:
        token = create_token(connection, "reader", ["read"])
    reader = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    own, other = (caller.json("POST", PATH, {"format": "csv", **TICKETS}) for caller in (reader, program))
    for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/file")):
        answer = reader(method, f"{PATH}/{other['id']}{path}")
        assert (answer.status_code, answer.json and answer.json["code"]) == (404, "export-not-found")
    assert [one["id"] for one in reader.json("GET", PATH)["exports"]] == [own["id"]]
    assert file_of(reader, own) == file_of(program, own)
    assert file_of(program, other), "still there"
    assert reader("DELETE", f"{PATH}/{own['id']}").status_code == 204
    again = reader.json("POST", PATH, {"format": "csv", **TICKETS})
    assert program("DELETE", f"{PATH}/{again['id']}").status_code == 204, "a token that may write"
    owner = person(whole_server, database, sold, "owner")
    assert owner("DELETE", f"{PATH}/{other['id']}").status_code == 204
    assert program.json("GET", PATH)["exports"] == []


@pytest.mark.parametrize("role", ["door", "promoter"])
def test_roles_without_boards_take_nothing_away(
    role: Any, sold: Tenant, whole_server: Flask, database: Database
) -> None:
    caller = person(whole_server, database, sold, role)
    for order in (TICKETS, {"query": {"metrics": ["no_such"]}}, {"table": "sales", "filters": {"f.x": "1"}}):
        answer = caller("POST", PATH, {"format": "csv", **order})
        assert (answer.status_code, answer.json and answer.json["code"]) == (403, "not-permitted")


def test_a_board_that_is_not_shared_is_not_exported(
    program: Caller, sold: Tenant, whole_server: Flask, database: Database
) -> None:
    analyst = person(whole_server, database, sold, "analyst")
    answer = analyst("POST", PATH, {"format": "csv", "dashboard": board(program)})
    assert (answer.status_code, answer.json and answer.json["code"]) == (404, "dashboard-not-found")


def test_a_stranger_and_another_site_are_refused(
    whole_server: Flask, sold: Tenant, database: Database
) -> None:
    assert whole_server.test_client().get(PATH).status_code == 401
    analyst = person(whole_server, database, sold, "analyst")
    answer = analyst("POST", PATH, {"format": "csv", **TICKETS}, Origin="https://evil.example")
    assert (answer.status_code, answer.json and answer.json["code"]) == (403, "foreign-origin")


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({"format": "doc", **TICKETS}, "format"),
        ({"format": "csv"}, "what"),
        ({"format": "csv", "widget": "kpi", "query": REVENUE}, "what"),
        ({"format": "csv", "widget": "kpis"}, "widget"),
        ({"format": "csv", "widget": "kpi", "settings": {"metric": 7}}, "settings"),
        ({"format": "csv", "query": {"metrics": ["revenues"]}}, "query.metrics.0"),
        ({"format": "csv", **TICKETS, "filters": {"range": "tomorrow"}}, "filters.range"),
        ({"format": "csv", "table": "sales", "filters": {"rnge": "today"}}, "filters.rnge"),
        ({"format": "csv", "table": "sales", "filters": {"f.chanel": "web"}}, "filters.f.chanel"),
        ({"format": "csv", "table": "sales", "filters": {"f": "all"}}, "filters.f"),
        ({"format": "csv", "table": "sales", "filters": {"venue": str(UUID(int=9))}}, "filters.venue"),
        ({"format": "csv", "table": "sales", "filters": {"event": str(UUID(int=9))}}, "filters.event"),
        ({"format": "csv", "table": "sales", "filters": {"f.gate": "A"}}, "query.where"),
        ({"format": "csv", "page": "weather"}, "page"),
        ({"format": "csv", "rows": {"kind": "tickets"}}, "rows.kind"),
        ({"format": "csv", "placed": "a", **TICKETS}, "what"),
        ({"format": "csv", **TICKETS, "secret": 1}, "secret"),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(program: Caller, what: Any, field: str) -> None:
    answer = program("POST", PATH, what)
    assert (answer.status_code, answer.json and answer.json["field"]) == (422, field)
    assert program.json("GET", PATH)["exports"] == []


def test_a_waiting_export_is_cancelled_and_then_forgotten(program: Caller, sold: Tenant) -> None:
    export = program.json("POST", PATH, {"format": "pdf", **TICKETS})
    path = f"{PATH}/{export['id']}"
    answer = program("GET", f"{path}/file")
    assert (answer.status_code, answer.json and answer.json["code"]) == (409, "export-not-done")
    assert program("DELETE", path).status_code == 204
    assert program.json("GET", path)["status"] == "cancelled"
    assert program("DELETE", path).status_code == 204
    assert program("GET", path).status_code == 404


def test_a_removed_export_has_no_file(program: Caller, sold: Tenant, whole_server: Flask) -> None:
    export = program.json("POST", PATH, {"format": "csv", **TICKETS})
    folder: Path = whole_server.extensions[SERVICES].settings.data_dir / "exports"
    (path,) = folder.glob(f"{export['id']}*")
    assert path.stat().st_mode & 0o777 == 0o600
    assert program("DELETE", f"{PATH}/{export['id']}").status_code == 204
    assert not path.exists()


def test_only_so_many_wait_at_a_time(program: Caller, sold: Tenant) -> None:
    for _ in range(5):
        assert program("POST", PATH, {"format": "pdf", **TICKETS}).status_code == 202
    answer = program("POST", PATH, {"format": "pdf", **TICKETS})
    assert (answer.status_code, answer.json and answer.json["code"]) == (429, "too-many-exports")


def test_the_list_comes_page_by_page(program: Caller, sold: Tenant) -> None:
    ids = [program.json("POST", PATH, {"format": "csv", **TICKETS})["id"] for _ in range(3)]
    first = program.json("GET", f"{PATH}?limit=2")
    second = program.json("GET", f"{PATH}?limit=2&cursor={first['nextCursor']}")
    assert [one["id"] for one in first["exports"] + second["exports"]] == ids[::-1]
    assert second["nextCursor"] is None
