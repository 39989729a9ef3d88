"""axe-core looks at everything that opens on a board and on the list of boards, at a desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from data.board_document import Placed
from data.dashboards import get, save
from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import access, another, colleague, document, enter, handle, made, saved, slot, visit
from tests.browser.conftest import Night, Watch

KPI = Placed(id="kpi", widget="kpi", w=3, h=2)
CHANNELS = Placed(id="channels", widget="channel-mix", x=3, w=4, h=4, phone=1)
CURVE = Placed(id="curve", widget="sales-over-time", x=7, w=5, h=4, phone=2)
OWN = Placed(id="own", widget="custom", y=4, w=6, h=4, phone=3)
HOUSE = Placed(id="house", widget="house-count", x=6, y=4, w=4, h=4, phone=4)
GONE = Placed(id="gone", widget="crystal-ball", x=10, y=4, w=2, h=4, phone=5)
WIDGETS = (KPI, CHANNELS, CURVE, OWN, HOUSE, GONE)
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
APP = "#react-entry-point"


class Looks:
    """What axe-core found, by what was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}

    def at(self, what: str, there: str) -> None:
        self.page.wait_for_selector(there)
        wrong = faults(self.page)
        if wrong:
            self.found[what] = wrong


def more(page: Page, item: str) -> None:
    """Choose from the menu of the board."""
    page.locator(APP).get_by_label("More about this board").click()
    page.locator(f"{APP} .board-head .menu").get_by_role("button", name=item, exact=True).click()


@SCREENS
def test_nobody_is_shut_out_of_the_list_and_its_dialogs(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, Any]
) -> None:
    made(night, KPI)
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        looks = Looks(page)
        enter(page, night)
        page.goto(f"{night.site.url}/dashboards")
        app = page.locator(APP)
        app.get_by_label("More about On sale").click()
        looks.at("the menu of a board", f"{APP} .board-card details[open] .menu")
        app.get_by_role("button", name="Rename").click()
        looks.at("a dialog for a name", ".small-dialog")
        page.keyboard.press("Escape")
        app.get_by_label("More about On sale").click()
        app.get_by_role("button", name="Move to trash").click()
        looks.at("a question before the trash", ".small-dialog .danger")
        page.keyboard.press("Escape")
        app.get_by_role("button", name="New dashboard").click()
        looks.at("a new dashboard", ".wide-dialog")
        page.keyboard.press("Escape")
        if screen is PHONE:
            app.locator(".tabs summary").click()
            looks.at("the rest of the pages", f"{APP} .tabs details[open] .menu")
    assert looks.found == {}


@SCREENS
def test_nobody_is_shut_out_of_a_board_its_menus_and_what_is_read_from_it(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, Any]
) -> None:
    night.sell("t1", "25.00")
    night.scan("t1")
    board = made(night, *WIDGETS)
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        looks = Looks(page)
        enter(page, night)
        visit(page, night, board, "?f.channel=&range=7d")
        app = page.locator(APP)
        looks.at("a board with a filter", f"{APP} .filter-chip")
        for name in ("event", "range", "compare"):
            app.locator(f'[data-filter="{name}"] > summary').click()
            looks.at(f"the filter of {name}", f'{APP} [data-filter="{name}"][open] .menu')
            page.keyboard.press("Escape")
        app.get_by_label("More about this board").click()
        looks.at("the menu of the board", f"{APP} .board-head details[open] .menu")
        page.keyboard.press("Escape")
        slot(page, "channels").locator("summary").click()
        looks.at("the menu of a widget", f"{APP} .w-more[open] .w-menu")
        slot(page, "channels").get_by_role("button", name="View as table").click()
        looks.at("a widget as a table", f"{APP} .w-table table")
        slot(page, "channels").locator("summary").click()
        slot(page, "channels").get_by_role("button", name="Show the rows behind it").click()
        looks.at("the rows behind a widget", ".side-drawer tbody tr")
        page.keyboard.press("Escape")
        app.get_by_role("button", name="Notes").click()
        page.get_by_label("Note", exact=True).fill("Fire alarm, doors held")
        page.get_by_role("button", name="Add the note").click()
        page.get_by_role("button", name="Change: Fire alarm").click()
        page.get_by_role("button", name="Remove: Fire alarm").click()
        looks.at("the notes", ".notes-list .sure")
        page.keyboard.press("Escape")
        app.get_by_label("Download On sale").click()
        looks.at("the menu of downloads", f"{APP} .export-menu")
        app.get_by_role("button", name="CSV files").click()
        looks.at("a download that is ready", ".export-card")
        app.get_by_label("Download On sale").click()
        app.get_by_role("button", name="Your downloads").click()
        looks.at("the list of downloads", ".export-list li, .side-drawer .drawer-note")
    assert looks.found == {}


