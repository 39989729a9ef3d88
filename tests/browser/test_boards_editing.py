"""Changing a board by hand: with the mouse, the keyboard and a finger, and taking it back."""

import json
import re
from datetime import datetime

from playwright.sync_api import Browser, Page, Route, expect

from data.board_document import Placed
from tests.browser.boards import (
    CHANNELS,
    CURVE,
    HOUSE,
    KPI,
    another,
    document,
    drag,
    edit,
    edited,
    enter,
    handle,
    kept,
    made,
    opened,
    places,
    saved,
    slot,
    visit,
)
from tests.browser.conftest import Night, Watch


def test_a_widget_is_dragged_and_resized_and_the_next_visit_shows_it(
    page: Page, night: Night, watch: Watch
) -> None:
    board = opened(page, night, KPI, CURVE, CHANNELS)
    before = slot(page, "kpi").bounding_box()
    # Outside the edit mode there is nothing to take hold of.
    expect(handle(page, "kpi")).to_be_hidden()
    edit(page)
    # Nothing jumps when gridstack takes the slots over.
    assert slot(page, "kpi").bounding_box() == before
    drag(page, handle(page, "kpi"), 0, 560)
    drag(page, slot(page, "curve").locator(".ui-resizable-se"), -190, 80)
    saved(page)
    assert places(page) == {"kpi": (0, 0, 3, 2), "curve": (3, 0, 4, 5), "channels": (9, 0, 3, 4)}
    page.get_by_role("button", name="Done").click()
    # Nor when it gives them back.
    expect(page.locator(".board-grid.grid-stack")).to_have_count(0)
    visit(page, night, board)
    assert kept(night, board) == places(page)
    assert watch.complaints == []


