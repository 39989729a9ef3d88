"""The bar of venue and event: one control on every page, and what is chosen goes along from page to page."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from data.board_document import Placed
from tests.browser.boards import another, colleague, enter, made, visit
from tests.browser.conftest import Night, Watch, sign_in, until_live

APP = "#react-entry-point"
CLUB_NAME = "The Club"


@pytest.fixture
def club(night: Night) -> UUID:
    """A second venue with an event tomorrow, "Late Club"; the events of both can be chosen."""
    venue, event = uuid4(), uuid4()
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, %s, 'Europe/Berlin', 'EUR')",
            [night.tenant.tenant_id, venue, CLUB_NAME],
        )
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
            " VALUES (%s, %s, %s, 'Late Club', now() + interval '1 day')",
            [night.tenant.tenant_id, venue, event],
        )
    return venue


def menu(page: Page, name: str) -> Locator:
    return page.locator(f'{APP} .filter[data-filter="{name}"]')


def choose(page: Page, name: str, words: str) -> None:
    menu(page, name).locator("summary").click()
    menu(page, name).get_by_role("link", name=re.compile(words)).first.click()


def summaries(page: Page) -> list[str]:
    menus = page.locator(f"{APP} .filter > summary").all()
    return [each.get_attribute("aria-label") or "" for each in menus]


def go(page: Page, name: str) -> None:
    """By the navigation, at the side or on a phone."""
    page.locator(f"{APP} :is(.side nav, .tabs)").get_by_role("link", name=name, exact=True).locator(
        "visible=true"
    ).click()


def heading(page: Page, words: str) -> None:
    expect(page.locator(f"{APP} h1")).to_have_text(words)


def test_what_is_chosen_goes_along_and_the_range_comes_back(
    page: Page, night: Night, club: UUID, watch: Watch
) -> None:
    sign_in(page, night)
    go(page, "Sales")
    heading(page, "Sales")
    choose(page, "range", "Last 90 days")
    expect(menu(page, "range").locator("summary")).to_have_attribute("aria-label", "Range: Last 90 days")
    choose(page, "event", "Late Club")
    go(page, "Tonight")  # Before the figures have come.
    heading(page, "Late Club")
    assert summaries(page) == ["Venue: All venues", "Event: Late Club"]
    choose(page, "venue", CLUB_NAME)
    expect(page).to_have_url(re.compile(f"venue={club}"))
    heading(page, "Late Club")  # It is the next one there.
    expect(menu(page, "venue").locator("summary")).to_have_attribute("aria-label", f"Venue: {CLUB_NAME}")
    assert summaries(page) == [f"Venue: {CLUB_NAME}", "Event: Late Club"]

    go(page, "Attendance & doors")
    heading(page, "Attendance & doors")
    assert page.locator(f"{APP} .filter-bar").count() == 1
    assert summaries(page)[:3] == [f"Venue: {CLUB_NAME}", "Event: All events", "Range: Last 90 days"]
    go(page, "Dashboards")
    heading(page, "Dashboards")
    go(page, "Sales")
    heading(page, "Sales")
    assert summaries(page)[:3] == [f"Venue: {CLUB_NAME}", "Event: All events", "Range: Last 90 days"]
    page.go_back()
    page.go_back()
    page.go_back()
    heading(page, "Late Club")
    assert watch.complaints == []


def test_a_choice_on_a_board_goes_along_too(page: Page, night: Night, club: UUID, watch: Watch) -> None:
    board = made(night, Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold"}, w=4, h=2))
    enter(page, night)
    visit(page, night, board)
    choose(page, "venue", CLUB_NAME)
    expect(page).to_have_url(re.compile(f"venue={club}"))
    expect(menu(page, "venue").locator("summary")).to_have_attribute("aria-label", f"Venue: {CLUB_NAME}")
    link = page.locator(f"{APP} .side nav").get_by_role("link", name="Tonight")
    expect(link).to_have_attribute("href", f"/?venue={club}")
    link.click()
    heading(page, "Late Club")
    assert watch.complaints == []


def test_the_bar_stands_where_it_stands_on_the_other_pages_and_works_by_keyboard(
    page: Page, night: Night, club: UUID, watch: Watch
) -> None:
    sign_in(page, night)
    here = page.locator(f"{APP} .filter-bar").bounding_box()
    venue = menu(page, "venue").locator("summary")
    venue.focus()
    page.keyboard.press("Enter")
    expect(menu(page, "venue").locator(".menu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == CLUB_NAME
    page.keyboard.press("Enter")
    heading(page, "Late Club")
    expect(venue).to_be_focused()  # Whoever chose goes on from there.
    expect(page.locator("html")).not_to_have_attribute("data-asking", "")
    go(page, "Sales")
    heading(page, "Sales")
    there = page.locator(f"{APP} .filter-bar").bounding_box()
    assert here is not None
    assert there is not None
    assert (here["x"], here["width"]) == (there["x"], there["width"])
    assert abs(here["y"] - there["y"]) <= 2
    assert watch.complaints == []


def test_an_event_that_is_not_there_leaves_the_bar_to_choose_another(
    page: Page, night: Night, watch: Watch
) -> None:
    enter(page, night)
    page.goto(f"{night.site.url}/?event={uuid4()}&range=7d")
    heading(page, "This event is not here")
    assert summaries(page) == ["Event: Not here"]
    choose(page, "event", "Northern Lights")
    heading(page, "Northern Lights")
    until_live(page)
    expect(page).to_have_url(re.compile("range=7d"))
    assert watch.complaints == []


def test_without_any_event_the_bar_says_so(page: Page, night: Night, watch: Watch) -> None:
    with night.database.tenant(night.tenant.tenant_id) as connection:
        connection.execute(
            "UPDATE events SET status = 'cancelled' WHERE tenant_id = %s", [night.tenant.tenant_id]
        )
    enter(page, night)
    page.goto(night.site.url)
    heading(page, "No event at The Hall yet")
    assert summaries(page) == ["Event: No event yet"]
    assert watch.complaints == []


def test_at_the_door_there_is_the_bar_and_no_way_to_other_pages(
    page: Page, night: Night, club: UUID, watch: Watch
) -> None:
    enter(page, night, colleague(night, "Bob", "door"))
    until_live(page)
    assert summaries(page) == ["Venue: All venues", "Event: Northern Lights"]
    choose(page, "event", "Late Club")
    heading(page, "Late Club")
    assert page.locator(f"{APP} .side nav a").count() == 1
    assert watch.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_the_same_menus_are_sheets_and_the_tabs_carry_the_choice(
    browser: Browser, night: Night, club: UUID, watch: Watch, theme: str
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with another(browser, watch, color_scheme=theme, **phone) as context:
        page = context.new_page()
        sign_in(page, night)
        menu(page, "event").locator("summary").tap()
        sheet = menu(page, "event").locator(".menu").bounding_box()
        assert sheet is not None
        assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 390, 844)
        item = menu(page, "event").get_by_role("link", name=re.compile("Late Club"))
        box = item.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        item.tap()
        heading(page, "Late Club")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.locator(f"{APP} .tabs").get_by_role("link", name="Doors").tap()
        heading(page, "Attendance & doors")
        assert summaries(page)[:2] == ["Venue: All venues", "Event: Late Club"]
    assert watch.complaints == []
