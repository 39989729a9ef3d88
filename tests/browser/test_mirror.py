"""The browser says of a state exactly what the server said, and draws it the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from api.static import Assets
from components.markup import markup
from components.tonight import house_card
from data.live_masking import without_money
from data.noted import Noted
from exports.names import file_name
from tests.browser.conftest import Site
from tests.components.states import busy_night, filled_to, untouched
from widgets.arrivals import arrivals_figure
from widgets.feed import feed_items
from widgets.format import money
from widgets.gate_flow import gate_table
from widgets.milestones import milestone_marks
from widgets.notices import notice_rows, notices, past_rows
from widgets.readings import readings
from widgets.time_notes import with_notes


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page with our scripts and without a board."""
    page = browser.new_page()
    page.goto(f"{site.url}/login")
    page.add_script_tag(url=Assets().url("app.js"))
    yield page
    page.close()


def shaken(seed: int) -> dict[str, Any]:
    """The busy night with other numbers, times and currencies."""
    random, state = Random(seed), busy_night()
    state["asOf"] = f"2026-11-{random.randint(19, 21)}T{random.randint(10, 23)}:{random.randint(10, 59)}:07Z"
    state["event"] |= {
        "zone": random.choice(["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"]),
        "status": random.choice(["scheduled", "on_sale", "sold_out", "cancelled", "postponed", "over"]),
        "targetTickets": random.choice([None, 900]),
    }
    for section in ("sales", "attendance", "capacity", "social"):
        for name, value in state[section].items():
            if type(value) is int:
                state[section][name] = random.choice([0, 1, random.randint(0, 3_000_000)])
            if type(value) is float:
                state[section][name] = round(random.uniform(0, random.choice([1, 20, 110])), 1)
    state["attendance"]["arrivals"]["bucketMinutes"] = 5
    for row in state["revenue"]["currencies"]:
        row["currency"], row["exponent"] = random.choice([("GBP", 2), ("JPY", 0), ("KWD", 3), ("SEK", 2)])
        row |= {name: random.randint(-9_999_999, 99_999_999) for name in row if name.endswith("Minor")}
    state["event"]["currency"] = state["revenue"]["currencies"][0]["currency"]
    return state


def with_more_gates(count: int) -> dict[str, Any]:
    """The busy night at a venue whose senders name more gates than are listed."""
    state = busy_night()
    state["attendance"]["moreGates"] = count
    return state


def with_comparables(count: int) -> dict[str, Any]:
    """The busy night with as many nights behind its usual curve."""
    state = busy_night()
    state["attendance"]["arrivals"]["comparables"] = count
    return state


def with_folded_lines() -> dict[str, Any]:
    """The busy night with lines of many scans and of an order with fees."""
    state = busy_night()
    for entry in state["feed"]:
        entry["quantity"] = 1218
        if entry["kind"] == "sale":
            entry["feesMinor"] = 825
    return state


def with_remainders() -> dict[str, Any]:
    """The busy night with scans without a gate and people in no zone, on the day after."""
    state = busy_night()
    state["asOf"] = "2026-11-21T09:00:00Z"
    gate = {**state["attendance"]["gates"][2], "gate": None, "name": "No gate", "zone": None}
    state["attendance"]["gates"].append(gate)
    zone = {"zone": None, "name": "Elsewhere", "inside": 7, "capacity": 0, "percent": None, "level": "ok"}
    state["capacity"]["zones"].append(zone)
    return state


def before_doors(at: str | None) -> dict[str, Any]:
    """The busy night before anybody came and anything is sold, with doors at `at`."""
    state = busy_night()
    state["event"] |= {"doorsAt": at, "startsAt": at}
    state["attendance"] |= {"entered": 0, "expected": 3}
    state["sales"] |= {"projectedSellOutAt": None, "perDay": 9}
    return state


STATES = [
    busy_night(),
    with_remainders(),
    before_doors(None),
    before_doors("2026-11-20T22:00:00Z"),
    with_folded_lines(),
    untouched(),
    filled_to(1301, "amber"),
    filled_to(1544, "red"),
    filled_to(1633, "over"),
    with_more_gates(1234),
    with_comparables(1),
    without_money(busy_night()),
    *(shaken(seed) for seed in range(40)),
]


def test_the_readings_are_the_same(page: Page) -> None:
    in_browser = page.evaluate("states => states.map(Housecount.readings)", STATES)
    for state, said in zip(STATES, in_browser, strict=True):
        assert said == {name: list(reading) for name, reading in readings(state).items()}


def test_the_warnings_are_the_same(page: Page) -> None:
    in_browser = page.evaluate("states => states.map(Housecount.notices)", STATES)
    for state, said in zip(STATES, in_browser, strict=True):
        assert said == [notice._asdict() for notice in notices(state)]


def test_money_is_written_the_same_in_every_currency_with_a_sign_of_its_own(page: Page) -> None:
    codes = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW KWD MXN NOK NZD PHP PLN SEK SGD"
    codes += " TRY TWD UAH USD VND ZAR"
    cases = [(amount, code, 2) for code in codes.split() for amount in (-123456, 5)]
    write = "cases => cases.map((c) => [Housecount.format.money(...c), Housecount.format.money(...c, true)])"
    written = page.evaluate(write, cases)
    assert written == [[money(*case), money(*case, exact=True)] for case in cases]


