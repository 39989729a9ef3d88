"""An owner looks after people and tokens in a browser, at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, colleague, enter
from tests.browser.conftest import Night, Watch


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_owner_limits_somebody_to_a_venue_and_makes_a_token(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    olga, dan = colleague(night, "Olga", "owner"), colleague(night, "Dan", "door")
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        enter(page, night, olga)
        page.goto(f"{night.site.url}/account")
        page.get_by_role("link", name="People and tokens").click()
        expect(page.get_by_role("heading", name="People and tokens")).to_be_visible()
        page.get_by_role("link", name="Change Dan").click()
        expect(page.get_by_text(dan)).to_be_visible()
        expect(page.get_by_label("The Hall")).to_be_hidden()
        page.get_by_label("these venues").check()
        page.get_by_label("The Hall").check()
        page.get_by_label("Role", exact=True).select_option("analyst")
        assert faults(page) == []
        page.get_by_role("button", name="Change").click()
        expect(page.get_by_role("status")).to_contain_text("signed out everywhere")
        page.get_by_role("link", name="Back to all people").click()
        expect(page.get_by_text("Sees: The Hall")).to_be_visible()

        page.get_by_label("Who will use it").fill("Box office")
        page.get_by_label("read figures").check()
        page.get_by_role("button", name="Make token").click()
        expect(page.locator("code.once")).to_contain_text("hc_")
        assert faults(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0
        page.goto(f"{night.site.url}/admin")
        expect(page.locator("code.once")).to_have_count(0)
        page.get_by_role("button", name="Revoke Box office").click()
        expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