def test_the_keyboard_alone_moves_resizes_removes_and_undoes(page: Page, night: Night, watch: Watch) -> None:
    board = opened(page, night, KPI, CURVE, CHANNELS)
    page.keyboard.press("e")
    page.wait_for_selector(".board-grid.grid-stack")
    reach(page, "Move Sales channels")
    said = page.locator("[data-board-live]")
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("Sales channels: column 9, row 1, 3 wide, 4 high")
    page.keyboard.press("Shift+ArrowDown")
    expect(said).to_have_text("Sales channels: column 9, row 1, 3 wide, 5 high")
    page.keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("Sales channels: column 9, row 1, 4 wide, 5 high")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("Sales channels: column 9, row 5, 4 wide, 5 high")
    moved = places(page)
    reach(page, "Move Tickets sold")
    page.keyboard.press("Delete")
    expect(slot(page, "kpi")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(handle(page, "kpi")).to_be_visible()
    assert places(page) == moved
    page.keyboard.press("Escape")
    expect(page.locator("[data-editing]")).to_have_count(0)
    saved(page)
    assert kept(night, board) == moved
    assert watch.complaints == []


def reach(page: Page, name: str) -> None:
    """Tab until the button of this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_a_finger_drags_on_a_tablet(browser: Browser, night: Night, watch: Watch) -> None:
    board = made(night, KPI, CURVE)
    tablet = {"viewport": {"width": 1024, "height": 900}, "has_touch": True, "is_mobile": True}
    with another(browser, watch, **tablet) as context:
        page = context.new_page()
        enter(page, night)
        visit(page, night, board)
        page.get_by_role("button", name="Edit", exact=True).tap()
        page.wait_for_selector(".board-grid.grid-stack")
        box = handle(page, "kpi").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch = context.new_cdp_session(page)

        def finger(kind: str, *points: tuple[float, float]) -> None:
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]},
            )

        finger("touchStart", (x, y))
        # A swipe scrolls the page; a finger that rests for a moment takes hold.
        page.wait_for_selector(".ui-draggable-armed")
        for step in range(1, 21):
            finger("touchMove", (x + 780 * step / 20, y))
        finger("touchEnd")
        saved(page)
        assert places(page) == {"kpi": (9, 0, 3, 2), "curve": (3, 0, 6, 4)}
        assert kept(night, board) == places(page)
    assert watch.complaints == []


def test_a_phone_has_an_order_of_its_own(browser: Browser, night: Night, watch: Watch) -> None:
    board = made(night, KPI, CURVE, CHANNELS)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with another(browser, watch, **phone) as context:
        page = context.new_page()
        enter(page, night)
        visit(page, night, board)
        page.get_by_role("button", name="Edit", exact=True).tap()
        slot(page, "channels").get_by_role("button", name="Move up").tap()
        expect(page.locator("[data-board-live]")).to_have_text("Sales channels: place 2 of 3 on a phone")
        saved(page)
        tops = {name: slot(page, name).bounding_box() for name in ("kpi", "channels", "curve")}
        assert [name for name, _ in sorted(tops.items(), key=lambda at: at[1]["y"] if at[1] else 0)] == [
            "kpi",
            "channels",
            "curve",
        ]
    order = {placed.id: placed.phone for placed in document(night, board).widgets}
    assert order == {"kpi": 0, "channels": 1, "curve": 2}
    # The desk is as it was.
    assert kept(night, board) == {"kpi": (0, 0, 3, 2), "curve": (3, 0, 6, 4), "channels": (9, 0, 3, 4)}
    assert watch.complaints == []


def test_undo_goes_back_across_a_reload_and_redo_forward_again(
    page: Page, night: Night, watch: Watch
) -> None:
    board = edited(page, night, KPI, CURVE)
    before = places(page)
    handle(page, "curve").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    saved(page)
    moved = places(page)
    assert moved["curve"] == (5, 0, 6, 4)
    visit(page, night, board)
    edit(page)
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Do again"))
    expect(redo).to_be_disabled()
    undo.click()
    undo.click()
    expect(undo).to_be_disabled()
    assert places(page) == before
    saved(page)
    assert kept(night, board) == before
    redo.click()
    redo.click()
    saved(page)
    assert kept(night, board) == moved
    assert watch.complaints == []


def test_editing_touches_only_its_own_slot_so_zoom_and_live_points_of_the_others_stay(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    opened(page, night, KPI, CURVE, HOUSE)
    plot = slot(page, "curve").locator(".js-plotly-plot")
    plot.locator(".main-svg").first.wait_for(state="attached")
    inside = slot(page, "house").locator('[data-read="inside"]')
    expect(inside).to_have_text("1")
    plot.evaluate("node => { node.kept = true; return Plotly.relayout(node, {'yaxis.range': [0, 12345]}); }")
    inside.evaluate("node => { node.kept = true; }")
    edit(page)
    drag(page, handle(page, "kpi"), 0, 400)
    handle(page, "house").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.evaluate("Housecount.openBoard.add('channel-mix')")
    expect(page.locator("h2", has_text="Sales channels")).to_be_visible()
    page.evaluate("Housecount.openBoard.configure('kpi', {metric: 'net_revenue'})")
    expect(slot(page, "kpi").locator("h2")).to_have_text("Net revenue")
    page.evaluate("Housecount.openBoard.remove('kpi')")
    night.scan("t2")
    expect(inside).to_have_text("2")
    page.get_by_role("button", name="Done").click()
    assert plot.evaluate("node => [node.kept, node.layout.yaxis.range[1]]") == [True, 12345]
    assert inside.evaluate("node => node.kept") is True
    saved(page)
    assert watch.complaints == []


def test_what_is_changed_without_a_line_is_saved_when_it_is_back(page: Page, night: Night) -> None:
    board = edited(page, night, KPI, CURVE)
    page.context.set_offline(True)
    handle(page, "curve").focus()
    page.keyboard.press("ArrowRight")
    state = page.locator("[data-save-state]")
    expect(state).to_have_text("Not saved: retrying")
    page.keyboard.press("ArrowRight")
    # Even the tab may go: the browser keeps it until somebody comes back to this board.
    waiting = page.evaluate(f"localStorage.getItem('housecount-unsaved-{board}')")
    assert {placed["id"]: placed["x"] for placed in json.loads(waiting)["document"]["widgets"]} == {
        "kpi": 0,
        "curve": 5,
    }
    page.context.set_offline(False)
    saved(page)
    assert kept(night, board)["curve"] == (5, 0, 6, 4)
    assert page.evaluate(f"localStorage.getItem('housecount-unsaved-{board}')") is None


def test_what_a_closed_tab_could_not_save_is_saved_by_the_next_visit(page: Page, night: Night) -> None:
    board = edited(page, night, KPI, CURVE)
    page.route("**/api/v1/dashboards/*", lambda route: route.abort())
    handle(page, "curve").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-save-state]")).to_have_text("Not saved: retrying")
    page.close()
    page = page.context.new_page()
    visit(page, night, board)
    saved(page)
    assert kept(night, board)["curve"] == (4, 0, 6, 4)


def walk(page: Page, address: str) -> None:
    """To another page of the app, as its own links go there."""
    page.evaluate("(to) => history.pushState({}, '', to)", address)
    page.evaluate("dispatchEvent(new CustomEvent('_dashprivate_pushstate'))")


def test_a_board_that_was_left_says_nothing_on_the_next_one(page: Page, night: Night) -> None:
    left, next_one = made(night, KPI, CURVE), made(night, KPI, name="Another")
    enter(page, night)
    visit(page, night, left)
    edit(page)
    held: list[Route] = []
    page.route(
        f"**/api/v1/dashboards/{left}",
        lambda route: held.append(route) if route.request.method == "PUT" else route.continue_(),
    )
    with page.expect_request(lambda request: request.method == "PUT"):
        handle(page, "curve").focus()
        page.keyboard.press("ArrowRight")
    walk(page, "/dashboards")
    expect(page.locator("#react-entry-point [data-dashboard]")).to_have_count(0)
    walk(page, f"/dashboards/{next_one}")
    page.wait_for_selector(f'#react-entry-point [data-dashboard="{next_one}"][data-bound]', state="attached")
    with page.expect_response(
        lambda response: response.request.method == "GET" and str(left) in response.url
    ):
        held[0].fulfill(status=412, json={})
    # Its answer is heard before anything that is asked for later.
    page.evaluate("(url) => fetch(url).then((answer) => answer.text())", f"/api/v1/dashboards/{next_one}")
    expect(page.locator("[data-board-bars]")).to_be_empty()
    assert page.evaluate("Housecount.openBoard.id") == str(next_one)


def test_figures_that_no_live_message_moves_are_asked_for_and_only_what_changed_is_drawn(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    note = Placed(id="note", widget="note", x=4, settings={"text": "Bring the **float**."}, w=3, h=2)
    opened(page, night, KPI, note)
    kpi, quiet = (slot(page, name).locator(".w-body") for name in ("kpi", "note"))
    expect(kpi).to_contain_text("1")
    quiet.evaluate("node => { node.kept = true; }")
    night.sell("t2", "25.00")
    # What a timer does every half minute.
    page.evaluate("Housecount.openBoard.drawing.send(true)")
    expect(kpi).to_contain_text("2")
    assert quiet.evaluate("node => node.kept") is True
    assert watch.complaints == []


def test_a_part_of_the_time_that_was_zoomed_into_stays_when_the_figures_are_asked_for_again(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    opened(page, night, KPI, CURVE)
    chart = slot(page, "curve").locator(".js-plotly-plot")
    plane = chart.locator(".nsewdrag").bounding_box()
    assert plane is not None
    middle = plane["y"] + plane["height"] / 2
    page.mouse.move(plane["x"] + plane["width"] * 0.6, middle)
    page.mouse.down()
    page.mouse.move(plane["x"] + plane["width"] * 0.8, middle, steps=8)
    page.mouse.move(plane["x"] + plane["width"] - 2, middle, steps=8)
    page.mouse.up()
    back = slot(page, "curve").get_by_role("button", name="Show all")
    expect(back).to_be_visible()
    seen = "chart => [...chart.layout.xaxis.range]"
    most = "chart => Math.max(...chart.data[0].y)"
    zoomed, sold = chart.evaluate(seen), chart.evaluate(most)
    assert "range" not in page.url
    night.sell("t2", "25.00")
    page.evaluate("Housecount.openBoard.drawing.send(true)")
    expect(slot(page, "kpi").locator(".big-value")).to_have_text("2")
    expect(slot(page, "curve").locator("[data-figure]")).to_have_count(0)
    for _ in range(100):  # The chart is drawn a moment after its place was made.
        if chart.evaluate(most) > sold:
            break
        page.wait_for_timeout(50)
    assert chart.evaluate(most) > sold
    assert chart.evaluate(seen) == zoomed
    back.click()
    expect(back).to_have_count(0)
    assert chart.evaluate(seen) != zoomed
    assert watch.complaints == []


def test_figures_found_unchanged_say_so_as_of_now(page: Page, night: Night) -> None:
    night.sell("t1", "25.00")
    opened(page, night, KPI, CURVE)
    said = slot(page, "kpi").locator(".w-as-of")
    before = said.get_attribute("data-as-of")
    words = said.text_content()
    page.wait_for_timeout(1100)
    page.evaluate("Housecount.openBoard.drawing.send(true)")
    expect(said).not_to_have_text(words or "")
    after = said.get_attribute("data-as-of")
    assert datetime.fromisoformat(after or "") > datetime.fromisoformat(before or "")
    expect(slot(page, "kpi").locator(".w-sub")).to_have_attribute("title", re.compile(r"as of [\d:]{8}$"))
