"""A manager imports a spreadsheet in a browser and undoes it: at a desk, on a phone, also without script."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import DESK, PHONE, faults
from tests.browser.boards import another, enter
from tests.browser.conftest import ROOT, Night, Watch

LINES = [
    "Show,Sold at,Amount,Tickets,Category,E-mail",
    "Northern Lights,03/04/2025 10:00,25.00,2,Stalls,ada@example.org",
    "Northern Lights,04/04/2025 11:30,12.50,1,Balcony,bob@example.org",
    "Northern Lights,05/04/2025 11:30,twelve,1,Balcony,eve@example.org",
]


@contextmanager
def worker(night: Night) -> Iterator[None]:
    """What works on uploaded files beside the server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs", "import-uploaded", "--idle", "300"],
        cwd=ROOT,
        env=os.environ | night.site.environment,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to see it."""
    folder = os.environ.get("PICTURES")
    if folder:
        for theme in ("light", "dark"):
            page.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
            page.screenshot(path=f"{folder}/{name}-{theme}.png", full_page=True)


def unbroken(page: Page) -> None:
    """Nothing shuts anybody out, and nothing is wider than the screen."""
    assert faults(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_list_of_sales_is_looked_at_checked_imported_and_undone(
    browser: Browser,
    night: Night,
    watch: Watch,
    screen: dict[str, object],
    script: bool,
    tmp_path: Path,
) -> None:
    path = tmp_path / "april.csv"
    path.write_text("\n".join(LINES))
    of = "phone" if "is_mobile" in screen else "desk"
    with worker(night), another(browser, watch, **screen, java_script_enabled=script) as context:
        page = context.new_page()
        enter(page, night)
        page.goto(f"{night.site.url}/account")
        page.get_by_role("link", name="Imports").click()
        expect(page.get_by_role("heading", name="Imports", exact=True)).to_be_visible()
        page.get_by_label("CSV or Excel file").set_input_files(path)
        page.get_by_label("What its rows are").select_option("Sales")
        page.get_by_label("Where it comes from").fill("Box office")
        page.get_by_role("button", name="Upload and look").click()

        # What the file does not tell is asked with what stands in it.
        expect(page.get_by_text("03/04/2025 in this file: 3 April or 4 March?")).to_be_visible()
        expect(page.get_by_label("Category")).to_have_value("ticket_type")
        page.get_by_label("Dates").select_option("day-first")
        if script:
            unbroken(page)
            look(page, f"columns-{of}")
        page.get_by_role("button", name="Check all rows").click()

        importing = page.get_by_role("button", name="Import 2 rows")
        until(page, "Import 2 rows", script)
        expect(page.get_by_text("Rows with something wrong", exact=True)).to_be_visible()
        expect(page.get_by_text("twelve", exact=True)).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download 1 row as CSV").click()
        assert "twelve" in Path(download.value.path()).read_text("utf-8-sig")
        if script:
            unbroken(page)
            look(page, f"checked-{of}")
        importing.click()
        until(page, "Undo this import", script)
        expect(page.get_by_text("Imported", exact=True).first).to_be_visible()
        assert sold(night) == 3
        page.get_by_text("Undo this import").click()
        if script:
            unbroken(page)
            look(page, f"done-{of}")
        page.get_by_role("button", name="Take back 2 rows").click()
        until(page, '[data-status="undone"]', script)
        expect(page.get_by_text("Undone", exact=True).first).to_be_visible()
        assert sold(night) == 0
        page.get_by_role("link", name="Back to all imports").click()
        expect(page.get_by_role("link", name="april.csv")).to_contain_text("2 rows taken back")
        if script:
            unbroken(page)
            look(page, f"list-{of}")
    assert watch.complaints == []


def until(page: Page, words: str, script: bool) -> None:
    """The page shows these words, or has this part, by itself or when it is looked at again."""
    there = page.locator(words).first if words.startswith("[") else page.get_by_text(words).first
    if script:
        expect(there).to_be_visible()
        return
    for _ in range(60):
        if there.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(there).to_be_visible()


def sold(night: Night) -> int:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        row = tenant.execute("SELECT coalesce(sum(sold), 0)::int FROM event_totals").fetchone()
    return int(row[0]) if row else 0
