"""In a real browser: the button, the provider's own pages, and back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.axe import DESK, PHONE, faults
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import Tenant
from tests.oidc.running import Provider, Site


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_click_leads_to_the_provider_and_back_to_the_page_that_was_wanted(
    site: Site, provider: Provider, added: Callable[..., str], tenant: Tenant, screen: dict[str, object]
) -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    email = added(tenant)
    with ThreadPoolExecutor(1) as own:  # Where no other test's browser runs: there is one to a thread.
        own.submit(there_and_back, site, email, screen).result()


def there_and_back(site: Site, email: str, screen: dict[str, object]) -> None:
    """From a page that takes a sign-in to the provider, and back to that page."""
    refusals: list[tuple[str, str, str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(**screen).new_page()  # type: ignore[arg-type]
        page.on("console", lambda said: refusals.append((said.type, said.location["url"], said.text)))
        page.goto(f"{site.url}/account")
        assert faults(page) == []
        page.get_by_role("link", name="Sign in with Linden ID").click()
        page.get_by_placeholder("Enter any login").fill(email)
        page.get_by_placeholder("and password").fill("whatever")
        page.get_by_role("button", name="Sign-in").click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Your account")).to_be_visible()
        assert page.url == f"{site.url}/account"
        expect(page.get_by_text("Linked since")).to_be_visible()
        assert faults(page) == []
        assert [each for each in refusals if each[0] == "error" and each[1].startswith(site.url)] == []
        browser.close()