@SCREENS
def test_nobody_is_shut_out_of_the_edit_mode_and_its_drawers(
    browser: Browser, night: Night, watch: Watch, screen: dict[str, Any]
) -> None:
    night.sell("t1", "25.00")
    board = made(night, *WIDGETS)
    with another(browser, watch, **screen) as context:
        page = context.new_page()
        looks = Looks(page)
        enter(page, night)
        visit(page, night, board, "?edit=1")
        if screen is DESK:
            page.wait_for_selector(".board-grid.grid-stack")
        looks.at("the edit mode", f"{APP} [data-editing]")
        page.get_by_role("button", name="Add widget", exact=True).click()
        page.wait_for_selector(".gallery-picture .main-svg", state="attached")
        looks.at("the gallery", ".gallery-card")
        page.get_by_label("Find a widget").fill("nothing like it")
        looks.at("the gallery without a hit", ".gallery p")
        page.get_by_role("button", name="Close").click()
        slot(page, "kpi").locator("summary").click()
        slot(page, "kpi").get_by_role("button", name="Configure").click()
        looks.at("the settings of a widget", ".drawer-settings")
        page.get_by_role("button", name="Cancel").click()
        slot(page, "own").locator("summary").click()
        slot(page, "own").get_by_role("button", name="Configure").click()
        form = page.locator(".settings-form")
        form.get_by_label("Split by 1", exact=True).select_option("channel")
        form.get_by_label("Drawn as").select_option("table")
        looks.at("the custom widget while it is tried", f'{APP} .slot[data-of="own"] th[scope="row"]')
        page.get_by_role("button", name="Cancel").click()
        slot(page, "house").locator("summary").click()
        slot(page, "house").get_by_role("button", name="Remove").click()
        looks.at("a word with a way back", ".snackbar button")
        saved(page)
        page.get_by_role("button", name="Done").click()
        more(page, "Versions")
        looks.at("the versions", ".version")
        page.locator(".version").last.get_by_role("button", name="Look at it").click()
        looks.at("a version that is looked at", f"{APP} [data-board-bars] .banner")
        page.get_by_role("button", name="Back to now").click()
        page.locator(APP).get_by_role("button", name="Share", exact=True).click()
        page.get_by_label("Share with").select_option(label="All analysts")
        page.locator(".share-add").get_by_role("button", name="Share").click()
        page.get_by_label("New link for").fill("Blue Note Agency")
        page.get_by_role("button", name="Make a link").click()
        page.get_by_label("Address of the link").wait_for()
        looks.at("sharing", ".share-list li select")
    assert looks.found == {}


@SCREENS
def test_nobody_is_shut_out_of_a_conflict_between_two_editors(
    browser: Browser, night: Night, screen: dict[str, Any]
) -> None:
    board = made(night, KPI, CHANNELS)
    with another(browser, Watch(), **screen) as context:
        page = context.new_page()
        looks = Looks(page)
        enter(page, night)
        visit(page, night, board, "?edit=1")
        ben = access(night, colleague(night, "Ben", "owner"))
        theirs = document(night, board)
        with night.database.tenant(night.tenant.tenant_id) as tenant:
            version = get(tenant, ben, board).version
            save(tenant, ben, board, theirs.model_copy(update={"widgets": theirs.widgets[:1]}), version)
        if screen is DESK:
            page.wait_for_selector(".board-grid.grid-stack")
            handle(page, "kpi").focus()
            page.keyboard.press("Shift+ArrowDown")
        else:
            slot(page, "channels").get_by_role("button", name="Move up").click()
        expect(page.locator("[data-board-bars]")).to_contain_text("Ben saved version 2")
        looks.at("a conflict", '[data-save-state="conflict"]')
    assert looks.found == {}
