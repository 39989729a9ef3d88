"""The pages with forms show all that they have under a policy that allows nothing inline."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.boards import colleague, enter
from tests.browser.conftest import Night, Watch


def refused(watch: Watch) -> list[str]:
    return [complaint for complaint in watch.complaints if "Content Security Policy" in complaint]


def test_no_plain_page_breaks_its_own_policy(page: Page, night: Night, watch: Watch) -> None:
    for path in ("/login", "/forgot", "/welcome/none"):
        page.goto(f"{night.site.url}{path}")
        expect(page.locator("main h1").first).to_be_visible()
    enter(page, night, colleague(night, "Olga", "owner"))
    for path in ("/account", "/account/second-factor", "/admin", "/admin/invitations", "/audit", "/imports"):
        page.goto(f"{night.site.url}{path}")
        expect(page.locator("main h1").first).to_be_visible()
        assert page.evaluate("[...document.styleSheets].every((sheet) => sheet.cssRules.length > 0)")
    assert refused(watch) == []
    page.evaluate("document.querySelector('main').setAttribute('style', 'color: red')")
    page.wait_for_timeout(100)
    assert len(refused(watch)) == 1, "what breaks it is told"
