"""Figures that cannot be had anew say since when, wherever they stand, until the first answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from data.board_document import Placed
from tests.browser.axe import faults
from tests.browser.boards import another, enter, made, visit
from tests.browser.conftest import Night, Watch, until
from tests.browser.test_stills import HOUSE, TICKETS, link

EVENTS = Placed(id="events", widget="event-table", y=6, w=6, h=4, phone=4)
WORDS = Placed(id="words", widget="note", settings={"text": "Doors at seven"}, x=9, w=3, h=2, phone=5)
SINCE = re.compile(r"^Not refreshed since \d\d:\d\d$")
NOTE = re.compile(r"^Not refreshed since \d\d:\d\d\. The server sends no new figures; trying again\.$")
DASH = re.compile("/_dash-update-component")
COUNTED = """() => {
    const note = document.querySelector('[data-stale-note]');
    window.said = [];
    new MutationObserver(() => window.said.push(note.textContent)).observe(note, { childList: true });
}"""


def widget(page: Page, name: str) -> Locator:
    return page.locator(f'.slot .widget[data-widget-id="{name}"]')


def is_old(page: Page, *names: str) -> None:
    """Each of these says since when it is old, and is dimmed."""
    for name in names:
        expect(widget(page, name).locator(".w-head .w-old")).to_have_text(SINCE)
        expect(widget(page, name).locator(".w-body")).to_have_css("opacity", "0.72")


def is_fresh(page: Page, *names: str) -> None:
    for name in names:
        expect(widget(page, name).locator(".w-old")).to_have_count(0)
        expect(widget(page, name).locator(".w-body")).to_have_css("opacity", "1")


def late(page: Page, seconds: int) -> None:
    """So much later, and no answer: the first question is missed, and the grace passes."""
    page.clock.fast_forward(seconds * 1000)
    page.wait_for_timeout(300)
    page.clock.fast_forward(16_000)


def open_board(page: Page, night: Night) -> None:
    night.sell("t1", "20.00")
    page.clock.install()
    enter(page, night)
    visit(page, night, made(night, TICKETS, HOUSE, EVENTS, WORDS))
    page.wait_for_selector('#react-entry-point [data-line="live"]')


def test_a_board_says_once_that_its_server_is_away_and_recovers_by_itself(page: Page, night: Night) -> None:
    open_board(page, night)
    is_fresh(page, "sold", "house", "events")
    page.evaluate(COUNTED)
    night.site.stop()
    try:
        late(page, 31)
        is_old(page, "sold", "house", "events")
        expect(page.locator("[data-stale-note]")).to_have_text(NOTE)
        # What has no figures is not old.
        is_fresh(page, "words")
        assert faults(page) == [], "what is old can still be read"
        page.clock.fast_forward(20_000)
        page.wait_for_timeout(500)
        assert len(page.evaluate("window.said")) == 1
    finally:
        night.site.start()
    page.clock.fast_forward(16_000)
    is_fresh(page, "sold", "house", "events")
    expect(page.locator("[data-stale-note]")).to_have_text("The figures are up to date again.")
    page.clock.fast_forward(7_000)
    expect(page.locator("[data-stale-note]")).to_have_text("")


def test_a_server_that_hangs_is_noticed_soon_and_nothing_newer_is_claimed(page: Page, night: Night) -> None:
    night.sell("t1", "20.00")
    enter(page, night)
    visit(page, night, made(night, TICKETS, HOUSE))
    page.wait_for_selector('#react-entry-point [data-line="live"]')
    said = widget(page, "house").locator(".w-as-of")
    drawn = datetime.fromisoformat(said.get_attribute("data-as-of") or "")
    # While nothing happens the house is still of now, give or take the ten seconds between two signs.
    expect(said).not_to_have_attribute("data-as-of", drawn.isoformat(), timeout=15_000)
    page.wait_for_timeout(12_000)
    assert datetime.fromisoformat(said.get_attribute("data-as-of") or "") - drawn > timedelta(seconds=8)
    with night.site.frozen():
        stopped = datetime.now(UTC)
        expect(page.locator("[data-stale-note]")).to_have_text(NOTE, timeout=25_000)
        is_old(page, "house")
        until(page, f"Housecount.live.sure() <= {stopped.timestamp() * 1000 + 500}")
        assert datetime.fromisoformat(said.get_attribute("data-as-of") or "") <= stopped
    expect(page.locator("[data-stale-note]")).to_have_text(
        "The figures are up to date again.", timeout=10_000
    )


def refused(route: Route) -> None:
    route.fulfill(status=503, body="")


def failed(route: Route) -> None:
    route.fulfill(status=500, body="")


def lost(route: Route) -> None:
    route.abort()


@pytest.mark.parametrize("answer", [refused, failed, lost])
def test_what_moves_by_itself_stays_fresh_while_the_rest_of_its_board_fails(
    page: Page, night: Night, answer: Callable[[Route], None]
) -> None:
    open_board(page, night)
    page.route(DASH, answer)
    late(page, 31)
    is_old(page, "sold", "events")
    is_fresh(page, "house")
    page.unroute(DASH)
    page.clock.fast_forward(11_000)
    is_fresh(page, "sold", "events")


def test_one_question_without_an_answer_is_no_news(page: Page, night: Night) -> None:
    open_board(page, night)
    page.route(DASH, refused)
    page.clock.fast_forward(31_000)
    page.wait_for_timeout(1000)
    is_fresh(page, "sold", "house", "events")
    page.unroute(DASH)
    page.clock.fast_forward(11_000)
    page.wait_for_timeout(1000)
    page.clock.fast_forward(16_000)
    page.wait_for_timeout(1000)
    is_fresh(page, "sold", "house", "events")


def test_the_pages_of_sales_and_doors_say_it_too(page: Page, night: Night) -> None:
    night.sell("t1", "20.00")
    page.clock.install()
    enter(page, night)
    page.goto(f"{night.site.url}/sales")
    shown = page.locator("#react-entry-point .slot .widget:has(.w-as-of)")
    expect(shown.first).to_be_visible()
    until(page, "Boolean(window.dash_clientside && window.dash_clientside.set_props)")
    page.wait_for_timeout(1500)
    page.route(DASH, refused)
    late(page, 61)
    expect(page.locator(".w-old")).to_have_count(shown.count())
    expect(page.locator("[data-stale-note]")).to_have_text(NOTE)
    page.unroute(DASH)
    page.clock.fast_forward(11_000)
    expect(page.locator(".w-old")).to_have_count(0)


def test_whoever_is_signed_out_comes_to_the_sign_in_with_the_next_question(page: Page, night: Night) -> None:
    night.sell("t1", "20.00")
    page.clock.install()
    enter(page, night)
    visit(page, night, made(night, TICKETS))
    expect(widget(page, "sold").locator(".big-value")).to_have_text("1")
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE tenant_id = %s",
            [night.tenant.tenant_id],
        )
    page.clock.fast_forward(31_000)
    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Please sign in again.")


def test_a_screen_on_a_wall_says_it_and_recovers(page: Page, night: Night) -> None:
    night.scan("t1")
    board = made(night, TICKETS, HOUSE)
    page.clock.install()
    enter(page, night)
    page.goto(f"{night.site.url}/tv?boards={board}&every=30")
    page.wait_for_selector('[data-line="live"]')
    night.site.stop()
    try:
        late(page, 31)
        is_old(page, "sold", "house")
        expect(page.locator("[data-stale-note]")).to_have_text(NOTE)
        expect(page.locator("[data-stale-note]")).to_be_in_viewport()
    finally:
        night.site.start()
    page.clock.fast_forward(16_000)
    is_fresh(page, "sold", "house")


def test_what_a_link_shows_follows_the_night_and_says_when_it_cannot(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.scan("t1")
    address = link(night, made(night, TICKETS, HOUSE))
    with another(browser, watch) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(address)
        until(page, "Boolean(window.Plotly && window.Housecount.fresh && window.Housecount.still)")
        # It has no line, and needs none.
        page.clock.fast_forward(16_000)
        page.wait_for_timeout(500)
        is_fresh(page, "sold", "house")
        night.scan("t2")
        page.evaluate("window.Housecount.still.turn()")
        expect(widget(page, "house").locator('[data-read="inside"]').first).to_have_text("2")
        context.set_offline(True)
        late(page, 21)
        is_old(page, "sold", "house")
        expect(page.locator("[data-stale-note]")).to_contain_text("This device has no network; trying again.")
        context.set_offline(False)
        is_fresh(page, "sold", "house")


def test_a_link_notices_a_server_that_hangs_before_its_next_turn(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.scan("t1")
    address = link(night, made(night, TICKETS, HOUSE))
    with another(browser, watch) as context:
        page = context.new_page()
        page.goto(address)
        until(page, "Boolean(window.Plotly && window.Housecount.fresh && window.Housecount.still)")
        # Right after a turn: the next one is 20 seconds away, and would be missed for 15 before it is said.
        page.evaluate("window.Housecount.still.turn()")
        until(page, "window.Housecount.still.counted.refreshes === 1")
        with night.site.frozen():
            expect(page.locator("[data-stale-note]")).to_have_text(NOTE, timeout=26_000)
            is_old(page, "sold", "house")
        expect(page.locator("[data-stale-note]")).to_have_text(
            "The figures are up to date again.", timeout=15_000
        )
        is_fresh(page, "sold", "house")


def test_a_link_whose_server_gives_signs_of_life_but_no_figures_says_so(
    browser: Browser, night: Night, watch: Watch
) -> None:
    address = link(night, made(night, TICKETS))
    with another(browser, watch) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(address)
        until(page, "Boolean(window.Plotly && window.Housecount.fresh && window.Housecount.still)")
        page.route(address, failed)
        late(page, 21)
        is_old(page, "sold")
        page.unroute(address)
        page.clock.fast_forward(16_000)
        is_fresh(page, "sold")
