"""Imports by REST: the whole way, who may go it, and what is sent by those who mean no good."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import SERVICES
from data.engine import Database
from data.keys import MasterKeys
from data.users import Role
from ingest.files.upload import folder_of
from jobs.importing import Tools, work
from tests.api.caller import Caller, person
from tests.conftest import Tenant

PATH = "/api/v1/imports"
ROWS = (
    b"Event,Sold at,Amount,Customer\nGala,03/04/2025 10:00,12.50,ada@example.org\nGala,x,1,ada@example.org\n"
)


def upload(caller: Caller, rows: bytes, query: str = "kind=sales&source=till&name=april.csv") -> TestResponse:
    """A file, sent as it is."""
    headers = dict(caller.headers) | {"Content-Type": "text/csv"}
    return caller.client.post(f"{PATH}?{query}", data=rows, headers=headers)


def step(caller: Caller, server: Flask, tenant: Tenant, import_id: str, name: str) -> Any:
    """Ask for it, and have it done."""
    caller.json("POST", f"{PATH}/{import_id}/{name}")
    services = server.extensions[SERVICES]
    tools = Tools(
        services.database,
        services.directory,
        services.live,
        folder_of(services.settings.data_dir),
        services.settings.database_url,
        MasterKeys(services.settings.master_keys()),
    )
    assert work(tools, tenant.tenant_id, UUID(import_id))
    return caller.json("GET", f"{PATH}/{import_id}")


def told(answer: TestResponse) -> tuple[int, str, str | None]:
    assert answer.json is not None
    return answer.status_code, answer.json["code"], answer.json.get("field")


def test_a_file_is_uploaded_confirmed_checked_written_and_taken_back(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    manager = person(whole_server, database, tenant, "manager")
    made: Any = upload(manager, ROWS).json
    assert (made["fileName"], made["layout"]["unsure"], made["headings"]) == (
        "april.csv",
        ["dates"],
        ["Event", "Sold at", "Amount", "Customer"],
    )
    one = f"{PATH}/{made['id']}"
    assert told(manager("POST", f"{one}/check")) == (422, "missing-field", "dates")
    assert told(manager("POST", f"{one}/run")) == (422, "missing-field", "dates")
    confirmed = manager.json("PUT", f"{one}/layout", {"dates": "day-first"})
    assert (confirmed["layout"]["unsure"], confirmed["layout"]["dates"]) == ([], "day-first")
    assert told(manager("POST", f"{one}/run")) == (409, "not-now", None)  # Nobody has looked at its rows.
    checked = step(manager, whole_server, tenant, made["id"], "check")
    assert (checked["status"], checked["checkedNew"], checked["checkedRejected"]) == ("checked", 1, 1)
    errors = manager("GET", f"{one}/errors")
    assert errors.mimetype == "text/csv"
    assert "april - rows to correct.csv" in errors.headers["Content-Disposition"].replace("%20", " ")
    assert "example.org" not in errors.text
    done = step(manager, whole_server, tenant, made["id"], "run")
    assert (done["status"], done["accepted"], done["rejected"], done["headings"]) == ("done", 1, 1, None)
    again: Any = upload(manager, ROWS).json
    assert (again["sameFileAs"], again["layout"]["unsure"]) == (made["id"], [])
    undone = step(manager, whole_server, tenant, made["id"], "undo")
    assert (undone["status"], undone["undone"]) == ("undone", 1)
    assert manager("DELETE", one).status_code == 204
    assert told(manager("GET", one)) == (404, "import-not-found", None)


@pytest.mark.parametrize("role", ["analyst", "door", "promoter"])
def test_it_is_not_for_other_roles(
    whole_server: Flask, database: Database, tenant: Tenant, role: Role
) -> None:
    caller = person(whole_server, database, tenant, role)
    assert told(upload(caller, ROWS)) == (403, "not-permitted", None)
    assert told(caller("GET", PATH)) == (403, "not-permitted", None)


def test_a_program_sees_what_it_made_and_nobody_sees_another_tenants(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, program: Caller
) -> None:
    owner = person(whole_server, database, tenant, "owner")
    stranger = person(whole_server, database, other_tenant, "owner")
    of_owner: Any = upload(owner, ROWS).json
    of_program: Any = upload(program, ROWS).json
    listed = {each["id"] for each in owner.json("GET", PATH)["imports"]}
    assert listed == {of_owner["id"], of_program["id"]}
    assert [each["id"] for each in program.json("GET", PATH)["imports"]] == [of_program["id"]]
    assert stranger.json("GET", PATH)["imports"] == []
    for caller, found in ((program, of_owner), (stranger, of_owner), (stranger, of_program)):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/undo"), ("GET", "/errors")):
            answer = caller(method, f"{PATH}/{found['id']}{path}")
            assert told(answer) == (404, "import-not-found", None)


@pytest.mark.parametrize(
    ("rows", "query", "code", "field"),
    [
        (b"", "kind=sales&source=till", "missing-field", "file"),
        (ROWS, "kind=orders&source=till", "not-a-choice", "kind"),
        (ROWS, "kind=sales&source=", "missing-field", "source"),
        (ROWS, "kind=sales&source=%00%1b[31m", "not-a-choice", "source"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "kind=sales&source=till", "unknown-format", "file"),
        (b"PK\x03\x04" + bytes(500), "kind=sales&source=till", "broken-file", "file"),
        (b"\n\n", "kind=sales&source=till", "no-rows", "file"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_and_leaves_nothing_behind(
    whole_server: Flask, program: Caller, rows: bytes, query: str, code: str, field: str
) -> None:
    folder = folder_of(whole_server.extensions[SERVICES].settings.data_dir)
    before = set(folder.iterdir())
    assert told(upload(program, rows, query)) == (422, code, field)
    assert set(folder.iterdir()) == before
    assert program.json("GET", PATH)["imports"] == []


def test_a_name_with_a_path_and_marks_in_it_is_only_a_name(whole_server: Flask, program: Caller) -> None:
    query = "kind=sales&source=till&name=..%2F..%2Fetc%2F%E2%80%AEpasswd%0A.csv"
    made: Any = upload(program, ROWS, query).json
    assert made["fileName"] == "passwd.csv"


@pytest.mark.parametrize(
    ("layout", "field"),
    [
        ({"columns": {"Event": "event_id", "Sold at": "purchased_at", "Amount": "tenant_id"}}, "columns"),
        ({"columns": {"Event": "event_id", "Sold at": "event_id"}}, "columns"),
        ({"columns": {"Nowhere": "event_id"}}, "columns"),
        ({"columns": {}}, "columns"),
        ({"constants": {"source": "x"}}, "constants"),
        ({"encoding": "rot13"}, "encoding"),
        ({"delimiter": "e"}, "delimiter"),
    ],
)
def test_a_reading_that_does_not_fit_is_refused(program: Caller, layout: Any, field: str) -> None:
    made: Any = upload(program, ROWS).json
    answer = program("PUT", f"{PATH}/{made['id']}/layout", {"dates": "iso"} | layout)
    assert (answer.status_code, told(answer)[2]) == (422, field)


def test_under_a_key_a_large_file_is_uploaded_once(program: Caller) -> None:
    rows = b"Event,Sold at,Amount\n" + b"Gala,2025-11-21 19:30,12.50\n" * 60_000
    headers = dict(program.headers) | {"Content-Type": "text/csv", "Idempotency-Key": "april"}
    query = f"{PATH}?kind=sales&source=till"
    first, again = (program.client.post(query, data=rows, headers=headers) for _ in range(2))
    assert (len(rows) > 1_600_000, first.status_code, again.data) == (True, 201, first.data)
    assert len(program.json("GET", PATH)["imports"]) == 1
    other = program.client.post(query, data=rows + b"Gala,2025-11-21 19:31,1\n", headers=headers)
    assert told(other) == (422, "idempotency-key-reused", "Idempotency-Key")


def test_a_form_with_a_large_file_is_taken_and_one_that_is_too_large_is_not(
    whole_server: Flask, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = person(whole_server, database, tenant, "manager").client
    form = re.search(r'name="csrf" value="([^"]+)"', manager.get("/imports").text)
    assert form
    rows = b"Event,Sold at,Amount\n" + b"Gala,2025-11-21 19:30,12.50\n" * 120_000

    def send(**more: str) -> TestResponse:
        fields = {"csrf": form[1], "kind": "sales", "source": "till"} | more
        line = '--edge\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        parts = [line.format(name, "").encode() + value.encode() + b"\r\n" for name, value in fields.items()]
        parts.append(line.format("file", '; filename="a.csv"').encode() + rows + b"\r\n--edge--\r\n")
        return manager.post(
            "/imports",
            data=b"".join(parts),
            content_type="multipart/form-data; boundary=edge",
            headers={"Origin": "http://localhost"},
        )

    taken = send()
    assert (taken.status_code, taken.location.startswith("/imports/")) == (303, True)
    assert manager.get(taken.location).status_code == 200
    refused = send(csrf="forged")
    assert (refused.status_code, "open for too long" in refused.text) == (400, True)
    monkeypatch.setattr("api.imports_page.LARGEST_FILE", 1_000_000)
    monkeypatch.setattr("api.imports_page._FORM", 0)
    assert send().status_code == 413


def test_what_competitors_put_on_is_listed_from_the_latest_file(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    manager = person(whole_server, database, tenant, "manager")
    for price in ("25.00", "29.50"):
        rows = f"id,name,start,place,price\nC1,Other Gala,2026-12-31 20:00,Arena,{price}\n".encode()
        made: Any = upload(manager, rows, "kind=competitors&source=guide").json
        for name in ("check", "run"):
            done = step(manager, whole_server, tenant, made["id"], name)
        assert (done["accepted"], done["error"]) == (1, None)
    query = "/api/v1/competitor-events?from=2026-12-01T00:00:00Z"
    [found] = manager.json("GET", query)["competitorEvents"]
    assert (found["name"], found["priceFromMinor"], found["startsAt"]) == (
        "Other Gala",
        2950,
        "2026-12-31T20:00:00.000Z",
    )
    assert manager.json("GET", f"{query}&to=2026-12-24T00:00:00Z")["competitorEvents"] == []
    stranger = person(whole_server, database, other_tenant, "owner")
    assert stranger.json("GET", query)["competitorEvents"] == []
    door = person(whole_server, database, tenant, "door")
    assert told(door("GET", query)) == (403, "not-permitted", None)
