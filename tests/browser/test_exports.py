"""Downloads from the page: each format is fetched by the browser and its file read back."""

from __future__ import annotations

import base64
import csv
import io
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Download, Page, expect
from pypdf import PdfReader

from data.board_document import Placed
from data.directory import Directory
from data.exports import open_exports
from jobs.exporting import folder_of, work
from tests.browser.boards import enter, made, slot, visit
from tests.browser.conftest import Night, Watch

KPI = Placed(id="kpi", widget="kpi", settings={"metric": "tickets_sold", "curve": False}, w=3, h=2)
CURVE = Placed(id="curve", widget="sales-over-time", title="=Sales", x=3, w=9, h=4)
RING = Placed(id="ring", widget="house-count", settings={}, y=2, w=3, h=4)
Theme = Literal["light", "dark"]
BOARD = "#react-entry-point [data-dashboard]"


def opened(page: Page, night: Night, *widgets: Placed) -> UUID:
    """A board with these widgets, on which three tickets have just been sold."""
    for number in range(3):
        night.sell(f"T-{number}", "45.00")
    board = made(night, *(widgets or (KPI, CURVE)), name="Friday")
    enter(page, night)
    visit(page, night, board, "?range=7d")
    return board


def downloaded(page: Page, act: Callable[[], None]) -> Download:
    with page.expect_download() as caught:
        act()
    return caught.value


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def from_menu(page: Page, widget: str, label: str) -> Callable[[], None]:
    """Choose an entry of a widget's menu."""

    def act() -> None:
        slot(page, widget).locator(".w-more summary").click()
        page.get_by_role("button", name=label, exact=True).locator("visible=true").click()

    return act


def finish_all(night: Night) -> None:
    """Do what the worker would."""
    folder = folder_of(Path(night.site.environment["DATA_DIR"]))
    for tenant_id, export_id in open_exports(night.database):
        if tenant_id == night.tenant.tenant_id:
            work(night.database, Directory(night.database), folder, tenant_id, export_id)


def test_a_widget_is_downloaded_as_csv_and_as_a_workbook(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night)

    table = downloaded(page, from_menu(page, "kpi", "Download CSV"))
    rows = list(csv.reader(io.StringIO(content(table).decode("utf-8-sig"))))
    assert table.suggested_filename.startswith("housecount-friday-tickets-sold-last-7-days-")
    assert (rows[0], rows[-1]) == (["Tickets sold"], ["3"])
    assert ["Range", "Last 7 days"] in rows

    book = load_workbook(io.BytesIO(content(downloaded(page, from_menu(page, "curve", "Download Excel")))))
    sheets = [sheet for sheet in book if sheet["A1"].value == "=Sales"]
    assert [sheet["A1"].data_type for sheet in sheets] == ["s"]
    assert watch.complaints == []


def test_a_board_is_prepared_while_the_page_is_reloaded(page: Page, night: Night, watch: Watch) -> None:
    board = opened(page, night)
    page.get_by_label("Download Friday").click()
    page.get_by_role("button", name="PDF As it looks").click()
    card = page.locator(".export-card")
    expect(card).to_contain_text("Preparing PDF")
    expect(card.locator("progress")).to_be_visible()

    visit(page, night, board, "?range=7d")
    expect(card).to_contain_text("Preparing PDF")
    finish_all(night)
    expect(card).to_contain_text("housecount-friday-last-7-days-")
    expect(page.locator(".export-tray [role=status]")).to_contain_text("is ready")
    paper = downloaded(page, card.get_by_role("button", name="Download").click)
    text = " ".join(" ".join(p.extract_text() for p in PdfReader(io.BytesIO(content(paper))).pages).split())
    assert text.startswith("Friday Range: Last 7 days · Time zone: Europe/London Test")
    assert "Tickets sold 3" in text

    page.get_by_label("Download Friday").click()
    page.get_by_role("button", name="Your downloads…").click()
    line = page.locator(".export-list li")
    expect(line).to_have_count(1)
    line.get_by_label("Remove").click()
    expect(line).to_have_count(0)
    assert watch.complaints == []


def test_a_download_is_cancelled(page: Page, night: Night) -> None:
    opened(page, night)
    page.get_by_label("Download Friday").click()
    page.get_by_role("button", name="Excel workbook").click()
    page.locator(".export-card").get_by_role("button", name="Cancel").click()
    expect(page.locator(".export-card")).to_contain_text("The download is cancelled")
    assert [one for one in open_exports(night.database) if one[0] == night.tenant.tenant_id] == []


