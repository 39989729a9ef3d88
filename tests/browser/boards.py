"""Boards for browser tests: people who have them, and what a hand does with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from data.access import Access
from data.board_document import BoardDocument, Placed
from data.board_filters import Filters
from data.dashboards import create, get
from data.users import Role, add_user
from tests.browser.conftest import PASSWORD, PATIENCE, Night, Watch

KPI = Placed(id="kpi", widget="kpi", x=0, y=0, w=3, h=2, phone=0)
CURVE = Placed(id="curve", widget="sales-over-time", x=3, y=0, w=6, h=4, phone=1)
CHANNELS = Placed(id="channels", widget="channel-mix", x=9, y=0, w=3, h=4, phone=2)
HOUSE = Placed(id="house", widget="house-count", x=0, y=2, w=3, h=4, phone=3)

SAVED = '[data-save-state="saved"]'


def access(night: Night, email: str | None = None) -> Access:
    """Ada's, or that of another person of her organisation."""
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        row = tenant.execute(
            "SELECT user_id, role FROM users WHERE tenant_id = %s AND email = %s",
            [tenant.tenant_id, email or night.email],
        ).fetchone()
    assert row is not None
    return Access(night.tenant.tenant_id, row[1], row[0])


def colleague(night: Night, name: str, role: Role = "manager") -> str:
    """The e-mail of somebody else in Ada's organisation."""
    email = f"{uuid4().hex}@example.org"
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        add_user(tenant, email, name, role, PASSWORD)
    return email


def made(night: Night, *widgets: Placed, name: str = "On sale", filters: Filters | None = None) -> UUID:
    """A board of Ada's with these widgets, which begins with these filters."""
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        document = BoardDocument(widgets=widgets, filters=filters or {})
        return create(tenant, access(night), name, document).dashboard_id


def kept(night: Night, board_id: UUID) -> dict[str, tuple[int, int, int, int]]:
    """Widget → x, y, w, h as PostgreSQL has them now."""
    return {
        placed.id: (placed.x, placed.y, placed.w, placed.h) for placed in document(night, board_id).widgets
    }


def document(night: Night, board_id: UUID) -> BoardDocument:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        return get(tenant, access(night), board_id).document


def enter(page: Page, night: Night, email: str | None = None) -> None:
    """Through the sign-in, without waiting for any page behind it."""
    page.goto(f"{night.site.url}/login")
    page.get_by_label("E-mail").fill(email or night.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url, wait_until="commit")


def visit(page: Page, night: Night, board_id: UUID, query: str = "") -> None:
    """To a board, until its script has taken it over."""
    page.goto(f"{night.site.url}/dashboards/{board_id}{query}")
    ready(page)


def opened(page: Page, night: Night, *widgets: Placed) -> UUID:
    """Ada at a new board of hers with these widgets."""
    board = made(night, *widgets)
    enter(page, night)
    visit(page, night, board)
    return board


def edited(page: Page, night: Night, *widgets: Placed) -> UUID:
    """The same in the edit mode."""
    board = opened(page, night, *widgets)
    edit(page)
    return board


def ready(page: Page) -> None:
    page.wait_for_selector("#react-entry-point [data-dashboard][data-bound]", state="attached")


@contextmanager
def another(browser: Browser, watch: Watch, **options: Any) -> Iterator[BrowserContext]:
    """Another browser on another desk."""
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    yield context
    context.close()


def edit(page: Page) -> None:
    """Into the edit mode, until widgets can be dragged."""
    page.get_by_role("button", name="Edit", exact=True).click()
    page.wait_for_selector(".board-grid.grid-stack")


def saved(page: Page) -> None:
    expect(page.locator(SAVED)).to_be_visible()


def slot(page: Page, widget_id: str) -> Locator:
    return page.locator(f'#react-entry-point .slot[data-of="{widget_id}"]')


def handle(page: Page, widget_id: str) -> Locator:
    return slot(page, widget_id).locator(".gs-handle")


def drag(page: Page, start: Locator, dx: float, dy: float) -> None:
    """Press, move in steps and let go, as a hand does."""
    start.scroll_into_view_if_needed()
    start.hover()
    box = start.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x + dx * step / 20, y + dy * step / 20)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def places(page: Page) -> dict[str, tuple[int, int, int, int]]:
    """Widget → x, y, w, h as the page has them now."""
    found: dict[str, list[int]] = json.loads(
        page.evaluate(
            "JSON.stringify(Object.fromEntries(Housecount.openBoard.widgets.map("
            "({ id, x, y, w, h }) => [id, [x, y, w, h]])))"
        )
    )
    return {widget: (x, y, w, h) for widget, (x, y, w, h) in found.items()}
