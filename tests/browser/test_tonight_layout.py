"""Where things stand on the Tonight page, on a desk and on a phone."""

from itertools import pairwise

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import Night, sign_in
from tests.components.states import busy_night

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

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
    browser: Browser, night: Night, viewport: ViewportSize
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


HEAD = """(event) => {
    const { board, readings } = Housecount;
    const state = { ...board.state(), event: { ...board.state().event, ...event } };
    const lines = ['event-when', 'phase', 'as-of'].map((name) => {
        const node = document.querySelector(`#react-entry-point .top [data-read="${name}"]`);
        node.textContent = readings(state)[name][0];
        const range = document.createRange();
        range.selectNodeContents(node);
        return [...range.getClientRects()].map((box) => Math.round((box.top + box.bottom) / 2));
    });
    return lines;
}"""


def test_a_phone_has_where_and_when_in_one_line_and_the_phase_with_its_time_in_the_next(
    browser: Browser, night: Night
) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    sign_in(page, night)
    times = {name: busy_night()["event"][name] for name in ("venueName", "doorsAt", "startsAt")}
    where, phase, as_of = page.evaluate(HEAD, times)
    assert len(where) == len(phase) == len(as_of) == 1
    assert where[0] + 12 < phase[0]
    assert abs(phase[0] - as_of[0]) <= 2
    context.close()


def test_the_event_that_somebody_registered_is_shown_before_those_that_senders_made_up(
    browser: Browser, night: Night
) -> None:
    with night.database.tenant(night.tenant.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, registered)"
            " SELECT %s, %s, gen_random_uuid(), 'gig-' || n, 'A gig ' || n, false"
            " FROM generate_series(1, 5) n",
            [night.tenant.tenant_id, night.tenant.venue_id],
        )
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    sign_in(page, night)
    expect(page.get_by_role("heading", level=1)).to_have_text("Northern Lights")
    page.get_by_label("Event: Northern Lights").click()
    items = page.locator('#react-entry-point .filter[data-filter="event"] .menu-item')
    expect(items).to_have_count(7)
    assert items.nth(1).inner_text().startswith("Northern Lights")
    assert ["Unregistered" in item for item in items.all_inner_texts()] == [False] * 2 + [True] * 5
    context.close()
