"""Where things stand on the Tonight page, on a desk and on a phone."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Night, sign_in

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

LABELS = """([reached, width]) => {
    const list = document.querySelector('#react-entry-point [data-list="milestones"]');
    list.parentNode.style.width = width ? `${width}px` : '';
    const state = structuredClone(Housecount.board.state());
    state.sales.milestones = reached.map((percent, day) => (
        { measure: 'sold_capacity', percent, reachedAt: `2025-11-${20 + day}T12:00:00Z` }));
    list.replaceChildren(...Housecount.lists.milestones(state));
    const frame = list.getBoundingClientRect();
    return [...list.children].map((mark) => {
        const boxes = [...mark.children].map((label) => {
            const range = document.createRange();
            range.selectNodeContents(label);
            return range.getBoundingClientRect();
        }).filter((box) => box.width);
        return {
            text: mark.firstChild.textContent,
            shown: getComputedStyle(mark.firstChild).visibility === 'visible',
            tick: frame.left + frame.width * parseFloat(mark.style.getPropertyValue('--at')) / 100,
            left: Math.min(...boxes.map((box) => box.left)),
            right: Math.max(...boxes.map((box) => box.right)),
            start: frame.left, end: frame.right,
        };
    });
}"""


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_milestones_label_stands_at_its_tick_and_on_no_other(
    browser: Browser, night: Night, viewport: Any
) -> None:
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    sign_in(page, night)
    steps = [25, 50, 75, 90, 100]
    for width in (None, 250, 310, 440, 681):
        for count in range(6):
            marks = page.evaluate(LABELS, [steps[:count], width])
            shown = [mark for mark in marks if mark["shown"]]
            for mark in shown:
                assert mark["left"] - 1 <= mark["tick"] <= mark["right"] + 1, (width, count, mark)
                assert mark["left"] >= mark["start"] - 1
                assert mark["right"] <= mark["end"] + 1
            for before, after in pairwise(shown):
                assert before["right"] + 2 <= after["left"], (width, count, before, after)
            names = ["25%", "50%", "75%", "90%", "Full"]
            wanted = {name for name, near in zip(names, range(5), strict=True) if near in (count - 1, count)}
            assert wanted <= {mark["text"] for mark in shown}, (width, count)
    context.close()
