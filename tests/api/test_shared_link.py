"""A promoter's link: what it opens to a stranger, and everything that stays closed beside it."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from callbacks.board_drawing import Asked, draw_all
from components.markup import markup
from data import facts
from data.board_document import BoardDocument, Placed
from data.dashboard_links import give_link, links, revoke_link
from data.dashboards import create
from data.engine import Database
from data.link_rate import FILES_A_WINDOW
from data.messages import SaleLine
from data.notes import add_note
from tests.api.caller import person
from tests.conftest import Tenant
from tests.data.boards import People
from tests.data.test_facts import message
from widgets.scope import Scope

EVENT, OTHER = UUID(int=7), UUID(int=8)
WIDGETS = (
    Placed(id="money", widget="kpi", settings={"metric": "net_revenue", "span": "all"}),
    Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold", "span": "all"}, x=4),
)


class Shared:
    """A board with a gala of one sale and another night of many, and a link to the gala."""

    def __init__(self, database: Database, tenant: Tenant, widgets: tuple[Placed, ...] = WIDGETS) -> None:
        self.database, self.tenant = database, tenant
        self.access = People(database, tenant).hire("owner")
        with database.tenant(tenant.tenant_id) as connection:
            for event, name in [(EVENT, "Gala"), (OTHER, "Secret Night")]:
                connection.execute(
                    "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
                    " VALUES (%s, %s, %s, %s, now())",
                    [tenant.tenant_id, tenant.venue_id, event, name],
                )
            self.board = create(connection, self.access, "For the promoter", BoardDocument(widgets=widgets))

    def link(self, *, masked: bool = True, filters: dict[str, str] | None = None) -> str:
        """The token of a new link."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            _, token = give_link(
                connection,
                self.access,
                self.board.dashboard_id,
                "Promoter",
                filters=filters or {"event": str(EVENT)},
                masked=masked,
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
        return token

    def revoke(self) -> None:
        """Take every link back."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            for link in links(connection, self.access, self.board.dashboard_id):
                revoke_link(connection, self.access, self.board.dashboard_id, link.link_id)

    def views(self) -> int:
        """How often the newest link was opened."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            return links(connection, self.access, self.board.dashboard_id)[0].views


@pytest.fixture
def shared(database: Database, tenant: Tenant) -> Shared:
    return Shared(database, tenant)


def test_a_stranger_with_the_link_sees_the_board_and_is_told_to_keep_it_to_himself(
    whole_server: Flask, shared: Shared
) -> None:
    answer = whole_server.test_client().get(f"/shared/{shared.link()}")
    assert answer.status_code == 200
    assert "For the promoter" in answer.text
    assert "Gala" in answer.text
    assert "Secret Night" not in answer.text
    assert "Amounts are hidden" in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_simulated_figures_are_said_to_be(
    whole_server: Flask, database: Database, tenant: Tenant, postgres_url: str
) -> None:
    shared, manager = Shared(database, tenant), person(whole_server, database, tenant, "manager")
    mark, pages = "Simulated data of the demo venue", []
    for _ in range(2):
        board = manager.json("POST", "/api/v1/dashboards", {"name": "Doors", "document": {"widgets": []}})
        pages.append(
            [
                mark in whole_server.test_client().get(f"/shared/{shared.link()}").text,
                mark in manager("GET", f"/tv?boards={board['id']}").text,
            ]
        )
        with psycopg.connect(postgres_url) as owner:
            owner.execute("UPDATE tenants SET demo = true WHERE tenant_id = %s", [tenant.tenant_id])
    assert pages == [[False, False], [True, True]]


def test_locked_filters_narrow_everything_or_it_is_not_shown(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    night = (
        Placed(id="live", widget="live-figure", settings={"number": "sold"}),
        Placed(id="events", widget="event-table", y=4),
        Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold", "span": "all"}, y=8),
    )
    shared = Shared(database, tenant, night)
    client = whole_server.test_client()
    for filters, states in (
        ({"event": str(EVENT)}, ["drawn", "drawn", "drawn"]),
        ({"event": str(EVENT), "f.channel": "web"}, ["denied", "denied", "drawn"]),
    ):
        text = client.get(f"/shared/{shared.link(filters=filters)}").text
        assert re.findall('data-state="([^"]*)"', text) == states


def sell(database: Database, tenant: Tenant, sold: dict[UUID, int]) -> None:
    """So many tickets of each event at ten pounds, by one customer, a moment ago."""
    now = datetime.now(UTC) - timedelta(seconds=5)
    facts.write(
        database,
        tenant.tenant_id,
        [
            message(
                tenant,
                event,
                f"{event} {number}",
                SaleLine("sale", now, 1, 1000, "GBP", ticket_id=f"{event} {number}", customer=UUID(int=1)),
            )
            for event, count in sold.items()
            for number in range(count)
        ],
    )


def file(server: Flask, token: str, **asked: str) -> TestResponse:
    """What the link gives as a file."""
    return server.test_client().get(f"/shared/{token}/file", query_string=asked)


def test_what_a_link_shows_can_be_taken_away_as_it_is_shown(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    whom = Placed(id="whom", widget="top-customers", settings={"metric": "tickets_sold", "span": "all"}, y=4)
    shared = Shared(database, tenant, (*WIDGETS, whom))
    sell(database, tenant, {EVENT: 1, OTHER: 5})
    token = shared.link()
    answer = file(whole_server, token, format="csv")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    name = answer.headers["Content-Disposition"]
    assert name.startswith('attachment; filename="housecount-for-the-promoter-')
    assert ".zip" in name
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        texts = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    # Of the gala alone, whatever the widget and the address say.
    sold = texts["tickets-sold.csv"]
    assert sold.splitlines()[-1].split(",")[-1] == "1"
    everything = "\n".join(texts.values())
    assert "hidden" in everything
    assert "10.00" not in everything
    assert "Secret Night" not in everything
    # Whoever bought has a name of the day.
    assert str(UUID(int=1)) not in everything
    sheet = file(whole_server, token, format="xlsx", placed="sold")
    assert load_workbook(io.BytesIO(sheet.data)).sheetnames[0]
    assert file(whole_server, token, format="pdf").data.startswith(b"%PDF")
    shared.revoke()
    closed = file(whole_server, token, format="csv")
    assert (closed.status_code, closed.json and closed.json["code"]) == (404, "link-closed")


def test_locked_filters_hold_for_the_file_too(
    whole_server: Flask, database: Database, tenant: Tenant
) -> None:
    night = Placed(id="live", widget="live-figure", settings={"number": "sold"})
    shared = Shared(database, tenant, (night,))
    for filters, refused in (
        ({"event": str(EVENT)}, False),
        ({"event": str(EVENT), "f.channel": "web"}, True),
    ):
        text = file(whole_server, shared.link(filters=filters), format="csv").text
        assert ("whole events are not part of this link" in text) is refused


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"format": "exe"}, 422, "invalid-format"),
        ({}, 422, "invalid-format"),
        ({"format": "csv", "placed": "elsewhere"}, 404, "widget-not-found"),
    ],
)
def test_what_a_link_does_not_give_is_refused_by_name(
    whole_server: Flask, shared: Shared, asked: dict[str, str], status: int, code: str
) -> None:
    answer = file(whole_server, shared.link(), **asked)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == code


