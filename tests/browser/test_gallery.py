"""The gallery: every widget drawn, found by its words, opened as a table, with a menu for keys and mouse."""

from playwright.sync_api import Page, expect

from tests.browser.boards import enter, made, visit
from tests.browser.conftest import Night, Watch, sign_in
from widgets.registry import WIDGETS


def test_the_gallery_shows_every_widget_and_finds_them_by_their_words(
    page: Page, night: Night, watch: Watch
) -> None:
    sign_in(page, night)
    page.goto(f"{night.site.url}/gallery")
    cards = page.locator("#react-entry-point .sample-card")
    expect(cards).to_have_count(len(WIDGETS))
    assert cards.locator('[data-state="drawn"]').count() == len(WIDGETS)
    search = page.get_by_placeholder("Search widgets")
    search.fill("money currency")
    expect(page.locator("#react-entry-point .sample-card:visible code")).to_have_text(["money-table"])
    search.fill("no such thing")
    expect(page.get_by_text("No widget is called like that.")).to_be_visible()
    search.fill("booking")
    chart = page.locator('#react-entry-point [data-widget="booking-curve"]')
    expect(chart.locator(".main-svg").first).to_be_visible()
    assert watch.elsewhere(night.site) == []
    assert watch.complaints == []


def test_a_widget_turns_into_a_table_and_back_with_keys_alone(page: Page, night: Night) -> None:
    sign_in(page, night)
    page.goto(f"{night.site.url}/gallery")
    widget = page.locator('#react-entry-point [data-widget="event-table"]')
    menu = widget.locator("summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("button", name="View as table")).to_be_visible()
    page.keyboard.press("Escape")
    expect(widget.get_by_role("button", name="View as table")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(widget.get_by_role("button", name="View as table")).to_be_focused()
    page.keyboard.press("Enter")
    table = widget.locator(".w-table table")
    expect(table.locator("caption")).to_have_text("Events · 6 rows · times in Europe/London")
    expect(table.locator("thead th")).to_have_text(
        [
            "Event",
            "Venue",
            "Doors",
            "Status",
            "Sold",
            "Capacity",
            "Percent sold (%)",
            "Currency",
            "Net revenue",
        ]
    )
    expect(widget.locator(".event-table")).to_be_hidden()
    menu.click()
    widget.get_by_role("button", name="View as chart").click()
    expect(widget.locator(".event-table")).to_be_visible()
    expect(widget.locator(".w-table")).to_be_hidden()


def test_the_drawer_of_the_gallery_shows_what_each_widget_looks_like(
    page: Page, night: Night, watch: Watch
) -> None:
    night.scan("t1")
    enter(page, night)
    visit(page, night, made(night), "?edit=1")
    page.locator('.board-head [data-board-action="add"]').click()
    pictures = page.locator(".drawer-gallery .gallery-picture")
    expect(pictures).to_have_count(len(WIDGETS))
    chart = page.locator('.gallery-picture[data-picture="booking-curve"]')
    chart.scroll_into_view_if_needed()
    expect(chart.locator(".main-svg").first).to_be_visible()
    box, drawn = chart.bounding_box(), chart.locator(".w-body").bounding_box()
    assert box is not None
    assert drawn is not None
    assert drawn["width"] <= box["width"] + 1
    assert drawn["height"] <= box["height"] + 1
    for index in range(len(WIDGETS)):
        pictures.nth(index).scroll_into_view_if_needed()
        expect(pictures.nth(index).locator(".w-body > *").first).to_be_attached()
    # They are samples: the night on the board does not move them, and nobody gets lost in them.
    assert page.locator(".gallery-picture :is([data-read], [data-list], [data-filter])").count() == 0
    assert pictures.evaluate_all("places => places.every((place) => place.inert)")
    assert sum("/pictures.json" in url for url in watch.requests) == 1
    page.locator(".gallery-card", has_text="Booking curve").first.click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator('#react-entry-point [data-widget="booking-curve"]')).to_be_visible()
    assert watch.complaints == []
