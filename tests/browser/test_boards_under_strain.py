"""Boards in hard cases: many widgets and none, strange ones, slow lines, two hands at once, quick fingers."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from data.board_document import MOST_WIDGETS, BoardDocument, Placed
from data.dashboards import create, get, save
from tests.browser.boards import (
    KPI,
    access,
    another,
    colleague,
    document,
    drag,
    edit,
    edited,
    enter,
    handle,
    kept,
    opened,
    places,
    saved,
    slot,
    visit,
)
from tests.browser.conftest import Night, Watch, until

BELOW = Placed(id="below", widget="channel-mix", x=0, y=2, w=4, h=4, phone=1)
LAST = Placed(id="last", widget="zones", x=0, y=6, w=4, h=3, phone=2)
MAY_UNDO = "Housecount.openBoard.history.mayUndo"
LONG = ('Ünïcode 🎪 <b>bold</b> & "quotes" مرحبا שלום ' + "W" * 120)[:120]


def test_one_undo_brings_back_what_went_and_all_that_moved_up_for_it(
    page: Page, night: Night, watch: Watch
) -> None:
    board = edited(page, night, KPI, BELOW, LAST)
    before = places(page)
    handle(page, "kpi").focus()
    page.keyboard.press("Delete")
    handle(page, "below").focus()
    page.keyboard.press("Delete")
    saved(page)
    # What is kept is what is seen.
    assert kept(night, board) == places(page) == {"last": (0, 0, 4, 3)}
    # A step back is one step, also after a reload.
    visit(page, night, board)
    edit(page)
    page.keyboard.press("Control+z")
    assert places(page) == {"below": (0, 0, 4, 4), "last": (0, 4, 4, 3)}
    page.keyboard.press("Control+z")
    assert places(page) == before
    assert page.evaluate(MAY_UNDO) is False
    saved(page)
    assert kept(night, board) == before
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    assert places(page) == {"last": (0, 0, 4, 3)}
    assert watch.complaints == []


def test_a_full_board_takes_no_more_and_is_emptied_and_filled_by_undo(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    full = [
        Placed(id=f"w{i}", widget="kpi", x=i % 4 * 3, y=i // 4 * 2, w=3, h=2, phone=i)
        for i in range(MOST_WIDGETS)
    ]
    board = edited(page, night, *full)
    before = places(page)
    page.evaluate("Housecount.openBoard.add('channel-mix')")
    expect(page.locator(".snackbar")).to_have_text("A board holds 40 widgets at the most.")
    assert places(page) == before
    for number in range(MOST_WIDGETS):
        page.evaluate("id => Housecount.openBoard.remove(id)", f"w{number}")
    expect(page.get_by_text("This board is empty")).to_be_visible()
    expect(page.locator(".slot[data-of]")).to_have_count(0)
    saved(page)
    assert kept(night, board) == {}
    for _ in range(MOST_WIDGETS):
        page.evaluate("Housecount.openBoard.undo()")
    assert page.evaluate(MAY_UNDO) is False
    assert places(page) == before
    expect(page.locator("#react-entry-point .slot .big-value")).to_have_count(MOST_WIDGETS)
    saved(page)
    assert kept(night, board) == before
    assert watch.complaints == []


def test_a_widget_that_no_version_of_the_product_knows_keeps_to_itself(
    page: Page, night: Night, watch: Watch
) -> None:
    ball = Placed(
        id="ball", widget="crystal-ball", title="<i>Ball</i>", settings={"x": [1]}, x=4, w=4, h=3, phone=1
    )
    worn = Placed(id="worn", widget="channel-mix", settings={"long": "gone"}, x=8, w=4, h=4, phone=2)
    night.sell("t1", "25.00")
    board = opened(page, night, KPI, ball, worn)
    expect(slot(page, "kpi").locator(".big-value")).to_have_text("1")
    expect(slot(page, "ball").locator("h2")).to_have_text("<i>Ball</i>")
    expect(slot(page, "ball")).to_contain_text("Unknown widget")
    expect(slot(page, "worn")).to_contain_text("Check the settings")
    edit(page)
    # What is around it is moved and saved, and it keeps its settings.
    drag(page, handle(page, "kpi"), 95, 0)
    saved(page)
    assert kept(night, board)["kpi"] == (1, 0, 3, 2)
    placed = {each.id: each for each in document(night, board).widgets}
    assert (placed["ball"].widget, placed["ball"].settings) == ("crystal-ball", {"x": [1]})
    slot(page, "ball").locator("summary").click()
    slot(page, "ball").get_by_role("button", name="Configure").click()
    page.get_by_role("button", name="Cancel").click()
    slot(page, "ball").locator("summary").click()
    slot(page, "ball").get_by_role("button", name="Remove").click()
    page.keyboard.press("Control+z")
    expect(slot(page, "ball")).to_contain_text("Unknown widget")
    saved(page)
    assert watch.complaints == []


def test_a_drag_goes_on_while_new_figures_come(page: Page, night: Night, watch: Watch) -> None:
    night.sell("t1", "25.00")
    board = edited(page, night, KPI, BELOW)
    box = handle(page, "kpi").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 300, y, steps=10)
    night.sell("t2", "25.00")
    page.evaluate("Housecount.openBoard.drawing.redraw()")
    expect(slot(page, "kpi").locator(".big-value")).to_have_text("2")
    page.mouse.move(x + 560, y, steps=10)
    page.mouse.up()
    expect(page.locator(".ui-draggable-dragging, .grid-stack-placeholder")).to_have_count(0)
    saved(page)
    # What was below it has moved up.
    assert places(page) == kept(night, board) == {"kpi": (5, 0, 3, 2), "below": (0, 0, 4, 4)}
    handle(page, "kpi").focus()
    page.keyboard.press("ArrowLeft")
    assert places(page)["kpi"] == (4, 0, 3, 2)
    assert watch.complaints == []


def test_whoever_sees_the_version_of_another_gets_their_own_back_after_a_reload(
    page: Page, night: Night
) -> None:
    board = edited(page, night, KPI, BELOW)
    moved_by_another(night, board)
    handle(page, "kpi").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-board-bars]")).to_contain_text("Ben saved version 2")
    mine = places(page)
    page.get_by_role("button", name="See theirs").click()
    assert places(page) == kept(night, board)
    visit(page, night, board)
    edit(page)
    page.keyboard.press("Control+z")
    saved(page)
    assert kept(night, board) == mine


def moved_by_another(night: Night, board: UUID) -> None:
    ben = access(night, colleague(night, "Ben", "owner"))
    theirs = BoardDocument(widgets=(KPI.model_copy(update={"x": 9}), BELOW.model_copy(update={"y": 0})))
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        save(tenant, ben, board, theirs, get(tenant, ben, board).version)


def test_on_a_slow_line_each_save_waits_for_the_one_before(page: Page, night: Night) -> None:
    board = edited(page, night, KPI, BELOW)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            held.append(route)
        else:
            route.continue_()

    page.route(f"**/api/v1/dashboards/{board}", hold)
    handle(page, "kpi").focus()
    with page.expect_request(lambda request: request.method == "PUT"):
        page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1500)
    assert len(held) == 1
    held[0].continue_()
    # What came meanwhile goes next, by itself.
    for _ in range(200):
        if len(held) > 1:
            break
        page.wait_for_timeout(50)
    held[1].continue_()
    saved(page)
    assert (len(held), kept(night, board)["kpi"]) == (2, (4, 0, 3, 2))


def test_another_name_waits_for_the_save_before_it_and_goes_over_its_version(
    page: Page, night: Night
) -> None:
    board = edited(page, night, KPI, BELOW)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(f"**/api/v1/dashboards/{board}", hold)
    handle(page, "kpi").focus()
    with page.expect_request(lambda request: request.method == "PUT"):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Rename this board").click()
    page.get_by_role("textbox", name="Name").fill("Friday")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.wait_for_timeout(300)
    held[0].continue_()
    expect(page.get_by_role("heading", name="Friday")).to_be_visible()
    saved(page)
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        found = get(tenant, access(night), board)
    assert (found.name, found.version) == ("Friday", 3)
    assert kept(night, board)["kpi"] == (1, 0, 3, 2)


def test_quick_steps_back_and_forth_end_at_what_the_address_says(
    page: Page, night: Night, watch: Watch
) -> None:
    opened(page, night, KPI, BELOW)
    sub = slot(page, "kpi").locator(".w-sub")
    for span, words in (("7d", "Last 7 days"), ("90d", "Last 90 days"), ("today", "Today")):
        page.evaluate("search => Housecount.boards.look(search)", f"?range={span}")
        expect(sub).to_contain_text(words)
    page.evaluate("history.go(-1); history.go(-1); history.go(-1); history.go(1); 0")
    until(page, "!location.search.includes('today')")
    page.wait_for_timeout(1000)
    page.evaluate("history.forward(); 0")
    page.wait_for_timeout(300)
    page.evaluate("history.forward(); 0")
    page.wait_for_timeout(1000)
    span = page.evaluate("new URLSearchParams(location.search).get('range')")
    words = {"7d": "Last 7 days", "90d": "Last 90 days", "today": "Today"}[span]
    expect(sub).to_contain_text(words)
    expect(page.get_by_label(f"Range: {words}")).to_be_visible()
    assert watch.complaints == []


@pytest.mark.parametrize("width", [320, 720, 3840])
def test_a_board_with_a_strange_long_name_fits_every_width(
    browser: Browser, night: Night, watch: Watch, width: int
) -> None:
    night.sell("t1", "25.00")
    title = KPI.model_copy(update={"id": "long", "title": LONG, "x": 3, "w": 4})
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        board = create(tenant, access(night), LONG, BoardDocument(widgets=(KPI, title, BELOW))).dashboard_id
    fits = "document.documentElement.scrollWidth <= innerWidth"
    with another(browser, watch, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        enter(page, night)
        visit(page, night, board)
        heading = page.locator("#react-entry-point h1")
        expect(heading).to_have_text(LONG)
        # What is cut off is told whole to whoever points at it.
        expect(heading).to_have_attribute("title", LONG)
        assert page.evaluate(fits)
        page.get_by_role("button", name="Edit", exact=True).click()
        assert page.evaluate(fits)
        for path in ("/dashboards", "/tv", f"/tv?boards={board}"):
            page.goto(f"{night.site.url}{path}")
            page.wait_for_selector("h1")
            assert page.evaluate(fits), path
    assert watch.complaints == []