def test_a_link_that_is_hammered_is_refused_for_a_while_and_no_other(
    whole_server: Flask, shared: Shared
) -> None:
    token, other = shared.link(), shared.link()
    answers = [file(whole_server, token, format="none") for _ in range(2 * FILES_A_WINDOW + 1)]
    last = answers[-1]
    assert (last.status_code, last.mimetype) == (429, "application/problem+json")
    assert last.json is not None
    assert last.json["code"] == "too-many-requests"
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert file(whole_server, other, format="none").status_code == 422
    # The page of the link counts for itself.
    assert whole_server.test_client().get(f"/shared/{token}").status_code == 200


def test_the_page_leads_nowhere_and_has_nothing_of_the_app(whole_server: Flask, shared: Shared) -> None:
    text = whole_server.test_client().get(f"/shared/{shared.link(masked=False)}").text
    body = text.partition("<body")[2]
    assert "<a " not in body
    assert "<form" not in body
    assert "data-drill" not in body
    assert "data-board" not in body
    assert "/_dash" not in text


def test_notes_of_the_staff_stay_with_them(whole_server: Flask, database: Database, tenant: Tenant) -> None:
    curve = Placed(id="curve", widget="sales-over-time", settings={"metric": "tickets_sold"})
    shared = Shared(database, tenant, (curve,))
    sell(database, tenant, {EVENT: 2})
    now = datetime.now(UTC)
    with database.tenant(tenant.tenant_id) as connection:
        add_note(connection, shared.access, text="Refund the agency", at=now, event=EVENT)
    with database.tenant(tenant.tenant_id, snapshot=True) as connection:
        contents, _ = draw_all(connection, shared.access, [Asked(curve)], Scope(now=now), editable=False)
    assert contents[0] is not None
    assert "Refund the agency" in markup(contents[0], charts=True)
    text = whole_server.test_client().get(f"/shared/{shared.link()}").text
    assert "data-figure" in text
    assert "Refund the agency" not in text


def test_seeing_newer_figures_is_not_another_view(whole_server: Flask, shared: Shared) -> None:
    client, token = whole_server.test_client(), shared.link()
    client.get(f"/shared/{token}")
    client.get(f"/shared/{token}", headers={"X-Refresh": "1"})
    client.head(f"/shared/{token}")
    assert shared.views() == 1


def test_a_link_that_opens_nothing_says_so_calmly_and_always_the_same(
    whole_server: Flask, shared: Shared
) -> None:
    client, token = whole_server.test_client(), shared.link()
    shared.revoke()
    answers = [client.get(f"/shared/{given}") for given in (token, token[:-1] + "!", "x", token[:40])]
    statuses = {answer.status_code for answer in answers if answer.status_code != 302}
    assert statuses == {404}
    assert len({answer.text for answer in answers if answer.status_code == 404}) == 1
    assert "This link shows nothing any more" in answers[0].text


@pytest.mark.parametrize("path", ["/shared", "/shared/", "/shared/x/y", "/shared/../sales", "/shared/x%2Fy"])
def test_nothing_but_the_page_itself_is_open(whole_server: Flask, path: str) -> None:
    answer = whole_server.test_client().get(path)
    assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login")


def test_a_link_opens_nothing_else(whole_server: Flask, shared: Shared) -> None:
    client, token = whole_server.test_client(), shared.link()
    client.get(f"/shared/{token}")
    assert client.get(f"/dashboards/{shared.board.dashboard_id}").status_code == 302
    assert client.get("/tv").status_code == 302
    assert client.get("/_dash-layout").status_code == 401
    assert client.get(f"/api/v1/dashboards/{shared.board.dashboard_id}").status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/dashboards", headers=bearer).status_code == 401
    assert client.post(f"/shared/{token}").status_code in (401, 405)
