"""An owner searches the audit log in a browser, at a desk and on a phone, by hand and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, colleague, enter
from tests.browser.conftest import Night, Watch


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_owner_finds_an_entry_opens_it_and_takes_the_log_away(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    olga = colleague(night, "Olga", "owner")
    with another(browser, watch, timezone_id="Asia/Tokyo", **screen) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        enter(page, night, olga)
        page.goto(f"{night.site.url}/account")
        page.get_by_role("link", name="Audit log").click()
        expect(page.locator(".audit-sub")).to_contain_text("times in Europe/London")
        filters = page.get_by_text("Filters", exact=True)
        if screen is PHONE:
            expect(page.get_by_label("Action", exact=True)).to_be_hidden()
            filters.click()
        page.get_by_label("Action", exact=True).select_option("Sign in")
        page.get_by_label("From", exact=True).fill("2026-01-02T03:04")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url("**/audit?since=2026-01-02T03%3A04&zone=Europe%2FLondon&action=sign-in")
        entries = page.locator(".audit-list > li")
        expect(entries).to_have_count(1)
        expect(entries.first).to_contain_text("Olga")
        assert faults(page) == []

        entries.first.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(entries.first.get_by_text("Request id")).to_be_visible()
        assert faults(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0
        named = entries.first.locator("[data-copy]")
        named.click()
        expect(page.get_by_role("status")).to_have_text("The request id is copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == named.get_attribute("data-copy")

        for words, ending in (("Download CSV", ".csv"), ("Download Excel", ".xlsx")):
            with page.expect_download() as downloaded:
                page.get_by_role("link", name=words).click()
            name = downloaded.value.suggested_filename
            assert name.startswith("housecount-audit-log-sign-in-from-2026-01-02-")
            assert name.endswith(ending)

        page.get_by_role("link", name="Remove the filter Action Sign in").click()
        expect(page.locator(".audit-action", has_text="The audit log").first).to_be_visible()
        expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-02T03:04")
    assert watch.complaints == []


def test_it_works_without_a_script_and_says_that_it_searches_with_one(
    browser: Browser, night: Night, watch: Watch
) -> None:
    olga = colleague(night, "Olga", "owner")
    with another(browser, watch, java_script_enabled=False) as context:
        page = context.new_page()
        enter(page, night, olga)
        page.goto(f"{night.site.url}/audit")
        page.get_by_text("Filters", exact=True).click()
        page.get_by_label("Kind", exact=True).select_option("Job")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Nothing that was recorded fits these filters.")).to_be_visible()
        page.get_by_role("link", name="Clear filters").click()
        expect(page.locator(".audit-list > li").first).to_be_visible()
    with another(browser, watch) as context:
        page = context.new_page()
        enter(page, night, olga)
        page.goto(f"{night.site.url}/audit")
        page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # As if it took long.
        page.get_by_role("button", name="Search").click()
        expect(page.locator("[data-entries][aria-busy=true]")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("Searching …")
