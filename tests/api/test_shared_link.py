"""A promoter's link: what it opens to a stranger, and everything that stays closed beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from data.access import Access
from data.board_document import BoardDocument, Placed
from data.dashboard_links import give_link, links, revoke_link
from data.dashboards import create
from data.engine import Database
from tests.conftest import Tenant

EVENT, OTHER = UUID(int=7), UUID(int=8)
WIDGETS = (
    Placed(id="money", widget="kpi", settings={"metric": "net_revenue", "span": "all"}),
    Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold", "span": "all"}, x=4),
)


class Shared:
    """A board with a gala of one sale and another night of many, and a link to the gala."""

    def __init__(self, database: Database, tenant: Tenant, widgets: tuple[Placed, ...] = WIDGETS) -> None:
        self.database, self.tenant = database, tenant
        self.access = Access(tenant.tenant_id, "owner", uuid4())
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


def test_the_page_leads_nowhere_and_has_nothing_of_the_app(whole_server: Flask, shared: Shared) -> None:
    text = whole_server.test_client().get(f"/shared/{shared.link(masked=False)}").text
    body = text.partition("<body")[2]
    assert "<a " not in body
    assert "<form" not in body
    assert "data-export" not in body
    assert "data-drill" not in body
    assert "data-board" not in body
    assert "/_dash" not in text


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
