"""A filter on a slow line: what was clicked shows at once, and that the figures are still to come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.boards import enter, made, visit
from tests.browser.conftest import Night, Watch
from tests.browser.test_figures import CHANNELS, TICKETS, app, channel, sell, sold

CHIPS = "#react-entry-point .filter-chip"
CLICKED = """async (selector) => {
  const all = (what) => [...document.querySelectorAll(`#react-entry-point ${what}`)];
  const seen = (node) => node.checkVisibility();
  const pale = (widget) => Number(getComputedStyle(widget.querySelector('.w-body')).opacity) < 0.95;
  document.querySelector(selector).click();
  await new Promise((done) => setTimeout(done, 100));
  const widgets = all('.slot .widget').filter(seen);
  return {
    chips: all('.filter-value').filter(seen).map((chip) => chip.textContent),
    widgets: widgets.length,
    busy: widgets.filter((widget) => widget.closest('[aria-busy="true"]')).length,
    pale: widgets.filter(pale).length,
    pressed: all('.rank[aria-pressed="true"]').map((rank) => rank.dataset.value),
  };
}"""
"""Clicks, and says what there is to see a tenth of a second later."""


@contextmanager
def slow(page: Page) -> Iterator[list[Route]]:
    """Every answer of a callback waits until this ends."""
    held: list[Route] = []
    address = re.compile("/_dash-update-component")  # Dash adds a query.

    def hold(route: Route) -> None:
        held.append(route)

    page.route(address, hold)
    yield held
    while held:
        held.pop(0).continue_()
    page.unroute(address, hold)


def click(page: Page, selector: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(CLICKED, selector)
    assert found["widgets"] > 1
    assert (found["busy"], found["pale"]) == (found["widgets"], found["widgets"]), found
    return found


def at_rest(page: Page) -> None:
    """Nothing says any more that figures are to come."""
    expect(page.locator("#react-entry-point [aria-busy='true']")).to_have_count(0)
    expect(page.locator("html[data-asking]")).to_have_count(0)
    expect(app(page).locator("[data-leaving]")).to_have_count(0)


@pytest.fixture
def board(page: Page, night: Night) -> UUID:
    """A board of figures by channel that is open: four tickets were sold."""
    sell(night, "web", "web", "app", "partner")
    board = made(night, TICKETS, CHANNELS)
    enter(page, night)
    visit(page, night, board)
    expect(sold(page)).to_have_text("4")
    return board


def test_a_click_on_a_bar_shows_at_once_and_so_does_taking_it_back(
    page: Page, night: Night, board: UUID, watch: Watch
) -> None:
    with slow(page):
        found = click(page, '.rank[data-value="web"]')
        assert (found["chips"], found["pressed"]) == ([], ["web"])
    expect(sold(page)).to_have_text("2")
    at_rest(page)
    with slow(page):
        found = click(page, CHIPS)
        assert (found["chips"], found["pressed"]) == ([], [])
    expect(sold(page)).to_have_text("4")
    at_rest(page)
    assert page.url == f"{night.site.url}/dashboards/{board}"
    assert watch.complaints == []


def test_one_chip_after_another_is_taken_away_before_there_is_an_answer(
    page: Page, night: Night, board: UUID, watch: Watch
) -> None:
    visit(page, night, board, "?f.channel=web&f.channel=app&f.channel=partner")
    expect(app(page).locator(".filter-value")).to_have_text(["web", "app", "partner"])
    expect(sold(page)).to_have_text("4")
    with slow(page):
        assert click(page, f"{CHIPS}:nth-child(1)")["chips"] == ["app", "partner"]
        assert click(page, f"{CHIPS}:nth-child(2)")["chips"] == ["partner"]
    expect(app(page).locator(".filter-value")).to_have_text(["partner"])
    expect(sold(page)).to_have_text("1")
    at_rest(page)
    channel(page, "web").click()
    expect(sold(page)).to_have_text("3")
    with slow(page):
        assert click(page, "#react-entry-point .filter-chips .text-link")["chips"] == []
    expect(sold(page)).to_have_text("4")
    at_rest(page)
    assert watch.complaints == []


def test_going_back_before_there_is_an_answer_shows_what_was_there(
    page: Page, night: Night, board: UUID, watch: Watch
) -> None:
    channel(page, "web").click()
    expect(sold(page)).to_have_text("2")
    at_rest(page)
    with slow(page):
        assert click(page, CHIPS)["chips"] == []
        page.go_back()
        expect(app(page).locator(".filter-value:visible")).to_have_text(["web"])
    expect(app(page).locator(".filter-value")).to_have_text(["web"])
    expect(sold(page)).to_have_text("2")
    at_rest(page)
    assert watch.complaints == []


def test_the_pages_of_figures_show_it_as_well(page: Page, night: Night, watch: Watch) -> None:
    sell(night, "web", "web", "app")
    enter(page, night)
    page.goto(f"{night.site.url}/sales?f.channel=web&f.channel=app")
    expect(app(page).locator(".filter-value")).to_have_text(["web", "app"])
    with slow(page):
        assert click(page, f"{CHIPS}:nth-child(2)")["chips"] == ["web"]
    expect(app(page).locator(".filter-value")).to_have_text(["web"])
    at_rest(page)
    # A choice that is the one there is asks for nothing.
    app(page).get_by_label("Compare with:").click()
    app(page).locator(".menu-item.on:visible").click()
    at_rest(page)
    assert watch.complaints == []
