"""Settings that the server does not take stay in their form; a board that it does not take says so, and how
to get out, also after a reload."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from data.board_document import Placed
from tests.browser.boards import document, edit, enter, kept, made, saved, slot, visit
from tests.browser.conftest import Night, Watch

OWN = Placed(id="own", widget="custom", x=0, y=0, w=6, h=4)
WRONG = "Stacked bars needs 2 dimensions to split by, not 1."


def configure(page: Page) -> None:
    slot(page, "own").locator("summary").first.click()
    slot(page, "own").get_by_role("button", name="Configure").click()


def test_settings_that_cannot_be_kept_stay_in_the_form_which_says_why(
    page: Page, night: Night, watch: Watch
) -> None:
    board = made(night, OWN)
    enter(page, night)
    visit(page, night, board)
    edit(page)
    configure(page)
    page.get_by_label("Drawn as").select_option(label="Stacked bars")
    with page.expect_response("**/check"):
        page.get_by_role("button", name="Apply").click()
    expect(page.locator(".drawer-settings .form-wrong", has_text=WRONG)).to_be_visible()
    page.get_by_label("Drawn as").select_option(label="Line")
    expect(page.locator(".drawer-settings .form-wrong", has_text=WRONG)).to_have_count(0)
    page.get_by_label("Only the first").fill("7")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".drawer-settings")).to_have_count(0)
    saved(page)
    settings = document(night, board).widgets[0].settings
    assert (settings["kind"], settings["top"]) == ("line", 7)
    assert [line for line in watch.complaints if "422" not in line] == []


def test_a_board_that_is_refused_says_so_until_it_can_be_saved_again(page: Page, night: Night) -> None:
    board = made(night, OWN)
    enter(page, night)
    visit(page, night, board)
    edit(page)
    page.evaluate("Housecount.openBoard.configure('own', {kind: 'stacked'})")
    bar = page.locator("[data-board-bars] .banner")
    expect(bar).to_contain_text(f"This cannot be saved. Your own widget: {WRONG}")
    page.evaluate("Housecount.openBoard.add('kpi')")
    expect(page.locator("[data-save-state]")).to_have_text("Not saved")
    page.reload()
    expect(page.locator("[data-save-state]")).to_have_text("Not saved")
    expect(bar).to_contain_text(WRONG)
    waiting = json.loads(page.evaluate(f"localStorage.getItem('housecount-unsaved-{board}')"))
    assert len(waiting["document"]["widgets"]) == 2
    bar.get_by_role("button", name="Remove the widget").click()
    saved(page)
    expect(bar).to_have_count(0)
    assert "own" not in kept(night, board)
    assert len(kept(night, board)) == 1
    page.reload()
    expect(page.locator("[data-save-state]")).not_to_have_text("Not saved")
