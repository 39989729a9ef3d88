"""An owner makes a webhook in a browser, tries it on a real receiver, and sends again what failed."""

from __future__ import annotations

import re
import threading

import pytest
import standardwebhooks
from playwright.sync_api import Browser, Page, expect

from jobs.delivering import Delivering
from jobs.webhook_request import Sender
from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, colleague, enter
from tests.browser.conftest import Night, Watch
from tests.jobs.receiver import Answer, receiver
from tests.jobs.sending import settings_of


def worked(night: Night) -> None:
    """As a worker does: one round, to its end."""
    settings = settings_of(night.site.log.parent)
    delivering = Delivering(night.database, settings, threading.Event(), Sender(settings.webhook_networks))
    delivering.work()
    delivering.settle(30)


def fits(page: Page) -> bool:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return bool(wide == 0)


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_owner_makes_a_webhook_tries_it_and_sends_again_what_failed(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    olga = colleague(night, "Olga", "owner")
    with another(browser, watch, **screen) as context, receiver() as there:
        page = context.new_page()
        enter(page, night, olga)
        page.goto(f"{night.site.url}/account")
        page.get_by_role("link", name="Webhooks").click()
        expect(page.get_by_text("There are none yet.")).to_be_visible()
        page.get_by_label("Address").fill("https://169.254.169.254/latest")
        page.get_by_label("What is there").fill("Box office")
        page.get_by_label("event.sold_out").check()
        page.get_by_role("button", name="Make webhook").click()
        expect(page.get_by_text("It does not lead to the public Internet.")).to_be_visible()
        expect(page.get_by_label("event.sold_out")).to_be_checked()
        assert (faults(page), fits(page)) == ([], True)

        page.get_by_label("Address").fill(there.url())
        page.get_by_role("button", name="Make webhook").click()
        secret = page.locator(".once").inner_text()
        assert re.fullmatch(r"whsec_[\w+/]{43}=", secret)
        assert (faults(page), fits(page)) == ([], True)
        there.answers["/hook"] = Answer(400, body=b"<b>Not yet.</b>")
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("A test is on its way")).to_be_visible()
        expect(page.locator(".once")).to_have_count(0)
        worked(night)
        page.reload()
        page.get_by_role("link", name="webhook.test").click()
        expect(page.get_by_label("How the answer of attempt 1 begins")).to_have_text("<b>Not yet.</b>")
        assert (faults(page), fits(page)) == ([], True)

        there.answers.clear()
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("It is sent again now.")).to_be_visible()
        worked(night)
        page.get_by_role("link", name="Delivered").click()
        expect(page.locator(".letter-row")).to_have_count(1)
        assert (faults(page), fits(page)) == ([], True)
        first, second = there.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        message = standardwebhooks.Webhook(secret).verify(second.body, dict(second.headers))
        assert message["type"] == "webhook.test"

        page.get_by_text("Remove", exact=True).click()
        page.get_by_label("Its secret and its log go with it").check()
        page.get_by_role("button", name="Remove webhook").click()
        expect(page.get_by_text("Removed, with its log.")).to_be_visible()
    refused = "status of 422 (UNPROCESSABLE ENTITY)"
    assert [each for each in watch.complaints if refused not in each] == []
