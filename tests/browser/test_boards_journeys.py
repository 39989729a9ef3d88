"""Journeys across several pages and people: from nothing to a board, shared, contested and restored."""

import re
from uuid import UUID

from playwright.sync_api import Page, expect

from data.board_document import Placed
from data.board_templates import TEMPLATES
from data.dashboards import get, save
from data.engine import Database
from tests.browser.boards import (
    KPI,
    access,
    colleague,
    document,
    edit,
    edited,
    enter,
    handle,
    kept,
    made,
    opened,
    places,
    ready,
    saved,
    slot,
    visit,
)
from tests.browser.conftest import Night, Watch
from tests.live.night import open_night

CHANNELS = Placed(id="channels", widget="channel-mix", x=3, y=0, w=4, h=4)


def test_a_template_is_a_board_of_ones_own_to_copy_and_rename(page: Page, night: Night, watch: Watch) -> None:
    enter(page, night)
    page.goto(f"{night.site.url}/dashboards")
    page.get_by_role("button", name="Finance").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Finance")
    page.get_by_role("button", name="Create").click()
    ready(page)
    expect(page.locator(".slot[data-of]")).to_have_count(len(TEMPLATES["finance"].document.widgets))
    page.goto(f"{night.site.url}/dashboards")
    # Not the menu of the first paint, which closes when the page itself takes its place.
    page.locator("#react-entry-point").get_by_label("More about Finance").click()
    page.get_by_role("button", name="Make a copy").click()
    page.wait_for_url("**/dashboards/*-*")
    ready(page)
    expect(page.get_by_role("heading", name="Finance (copy)")).to_be_visible()
    expect(page).to_have_title("Finance (copy) · Housecount")
    page.get_by_role("button", name="Rename this board").click()
    page.get_by_role("textbox", name="Name").fill("Month's end")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("heading", name="Month's end")).to_be_visible()
    expect(page).to_have_title("Month's end · Housecount")
    page.goto(f"{night.site.url}/dashboards")
    expect(page.locator("#react-entry-point .board-card h2")).to_have_text(["Month's end", "Finance"])
    assert watch.complaints == []


def test_a_tab_has_the_name_of_its_board_whatever_it_is(page: Page, night: Night, watch: Watch) -> None:
    name = "</title>{%renderer%} R&B"
    board_id = made(night, name=name)
    enter(page, night)
    sent = page.request.get(f"{night.site.url}/dashboards/{board_id}").text()
    assert "<title>&lt;/title&gt;&#123;%renderer%} R&amp;B · Housecount</title>" in sent
    visit(page, night, board_id)
    expect(page).to_have_title(f"{name} · Housecount")
    assert watch.complaints == []


