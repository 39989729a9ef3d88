"""Boards that others see: a colleague, everybody of a role, people outside, until it is taken back."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from data.board_document import Placed
from data.dashboard_trash import trash, untrash
from tests.browser.boards import (
    access,
    another,
    colleague,
    edit,
    enter,
    handle,
    kept,
    made,
    saved,
    slot,
    visit,
)
from tests.browser.conftest import Night, Watch

KPI = Placed(id="kpi", widget="kpi", x=0, y=0, w=3, h=2)
CHANNELS = Placed(id="channels", widget="channel-mix", x=3, y=0, w=4, h=4)
SAVE = """async (board) => (await fetch(`/api/v1/dashboards/${board}`, {
  method: 'PUT',
  headers: { 'Content-Type': 'application/json', 'If-Match': '"1"' },
  body: JSON.stringify({ document: { widgets: [] } }),
})).status"""


def test_a_colleague_sees_a_shared_board_and_may_change_it_when_told_so(
    browser: Browser, page: Page, night: Night, watch: Watch
) -> None:
    ben = colleague(night, "Ben")
    board = made(night, KPI)
    enter(page, night)
    visit(page, night, board)
    with another(browser, watch) as context:
        other = context.new_page()
        enter(other, night, ben)
        other.goto(f"{night.site.url}/dashboards/{board}")
        expect(other.get_by_role("heading", name="This board is not here")).to_be_visible()
        page.get_by_role("button", name="Share", exact=True).click()
        page.get_by_label("Share with").select_option(label=f"Ben ({ben})")
        page.locator(".share-add").get_by_role("button", name="Share").click()
        right = page.get_by_label("Right of Ben")
        expect(right).to_have_value("view")
        other.goto(f"{night.site.url}/dashboards")
        other.get_by_role("link", name="On sale").click()
        expect(other.get_by_text("Ada Byron shares this with you to look at")).to_be_visible()
        expect(slot(other, "kpi").locator("h2")).to_have_text("Tickets sold")
        expect(other.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
        other.keyboard.press("e")
        expect(other.locator("[data-editing]")).to_have_count(0)
        with page.expect_response(lambda answer: "/shares/" in answer.url):
            right.select_option(label="may edit")
        visit(other, night, board)
        edit(other)
        other.get_by_role("button", name="Undo").wait_for()
    assert watch.complaints == []


def test_a_link_for_people_outside_is_shown_once_and_taken_back(
    page: Page, night: Night, watch: Watch
) -> None:
    board = made(night, KPI)
    enter(page, night)
    visit(page, night, board, f"?event={night.event_id}")
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("New link for").fill("Blue Note Agency")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("Address of the link").input_value()
    assert page.request.get(address).status == 200
    line = page.locator(".share-list li", has_text="Blue Note Agency")
    expect(line).to_contain_text("money hidden")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(line).to_contain_text("1 view")
    expect(page.get_by_label("Address of the link")).to_have_count(0)
    line.get_by_role("button", name="Revoke").click()
    page.locator(".small-dialog").get_by_role("button", name="Revoke").click()
    expect(line).to_contain_text("revoked")
    assert page.request.get(address).status == 404
    assert watch.complaints == []


def test_a_link_locks_all_values_of_what_was_clicked_and_says_so(
    page: Page, night: Night, watch: Watch
) -> None:
    board = made(night, KPI, filters={"f.country": "GB"})
    enter(page, night)
    visit(page, night, board, f"?event={night.event_id}&range=7d&f.channel=web&f.channel=shop")
    page.get_by_role("button", name="Share", exact=True).click()
    locked = "Event: Northern Lights · Range: Last 7 days · Channel: web, shop"
    expect(page.locator("form .share-locked")).to_have_text(locked)
    page.get_by_label("New link for").fill("Blue Note Agency")
    with page.expect_request(lambda asked: asked.method == "POST" and "/links" in asked.url) as sent:
        page.get_by_role("button", name="Make a link").click()
    # The filter that the board begins with gave way to what was clicked.
    body = sent.value.post_data_json
    assert body is not None
    assert body["filters"] == {
        "event": str(night.event_id),
        "range": "7d",
        "f": "none",
        "f.channel": ["web", "shop"],
    }
    line = page.locator(".share-list li", has_text="Blue Note Agency")
    expect(line.locator(".share-locked")).to_contain_text("Channel: web, shop")
    assert watch.complaints == []


def test_a_board_shared_with_a_role_is_there_for_all_of_it_and_nobody_else_until_withdrawn(
    browser: Browser, page: Page, night: Night, watch: Watch
) -> None:
    cara, ben = colleague(night, "Cara", "analyst"), colleague(night, "Ben")
    board = made(night, KPI, CHANNELS)
    address = f"{night.site.url}/dashboards/{board}"
    enter(page, night)
    visit(page, night, board)
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("Share with").select_option(label="All analysts")
    page.locator(".share-add").get_by_role("button", name="Share").click()
    right = page.get_by_label("Right of All analysts")
    expect(right).to_have_value("view")
    with another(browser, watch) as hers, another(browser, Watch()) as his, another(browser, watch) as late:
        analyst, manager, newcomer = hers.new_page(), his.new_page(), late.new_page()
        enter(analyst, night, cara)
        analyst.goto(f"{night.site.url}/dashboards")
        analyst.locator("#react-entry-point").get_by_role("link", name="On sale").click()
        expect(analyst.get_by_text("Ada Byron shares this with you to look at")).to_be_visible()
        expect(analyst.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
        # Whoever comes to the role later is of it, too.
        enter(newcomer, night, colleague(night, "Dora", "analyst"))
        visit(newcomer, night, board)
        expect(slot(newcomer, "kpi").locator("h2")).to_have_text("Tickets sold")
        # Another role has no right to it, by no way.
        enter(manager, night, ben)
        manager.goto(f"{night.site.url}/dashboards")
        expect(manager.locator("#react-entry-point .dashboards")).to_be_visible()
        expect(manager.locator("[data-board-card]")).to_have_count(0)
        manager.goto(address)
        expect(manager.get_by_role("heading", name="This board is not here")).to_be_visible()
        assert (analyst.evaluate(SAVE, str(board)), manager.evaluate(SAVE, str(board))) == (403, 404)

        with page.expect_response(lambda answer: "/shares/" in answer.url):
            right.select_option(label="may edit")
        visit(analyst, night, board)
        edit(analyst)
        handle(analyst, "channels").focus()
        analyst.keyboard.press("ArrowRight")
        saved(analyst)
        assert kept(night, board)["channels"] == (4, 0, 4, 4)

        page.get_by_role("button", name="Stop sharing with All analysts").click()
        expect(page.get_by_text("Nobody but you and the owners of your organisation.")).to_be_visible()
        # She is in the middle of it: what she does now is kept nowhere, and she is told.
        handle(analyst, "channels").focus()
        analyst.keyboard.press("ArrowRight")
        bars = analyst.locator("[data-board-bars]")
        expect(bars).to_contain_text("You can no longer save this board.")
        assert kept(night, board)["channels"] == (4, 0, 4, 4)
        # So is who only looks, with the next figures.
        newcomer.evaluate("Housecount.openBoard.drawing.send(true)")
        expect(newcomer.locator("[data-board-bars]")).to_contain_text("This board is no longer here.")
        for each in (analyst, newcomer):
            each.goto(address)
            expect(each.get_by_role("heading", name="This board is not here")).to_be_visible()
        analyst.goto(f"{night.site.url}/dashboards")
        expect(analyst.locator("#react-entry-point .dashboards")).to_be_visible()
        expect(analyst.locator("[data-board-card]")).to_have_count(0)


def test_a_board_that_somebody_throws_away_while_another_edits_it_says_so_and_comes_back(
    page: Page, night: Night
) -> None:
    board = made(night, KPI, CHANNELS)
    ada = access(night)
    enter(page, night)
    visit(page, night, board)
    edit(page)
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        trash(tenant, ada, board)
    page.evaluate("Housecount.openBoard.drawing.send(true)")
    bars = page.locator("[data-board-bars]")
    expect(bars).to_contain_text("This board is no longer here.")
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        untrash(tenant, ada, board)
    page.evaluate("Housecount.openBoard.drawing.send(true)")
    expect(bars).to_be_empty()
    handle(page, "channels").focus()
    page.keyboard.press("ArrowRight")
    saved(page)
    assert kept(night, board)["channels"] == (4, 0, 4, 4)
