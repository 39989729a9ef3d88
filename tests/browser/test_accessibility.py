"""axe-core looks at every page, in both themes, for what shuts people out."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from data.board_document import BoardDocument, Placed
from data.board_templates import TEMPLATES
from data.dashboard_links import give_link
from data.dashboard_trash import trash
from data.dashboards import create
from tests.browser.boards import access, enter, made, slot, visit
from tests.browser.conftest import Night

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (tags) => {
  const found = [];
  for (const theme of ['light', 'dark']) {
    document.documentElement.dataset.bsTheme = theme;
    const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
    for (const { id, impact, nodes } of violations) {
      if (impact === 'serious' || impact === 'critical') {
        found.push(...nodes.map((node) => `${theme} ${impact} ${id}: ${node.html.slice(0, 160)}`));
      }
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, which npm brings; only a developer's machine may be without it."""
    if not AXE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("axe-core is missing: npm ci --prefix tests/browser")
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    return AXE.read_text()


def faults(page: Page, axe: str) -> list[str]:
    """What is serious or critical on the page as it is, in either theme."""
    # A colour on its way from one theme to the other is neither.
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(axe)
    found: list[str] = page.evaluate(LOOK, RULES)
    return found


def test_nobody_is_shut_out_of_the_sign_in(context: BrowserContext, night: Night, axe: str) -> None:
    page = context.new_page()
    page.goto(f"{night.site.url}/login")
    assert faults(page, axe) == []
    # And it does see: a button without a name shuts out whoever does not see it.
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [fault.split(":")[0] for fault in faults(page, axe)] == [
        "light critical button-name",
        "dark critical button-name",
    ]


@pytest.mark.parametrize(
    ("path", "until"),
    [
        ("/", ".board .main-svg"),
        ("/sales", ".main-svg"),
        ("/attendance", ".main-svg"),
        ("/dashboards", ".board-card"),
        ("/gallery", '[data-widget="arrivals"] .main-svg'),
        ("/nowhere", "h1"),
    ],
)
def test_nobody_is_shut_out_of_the_pages(page: Page, night: Night, axe: str, path: str, until: str) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    enter(page, night)
    page.goto(f"{night.site.url}{path}")
    page.wait_for_selector(f"#react-entry-point {until}", state="attached")
    assert faults(page, axe) == []


def test_nobody_is_shut_out_of_a_board_its_edit_mode_and_its_drawers(
    page: Page, night: Night, axe: str
) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        board = create(tenant, access(night), "On sale", TEMPLATES["on-sale"].document).dashboard_id
        thrown = create(tenant, access(night), "Old", BoardDocument(widgets=(Placed(id="a", widget="kpi"),)))
        trash(tenant, access(night), thrown.dashboard_id)
    enter(page, night)
    page.goto(f"{night.site.url}/dashboards?show=trash")
    page.wait_for_selector("#react-entry-point .board-card")
    assert faults(page, axe) == []
    visit(page, night, board)
    page.wait_for_selector("#react-entry-point .main-svg", state="attached")
    assert faults(page, axe) == []
    for name, inside in (("Share", ".share-add"), ("Edit", ""), ("Add widget", ".gallery-card")):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_selector(inside or ".board-grid.grid-stack")
        if name == "Add widget":
            page.wait_for_selector(".gallery-picture .main-svg", state="attached")
        assert faults(page, axe) == [], name
        if inside:
            page.keyboard.press("Escape")
    first = slot(page, "w1")
    first.locator("summary").click()
    first.get_by_role("button", name="Configure").click()
    page.wait_for_selector(".settings-form")
    assert faults(page, axe) == []


def test_nobody_is_shut_out_of_boards_on_a_wall_and_behind_links(page: Page, night: Night, axe: str) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        board = create(tenant, access(night), "On sale", TEMPLATES["on-sale"].document).dashboard_id
        _, token = give_link(
            tenant,
            access(night),
            board,
            "Agency",
            filters={"event": str(night.event_id)},
            masked=True,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
    enter(page, night)
    for path in (f"/tv?boards={board}", f"/shared/{token}"):
        page.goto(f"{night.site.url}{path}")
        page.wait_for_selector("[data-still] .widget")
        assert faults(page, axe) == [], path


def test_nobody_is_shut_out_of_an_empty_board(page: Page, night: Night, axe: str) -> None:
    enter(page, night)
    visit(page, night, made(night), "?edit=1")
    assert faults(page, axe) == []
