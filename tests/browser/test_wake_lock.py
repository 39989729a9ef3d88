"""The screen on a wall stays awake, whatever the system does to the lock that keeps it so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from data.board_document import Placed
from tests.browser.boards import enter, made
from tests.browser.conftest import Night, Watch, until

TICKETS = Placed(id="sold", widget="kpi", settings={"metric": "tickets_sold"}, w=3, h=2)
STUB = """
window.wake = { asked: 0, answer: 'yes', locks: [] };
const request = () => {
  window.wake.asked += 1;
  if (window.wake.answer === 'no') return Promise.reject(new DOMException('Low battery', 'NotAllowedError'));
  if (window.wake.answer === 'late') return new Promise((done) => { window.wake.done = done; });
  const lock = { released: false };
  window.wake.locks.push(lock);
  return Promise.resolve(lock);
};
Object.defineProperty(navigator, 'wakeLock', { value: WAKE_LOCK });
"""
REFUSED = "The screen may fall asleep: the browser does not let this page keep it awake."


@pytest.fixture
def wall(page: Page, night: Night) -> str:
    """The address of a screen with one board, which nobody turns but the test."""
    board = made(night, TICKETS, name="Box office")
    enter(page, night)
    return f"{night.site.url}/tv?boards={board}&every=600"


def stubbed(page: Page, wake_lock: str = "{ request }") -> None:
    page.add_init_script(STUB.replace("WAKE_LOCK", wake_lock))


def turn(page: Page) -> None:
    """Have the screen turn, to its end."""
    counted = "window.Housecount.still.counted.refreshes"
    before = page.evaluate(counted)
    page.evaluate("window.Housecount.still.turn()")
    until(page, f"{counted} > {before}")


def test_a_lock_that_the_system_releases_is_asked_for_again_at_the_next_turn(
    page: Page, wall: str, watch: Watch
) -> None:
    stubbed(page)
    page.goto(wall)
    until(page, "window.wake.locks.length === 1")
    # As long as it holds there is nothing to ask for.
    turn(page)
    turn(page)
    assert page.evaluate("window.wake.asked") == 1
    page.evaluate("window.wake.locks[0].released = true")
    turn(page)
    assert page.evaluate("[window.wake.asked, window.wake.locks.length]") == [2, 2]
    # A system that takes its time is not asked a second time meanwhile.
    page.evaluate("window.wake.locks[1].released = true; window.wake.answer = 'late'; 0")
    turn(page)
    turn(page)
    turn(page)
    assert page.evaluate("window.wake.asked") == 3
    page.evaluate("window.wake.done({ released: false })")
    turn(page)
    assert page.evaluate("window.wake.asked") == 3
    expect(page.locator("[data-tv-note]")).to_be_empty()
    assert watch.complaints == []


def test_a_refusal_is_said_once_and_asked_about_again(page: Page, wall: str, watch: Watch) -> None:
    stubbed(page)
    page.add_init_script("window.wake.answer = 'no'")
    page.goto(wall)
    note = page.locator("[data-tv-note]")
    expect(note).to_have_text(REFUSED)
    expect(note).to_be_empty()
    turn(page)
    assert page.evaluate("window.wake.asked") == 2
    expect(note).to_be_empty()
    # Plugged in again, it is kept awake after all; the next refusal is news.
    page.evaluate("window.wake.answer = 'yes'; 0")
    turn(page)
    assert page.evaluate("window.wake.locks.length") == 1
    page.evaluate("window.wake.locks[0].released = true; window.wake.answer = 'no'; 0")
    turn(page)
    expect(note).to_have_text(REFUSED)
    assert watch.complaints == []


def test_a_browser_without_the_lock_says_so_once(page: Page, wall: str, watch: Watch) -> None:
    stubbed(page, "undefined")
    page.goto(wall)
    note = page.locator("[data-tv-note]")
    expect(note).to_have_text("This browser cannot keep the screen awake: switch off sleep in its settings.")
    expect(note).to_be_empty()
    turn(page)
    expect(note).to_be_empty()
    assert watch.complaints == []