def test_settings_are_tried_on_the_board_and_kept_only_when_applied(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    board = edited(page, night, KPI, CHANNELS)
    heading = slot(page, "channels").locator("h2")
    configure(page, "channels")
    page.get_by_label("Title").fill("Where it sells")
    expect(heading).to_have_text("Where it sells")
    page.get_by_role("button", name="Cancel").click()
    expect(heading).to_have_text("Sales channels")
    assert document(night, board).widgets[1].title == ""
    configure(page, "channels")
    page.get_by_label("Title").fill("Doors & web")
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Apply").click()
    saved(page)
    expect(heading).to_have_text("Doors & web")
    expect(slot(page, "channels").locator(".gs-handle")).to_be_focused()
    placed = document(night, board).widgets[1]
    assert (placed.title, placed.settings) == ("Doors & web", {"top": 3})
    page.keyboard.press("Control+z")
    expect(heading).to_have_text("Sales channels")
    saved(page)
    assert document(night, board).widgets[1].settings == {}
    assert watch.complaints == []


def test_a_widget_is_compared_with_an_event_that_is_chosen_by_name(
    page: Page, night: Night, database: Database, watch: Watch
) -> None:
    ball = open_night(database, night.tenant.tenant_id, night.tenant.venue_id)
    night.sell("t1", "25.00")
    board = made(night, KPI, CHANNELS)
    enter(page, night)
    visit(page, night, board, f"?event={night.event_id}")
    edit(page)
    configure(page, "channels")
    # What cannot be split by channel is not there to choose.
    metrics = page.get_by_label("Metric")
    expect(metrics.locator("option[value=customers]")).to_have_count(1)
    expect(metrics.locator("option[value=visitors]")).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    configure(page, "kpi")
    page.get_by_label("Compared with").select_option(label="Another event")
    named = page.get_by_label("Which event").locator(f"option[value='{ball.event_id}']")
    expect(named).to_have_text(re.compile("^The Night, "))
    page.get_by_label("Which event").select_option(value=str(ball.event_id))
    expect(slot(page, "kpi")).to_contain_text("vs the other event")
    page.get_by_role("button", name="Apply").click()
    saved(page)
    assert document(night, board).widgets[0].settings == {
        "compare": "event",
        "compareEvent": str(ball.event_id),
    }
    assert watch.complaints == []


def test_a_widget_of_ones_own_is_put_together_without_code(page: Page, night: Night, watch: Watch) -> None:
    night.sell("t1", "25.00")
    own = Placed(id="own", widget="custom", w=6, h=5)
    board = edited(page, night, own)
    configure(page, "own")
    form = page.locator(".settings-form")
    form.get_by_label("Split by 1", exact=True).select_option("channel")
    form.locator(".field-list", has_text="Metrics").get_by_role("button", name="Add").click()
    form.get_by_label("Drawn as").select_option("table")
    expect(slot(page, "own").get_by_role("rowheader", name="Not known")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    saved(page)
    settings = document(night, board).widgets[0].settings
    assert (settings["kind"], settings["dimensions"], len(settings["metrics"])) == ("table", ["channel"], 2)
    assert watch.complaints == []


def configure(page: Page, widget: str) -> None:
    slot(page, widget).locator("summary").click()
    slot(page, widget).get_by_role("button", name="Configure").click()


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(page: Page, night: Night) -> None:
    board = edited(page, night, KPI, CHANNELS)
    colleague_moves(night, board, 8)
    handle(page, "kpi").focus()
    page.keyboard.press("Shift+ArrowDown")
    conflict = page.locator("[data-board-bars]")
    expect(conflict).to_contain_text("Ben saved version 2")
    expect(page.locator("[data-save-state]")).to_have_text("Not saved: conflict")
    assert kept(night, board) == {"kpi": (0, 0, 3, 2), "channels": (8, 0, 4, 4)}
    mine = places(page)
    page.get_by_role("button", name="See theirs").click()
    expect(conflict).to_be_empty()
    assert places(page) == kept(night, board)
    expect(page.locator("[data-board-sub]")).to_contain_text("saved by Ben")
    # Ours is one step back, and taking it is our own decision.
    page.keyboard.press("Control+z")
    saved(page)
    assert kept(night, board) == mine

    colleague_moves(night, board, 5)
    page.keyboard.press("Control+y")
    page.get_by_role("button", name="Keep mine as a copy").click()
    page.wait_for_url(lambda url: str(board) not in url and "/dashboards/" in url)
    expect(page.get_by_role("heading", name="On sale (my version)")).to_be_visible()
    assert kept(night, board)["channels"] == (5, 0, 4, 4)


def colleague_moves(night: Night, board: UUID, x: int) -> None:
    """Ben, who may edit everything, saves the board with the channels somewhere else."""
    ben = access(night, colleague(night, "Ben", "owner"))
    now = document(night, board)
    widgets = tuple(
        placed.model_copy(update={"x": x}) if placed.id == "channels" else placed for placed in now.widgets
    )
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        version = get(tenant, ben, board).version
        save(tenant, ben, board, now.model_copy(update={"widgets": widgets}), version)


def test_a_version_is_looked_at_and_restored_and_a_board_comes_back_from_the_trash(
    page: Page, night: Night, watch: Watch
) -> None:
    board = edited(page, night, KPI, CHANNELS)
    slot(page, "channels").locator("summary").click()
    slot(page, "channels").get_by_role("button", name="Remove").click()
    saved(page)
    page.get_by_role("button", name="Done").click()
    menu(page, "Versions")
    line = page.locator(".version", has_text="Created")
    line.get_by_role("button", name="Look at it").click()
    expect(slot(page, "channels")).to_be_visible()
    expect(page.locator("[data-board-bars]")).to_contain_text("You are looking at it; nothing has changed.")
    assert list(kept(night, board)) == ["kpi"]
    page.get_by_role("button", name="Restore this version").click()
    expect(page.locator("[data-board-bars]")).to_be_empty()
    assert list(kept(night, board)) == ["kpi", "channels"]
    menu(page, "Versions")
    page.get_by_role("button", name="Name this version").click()
    page.get_by_role("textbox", name="Name").fill("Before the season")
    page.get_by_role("button", name="Keep").click()
    said = page.locator(".snackbar")
    expect(said).to_contain_text("is now called “Before the season”")
    expect(said).to_be_visible()
    menu(page, "Versions")
    expect(page.locator(".version").first).to_contain_text("Before the season")
    page.keyboard.press("Escape")
    menu(page, "Move to trash")
    page.locator("dialog").get_by_role("button", name="Move to trash").click()
    page.get_by_role("link", name="Trash (1)").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    visit(page, night, board)
    expect(slot(page, "channels")).to_be_visible()
    assert watch.complaints == []


def menu(page: Page, item: str) -> None:
    page.get_by_label("More about this board").click()
    page.locator(".board-head").get_by_role("button", name=item).click()


def test_the_address_says_what_a_board_looks_at_and_a_choice_keeps_the_page(
    page: Page, night: Night, watch: Watch
) -> None:
    night.sell("t1", "25.00")
    board = opened(page, night, KPI, CHANNELS)
    sub = slot(page, "kpi").locator(".w-sub")
    expect(sub).to_contain_text("Last 30 days")
    page.locator(".dashboard").evaluate("node => { node.kept = true; }")
    edit(page)
    page.get_by_label("Range: Last 30 days").click()
    page.get_by_role("link", name="Last 7 days").click()
    expect(sub).to_contain_text("Last 7 days")
    expect(page.get_by_label("Range: Last 7 days")).to_be_focused()
    assert page.url.endswith(f"/dashboards/{board}?range=7d")
    page.keyboard.press("Escape")
    expect(page.locator("[data-editing]")).to_have_count(0)
    # A click on a value filters everything, and the way back takes it away again.
    slot(page, "channels").get_by_role("button", name="Not known").click()
    expect(page.locator(".filter-chip")).to_contain_text("Channel: Not known")
    assert page.locator(".dashboard").evaluate("node => node.kept") is True
    page.go_back()
    expect(page.locator(".filter-chip")).to_have_count(0)
    page.go_back()
    expect(sub).to_contain_text("Last 30 days")
    visit(page, night, board, "?range=7d")
    expect(sub).to_contain_text("Last 7 days")
    assert watch.complaints == []
