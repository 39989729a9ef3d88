"""What the line hands on when answers overtake each other."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from api.static import Assets
from tests.browser.conftest import Site

ASK = """async ([known, answer]) => {
    const told = [];
    const line = new Housecount.Line({
        news: ({ data }) => told.push(data), changed: () => {}, fetchState: async () => {
            Object.assign(line, known);  // The socket brings this while the answer is on its way.
            return answer;
        },
    });
    line.event = 'e';
    const reached = await line.ask();
    return { reached, told: told.length, seq: line.seq };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page with our scripts and without a board."""
    page = browser.new_page()
    page.goto(f"{site.url}/login")
    page.add_script_tag(url=Assets().url("app.js"))
    yield page
    page.close()


def answered(page: Page, known: dict[str, Any], seq: int, second: int) -> Any:
    state = {"eventId": "e", "seq": seq, "asOf": f"2026-05-01T18:25:{second:02}.000Z"}
    return page.evaluate(ASK, [known, state])


KNOWN = {"seq": 11, "at": "2026-05-01T18:25:05.000Z"}


@pytest.mark.parametrize(("seq", "second"), [(10, 4), (10, 6), (11, 4)])
def test_a_late_answer_never_replaces_newer_figures(page: Page, seq: int, second: int) -> None:
    assert answered(page, KNOWN, seq, second) == {"reached": True, "told": 0, "seq": 11}


@pytest.mark.parametrize(("seq", "second"), [(11, 5), (11, 6), (12, 4)])
def test_an_answer_that_is_not_older_is_shown(page: Page, seq: int, second: int) -> None:
    assert answered(page, KNOWN, seq, second) == {"reached": True, "told": 1, "seq": seq}


def test_the_first_answer_is_shown(page: Page) -> None:
    assert answered(page, {}, 0, 0) == {"reached": True, "told": 1, "seq": 0}
