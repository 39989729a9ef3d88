"""The menus of widgets, walked through: every kind can be taken away, or its menu says why not."""

from __future__ import annotations

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from data.board_document import Placed
from tests.browser.boards import made, slot
from tests.browser.conftest import Night, Watch, sign_in
from tests.browser.test_exports import content, downloaded, finish_all, from_menu, looked_at, opened
from tests.browser.test_stills import link
from tests.exports.test_pdf import kinds_of
from widgets.registry import WIDGETS
from widgets.tables import ON_PAPER

LABELS = ["Download CSV", "Download Excel", "Download PDF", "Download Picture (PNG)"]
NAMES = list(WIDGETS)
TEXT = "## Tonight\n- Doors **19:00**\n- =SUM(A1)"
NOTE = Placed(id="note", widget="note", settings={"text": TEXT}, w=4, h=3)
LOGO = Placed(id="logo", widget="picture", settings=WIDGETS["picture"].example, x=4, w=4, h=3)
EMPTY = Placed(id="empty", widget="refunds", x=8, w=4, h=3)
BROKEN = Placed(id="broken", widget="kpi", settings={"metric": "ticketz"}, x=8, y=3, w=4, h=3)


def entries(widget: Locator) -> list[tuple[str, str]]:
    """The downloads in an open menu, and of those that are closed the reason they point to."""
    found: list[tuple[str, str]] = []
    for item in widget.locator(".w-menu .menu-item", has_text="Download").all():
        why = item.get_attribute("aria-describedby")
        reason = widget.locator(f'[id="{why}"]').inner_text() if why else ""
        assert (item.get_attribute("aria-disabled") == "true") == bool(why)
        found.append((item.inner_text().split("\n")[0], reason))
    return found


@pytest.mark.parametrize("names", [NAMES[::2], NAMES[1::2]], ids=["odd", "even"])
def test_every_kind_of_widget_has_all_downloads_or_says_why_not(
    page: Page, night: Night, watch: Watch, names: list[str]
) -> None:
    widgets = [
        Placed(id=name, widget=name, settings=WIDGETS[name].example, x=4 * (n % 3), y=4 * (n // 3), w=4, h=4)
        for n, name in enumerate(names)
    ]
    opened(page, night, *widgets)
    for name in names:
        widget = slot(page, name).locator(".widget")
        widget.locator(".w-more summary").click()
        state, found = widget.get_attribute("data-state"), entries(widget)
        assert [label for label, _ in found] == LABELS, name
        closed = [label for label, why in found if why]
        if name == "picture":
            assert closed == LABELS[:2]
        else:
            assert closed == ([] if state in ("drawn", "empty") else LABELS), (name, state)
        assert widget.locator(".w-menu").evaluate("menu => menu.scrollWidth <= menu.clientWidth"), name
        page.keyboard.press("Escape")
    assert watch.complaints == []


def test_a_note_is_taken_away_as_its_words(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night, NOTE)
    table = content(downloaded(page, from_menu(page, "note", "Download CSV"))).decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(table)) if row]
    assert rows[-3:] == [["Note", "Tonight"], ["", "• Doors 19:00"], ["", "• =SUM(A1)"]]
    book = load_workbook(io.BytesIO(content(downloaded(page, from_menu(page, "note", "Download Excel")))))
    cells = [value for row in book.worksheets[0].iter_rows(values_only=True) for value in row if value]
    assert cells[-3:] == ["Tonight", "• Doors 19:00", "• =SUM(A1)"]
    assert "Tonight • Doors 19:00 • =SUM(A1)" in paper(page, night, "note")
    assert colours(page, "note") > 5
    assert watch.complaints == []


def test_a_picture_is_taken_away_as_a_picture(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night, LOGO)
    slot(page, "logo").locator(".w-more summary").click()
    closed = slot(page, "logo").get_by_role("button", name="Download CSV")
    expect(closed).to_have_accessible_description("A picture has no rows for a spreadsheet.")
    closed.click(force=True)
    expect(closed).to_be_visible()
    assert page.locator(".export-card").count() == 0
    page.keyboard.press("Escape")
    assert colours(page, "logo") > 20
    (sheet,) = PdfReader(io.BytesIO(paper_bytes(page, night, "logo"))).pages
    assert kinds_of(sheet) == {"/Image"}
    assert watch.complaints == []


