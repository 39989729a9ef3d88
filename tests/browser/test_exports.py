"""Downloads from the page: each format is fetched by the browser and its file read back."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

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
    assert text.startswith("Friday Range: Last 7 days Test")
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
    drawer.get_by_role("button", name="CSV").click()
    expect(page.locator(".export-card")).to_contain_text("Preparing CSV")
    with page.expect_download() as caught:
        finish_all(night)
    rows = list(csv.reader(io.StringIO(content(caught.value).decode("utf-8-sig"))))
    assert ["Rows", "3 rows, all there are"] in rows
    assert [row[6:8] for row in rows[-3:]] == [["45.00", "GBP"]] * 3
    assert watch.complaints == []


def test_widgets_are_downloaded_as_pictures(page: Page, night: Night, watch: Watch) -> None:
    opened(page, night)
    page.wait_for_selector(f"{BOARD} .js-plotly-plot .main-svg", state="attached")
    for widget, columns in (("kpi", 3), ("curve", 9)):
        box = slot(page, widget).locator(".widget").bounding_box()
        assert box is not None
        picture = downloaded(page, from_menu(page, widget, "Download Picture (PNG)"))
        width, height, colours = looked_at(content(picture))
        assert abs(width - 2 * box["width"]) <= 2, columns
        assert abs(height - 2 * (box["height"] + 22)) <= 2
        assert colours > 20
        assert picture.suggested_filename.endswith(".png")
    assert watch.complaints == []


def looked_at(png: bytes) -> tuple[int, int, int]:
    """Width, height, and how many different pixels a picture has, of some ten thousand."""
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    packed, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw = zlib.decompress(packed)
    return width, height, len({raw[i : i + 4] for i in range(0, len(raw), max(1, len(raw) // 10_000))})
