"""Nothing runs out of its card, is cut with no way to read it, or touches its neighbour, on any screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from data.board_document import Placed
from tests.browser.boards import another, enter, made, visit
from tests.browser.conftest import Night, Watch, until_live
from tests.browser.crowding import crowded
from tests.browser.test_stills import link
from tests.components.states import busy_night
from widgets.registry import WIDGETS

WIDTHS = (1440, 1300, 820, 390, 320)
NAME = "Saturdaynightfeverdisplayboardofeverythingthatmatters" * 2
BUSY = """({ event, eventId, venueId, seq, asOf, ...sections }) => {
    Housecount.board.merge(sections, null, null);
    return new Promise((drawn) => { setTimeout(drawn, 300); });
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_every_widget_keeps_within_its_card(browser: Browser, night: Night, watch: Watch, width: int) -> None:
    with another(browser, watch, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        enter(page, night)
        page.goto(f"{night.site.url}/gallery")
        expect(page.locator("#react-entry-point .sample-card")).to_have_count(len(WIDGETS))
        page.locator("#react-entry-point .sample-card .main-svg").first.wait_for(state="attached")
        assert crowded(page, "#react-entry-point .sample-card .widget") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_night_keeps_within_its_cards(browser: Browser, night: Night, watch: Watch, width: int) -> None:
    with another(browser, watch, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        enter(page, night)
        until_live(page)
        page.evaluate(BUSY, busy_night())
        assert crowded(page, "#react-entry-point .card-x") == []


def test_a_name_without_an_end_is_cut_and_said_whole_wherever_it_stands(
    browser: Browser, night: Night, watch: Watch
) -> None:
    board = made(
        night, Placed(id="a", widget="note", settings={"text": "Doors at seven"}, w=3, h=2), name=NAME
    )
    address = link(night, board)
    for width in (1440, 320):
        with another(browser, watch, viewport={"width": width, "height": 800}) as context:
            page = context.new_page()
            enter(page, night)
            visit(page, night, board)
            whole(page, ".board-head")
            page.get_by_label("More about this board").click()
            page.get_by_role("button", name="Versions").click()
            expect(page.locator(".version").first).to_be_visible()
            narrow(page)
            for path in ("/dashboards", "/tv", f"/tv?boards={board}"):
                page.goto(night.site.url + path)
                whole(page, ":is(.board-card, .tv-choices, .tv-head)")
            page.goto(address)
            whole(page, ".top")


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_a_menu_of_the_board_opens_within_the_window(
    browser: Browser, night: Night, watch: Watch, width: int
) -> None:
    board = made(night, Placed(id="a", widget="note", settings={"text": "Doors at seven"}, w=3, h=2))
    with another(browser, watch, viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        enter(page, night)
        visit(page, night, board)
        for name, entries in (("More about this board", 4), (re.compile("^Download "), 4)):
            page.locator(".board-head").get_by_label(name).click()
            shown = page.locator(".board-head details[open] .menu-item").locator("visible=true")
            expect(shown.nth(entries - 1)).to_be_visible()
            for entry in shown.all():
                expect(entry).to_be_in_viewport(ratio=1)
            page.keyboard.press("Escape")
            expect(shown).to_have_count(0)


def whole(page: Page, place: str) -> None:
    """The name is there in full for whoever points at it, and nothing is wider than the page."""
    expect(page.locator(f'{place} [title="{NAME}"]').locator("visible=true").first).to_be_visible()
    narrow(page)


def narrow(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