def test_an_empty_widget_is_taken_away_as_empty(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night, EMPTY)
    expect(slot(page, "empty").locator(".widget")).to_have_attribute("data-state", "empty")
    table = content(downloaded(page, from_menu(page, "empty", "Download CSV"))).decode("utf-8-sig")
    rows = dict(row for row in csv.reader(io.StringIO(table)) if len(row) == 2)
    assert (rows["Range"], rows["Time zone"]) == ("Last 7 days", "Europe/London")
    assert rows["Rows"] == "0 rows, all there are"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d [\d:]{8} [+-]\d\d:\d\d", rows["As of"])
    assert "0 rows, all there are." in paper(page, night, "empty")
    assert colours(page, "empty") > 5
    assert watch.complaints == []


def test_a_widget_that_cannot_be_drawn_says_why_it_cannot_be_taken_away(page: Page, night: Night) -> None:
    opened(page, night, BROKEN)
    slot(page, "broken").locator(".w-more summary").click()
    found = entries(slot(page, "broken").locator(".widget"))
    box = slot(page, "broken").locator(".w-menu").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1440 - 8
    assert [label for label, _ in found] == LABELS
    assert {why.partition(": ")[0] for _, why in found} == {"Nothing to download. Check the settings"}
    page.keyboard.press("ArrowDown")  # The keyboard gets there, to be told.
    assert page.evaluate("document.activeElement.closest('.w-menu') !== null")


def test_behind_a_link_amounts_stay_hidden_and_the_rest_can_be_taken_away(
    page: Page, night: Night, watch: Watch
) -> None:
    money = Placed(id="money", widget="kpi", settings={"metric": "net_revenue"}, y=3, w=4, h=3)
    night.sell("T-1", "45.00")
    board = made(night, NOTE, LOGO, money, EMPTY, name="For the promoter")
    page.goto(link(night, board))
    widget = page.locator('[data-of="money"] .widget')
    widget.locator(".w-more summary").click()
    assert entries(widget) == [
        (label, "Nothing to download. Amounts are hidden: Money is not part of this view.")
        for label in LABELS
    ]
    page.keyboard.press("Escape")

    def from_link(name: str, label: str) -> bytes:
        page.locator(f'[data-of="{name}"] .w-more summary').click()
        item = page.locator(f'[data-of="{name}"]').get_by_role("button", name=label, exact=True)
        return content(downloaded(page, item.click))

    assert b"Doors 19:00" in from_link("note", "Download CSV")
    assert from_link("logo", "Download PDF").startswith(b"%PDF")
    assert b"0 rows, all there are" in from_link("empty", "Download CSV")
    assert from_link("note", "Download Picture (PNG)").startswith(b"\x89PNG")
    assert watch.complaints == []


def test_a_part_of_the_night_is_taken_away_from_its_own_menu(page: Page, night: Night, watch: Watch) -> None:
    night.scan("t1")
    night.scan("t2")
    sign_in(page, night)

    def part(label: str, entry: str) -> bytes:
        page.locator("#react-entry-point").get_by_label(f"Menu of {label}", exact=True).click()
        item = page.get_by_role("button", name=entry, exact=True).locator("visible=true")
        return content(downloaded(page, item.click))

    rows = list(csv.reader(io.StringIO(part("Gates", "Download CSV").decode("utf-8-sig"))))
    assert ["Event", "Northern Lights"] in rows
    gate = dict(zip(rows[-2], rows[-1], strict=True))
    assert (gate["Gate"], gate["In"]) == ("A", "2")
    areas = {"Scanned in": ".kpi", "Inside now": ".area-house", "Arrivals": ".area-arrivals"}
    for label, area in areas.items():
        png = part(label, "Download Picture (PNG)")
        box = page.locator(f"#react-entry-point .night {area}").first.bounding_box()
        assert box is not None
        (width, height), (colours,) = looked_at(page, png, [(0, 0, 2 * box["width"], 2 * box["height"])])
        assert (abs(width - 2 * box["width"]) <= 2, abs(height - 2 * box["height"] - 44) <= 2) == (True, True)
        assert colours > 20
    assert watch.complaints == []