def test_all_the_rows_behind_a_figure_are_downloaded(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night)
    slot(page, "kpi").locator(".w-more summary").click()
    page.get_by_role("button", name="Show the rows behind it").locator("visible=true").click()
    drawer = page.locator(".side-drawer")
    expect(drawer.locator("footer")).to_contain_text("3 rows")
    drawer.get_by_label("Download these rows").click()
    drawer.get_by_role("button", name="CSV").click()
    expect(page.locator(".export-card")).to_contain_text("Preparing CSV")
    with page.expect_download() as caught:
        finish_all(night)
    rows = list(csv.reader(io.StringIO(content(caught.value).decode("utf-8-sig"))))
    assert ["Rows", "3 rows, all there are"] in rows
    assert [row[6:8] for row in rows[-3:]] == [["45.00", "GBP"]] * 3
    assert watch.complaints == []


def test_widgets_are_downloaded_as_pictures(page: Page, night: Night, watch: Watch) -> None:
    year = Placed(id="year", widget="kpi", settings={**KPI.settings, "span": "this_year"}, y=4, w=3, h=2)
    opened(page, night, KPI, CURVE, year)
    page.wait_for_selector(f"{BOARD} .js-plotly-plot .main-svg", state="attached")
    names = {
        "kpi": "tickets-sold-last-7-days",
        "curve": "sales-last-7-days",
        "year": "tickets-sold-this-year",
    }
    for widget, columns in (("kpi", 3), ("curve", 9), ("year", 3)):
        box = slot(page, widget).locator(".widget").bounding_box()
        assert box is not None
        picture = downloaded(page, from_menu(page, widget, "Download Picture (PNG)"))
        size, (colours,) = looked_at(page, content(picture), [(0, 0, 2 * box["width"], 2 * box["height"])])
        assert abs(size[0] - 2 * box["width"]) <= 2, columns
        assert abs(size[1] - 2 * (box["height"] + 22)) <= 2
        assert colours > 20
        assert re.fullmatch(
            rf"housecount-friday-{names[widget]}-20\d{{6}}-\d{{4}}\.png", picture.suggested_filename
        )
    assert watch.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_board_is_downloaded_as_one_picture(page: Page, night: Night, watch: Watch, theme: Theme) -> None:
    page.emulate_media(color_scheme=theme)
    opened(page, night, KPI, CURVE, RING)
    page.wait_for_selector(f"{BOARD} .js-plotly-plot .main-svg", state="attached")
    boxes = [slot(page, widget).locator(".widget").bounding_box() for widget in ("kpi", "curve", "ring")]
    places = [(box["x"], box["y"], box["width"], box["height"]) for box in boxes if box]
    left, top = min(place[0] for place in places), min(place[1] for place in places)
    right, bottom = max(x + w for x, _, w, _ in places), max(y + h for _, y, _, h in places)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")

    picture = downloaded(page, as_picture(page, "Friday"))

    assert picture.suggested_filename.startswith("housecount-friday-last-7-days-20")
    card = page.locator(".export-card")
    (width, height), _ = looked_at(page, content(picture), [])
    expect(card).to_contain_text(f"{width} × {height} pixels")
    assert width == 2 * (right - left + 48)
    below = height - 2 * (46 + bottom - top)
    at = [(2 * (24 + x - left), below + 2 * (y - top), 2 * w, 2 * h) for x, y, w, h in places]
    edge = [(0, 0, 2 * 24, height), (width - 2 * 24, 0, 2 * 24, height)]
    _, colours = looked_at(page, content(picture), [*at, (48, 48, width / 2, below - 80), *edge])
    assert colours[-2:] == [1, 1]
    assert [count > 20 for count in colours[:-2]] == [True] * 4, colours
    assert corner(page, content(picture)) == ground
    assert watch.complaints == []


def test_the_words_above_a_picture_say_of_what_and_of_when_it_is(page: Page, night: Night) -> None:
    opened(page, night)
    page.evaluate("""() => {
        window.heads = [];
        const seen = (node) => node.classList?.contains("picture-part") && heads.push(node.innerText);
        new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(seen)))
            .observe(document.body, { childList: true });
    }""")
    downloaded(page, as_picture(page, "Friday"))
    head, foot = page.evaluate("heads")
    name, looked, of, zone = head.split("\n")
    assert (name, looked, zone) == ("Friday", "All events · Last 7 days", "Times in Europe/London")
    assert re.fullmatch(r"As of \d+ \w+ 20\d\d, [\d:]{8}( to [\d:]{8})?", of)
    assert foot == "Housecount"


def test_a_picture_names_what_goes_on_beyond_it(page: Page, night: Night) -> None:
    lines = "\n\n".join(f"Line {number}" for number in range(40))
    long = Placed(id="long", widget="note", title="House rules", settings={"text": lines}, y=4, w=3, h=2)
    opened(page, night, KPI, long)
    page.evaluate(FEET)
    downloaded(page, as_picture(page, "Friday"))
    downloaded(page, from_menu(page, "long", "Download Picture (PNG)"))
    downloaded(page, from_menu(page, "kpi", "Download Picture (PNG)"))
    (foot,) = page.evaluate("feet")
    assert foot.split("\n") == ["Housecount", "There is more than fits here: House rules"]


FEET = """() => {
    window.feet = [];
    const seen = (node) => node.querySelector?.(".picture-brand") && feet.push(node.innerText);
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(seen)))
        .observe(document.body, { childList: true });
}"""