def test_files_are_called_the_same(page: Page) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    words = [
        ["Finance", "Revenue by day", "Last 30 days"],
        ["Doors & bar: Friday", "1 to 31 January 2026"],
        ["../../etc/passwd", 'a\r\nX: y"; rm -rf /', "\u202egnp.exe"],
        ["東京ドーム" * 50, "x" * 300],
        ["Ärger Straße", "ΟΔΟΣ", "İstanbul", "ﬁne ²½ Ⅷ", "e\u0301te\u0301"],
        ["é" * 200, "🎟" * 90, "--Gala--"],
        ["", "🎟"],
        [],
    ]
    cases = [
        (each, zone) for each in words for zone in ("", "Europe/London", "America/New_York", "Asia/Kathmandu")
    ]
    write = "([cases, at]) => cases.map(([words, zone]) => Housecount.fileName(words, at, zone, 'png'))"
    written = page.evaluate(write, [cases, at.timestamp() * 1000])
    assert written == [file_name(each, at, zone, "png") for each, zone in cases]


def test_the_rows_are_the_same(page: Page) -> None:
    """As HTML; an empty attribute is the same as none."""
    draw = """states => states.map((state) => Object.fromEntries(Object.entries(Housecount.lists)
        .map(([name, rows]) => [name, rows(state).map((row) => row.outerHTML).join('')])))"""
    for state, drawn in zip(STATES, page.evaluate(draw, STATES), strict=True):
        texts = readings(state)
        expected = {
            "notices": markup(notice_rows(state).children),
            "zones": within(markup(house_card(state, texts)), '<ul class="zones"', "</ul>"),
            "gates": within(markup(gate_table(state)), "<tbody", "</tbody>"),
            "milestones": markup(milestone_marks(state)),
            "feed": markup(feed_items(state)),
            "past": markup(past_rows(state)),
        }
        for name, html in expected.items():
            assert page.evaluate(TREE, drawn[name]) == page.evaluate(TREE, html), name


TREE = """(html) => {
    const rows = html.startsWith('<tr');
    const box = document.createElement('template');
    box.innerHTML = rows ? `<table><tbody>${html}</tbody></table>` : html;
    const plain = (node) => node.nodeType === 3 ? node.data : [
        node.localName,
        [...node.attributes].map(({ name, value }) => [name, name === 'style' ? node.style.cssText : value])
            .filter(([, value]) => value !== '').sort(),
        [...node.childNodes].map(plain),
    ];
    return [...box.content.childNodes].map(plain);
}"""


def within(html: str, start: str, end: str) -> str:
    """What stands inside the first element that begins with `start`."""
    inner = html[html.index(start) :]
    return inner[inner.index(">") + 1 : inner.index(end)]


def test_the_arrivals_chart_is_the_same(page: Page) -> None:
    in_browser = page.evaluate("states => states.map(Housecount.charts.figures.arrivals)", STATES)
    for state, drawn in zip(STATES, in_browser, strict=True):
        bars, line = arrivals_figure(state)["data"]
        layout = arrivals_figure(state)["layout"]
        assert drawn["data"] == {
            "x": [bars["x"], line["x"]],
            "y": [bars["y"], line["y"]],
            "customdata": [bars["customdata"], line["customdata"]],
            "marker.opacity": [bars["marker"]["opacity"], 1],
        }
        assert drawn["layout"] == {
            "xaxis.range": layout["xaxis"]["range"],
            "xaxis.tickvals": layout["xaxis"]["tickvals"],
            "xaxis.ticktext": layout["xaxis"]["ticktext"],
            "shapes": layout["shapes"],
            "annotations": layout["annotations"],
        }


NOTED = """cases => cases.map(([state, notes]) => {
    const { layout, from } = Housecount.charts.figures.arrivals(state);
    return Housecount.charts.noted(layout, notes, from, layout['xaxis.range'][1]);
})"""


def test_the_notes_on_the_arrivals_chart_are_the_same(page: Page) -> None:
    cases = []
    for state in STATES:
        start = state["attendance"]["arrivals"]["from"]
        first = datetime.fromisoformat(start or "2026-11-20T18:00:00Z")
        moments = [first + timedelta(minutes=minutes) for minutes in (-20, 0, 25, 26, 70, 900)]
        notes = [Noted(at, f"Note <{n}> & more words", at.date()) for n, at in enumerate(moments)]
        cases.append((state, with_notes(arrivals_figure(state), notes)["layout"]))
    kept = [[state, layout["meta"].get("notes", [])] for state, layout in cases]
    assert any(len(layout["shapes"]) > 3 for _, layout in cases)
    for (_, layout), drawn in zip(cases, page.evaluate(NOTED, kept), strict=True):
        assert drawn == {"shapes": layout["shapes"], "annotations": layout["annotations"]}