def test_the_rows_behind_a_figure_are_taken_away_on_paper_and_as_a_picture(
    page: Page, night: Night, watch: Watch
) -> None:
    opened(page, night)
    slot(page, "kpi").locator(".w-more summary").click()
    page.get_by_role("button", name="Show the rows behind it").locator("visible=true").click()
    drawer = page.locator(".side-drawer")
    expect(drawer.locator("footer")).to_contain_text("3 rows")
    menu = drawer.get_by_label("Download these rows")
    menu.click()
    said = drawer.locator(".export-menu .menu-item").all_inner_texts()
    assert [" ".join(text.split()) for text in said] == [
        "CSV All 3 rows",
        "Excel workbook All 3 rows",
        "PDF All 3 rows",
        "PNG All 3 rows, as shown here",
    ]
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(drawer).to_be_visible()

    menu.click()
    picture = downloaded(page, drawer.get_by_role("button", name="PNG").click)
    assert picture.suggested_filename.startswith("housecount-sales-last-7-days-20")
    (width, height), (seen,) = looked_at(page, content(picture), [(0, 0, 1200, 300)])
    assert width >= 2 * drawer.locator(".rows-table").evaluate("table => table.offsetWidth")
    assert height > 300
    assert seen > 20

    menu.click()
    drawer.get_by_role("button", name="PDF").click()
    # Beside a drawer nothing of the page can be pressed, so downloads are watched in it.
    card = drawer.locator(".export-card", has_text="Preparing PDF")
    expect(card).to_be_visible()
    with page.expect_download() as caught:
        finish_all(night)
    reader = PdfReader(io.BytesIO(content(caught.value)))
    text = " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).split())
    assert "3 rows, all there are." in text
    assert text.count("£45.00") == 3
    assert "1 / 1" in text

    drawer.get_by_label("Close").click()
    expect(page.locator("body > .export-tray .export-card").first).to_be_visible()
    assert watch.complaints == []


def test_more_rows_than_paper_holds_are_announced_before_they_are_asked_for(page: Page, night: Night) -> None:
    opened(page, night)
    page.route(
        "**/api/v1/analytics/rows",
        lambda route: route.fulfill(
            json={
                "columns": [{"name": "order", "label": "Order", "kind": "text", "unit": None}],
                "rows": [[f"order-{n}"] for n in range(100)],
                "zone": "Europe/London",
                "exponents": {},
                "nextCursor": "more",
            }
        ),
    )
    slot(page, "kpi").locator(".w-more summary").click()
    page.get_by_role("button", name="Show the rows behind it").locator("visible=true").click()
    drawer = page.locator(".side-drawer")
    expect(drawer.locator("footer")).to_contain_text("100 rows, newest first, and more")
    drawer.get_by_label("Download these rows").click()
    said = drawer.locator(".export-menu .menu-item").all_inner_texts()
    assert [" ".join(text.split()) for text in said] == [
        "CSV All rows",
        "Excel workbook All rows",
        f"PDF The newest {ON_PAPER} rows at most",
        "PNG The newest 100 rows, as shown here",
    ]


def paper_bytes(page: Page, night: Night, widget: str) -> bytes:
    """The widget's PDF, which the worker makes."""
    from_menu(page, widget, "Download PDF")()
    expect(page.locator(".export-card").last).to_contain_text("Preparing PDF")
    with page.expect_download() as caught:
        finish_all(night)
    return content(caught.value)


def paper(page: Page, night: Night, widget: str) -> str:
    """The words of the widget's PDF."""
    reader = PdfReader(io.BytesIO(paper_bytes(page, night, widget)))
    return " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).split())


def colours(page: Page, widget: str) -> int:
    """How many colours the widget's picture has; a blank frame has a few."""
    box = slot(page, widget).locator(".w-body").bounding_box()
    frame = slot(page, widget).locator(".widget").bounding_box()
    assert box is not None
    assert frame is not None
    png = content(downloaded(page, from_menu(page, widget, "Download Picture (PNG)")))
    inner = (2 * (box["x"] - frame["x"]), 2 * (box["y"] - frame["y"]), 2 * box["width"], 2 * box["height"])
    _, (found,) = looked_at(page, png, [inner])
    return found
