"""Filtering by a click, the rows behind a figure, notes, and the pages that are there from the start."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from data.board_document import Placed
from tests.browser.boards import another, enter, made, visit
from tests.browser.conftest import Night, Watch

TICKETS = Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold"}, x=0, y=0, w=3, h=2)
CHANNELS = Placed(id="channels", widget="channel-mix", x=3, y=0, w=4, h=4, phone=1)
CURVE = Placed(id="curve", widget="sales-over-time", x=7, y=0, w=5, h=4, phone=2)


def sell(night: Night, *channels: str) -> None:
    """A ticket by each of these channels."""
    now = datetime.now(UTC).isoformat()
    for number, channel in enumerate(channels):
        night.post(
            type="ticket-purchase",
            ticketId=f"{channel}-{number}",
            userId=f"buyer-{number}",
            amount="20.00",
            currency="GBP",
            channel=channel,
            timestamp=now,
        )


def app(page: Page) -> Locator:
    return page.locator("#react-entry-point")


def sold(page: Page) -> Locator:
    return app(page).locator('[data-widget-id="sold"].widget .big-value')


def channel(page: Page, name: str) -> Locator:
    return app(page).get_by_role("button", name=re.compile(f"^{name}"))


def test_a_click_filters_everything_else_and_chips_take_it_back(
    page: Page, night: Night, watch: Watch
) -> None:
    sell(night, "web", "web", "app", "partner")
    board = made(night, TICKETS, CHANNELS, CURVE)
    enter(page, night)
    visit(page, night, board)
    expect(sold(page)).to_have_text("4")
    channel(page, "web").click()
    expect(sold(page)).to_have_text("2")
    assert page.url.endswith("?f.channel=web")
    # The widget it was clicked in keeps showing the others, and says which one it was.
    expect(channel(page, "app")).to_be_visible()
    expect(channel(page, "web")).to_have_attribute("aria-pressed", "true")
    # The same by the keyboard, in the table of another drawing of the same figures.
    app(page).locator('[data-widget-id="channels"] .w-more summary').click()
    page.get_by_role("button", name="View as table").click()
    row = app(page).locator('[data-widget-id="channels"] .w-table').get_by_role("button", name="app")
    row.focus()
    page.keyboard.press("Enter")
    expect(sold(page)).to_have_text("3")
    app(page).get_by_role("link", name="Channel: web").click()
    expect(sold(page)).to_have_text("1")
    page.go_back()
    expect(sold(page)).to_have_text("3")
    page.reload()
    expect(sold(page)).to_have_text("3")
    app(page).get_by_role("link", name="Clear all").click()
    expect(sold(page)).to_have_text("4")
    expect(app(page).get_by_role("link", name="Clear all")).to_have_count(0)
    assert watch.complaints == []


def test_a_country_on_the_map_filters_like_a_bar_and_so_does_its_row(
    page: Page, night: Night, watch: Watch
) -> None:
    now = datetime.now(UTC).isoformat()
    for number, country in enumerate(["GB"] * 6 + ["DE"] * 5):
        night.post(
            type="ticket-purchase",
            ticketId=f"t{number}",
            userId=f"buyer-{number}",
            amount="20.00",
            currency="GBP",
            country=country,
            timestamp=now,
        )
    board = made(night, TICKETS, Placed(id="map", widget="geography-map", x=3, w=6, h=5, phone=1))
    enter(page, night)
    visit(page, night, board)
    chart = app(page).locator('[data-widget-id="map"] .js-plotly-plot')
    expect(sold(page)).to_have_text("11")
    german = "chart => chart.data.findIndex(({ meta }) => meta === 'DE')"
    index = chart.evaluate(german)
    box = chart.locator(".scatterlayer .trace").nth(index).locator("path.js-fill").bounding_box()
    assert box is not None
    place = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*place)
    page.mouse.click(*place)
    expect(app(page).get_by_role("link", name="Country: Germany")).to_be_visible()
    expect(sold(page)).to_have_text("5")
    # The map goes on showing the others, paler.
    british = chart.evaluate(german.replace("DE", "GB"))
    expect(chart.locator(".scatterlayer .trace").nth(british)).to_have_css("opacity", "0.3")
    expect(chart.locator(".scatterlayer .trace").nth(chart.evaluate(german))).to_have_css("opacity", "1")
    # The same by the keyboard: a row of the table says the name and filters by the code.
    app(page).locator('[data-widget-id="map"] .w-more summary').click()
    page.get_by_role("button", name="View as table").click()
    row = app(page).locator('[data-widget-id="map"] .w-table').get_by_role("button", name="United Kingdom")
    row.focus()
    page.keyboard.press("Enter")
    expect(sold(page)).to_have_text("11")
    assert page.url.endswith("?f.country=DE&f.country=GB")
    expect(app(page).locator(".filter-value")).to_have_text(["Germany", "United Kingdom"])
    # The rows behind it would tell where single people live.
    app(page).locator('[data-widget-id="map"] .w-more summary').click()
    expect(page.get_by_role("button", name="View as table")).to_be_visible()
    expect(page.get_by_role("button", name="Show the rows behind it")).to_have_count(0)
    assert watch.complaints == []


def test_the_rows_behind_a_figure_and_behind_one_value_of_it(page: Page, night: Night, watch: Watch) -> None:
    sell(night, "web", "web", "app")
    board = made(night, TICKETS, CHANNELS)
    enter(page, night)
    visit(page, night, board)
    menu = app(page).locator('[data-widget-id="sold"] .w-more summary')
    menu.click()
    page.get_by_role("button", name="Show the rows behind it").click()
    drawer = page.get_by_role("dialog", name="Lines of sale")
    expect(drawer.locator("tbody tr")).to_have_count(3)
    expect(drawer.get_by_role("status")).to_contain_text("3 rows, newest first · times in Europe/London")
    assert "buyer" not in drawer.inner_text()
    expect(drawer.locator("tbody tr").first).to_contain_text("£20.00")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    channel(page, "web").click(modifiers=["Shift"])
    expect(drawer.locator("tbody tr")).to_have_count(2)
    assert "f.channel" not in page.url
    assert watch.complaints == []


def test_a_range_is_chosen_from_the_bar_by_mouse_and_by_keyboard(page: Page, night: Night) -> None:
    sell(night, "web")
    enter(page, night)
    page.goto(f"{night.site.url}/sales")
    bar = app(page).locator(".filter-bar")
    bar.locator('[data-filter="range"] summary').click()
    bar.get_by_role("link", name="Last 7 days").click()
    expect(bar.locator('[data-filter="range"] summary')).to_have_text("Last 7 days")
    assert page.url.endswith("/sales?range=7d")
    # The focus is where it was: the next choice is a key away.
    expect(bar.locator('[data-filter="range"] summary')).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(bar.locator('[data-filter="range"] summary')).to_have_text("Today")
    bar.locator('[data-filter="range"] summary').click()
    bar.get_by_label("From").fill("2026-01-01")
    bar.get_by_label("To, included").fill("2026-01-31")
    bar.get_by_role("button", name="Show these days").click()
    expect(bar.locator('[data-filter="range"] summary')).to_have_text("1 to 31 January 2026")
    assert page.url.endswith("/sales?range=2026-01-01..2026-02-01")


def test_a_note_is_written_changed_and_removed(page: Page, night: Night, watch: Watch) -> None:
    sell(night, "web")
    board = made(night, CURVE)
    enter(page, night)
    visit(page, night, board, "?range=7d")
    app(page).get_by_role("button", name="Notes").click()
    drawer = page.get_by_role("dialog", name="Notes")
    drawer.get_by_label("Note", exact=True).fill("Posters went up")
    drawer.get_by_role("button", name="Add the note").click()
    expect(drawer.get_by_role("list", name="Notes")).to_contain_text("Posters went up")
    drawer.get_by_role("button", name="Change: Posters went up").click()
    drawer.get_by_label("Note", exact=True).fill("Posters and radio")
    drawer.get_by_role("button", name="Save the change").click()
    expect(drawer.get_by_role("list", name="Notes")).to_contain_text("Posters and radio")
    drawer.get_by_role("button", name="Close").click()
    # The chart marks it, with its words.
    expect(app(page).locator('[data-widget-id="curve"] .js-plotly-plot')).to_contain_text("Posters and radio")
    app(page).get_by_role("button", name="Notes").click()
    drawer.get_by_role("button", name="Remove: Posters and radio").click()
    drawer.get_by_role("button", name="Remove for good: Posters and radio").click()
    expect(drawer.get_by_role("list", name="Notes")).not_to_contain_text("Posters and radio")
    assert watch.complaints == []


DRAWN_FIRST = """(() => {
  window.order = [];
  new MutationObserver(() => {
    if (document.querySelector('#first-paint .main-svg') && !order.includes('chart')) order.push('chart');
    if (document.querySelector('script[src*="dash-renderer"]') && !order.includes('app')) order.push('app');
  }).observe(document, { childList: true, subtree: true });
})()"""


def test_the_app_begins_when_the_charts_are_painted(page: Page, night: Night) -> None:
    sell(night, "web")
    board = made(night, CURVE)
    enter(page, night)
    page.add_init_script(DRAWN_FIRST)
    visit(page, night, board, "?range=7d")
    expect(app(page).locator('[data-widget-id="curve"] .main-svg').first).to_be_attached()
    assert page.evaluate("order") == ["chart", "app"]


def test_the_app_begins_without_the_charts_script_and_the_charts_come_later(page: Page, night: Night) -> None:
    sell(night, "web")
    board = made(night, CURVE)
    enter(page, night)
    failed: list[str] = []

    def once(route: Route) -> None:
        if failed:
            route.continue_()
        else:
            failed.append(route.request.url)
            route.abort()

    page.route("**/plotly.js", once)
    visit(page, night, board, "?range=7d")
    expect(app(page).locator('[data-widget-id="curve"] .main-svg').first).to_be_attached()
    assert len(failed) == 1


WORDS = """async (plot) => {
    const [start, end] = plot._fullLayout.xaxis.range;
    await Plotly.relayout(plot, {
        'xaxis.tickmode': 'array', 'xaxis.tickvals': [start, end], 'xaxis.ticktext': ['a', 'w'.repeat(60)],
    });
    return [...plot.querySelectorAll('.xtick text')].map((word) => word.style.visibility);
}"""


def test_a_word_that_the_edge_of_a_chart_would_cut_is_not_shown(page: Page, night: Night) -> None:
    sell(night, "web")
    board = made(night, CURVE)
    enter(page, night)
    visit(page, night, board, "?range=7d")
    chart = app(page).locator('[data-widget-id="curve"] .js-plotly-plot')
    expect(chart.locator(".main-svg").first).to_be_attached()
    assert chart.evaluate(WORDS) == ["", "hidden"]


TOO_WIDE = """(width) => [...document.querySelectorAll('#react-entry-point .main *')]
    .filter((node) => !node.closest('svg, .bar, .filters, .scroll, .w-table, .w-menu, .menu')
        && node.getBoundingClientRect().right > width + 1)
    .map((node) => node.className || node.tagName)"""


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_sales_and_doors_fit_the_screen_and_complain_of_nothing(
    browser: Browser, night: Night, watch: Watch, width: int, theme: str
) -> None:
    sell(night, "web", "app")
    night.scan("web-0")
    phone = width < 768
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": theme}
    with another(browser, watch, **options, is_mobile=phone, has_touch=phone) as context:
        page = context.new_page()
        enter(page, night)
        for path, heading in [("/sales", "Sales"), ("/attendance", "Attendance & doors")]:
            page.goto(night.site.url + path)
            expect(app(page).get_by_role("heading", name=heading, level=1)).to_be_visible()
            page.wait_for_selector("#react-entry-point .js-plotly-plot .main-svg", state="attached")
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(TOO_WIDE, width) == []
            expect(app(page).locator('.widget[data-state="failed"]')).to_have_count(0)
        if phone:
            bar = app(page).get_by_role("navigation", name="Main pages")
            bar.get_by_role("link", name="Sales").tap()
            expect(app(page).get_by_role("heading", name="Sales", level=1)).to_be_visible()
    assert watch.complaints == []
    assert watch.elsewhere(night.site) == []


HEAD = """() => {
    const boxes = [...document.querySelectorAll('#react-entry-point .top > *')]
        .map((node) => [node, node.getBoundingClientRect()]).filter(([, box]) => box.width);
    const middle = ({ top, bottom }) => (top + bottom) / 2;
    const buttons = boxes.filter(([node]) => node.matches('button, details, .pill'));
    const alone = buttons.filter(([node, box]) => !boxes.some(([other, its]) =>
        other !== node && Math.abs(middle(its) - middle(box)) < 14));
    const over = boxes.flatMap(([node, box]) => boxes.filter(([other, its]) => other !== node
        && its.left < box.right - 1 && box.left < its.right - 1
        && its.top < box.bottom - 1 && box.top < its.bottom - 1));
    return [document.documentElement.scrollWidth - innerWidth, alone.length, over.length];
}"""


@pytest.mark.parametrize("width", [360, 390])
def test_no_head_of_a_page_is_too_wide_for_a_phone_or_leaves_a_button_alone(
    browser: Browser, night: Night, watch: Watch, width: int
) -> None:
    night.scan("t1")
    board = made(night, TICKETS, Placed(id="house", widget="house-count", y=2))
    with another(browser, watch, viewport={"width": width, "height": 780}, has_touch=True) as context:
        page = context.new_page()
        enter(page, night)
        for path in ("/", "/sales", "/attendance", "/dashboards", f"/dashboards/{board}", "/gallery"):
            page.goto(f"{night.site.url}{path}")
            page.wait_for_selector("#react-entry-point .top")
            if path in ("/", "/attendance", f"/dashboards/{board}"):
                page.wait_for_selector('#react-entry-point .pill[data-line="live"]')
            assert page.evaluate(HEAD) == [0, 0, 0], path


def test_of_notes_that_would_lie_on_each_other_the_first_is_read(page: Page, night: Night) -> None:
    sell(night, "web")
    enter(page, night)
    visit(page, night, made(night, CURVE))
    chart = app(page).locator('[data-widget-id="curve"] .js-plotly-plot')
    expect(chart.locator(".main-svg").first).to_be_visible()
    chart.evaluate("""(chart) => {
        const place = { xref: 'paper', y: 1, yref: 'paper', showarrow: false };
        const note = (x) => ({ ...place, x, text: 'Posters and radio' });
        return window.Plotly.relayout(chart, { annotations: [note(0.5), note(0.55), note(0.1)] });
    }""")
    shown = chart.locator(".annotation-text-g").evaluate_all(
        "notes => notes.map((note) => note.style.visibility !== 'hidden')"
    )
    assert shown == [True, False, True]


def test_numbers_beside_each_other_stand_at_the_same_height(page: Page, night: Night) -> None:
    sell(night, "web")
    titles = ("Sold", "A title so long that nothing else has room beside it")
    widgets = [
        Placed(
            id=f"k{place}",
            widget="kpi",
            title=title,
            settings={"metric": "tickets_sold"},
            x=3 * place,
            w=3,
            h=2,
        )
        for place, title in enumerate(titles)
    ]
    enter(page, night)
    visit(page, night, made(night, *widgets))
    boxes = [app(page).locator(f'[data-widget-id="k{place}"] .big-value').bounding_box() for place in (0, 1)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
