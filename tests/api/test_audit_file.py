"""Files of the audit log: all that was found, with what it was found by, harmless, in little memory."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from api import audit_file, audit_page
from api.audit_asked import asked
from app import SERVICES
from data.audit_entry import Actor, Entry
from data.engine import Database, DatabaseUnavailable
from data.services import Services
from exports import csv as exports_csv
from tests.api.caller import Caller, person
from tests.api.test_audit import Log
from tests.conftest import Tenant

EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", EVIL)


def taken(caller: Caller, query: str) -> TestResponse:
    """The file, which a server closes when it has sent it."""
    answer = caller("GET", f"/audit/file?{query}", Accept="text/html")
    answer.get_data()
    answer.close()
    return answer


def table(content: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The head of a CSV file, and its rows by the names of columns."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    end = lines.index([])
    head = {line[0]: line[1] for line in lines[1:end]}
    return head, [dict(zip(lines[end + 1], line, strict=True)) for line in lines[end + 2 :]]


def jobs(server: Flask, tenant: Tenant, count: int) -> None:
    services: Services = server.extensions[SERVICES]
    for number in range(count):
        entry = Entry(Actor("job"), "job", "count", object=f"n:{number}", detail={"more": ["-1+1", "b"]})
        services.trail.record(tenant.tenant_id, entry)


def test_a_csv_has_everything_that_fits_and_says_by_what_it_was_found(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    jobs(whole_server, tenant, audit_page.ON_A_PAGE + 3)
    answer = taken(owner, "format=csv&kind=job&since=2026-01-01T12:00&zone=Europe/London")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-store"
    named = r'filename="housecount-audit-log-job-from-2026-01-01-\d{8}-\d{4}\.csv"'
    assert re.search(named, answer.headers["Content-Disposition"])
    head, rows = table(answer.data)
    assert head.pop("As of")[:2] == "20"
    assert head == {
        "Organisation": "Test",
        "From": "2026-01-01 12:00:00 +00:00",
        "Kind": "Job",
        "Time zone": "Europe/London",
        "Rows": f"{audit_page.ON_A_PAGE + 3} rows, all there are",
    }
    assert [row["What"] for row in rows] == [f"n:{n}" for n in reversed(range(audit_page.ON_A_PAGE + 3))]
    assert rows[0]["More"] == "more: -1+1, b"
    assert re.fullmatch(r"[0-9a-f]{64}", rows[0]["Hash"])


def test_no_spreadsheet_runs_what_people_called_themselves(owner: Caller) -> None:
    _, rows = table(taken(owner, "format=csv").data)
    assert {row["Who"] for row in rows} == {f"'{EVIL}"}
    answer = taken(owner, "format=xlsx")
    [sheet] = load_workbook(io.BytesIO(answer.data))
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == EVIL]
    assert len(cells) >= 2
    assert {(cell.data_type, cell.quotePrefix) for cell in cells} == {("s", True)}


def test_taking_it_away_is_recorded_with_how_much(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    jobs(whole_server, tenant, 2)
    log = Log(database, tenant.tenant_id)
    for kind in ("csv", "xlsx"):
        assert taken(owner, f"format={kind}&kind=job").status_code == 200
        [entry] = log.new()
        assert (entry["door"], entry["action"], entry["outcome"]) == ("export", "download-audit", "done")
        told = {name: entry["detail"][name] for name in ("format", "rows", "left_out", "filters")}
        assert told == {"format": kind, "rows": 2, "left_out": 0, "filters": ["kind"]}
    assert taken(owner, "format=pdf").status_code == 422
    assert [entry["outcome"] for entry in log.new()] == ["refused"]


def test_what_does_not_fit_is_left_out_and_that_is_said(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs(whole_server, tenant, 5)
    monkeypatch.setitem(audit_file.MOST, "csv", 3)
    log = Log(database, tenant.tenant_id)
    head, rows = table(taken(owner, "format=csv&kind=job").data)
    assert [row["What"] for row in rows] == ["n:4", "n:3", "n:2"]
    assert head["Rows"] == "3 of 5 rows: 2 are not in this file"
    assert log.new()[0]["detail"]["left_out"] == 2


def test_a_file_that_breaks_off_is_none_and_one_at_a_time_is_written(
    owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(exports_csv, "write", breaks_off)
        answer = taken(owner, "format=csv")
        assert (answer.status_code, "Content-Disposition" in answer.headers) == (503, False)
    asked_for = list[int]()

    def meanwhile(*_: Any, **__: Any) -> None:
        if not asked_for:
            asked_for.append(0)
            asked_for[0] = (answer := taken(owner, "format=csv")).status_code
            assert audit_page.BUSY in answer.text

    with monkeypatch.context() as patch:
        patch.setattr(exports_csv, "write", meanwhile)
        assert taken(owner, "format=csv").status_code == 200
    assert asked_for == [503]
    assert taken(owner, "format=csv").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_many_entries_flow_through_little_memory(
    whole_server: Flask, database: Database, postgres_url: str, tenant: Tenant, tmp_path: Path, kind: str
) -> None:
    jobs(whole_server, tenant, 1)
    with psycopg.connect(postgres_url) as connection:
        columns = (
            "tenant_id, lane, actor_kind, actor_id, session_id, door, action, outcome, object, venue_id,"
            " event_id, request_id, detail, key_id, previous, hash"
        )
        connection.execute(
            f"INSERT INTO audit_log ({columns}, recorded_at, seq) SELECT {columns},"
            " recorded_at - n * interval '1 second', seq + n"
            " FROM audit_log, generate_series(1, 20000) n WHERE tenant_id = %s AND action = 'count'",
            [tenant.tenant_id],
        )
    look = asked({"kind": "job"}, [])
    peaks = []
    for most in (2_000, 20_001):
        with (
            pytest.MonkeyPatch.context() as patch,
            database.tenant(tenant.tenant_id, snapshot=True) as reading,
        ):
            patch.setitem(audit_file.MOST, kind, most)
            tracemalloc.start()
            made = audit_file.written(reading, look, kind, "Test", {uuid4(): "The Hall"}, tmp_path)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            made.content.close()
        assert (made.count, made.total) == (most, 20_001)
    assert peaks[1] < peaks[0] * 1.3, peaks
    assert list(tmp_path.iterdir()) == []
