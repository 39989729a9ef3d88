"""axe-core looks at every page, at a desk and on a phone, in every theme, for what shuts people out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import dash
import httpx
import pytest
from playwright.sync_api import Browser, Page

from app import CLOSE, create_app
from config import Settings
from data import (
    event_matches,
    letter_jobs,
    letters,
    unregistered,
    webhook_deliveries,
    webhook_outbox,
    webhooks,
)
from data.board_document import BoardDocument, Placed
from data.board_templates import TEMPLATES
from data.dashboard_links import give_link
from data.dashboard_trash import trash
from data.dashboards import create
from data.dead_letters import DeadLetter, keep
from data.engine import DatabaseUnavailable
from data.letters import Wanted
from data.second_factor import begin
from data.users import Role, find_user
from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import access, another, colleague, enter, made
from tests.browser.conftest import PASSWORD, Night, Site, Watch

TICKETS = Placed(id="a", widget="kpi", w=3, h=2)


def on_sale(night: Night) -> UUID:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        return create(tenant, access(night), "On sale", TEMPLATES["on-sale"].document).dashboard_id


def thrown_away(night: Night) -> str:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        old = create(tenant, access(night), "Old", BoardDocument(widgets=(TICKETS,)))
        trash(tenant, access(night), old.dashboard_id)
    return "/dashboards?show=trash"


def link(night: Night, *, ended: bool = False) -> str:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        _, token = give_link(
            tenant,
            access(night),
            on_sale(night),
            "Agency",
            filters={"event": str(night.event_id)},
            masked=True,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
        if ended:
            tenant.execute(
                "UPDATE dashboard_links SET expires_at = now() - interval '1 minute' WHERE tenant_id = %s",
                [tenant.tenant_id],
            )
    return f"/shared/{token}"


def somebody(night: Night) -> str:
    dan = colleague(night, "Dan", "door")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        return f"/admin/people/{find_user(tenant, dan)}"


def uploaded(night: Night) -> str:
    answer = httpx.post(
        f"{night.site.url}/api/v1/imports?kind=sales&source=till&name=april.csv",
        content="Show,Sold at,Amount\nGala,03/04/2025 10:00,1.234\n",
        headers={"Authorization": f"Bearer {night.token}"},
    )
    return f"/imports/{answer.json()['id']}"


def with_a_secret(night: Night) -> str:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        user = find_user(tenant, night.email)
        assert user is not None
        begin(tenant, user, datetime.now(UTC))
    return "/account/second-factor"


def refused(night: Night, *, one: bool = False) -> str:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        payload = '{"type": "ticket-purchase", "note": "<b>"}'
        letter = DeadLetter(datetime.now(UTC), "rest", "missing-field", "eventId", "Required.", payload)
        keep(tenant, [letter])
        [found] = letters.search(tenant, Wanted(), limit=1)
    return f"/sources/dead-letters/{found.letter_id}" if one else "/sources/dead-letters"


def handled(night: Night) -> str:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        job = letter_jobs.create(tenant, "replay", Wanted(), None, datetime.now(UTC))
        letter_jobs.note(tenant, job, {}, None)  # Else the page looks again every two seconds.
    return f"/sources/dead-letters/jobs/{job.job_id}"


def hooked(night: Night) -> tuple[str, str, str]:
    """The addresses of all webhooks, of one that fails, and of what failed."""
    now = datetime.now(UTC)
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        made, _ = webhooks.add(tenant, "https://hooks.example/", "Box office", ["event.sold_out"], ())
        webhook_outbox.put_test(tenant, made.webhook_id, now)
        delivery = webhook_deliveries.claim(tenant, made.webhook_id, now)
        assert delivery is not None
        answered = webhook_deliveries.Attempt(now, 0.2, 400, "The answer was 400.", "No.")
        webhook_deliveries.note(tenant, delivery, answered, now)
    one = f"/webhooks/{made.webhook_id}"
    return "/webhooks", one, f"{one}/deliveries/{delivery.message_id}"


def stray(night: Night, *, one: bool = False) -> str:
    night.post(type="ticket-purchase", ticketId="s1", amount=25, eventId="northern-lights")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        [found] = unregistered.listed(tenant, limit=1)
    return f"/sources/unregistered/{found.event_id}" if one else "/sources/unregistered"


def matched(night: Night) -> str:
    night.post(type="ticket-purchase", ticketId="s2", amount=25, eventId="lights")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        [found] = unregistered.listed(tenant, limit=1)
        event_matches.match(tenant, found.event_id, night.event_id, None)
        tenant.execute(
            "UPDATE event_aliases SET status = 'matched' WHERE tenant_id = %s", [night.tenant.tenant_id]
        )
    return "/sources/unregistered?done=matched"


CHART = "#react-entry-point .main-svg"
STATE = "#react-entry-point .state h1"
# What the product calls a page → the states of it: an address, and what is there when it is.
PAGES: dict[str, list[tuple[str | Callable[[Night], str], str]]] = {
    "/": [
        ("/", "#react-entry-point .board .main-svg"),
        (f"/?event={uuid4()}", STATE),
    ],
    "/sales": [("/sales", CHART), ("/sales?range=yesterday&f.channel=web", ".filter-chip")],
    "/attendance": [("/attendance", CHART)],
    "/dashboards": [
        ("/dashboards", "#react-entry-point [data-template]"),
        (lambda night: f"/dashboards?of={made(night, TICKETS)}", "#react-entry-point .board-card"),
        (thrown_away, "#react-entry-point .board-card"),
    ],
    "/dashboards/<board_id>": [
        (lambda night: f"/dashboards/{on_sale(night)}", CHART),
        (lambda night: f"/dashboards/{made(night)}?edit=1", "#react-entry-point .board-empty button"),
        (f"/dashboards/{uuid4()}", STATE),
    ],
    "/gallery": [("/gallery", '#react-entry-point [data-widget="arrivals"] .main-svg')],
    "/not-found-404": [("/nowhere", STATE)],
    "/tv": [
        (lambda night: f"/tv?boards={on_sale(night)}", ".tv .main-svg"),
        (lambda night: f"/tv?of={made(night, TICKETS)}", ".tv-choices"),
        (f"/tv?boards={uuid4()}", ".state h1"),
    ],
    "/shared/<token>": [
        (link, ".shared .main-svg"),
        (lambda night: link(night, ended=True), ".state h1"),
        ("/shared/unknown", ".state h1"),
    ],
    "/account": [("/account", ".account-sessions li"), ("/account?done=ended", ".notice.pos")],
    "/account/second-factor": [("/account/second-factor", "#password"), (with_a_secret, ".qr svg")],
    "/admin": [("/admin", "#people-title"), ("/admin?done=revoked", ".notice.pos")],  # Tokens: test_admin.py.
    "/admin/people/<uuid:user_id>": [(somebody, "#reach-events"), (f"/admin/people/{uuid4()}", "h1")],
    "/audit": [
        ("/audit", ".audit-list"),
        ("/audit?kind=job&since=2026-01-01T12:00&zone=UTC", ".nothing"),
        ("/audit?who=somebody", ".notice.neg"),
    ],
    "/sources": [("/sources", ".door-list")],
    "/sources/dead-letters": [
        (refused, ".letter-list"),
        ("/sources/dead-letters?since=x", ".notice.neg"),
        ("/sources/dead-letters?state=replayed", ".nothing"),
    ],
    "/sources/dead-letters/<uuid:letter_id>": [
        (lambda night: refused(night, one=True), ".letter-edit"),
        (f"/sources/dead-letters/{uuid4()}", "h1"),
    ],
    "/sources/dead-letters/jobs/<uuid:job_id>": [(handled, "progress")],
    "/imports": [("/imports", ".import-empty"), (uploaded, ".import-column")],
    "/imports/<uuid:import_id>": [],  # Looked at above.
    "/imports/<uuid:import_id>/state": [],  # A part of it, which it keeps fresh.
    "/imports/<uuid:import_id>/errors": [],  # A file.
    "/sources/unregistered": [(stray, ".event-link"), (matched, ".match-row")],
    "/sources/unregistered/<uuid:unregistered_id>": [
        (lambda night: stray(night, one=True), ".match-choices"),
        (lambda night: stray(night, one=True) + f"?event={night.event_id}", ".match-sure"),
    ],
    "/sources/doors": [],  # A part of /sources, which it keeps fresh.
    "/webhooks": [
        (lambda night: hooked(night)[0], ".account-sessions .mark"),
        ("/webhooks?done=removed", ".notice.pos"),
    ],
    "/webhooks/<uuid:webhook_id>": [
        (lambda night: hooked(night)[1], ".letter-list"),
        (lambda night: f"{hooked(night)[1]}?show=delivered", ".nothing"),
        (f"/webhooks/{uuid4()}", "h1"),
    ],
    "/webhooks/<uuid:webhook_id>/deliveries/<uuid:message_id>": [
        (lambda night: hooked(night)[2], ".webhook-attempt pre")
    ],
    "/admin/invitations": [("/admin/invitations", "h1")],
    "/login": [],  # Below: whoever is signed in never sees it.
    # Nor these: test_invitations.py looks at them, and tests/oidc/test_button.py.
    "/forgot": [],
    "/welcome/<token>": [],
    "/reset/<token>": [],
    "/login/oidc": [],
    "/login/oidc/back": [],
    "/login/oidc/leave": [],
}
FOR_OWNERS = {"/audit", *(name for name in PAGES if name.startswith("/webhooks"))}
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])


@SCREENS
@pytest.mark.parametrize("name", [name for name, states in PAGES.items() if states])
def test_nobody_is_shut_out_of_the_pages(
    browser: Browser, night: Night, watch: Watch, name: str, screen: dict[str, object]
) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    found = {}
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        enter(page, night, colleague(night, "Olga", "owner") if name in FOR_OWNERS else None)
        for address, there in PAGES[name]:
            path = address if isinstance(address, str) else address(night)
            page.goto(f"{night.site.url}{path}")
            page.wait_for_selector(there, state="attached")
            found[path] = faults(page)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@SCREENS
def test_nobody_is_shut_out_of_the_sign_in(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        page.goto(f"{night.site.url}/login?ended=1")
        assert faults(page) == []
        page.get_by_label("E-mail").fill(night.email)
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("#sign-in-error")
        assert faults(page) == []
        # And it does see: a button without a name shuts out whoever does not see it.
        page.evaluate("document.body.append(document.createElement('button'))")
        assert [fault.split(":")[0] for fault in faults(page)] == [
            "light critical button-name",
            "dark critical button-name",
        ]


def test_text_too_faint_for_people_who_want_more_contrast_is_seen(page: Page, night: Night) -> None:
    page.goto(f"{night.site.url}/login")
    # As a sheet of the page's own: its policy allows no style within the document.
    page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync('@media (prefers-contrast: more) { h1 { color: #888 !important; } }');
            document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        }"""
    )
    assert {fault.split(":")[0] for fault in faults(page)} == {
        "light more contrast serious color-contrast",
    }