def test_a_picture_too_large_for_the_browser_is_drawn_smaller_and_says_so(page: Page, night: Night) -> None:
    tall = [Placed(id=f"tall-{y}", widget="kpi", settings=KPI.settings, y=y, w=12, h=40) for y in (0, 40)]
    opened(page, night, *tall)
    page.evaluate("""() => {
        const { getImageData } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.getImageData = function (...box) {
            if (this.canvas.height > 8192) throw new RangeError("This browser has no canvas so large");
            return getImageData.apply(this, box);
        };
    }""")

    picture = downloaded(page, as_picture(page, "Friday"))

    width, height = struct.unpack(">II", content(picture)[16:24])
    assert 8190 <= height <= 8192
    assert 1.2 < width / 1240 < 1.3
    words = re.compile(r"too large for twice its size, so it was drawn at 1\.2\d times")
    expect(page.locator(".export-card")).to_contain_text(words)


def test_a_page_of_figures_is_downloaded_as_one_picture(page: Page, night: Night, watch: Watch) -> None:
    night.sell("T-1", "45.00")
    enter(page, night)
    page.goto(f"{night.site.url}/attendance")
    page.wait_for_selector("#react-entry-point [data-figures] .ring-mark")
    widgets = page.locator("#react-entry-point .slot .widget").count()
    boxes = page.locator("#react-entry-point .slot .widget").all()
    grid = [box for each in boxes if (box := each.bounding_box())]

    picture = downloaded(page, as_picture(page, "Attendance & doors"))

    (_, height), _ = looked_at(page, content(picture), [])
    left, bottom = min(box["x"] for box in grid), max(box["y"] + box["height"] for box in grid)
    at = [
        (
            2 * (24 + box["x"] - left),
            height - 2 * (46 + bottom - box["y"]),
            2 * box["width"],
            2 * box["height"],
        )
        for box in grid
    ]
    _, colours = looked_at(page, content(picture), at)
    assert len(colours) == widgets > 8
    assert min(colours) > 20, colours
    assert watch.complaints == []


def as_picture(page: Page, name: str) -> Callable[[], None]:
    """Choose PNG from the menu of a board or page."""

    def act() -> None:
        page.locator("#react-entry-point").get_by_label(f"Download {name}").click()
        page.get_by_role("button", name="PNG One picture").click()

    return act


def looked_at(
    page: Page, png: bytes, parts: list[tuple[float, float, float, float]]
) -> tuple[tuple[int, int], list[int]]:
    """Width and height of a picture, and how many colours each part (x, y, width, height) has; a blank frame
    has a few. The browser itself reads the file."""
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    colours = page.evaluate(
        READ
        + """return parts.map(([x, y, width, height]) => {
            const box = [Math.ceil(x), Math.ceil(y), Math.floor(width), Math.floor(height)];
            return new Set(new Uint32Array(context.getImageData(...box).data.buffer)).size;
        }); }""",
        [base64.b64encode(png).decode(), parts],
    )
    return (width, height), colours


def corner(page: Page, png: bytes) -> str:
    """The colour of the first pixel, as CSS says it."""
    found: str = page.evaluate(
        READ + "return `rgb(${[...context.getImageData(0, 0, 1, 1).data].slice(0, 3).join(', ')})`; }",
        [base64.b64encode(png).decode(), []],
    )
    return found


READ = """async ([png, parts]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
"""


def test_the_night_is_taken_away_like_any_board(page: Page, night: Night, watch: Watch) -> None:
    night.scan("t1")
    enter(page, night)
    page.goto(night.site.url)
    page.wait_for_selector("#react-entry-point .board .main-svg", state="attached")
    page.get_by_label("Download Northern Lights").click()
    menu = page.locator(".export-menu").bounding_box()
    assert menu is not None
    assert menu["x"] + menu["width"] <= 1440
    picture = downloaded(page, page.get_by_role("button", name="PNG One picture").click)
    assert picture.suggested_filename.startswith("housecount-tonight-northern-lights-20")
    wide, high = struct.unpack(">II", content(picture)[16:24])
    assert wide > 2000
    assert high > 1000
    page.get_by_label("Download Northern Lights").click()
    page.get_by_role("button", name="Excel workbook").click()
    card = page.locator(".export-card", has_text="Excel")
    expect(card).to_contain_text("Preparing Excel")
    finish_all(night)
    name = re.compile(r"housecount-tonight-northern-lights-[\d-]+\.xlsx")
    ready = page.locator(".export-card", has_text=name)
    book = load_workbook(
        io.BytesIO(content(downloaded(page, ready.get_by_role("button", name="Download").click)))
    )
    assert "1" in [str(cell.value) for row in book["Scanned in"].iter_rows() for cell in row]
    assert {"Arrivals", "Gate flow", "Sales velocity"} <= set(book.sheetnames)
    assert watch.complaints == []
