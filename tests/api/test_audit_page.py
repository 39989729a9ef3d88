"""The page of the audit log: what its filters find, whole and page by page, and that only owners see it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from api.audit_page import ON_A_PAGE
from app import SERVICES
from data.audit_entry import Actor, Entry
from data.engine import Database
from data.services import Services
from data.tokens import add_token
from data.users import Role
from tests.api.caller import Caller, person
from tests.api.test_audit import Log
from tests.conftest import Tenant
from tests.data.boards import People, add_event

BOARD, TOKEN = uuid4(), Actor("token", uuid4())


@pytest.fixture
def owner(whole_server: Flask, database: Database, tenant: Tenant) -> Caller:
    return person(whole_server, database, tenant, "owner", "Olga")


def note(server: Flask, tenant: Tenant, *entries: Entry) -> None:
    services: Services = server.extensions[SERVICES]
    for entry in entries:
        services.trail.record(tenant.tenant_id, entry)


def rows(caller: Caller, query: str = "") -> list[str]:
    """The entries on the page, each as its line."""
    page = caller("GET", f"/audit?{query}", Accept="text/html")
    assert page.status_code == 200
    found = re.findall(r'<summary class="audit-row">(.*?)</summary>', page.text, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]


def endings(caller: Caller, query: str = "") -> list[str]:
    """The same without their times."""
    return [re.sub(r"^\d+ \w+ \d+ \d\d:\d\d:\d\d ", "", row) for row in rows(caller, query)]


def test_an_owner_reads_who_did_what_newest_first_and_an_entry_whole(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    about = f"dashboard:{BOARD}"
    detail: Any = {"address": "GET /api/v1/dashboards/<uuid:board_id>", "status": 404, "metrics": ["revenue"]}
    note(
        whole_server,
        tenant,
        Entry(TOKEN, "rest", "see-boards", "refused", about, tenant.venue_id, None, "req-1", detail),
    )
    assert endings(owner)[:2] == [
        f"API token {str(TOKEN.id)[:8]} Dashboards Dashboard {str(BOARD)[:8]} The Hall Refused",
        "Olga Sign in User Olga Done",
    ]
    assert endings(owner)[0] == "Olga The audit log Done", "and reading it is in it"
    text = owner("GET", "/audit?action=see-boards", Accept="text/html").text
    for told in (f"dashboard:{BOARD}", "Refused, status 404", "&lt;uuid:board_id&gt;", ">req-1<", "revenue"):
        assert told in text, told
    assert 'data-copy="req-1"' in text
    assert "verified" not in text, "what nobody has looked at is not said"


def test_names_of_people_are_texts(whole_server: Flask, database: Database, tenant: Tenant) -> None:
    eve = person(whole_server, database, tenant, "owner", '<img src=x onerror="alert(1)">')
    text = eve("GET", "/audit?object=%22%3E%3Cscript%3E&zone=%3Cb%3E", Accept="text/html").text
    assert "<img" not in text
    assert '"><script>' not in text
    assert "<b>" not in text
    assert "There is no such time zone." in text


@pytest.mark.parametrize("role", ["manager", "analyst", "door", "promoter"])
def test_it_is_the_owners_alone(whole_server: Flask, database: Database, tenant: Tenant, role: Role) -> None:
    somebody = person(whole_server, database, tenant, role)
    for path in ("/audit", "/audit/file?format=csv"):
        answer = somebody("GET", path, Accept="text/html")
        assert (answer.status_code, "Not part of your role" in answer.text) == (403, True)
        assert somebody("GET", path).json["code"] == "not-permitted"  # type: ignore[index]
    for page in ("/gallery", "/account"):
        assert 'href="/audit"' not in somebody("GET", page).text


def test_owners_are_led_to_it_and_programs_are_not_let_in(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    for page in ("/gallery", "/account", "/admin"):
        assert 'href="/audit"' in owner("GET", page).text, page
    with database.tenant(tenant.tenant_id) as connection:
        _, token = add_token(connection, "auditor", ["audit"])
    program = Caller(whole_server.test_client(), {"Authorization": f"Bearer {token}"})
    assert program("GET", "/audit").status_code == 302, "it asks GET /api/v1/audit"
    assert whole_server.test_client().get("/audit").location == "/login?next=%2Faudit"


def test_every_filter_finds_its_entries_and_stands_in_the_address(
    whole_server: Flask, database: Database, tenant: Tenant, other_tenant: Tenant, owner: Caller
) -> None:
    event = add_event(People(database, tenant), name="Gala")
    link, job = Actor("link", uuid4()), Actor("job")
    entry = Entry(
        TOKEN, "rest", "write-notes", "failed", "note:7", detail={"address": "POST /api/v1/annotations"}
    )
    note(
        whole_server,
        tenant,
        entry,
        Entry(link, "link", "see-link", "done", f"dashboard:{BOARD}", tenant.venue_id, event),
        Entry(job, "job", "forget-old-entries"),
        Entry(job, "job", "look", object=f"event:{event}"),
    )
    note(whole_server, other_tenant, entry)
    theirs, note_7 = f"API token {str(TOKEN.id)[:8]}", "Writing notes Note 7 Failed"
    seen = f"Promoter's link {str(link.id)[:8]} See link Dashboard {str(BOARD)[:8]} Gala Done"
    for query, expected in (
        (f"who={TOKEN.id}", [f"{theirs} {note_7}"]),
        ("kind=job&action=forget-old-entries", ["Job Forget old entries Done"]),
        ("object=event", ["Job Look Event Gala Done"]),
        ("action=see-link", [seen]),
        (f"object=dashboard:{BOARD}", [seen]),
        ("object=note", [f"{theirs} {note_7}"]),
        (f"venue={tenant.venue_id}", [seen]),
        (f"event={event}", [seen]),
        ("door=link", [seen]),
        ("address=annotations", [f"{theirs} {note_7}"]),
        ("address=POST+/api/v1/annotations&outcome=failed", [f"{theirs} {note_7}"]),
        ("outcome=failed&kind=link", []),
        ("address=no_such", []),
        ("object=no%20such", []),
    ):
        assert endings(owner, query) == expected, query
        text = owner("GET", f"/audit?{query}", Accept="text/html").text
        for name, value in (part.split("=") for part in query.split("&")):
            shown = value.replace("+", " ").replace("%20", " ")
            assert f'value="{shown}"' in text, (name, value)
        assert ("fits these filters" in text) == (not expected)
    text = owner("GET", "/audit?kind=job&outcome=done", Accept="text/html").text
    [without] = re.findall(r'<a href="(/audit\?[^"]*)" aria-label="Remove the filter Ended Done"', text)
    assert "kind=job" in without
    assert "outcome" not in without


def test_times_are_in_the_zone_that_the_page_names(
    whole_server: Flask, database: Database, postgres_url: str, tenant: Tenant, owner: Caller
) -> None:
    note(whole_server, tenant, Entry(Actor("job"), "job", "in-the-night"))
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "UPDATE audit_log SET recorded_at = '2026-10-25T00:40:00Z'"  # 01:40 for the first time.
            " WHERE tenant_id = %s AND action = 'in-the-night'",
            [tenant.tenant_id],
        )
    assert "times in Europe/London" in owner("GET", "/audit").text
    [row] = rows(owner, "action=in-the-night")
    assert row.startswith("25 Oct 2026 01:40:00 ")
    [row] = rows(owner, "action=in-the-night&zone=America/New_York")
    assert row.startswith("24 Oct 2026 20:40:00 ")
    for since, until, found in (
        ("2026-10-25T01:30", "2026-10-25T01:45", 1),
        ("2026-10-25T01:45", "2026-10-25T01:50", 0),
        ("2026-10-25T00:00", "2026-10-25T01:10", 1),  # Until the second time it is 01:10.
        ("2026-10-25T01:40", "2026-10-25T01:40", 1),
        ("2026-10-25T00:40:00+00:00", "2026-10-25T00:41:00+00:00", 1),
        ("2026-10-25T00:40:01+00:00", "2026-10-25T00:41:00+00:00", 0),
    ):
        query = urlencode({"since": since, "until": until, "zone": "Europe/London", "kind": "job"})
        assert len(rows(owner, query)) == found, (since, until)
    text = owner("GET", "/audit?since=2026-10-25T01:30&zone=Europe/London").text
    assert 'value="2026-10-25T01:30"' in text
    assert "since=2026-10-25T01:30:00%2B01:00" in text, "links carry the moment"


def test_older_entries_follow_each_once_whatever_is_recorded_meanwhile(
    whole_server: Flask, tenant: Tenant, owner: Caller
) -> None:
    many = ON_A_PAGE * 2 + 7
    note(whole_server, tenant, *(Entry(Actor("job"), "job", "count", object=f"n:{n}") for n in range(many)))
    found, path = list[str](), "/audit?kind=job"
    while path:
        text = owner("GET", path, Accept="text/html").text
        found += re.findall(r'<span class="audit-what muted"><bdi>N (\d+)</bdi>', text)
        note(whole_server, tenant, Entry(Actor("job"), "job", "count", object="n:new"))
        older = re.findall(r'href="([^"]+)">Older<', text)
        path = html.unescape(older[0]) if older else ""
    assert found == [str(n) for n in reversed(range(many))]
    assert 'aria-label="More entries"' in text
    assert re.search(r'href="/audit\?kind=job&amp;zone=Europe/London">Newest<', text)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("since=yesterday", "From is not understood."),
        ("since=2026-01-01", "From is not understood."),
        ("who=Ada", "Who is not understood."),
        ("door=window", "Door is not understood."),
        ("object=%25", "What is not understood."),
        ("address=" + "x" * 201, "Address is not understood."),
        ("cursor=abc", "cursor is not understood."),
        ("whom=me", "There is no such parameter."),
        ("zone=../../etc/passwd", "There is no such time zone."),
        ("zone=Europe", "There is no such time zone."),
        ("zone=Mars/Base", "There is no such time zone."),
        ("since=9999-12-31T23:59", "From is not understood."),
        ("until=0001-01-01T00:00&zone=Asia/Tokyo", "Until is not understood."),
    ],
)
def test_what_is_no_filter_is_said_and_nothing_is_shown(owner: Caller, query: str, why: str) -> None:
    for path in (f"/audit?{query}", f"/audit/file?format=csv&{query}"):
        answer = owner("GET", path, Accept="text/html")
        assert (answer.status_code, why in answer.text) == (422, True)
        assert "audit-row" not in answer.text


def test_looking_is_recorded_with_the_names_of_the_filters_alone(
    whole_server: Flask, database: Database, tenant: Tenant, owner: Caller
) -> None:
    log = Log(database, tenant.tenant_id)
    owner("GET", "/audit?kind=job&object=planted-word")
    owner("GET", "/audit?kind=planted-word")
    new = log.new()
    assert [(each["door"], each["action"], each["outcome"]) for each in new] == [
        ("page", "see-audit", "done"),
        ("page", "see-audit", "refused"),
    ]
    assert new[0]["detail"]["filters"] == ["kind", "object"]
    assert "planted-word" not in str(new)
    assert (datetime.now(UTC) - datetime.fromisoformat(_last(owner))).total_seconds() < 60


def _last(caller: Caller) -> str:
    found = re.search(r'<time datetime="([^"]+)"', caller("GET", "/audit").text)
    assert found
    return found[1]