@pytest.mark.parametrize("role", ["door", "promoter"])
def test_nobody_is_shut_out_of_what_their_role_may_not_see(page: Page, night: Night, role: Role) -> None:
    enter(page, night, colleague(night, "Dan", role))
    for path in ("/", "/sales", "/attendance", "/dashboards", f"/dashboards/{uuid4()}", "/tv"):
        page.goto(f"{night.site.url}{path}")
        page.wait_for_selector("#react-entry-point h1", state="attached")
        assert faults(page) == [], path


def served(site: Site, folder: Path) -> dash.Dash:
    """The same application in this process, to be asked what it has."""
    return create_app(
        Settings(
            _env_file=None,
            database_url=site.environment["DATABASE_URL"],
            redis_url=site.environment["REDIS_URL"],
            redis_prefix=site.environment["REDIS_PREFIX"],
            data_dir=folder,
        )
    )


def test_nobody_is_shut_out_while_the_database_is_away(
    page: Page, night: Night, site: Site, tmp_path: Path
) -> None:
    app = served(site, tmp_path)
    with app.server.test_request_context("/"):
        away = app.server.make_response(app.server.handle_user_exception(DatabaseUnavailable()))
    app.server.extensions[CLOSE]()
    text = away.get_data(as_text=True)
    assert (away.status_code, away.mimetype) == (503, "text/html")
    page.route("**/away", lambda route: route.fulfill(status=503, content_type="text/html", body=text))
    page.goto(f"{site.url}/away")
    page.wait_for_selector("h1")
    assert faults(page) == []


def test_no_page_is_left_out(night: Night, site: Site, tmp_path: Path) -> None:
    with httpx.Client(base_url=site.url, timeout=30) as browser:
        csrf = re.findall(r'name="csrf" value="([^"]+)"', browser.get("/login").text)[0]
        owner = colleague(night, "Olga", "owner")
        form = {"csrf": csrf, "email": owner, "password": PASSWORD, "next": "/"}
        assert browser.post("/login", data=form).status_code == 303
        app = served(site, tmp_path)
        rules = [rule for rule in app.server.url_map.iter_rules() if "GET" in (rule.methods or ())]
        answers = {rule.rule: browser.get(re.sub("<[^>]+>", "x", rule.rule)) for rule in rules}
        app.server.extensions[CLOSE]()
    # Files that are not there say so in HTML, and are no pages; what Dash shows is in its own list.
    files = re.compile("/(api/|assets/|_|favicon)")
    pages = {
        rule
        for rule, answer in answers.items()
        if answer.headers["Content-Type"].startswith("text/html") and not files.match(rule)
    }
    assert "/<path:path>" in pages
    known = {page["path_template"] or page["path"] for page in dash.page_registry.values()}
    assert (pages - {"/<path:path>"}) | known == set(PAGES)
