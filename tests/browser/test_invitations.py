"""Somebody is invited, chooses a password, forgets it and sets another: at a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from config import Settings
from jobs.mailing import Mailing
from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, colleague, enter
from tests.browser.conftest import Night, Watch

PASSWORD, ANOTHER = "quiet violet tram kettle", "seven grey boats at noon"


def link(night: Night, kind: str) -> str:
    """The link of the newest mail of this kind, which the worker's round writes to a file."""
    folder = Path(night.site.environment["DATA_DIR"])
    Mailing(night.database, Settings(_env_file=None, data_dir=folder, port=night.site.port), Event()).work()
    newest = max((folder / "mail").glob(f"*-{kind}-*.eml"), key=lambda path: path.stat().st_mtime_ns)
    text = newest.read_text().replace("=\n", "")
    found = re.search(rf"{re.escape(night.site.url)}/\w+/[\w-]+", text)
    assert found, text
    return found[0]


def sound(page: Page) -> None:
    """Nothing is wrong with the page for whoever cannot see it, and nothing is wider than the screen."""
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_from_the_invitation_to_another_password(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, object]
) -> None:
    email = f"grace-{night.event_id.hex}@guest.example"
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        enter(page, night, colleague(night, "Olga", "owner"))
        page.goto(f"{night.site.url}/admin")
        expect(page.get_by_text("Mail is not set up here")).to_be_visible()
        page.get_by_role("link", name="Invite somebody").click()
        page.get_by_label("Name").fill("Grace Hopper")
        page.get_by_label("E-mail").fill(night.email)
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_text("There is somebody with this e-mail already.")).to_be_visible()
        expect(page.get_by_label("E-mail")).to_be_focused()
        expect(page.get_by_label("Name")).to_have_value("Grace Hopper")
        sound(page)
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("these venues").check()
        page.get_by_label("The Hall").check()
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_role("status")).to_contain_text("Invited")
        expect(page.get_by_text("Will see: The Hall")).to_be_visible()
        sound(page)
        page.get_by_role("button", name="Send again to Grace Hopper").click()
        expect(page.get_by_role("status")).to_contain_text("Invited again")
        opened = link(night, "invitation")

    with another(browser, watch, **screen) as context:
        page = context.new_page()
        page.goto(opened)
        expect(page.get_by_role("heading", name="Welcome, Grace Hopper")).to_be_visible()
        sound(page)
        expect(page.get_by_label("Your password")).to_be_focused()
        page.keyboard.type("password1234")
        page.keyboard.press("Tab")
        page.keyboard.type("password1234")
        page.keyboard.press("Enter")
        expect(page.get_by_text("This password is easily guessed")).to_be_visible()
        expect(page.get_by_label("Your password")).to_be_focused()
        sound(page)
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{night.site.url}/")
        page.goto(opened)
        expect(page.get_by_role("heading", name="This link opens nothing any more")).to_be_visible()
        sound(page)

    with another(browser, watch, **screen) as context:
        page = context.new_page()
        page.goto(f"{night.site.url}/login")
        page.get_by_role("link", name="Forgot password?").click()
        sound(page)
        page.get_by_label("E-mail").fill(email)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
        sound(page)
        page.goto(link(night, "reset"))
        sound(page)
        page.get_by_label("New password").fill(ANOTHER)
        page.get_by_label("The same again").fill(ANOTHER)
        page.get_by_role("button", name="Change password").click()
        expect(page).to_have_url(f"{night.site.url}/")
    sent = [url for url in watch.requests if "/welcome/" in url or "/reset/" in url]
    assert {url.partition("/reset/")[0].partition("/welcome/")[0] for url in sent} == {night.site.url}
    unexpected = [
        each for each in watch.complaints if "409" not in each and "422" not in each and "404" not in each
    ]
    assert unexpected == []
