"""A board built from nothing: with the mouse, with the keyboard alone, on a phone with a thumb."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from playwright.sync_api import Browser, Page, expect

from tests.browser.boards import (
    another,
    document,
    drag,
    enter,
    handle,
    kept,
    made,
    places,
    ready,
    saved,
    slot,
    visit,
)
from tests.browser.conftest import PASSWORD, Night, Watch, until

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def kinds(page: Page) -> dict[str, str]:
    """Kind of widget → its id on the open board."""
    found: dict[str, str] = json.loads(
        page.evaluate(
            "JSON.stringify(Object.fromEntries(Housecount.openBoard.widgets.map("
            "({ id, widget }) => [widget, id])))"
        )
    )
    return found


def settled(page: Page) -> None:
    """Until gridstack has let every widget glide to its place."""
    until(page, "document.getAnimations().every((each) => each.playState !== 'running')")


def boxes(page: Page) -> dict[str, tuple[int, int, int, int]]:
    """Widget → left, top, width, height on the page, in whole pixels, as they are seen."""
    found: dict[str, list[int]] = json.loads(
        page.evaluate("""JSON.stringify(Object.fromEntries(
            [...document.querySelectorAll('#react-entry-point .slot[data-of] .widget')].map((node) => {
              const { left, top, width, height } = node.getBoundingClientRect();
              return [node.dataset.widgetId, [left + scrollX, top + scrollY, width, height].map(Math.round)];
            })))""")
    )
    return {widget: (x, y, w, h) for widget, (x, y, w, h) in found.items()}


def fits(widget: str) -> str:
    """Whether the chart of a widget is as large as its place, to be asked in the page."""
    return f"""(() => {{
      const chart = document.querySelector('#react-entry-point .slot[data-of="{widget}"] .js-plotly-plot');
      const drawn = chart?.querySelector('.main-svg')?.getBoundingClientRect();
      return drawn?.width === chart?.clientWidth && drawn.height === chart.clientHeight;
    }})()"""


def test_a_board_is_built_from_nothing_with_the_mouse(page: Page, night: Night, watch: Watch) -> None:
    night.sell("t1", "25.00")
    enter(page, night)
    page.goto(f"{night.site.url}/dashboards")
    page.get_by_role("button", name="New dashboard").click()
    page.get_by_label("Name").fill("My <first> board")
    page.get_by_role("button", name="Create").click()
    ready(page)
    expect(page.get_by_text("This board is empty")).to_be_visible()
    page.get_by_role("button", name="Add a widget").click()
    page.get_by_label("Find a widget").fill("channels")
    page.get_by_role("button", name="Sales channels").click()
    expect(page.get_by_text("This board is empty")).to_be_hidden()
    # Whoever has just added a widget has it in hand.
    expect(page.get_by_role("button", name="Move Sales channels")).to_be_focused()
    for name, title in (("Key figure", "Tickets sold"), ("Sales over time", "Net revenue over time")):
        page.get_by_role("button", name="Add widget", exact=True).click()
        page.locator(".gallery-card", has=page.locator(f'b:text-is("{name}")')).click()
        expect(page.get_by_role("button", name=f"Move {title}")).to_be_focused()
    page.wait_for_selector(".board-grid.grid-stack")
    at = kinds(page)
    channels, kpi, curve = at["channel-mix"], at["kpi"], at["sales-over-time"]
    assert places(page) == {channels: (0, 0, 4, 4), kpi: (4, 0, 3, 2), curve: (4, 2, 8, 4)}

    drag(page, handle(page, kpi), 560, 0)
    drag(page, slot(page, curve).locator(".ui-resizable-se"), -190, 160)
    assert places(page) == {channels: (0, 0, 4, 4), kpi: (9, 0, 3, 2), curve: (4, 2, 6, 6)}
    slot(page, channels).locator("summary").click()
    slot(page, channels).get_by_role("button", name="Configure").click()
    page.get_by_label("Title").fill("Where it sells")
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Apply").click()
    expect(slot(page, channels).locator("h2")).to_have_text("Where it sells")
    slot(page, kpi).locator("summary").click()
    slot(page, kpi).get_by_role("button", name="Configure").click()
    page.locator(".settings-form").get_by_label("Metric", exact=True).select_option("net_revenue")
    page.get_by_role("button", name="Apply").click()
    expect(slot(page, kpi).locator("h2")).to_have_text("Net revenue")
    # A mistake is taken back where it is told.
    slot(page, kpi).locator("summary").click()
    slot(page, kpi).get_by_role("button", name="Remove").click()
    expect(slot(page, kpi)).to_have_count(0)
    told = page.locator(".snackbar")
    expect(told).to_contain_text("Net revenue removed")
    told.get_by_role("button", name="Undo").click()
    expect(slot(page, kpi).locator(".big-value")).to_have_text("£25")
    saved(page)
    settled(page)
    until(page, fits(curve))
    as_left = places(page)
    seen = boxes(page)
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".board-grid.grid-stack")).to_have_count(0)
    assert boxes(page) == seen

    page.reload()
    ready(page)
    expect(page.get_by_role("heading", name="My <first> board")).to_be_visible()
    assert places(page) == as_left
    assert boxes(page) == seen
    # On the screen they stand where the document has them: columns of one width, rows of eighty pixels.
    left, top, width, height = seen[curve]
    column = (seen[kpi][0] - seen[channels][0]) / 9
    assert abs(left - seen[channels][0] - 4 * column) < 2
    assert (top - seen[channels][1], height + 12) == (2 * 80, 6 * 80)
    assert abs(width + 12 - 6 * column) < 2
    expect(slot(page, channels).locator("h2")).to_have_text("Where it sells")
    expect(slot(page, kpi).locator(".big-value")).to_have_text("£25")
    slot(page, curve).locator(".main-svg").first.wait_for(state="attached")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    # The chart fills its place, also in a window that is made smaller.
    until(page, fits(curve))
    page.set_viewport_size({"width": 1100, "height": 800})
    until(page, fits(curve))
    assert boxes(page)[curve][2] < seen[curve][2]
    assert watch.complaints == []


def test_a_board_is_built_from_nothing_with_the_keyboard_alone(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    page.goto(f"{night.site.url}/login")
    keys(page, night.email, "Tab", PASSWORD, "Enter")
    page.wait_for_url(lambda url: "/login" not in url, wait_until="commit")
    page.goto(f"{night.site.url}/dashboards")
    page.wait_for_selector("#react-entry-point [data-list-action]")
    reach(page, "New dashboard")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    keys(page, "By hand", "Enter")
    ready(page)
    watch_focus(page)
    for name, title in (
        ("key figure", "Tickets sold"),
        ("sales over time", "Net revenue over time"),
        ("sales channels", "Sales channels"),
    ):
        reach(page, "Add widget")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Find a widget")).to_be_focused()
        page.wait_for_selector(".gallery-card")
        keys(page, name, "Enter")
        expect(page.get_by_role("button", name=f"Move {title}")).to_be_focused()
        page.wait_for_selector(".board-grid.grid-stack")
    at = kinds(page)
    kpi, curve, channels = at["kpi"], at["sales-over-time"], at["channel-mix"]
    assert places(page) == {kpi: (0, 0, 3, 2), curve: (3, 0, 8, 4), channels: (0, 4, 4, 4)}

    # Move it, resize another, and set up the one in hand.
    keys(page, *["ArrowRight"] * 8)
    expect(handle(page, channels)).to_be_focused()
    reach(page, "Move Net revenue over time")
    keys(page, "Shift+ArrowLeft", "Shift+ArrowDown")
    expect(handle(page, curve)).to_be_focused()
    as_left = places(page)
    assert (as_left[channels][0], as_left[curve][2:]) == (8, (7, 5))
    reach(page, "Menu of Tickets sold")
    page.keyboard.press("Enter")
    reach(page, "Configure…", key="ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
    keys(page, "Gone already", "Enter")
    expect(slot(page, kpi).locator("h2")).to_have_text("Gone already")
    expect(handle(page, kpi)).to_be_focused()

    # What goes leaves the focus to its neighbour, what comes back is there again.
    reach(page, "Move Sales channels")
    page.keyboard.press("Delete")
    expect(slot(page, channels)).to_have_count(0)
    expect(page.locator(".gs-handle:focus")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(handle(page, channels)).to_be_visible()
    assert places(page) == as_left
    # All the way back, and forth again: a button that ends leaves the focus to the other one.
    reach(page, "Undo")
    keys(page, *["Enter"] * 14)
    expect(page.get_by_text("This board is empty")).to_be_visible()
    expect(page.get_by_role("button", name="Do again")).to_be_focused()
    keys(page, *["Enter"] * 14)
    assert places(page) == as_left
    saved(page)
    page.keyboard.press("Escape")
    expect(page.locator("[data-editing]")).to_have_count(0)
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_focused()
    assert page.evaluate("window.focusLost") == []

    page.reload()
    ready(page)
    assert places(page) == as_left
    expect(slot(page, kpi).locator("h2")).to_have_text("Gone already")
    assert watch.complaints == []


def keys(page: Page, *strokes: str) -> None:
    """Named keys are pressed, everything else is typed."""
    for stroke in strokes:
        if re.fullmatch(r"((Shift|Control)\+)?(Enter|Tab|Escape|Delete|Arrow\w+)", stroke):
            page.keyboard.press(stroke)
        else:
            page.keyboard.type(stroke)


def reach(page: Page, name: str, key: str = "Tab") -> None:
    """Press it until what is called `name` has the focus."""
    for _ in range(120):
        page.keyboard.press(key)
        if name in page.evaluate(
            "[document.activeElement.getAttribute('aria-label'), document.activeElement.textContent.trim()]"
        ):
            return
    raise AssertionError(f"{key} never comes to {name}")


def watch_focus(page: Page) -> None:
    """From here on the page notes every key after which nothing has the focus. Tab may leave the page at its
    end, for the browser."""
    page.evaluate("""() => {
      window.focusLost = [];
      document.addEventListener('keyup', ({ key }) => requestAnimationFrame(() => {
        if (key !== 'Tab' && document.activeElement === document.body) window.focusLost.push(key);
      }), true);
    }""")


def test_a_board_is_built_on_a_phone_with_a_thumb_and_stays_as_it_was_left(
    browser: Browser, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    board = made(night)
    with another(browser, watch, **PHONE) as context:
        page = context.new_page()
        enter(page, night)
        visit(page, night, board)
        page.get_by_role("button", name="Edit", exact=True).tap()
        for name in ("Key figure", "Sales channels", "Sales over time"):
            page.get_by_role("button", name="Add widget").tap()
            page.locator(".gallery-card", has=page.locator(f'b:text-is("{name}")')).tap()
            expect(page.locator("dialog")).to_have_count(0)
        at = kinds(page)
        kpi, channels, curve = at["kpi"], at["channel-mix"], at["sales-over-time"]
        for _ in range(2):
            slot(page, curve).get_by_role("button", name="Move up").tap()
        slot(page, kpi).get_by_role("button", name="Move down").tap()
        slot(page, channels).locator("summary").tap()
        slot(page, channels).get_by_role("button", name="Configure").tap()
        page.get_by_label("Title").tap()
        page.keyboard.type("By thumb")
        page.get_by_role("button", name="Apply").tap()
        expect(slot(page, channels).locator("h2")).to_have_text("By thumb")
        saved(page)
        page.get_by_role("button", name="Done").tap()
        expect(page.locator("[data-editing]")).to_have_count(0)
        slot(page, curve).locator(".main-svg").first.wait_for(state="attached")
        seen = boxes(page)
        page.reload()
        ready(page)
        slot(page, curve).locator(".main-svg").first.wait_for(state="attached")
        assert boxes(page) == seen
        # One below the other, each as wide as the page.
        assert sorted(seen, key=lambda widget: seen[widget][1]) == [curve, channels, kpi]
        assert {(x, width) for x, _, width, _ in seen.values()} == {(seen[kpi][0], 390 - 2 * seen[kpi][0])}
        tops = sorted((y, y + height) for _, y, _, height in seen.values())
        assert all(end < top for (_, end), (top, _) in pairwise(tops))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
        expect(slot(page, channels).locator("h2")).to_have_text("By thumb")
    order = {placed.widget: placed.phone for placed in document(night, board).widgets}
    assert order == {"sales-over-time": 0, "channel-mix": 1, "kpi": 2}
    # The desk has its own places, which a thumb does not move.
    assert kept(night, board) == {kpi: (0, 0, 3, 2), channels: (3, 0, 4, 4), curve: (0, 4, 8, 4)}
    assert watch.complaints == []
