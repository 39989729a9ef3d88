"""What the board says about a state: whole texts, from whole states."""

from typing import Any

import pytest

from tests.components.states import busy_night, filled_to, untouched
from widgets.feed import wording
from widgets.notices import Notice, notices, past_notices
from widgets.readings import readings, usual_so_far


def texts(state: dict[str, Any]) -> dict[str, str]:
    return {name: reading.text for name, reading in readings(state).items()}


def test_a_busy_night_reads_so() -> None:
    assert texts(busy_night()) == {
        "event-when": "Riverside Hall · Fri 20 Nov · doors 19:00 · start 20:30",
        "phase": "Doors open",
        "as-of": "19:42:07",
        "sold": "1,397",
        "sold-of": "/ 1,500",
        "sold-percent": "93%",
        "sold-note": "41 comps · 20 held",
        "open-note": "Per 5 min · 6 in carts · 3 pending",
        "per-minute": "2",
        "per-five": "9",
        "per-hour": "61",
        "sold-today": "164",
        "sell-out": "20:24",
        "target": "99% of target 1,400",
        "revenue": "£6,413",
        "revenue-more": "· €120",
        "revenue-flow": "£74 / min",
        "revenue-note": "£54,602 in all",
        "entered": "871",
        "entered-of": "/ 1,438",
        "entered-delta": "▼ 4%",
        "entered-note": "vs usual by now",
        "no-shows": "567",
        "no-shows-percent": "39%",
        "no-shows-note": "of 1,438 expected",
        "inside": "854",
        "inside-percent": "53% full",
        "inside-of": "of 1,600",
        "peak": "856 at 19:41",
        "projected-peak": "1,312 at 21:05",
        "doors-note": "902 in · 48 out · 31 came back · 17 refused",
        "arrivals-note": "",
        "usual-note": "Usual of 14 comparable nights",
        "mentions": "128",
        "reach": "48.2k",
        "engagement": "3%",
    }


def test_an_untouched_event_shows_what_is_not_known_as_a_dash_and_never_as_a_wrong_number() -> None:
    assert {name: text for name, text in texts(untouched()).items() if text not in ("", "0")} == {
        "event-when": "Riverside Hall",
        "phase": "On sale",
        "as-of": "19:42:07",
        "sold-note": "no comps",
        "open-note": "Per 5 min · 0 in carts · 0 pending",
        "sell-out": "–",
        "revenue": "£0",
        "revenue-flow": "£0 / min",
        "revenue-note": "£0 in all",
        "entered-note": "none expected",
        "no-shows-note": "none expected",
        "inside-of": "no capacity set",
        "peak": "–",
        "projected-peak": "–",
        "doors-note": "0 in · 0 out",
        "arrivals-note": "Without doors or a start there is no curve to draw.",
        "usual-note": "No comparable nights yet",
        "engagement": "–",
    }


def test_the_title_has_the_exact_value_its_unit_the_zone_and_the_time() -> None:
    assert readings(busy_night())["revenue"].title == (
        "£6,412.50 GBP net this business day: paid and fees, less refunds;"
        " about £8,030 by its end at the present pace · as of 19:42:07 Europe/London"
    )
    assert readings(busy_night())["reach"].title == (
        "48,200 people could see them · as of 19:42:07 Europe/London"
    )


def test_the_usual_count_by_now_counts_the_running_bucket_for_the_part_that_is_over() -> None:
    state = busy_night()
    curve = state["attendance"]["arrivals"]
    state["asOf"] = "2026-11-20T18:42:30Z"
    assert usual_so_far(state) == 0.0 + 1.5 + 3.0 / 2
    state["asOf"] = "2026-11-20T18:00:00Z"
    assert usual_so_far(state) == 0.0
    state["asOf"] = "2026-11-21T09:00:00Z"
    assert usual_so_far(state) == sum(curve["usual"])
    curve["usual"] = None
    assert usual_so_far(state) is None


@pytest.mark.parametrize(
    ("now", "status", "phase"),
    [
        ("2026-11-20T07:00:00Z", "on_sale", "On sale"),
        ("2026-11-20T07:00:00Z", "sold_out", "Sold out"),
        ("2026-11-20T16:30:30Z", "on_sale", "Doors in 2 h 29 min"),
        ("2026-11-20T18:18:00Z", "sold_out", "Doors in 42 min"),
        ("2026-11-20T19:00:00Z", "on_sale", "Doors open"),
        ("2026-11-20T20:30:00Z", "on_sale", "On now"),
        ("2026-11-20T23:00:00Z", "on_sale", "Over"),
        ("2026-11-20T20:30:00Z", "cancelled", "Cancelled"),
    ],
)
def test_where_the_night_is(now: str, status: str, phase: str) -> None:
    state = busy_night()
    state["asOf"] = now
    state["event"]["status"] = status
    assert texts(state)["phase"] == phase


def test_one_comparable_night_is_one() -> None:
    state = busy_night()
    state["attendance"]["arrivals"]["comparables"] = 1
    assert texts(state)["usual-note"] == "Usual of 1 comparable night"


def test_a_sell_out_on_another_day_has_its_date() -> None:
    state = busy_night()
    state["sales"]["projectedSellOutAt"] = "2026-11-23T09:05:00Z"
    assert texts(state)["sell-out"] == "Mon 23 Nov, 09:05"
    state["sales"]["projectedSellOutAt"] = None
    assert texts(state)["sell-out"] == "Not at this pace"
    state["sales"]["remaining"] = 0
    assert texts(state)["sell-out"] == "Sold out"


def test_a_sell_out_is_not_foretold_from_a_handful_of_tickets() -> None:
    state = busy_night()
    state["sales"] |= {"projectedSellOutAt": None, "perDay": 9}
    assert texts(state)["sell-out"] == "Too early to say"
    state["sales"]["perDay"] = 10
    assert texts(state)["sell-out"] == "Not at this pace"
    state["sales"]["perDay"] = 0
    state["asOf"] = state["event"]["startsAt"]
    assert texts(state)["sell-out"] == "Not at this pace"


def test_nobody_is_missing_before_the_doors_are_open() -> None:
    state = busy_night()
    state["attendance"] |= {"entered": 0, "noShows": 1438}
    state["asOf"] = "2026-11-20T18:59:59Z"
    names = ("no-shows", "no-shows-percent", "no-shows-note")
    assert [texts(state)[name] for name in names] == ["–", "", "doors not open yet"]
    state["event"] |= {"doorsAt": None, "startsAt": None}
    assert [texts(state)[name] for name in names] == ["–", "", "no time of doors set"]
    state["attendance"] |= {"entered": 1, "noShows": 1437}
    assert [texts(state)[name] for name in names] == ["1,437", "99%", "of 1,438 expected"]
    state = busy_night()
    state["asOf"] = "2026-11-20T19:00:00Z"
    state["attendance"] |= {"entered": 0, "noShows": 1438}
    assert [texts(state)[name] for name in names] == ["1,438", "100%", "of 1,438 expected"]


def test_many_times_what_was_planned_is_no_number_of_five_digits() -> None:
    state = busy_night()
    state["attendance"] |= {"entered": 2500, "expected": 3}
    state["attendance"]["arrivals"]["usual"] = None
    state["event"]["targetTickets"] = 1
    said = texts(state)
    assert (said["entered-note"], said["target"]) == (">999% of expected", ">999% of target 1")


def test_a_peak_of_another_day_has_its_date() -> None:
    state = busy_night()
    state["attendance"] |= {"peak": 225, "peakAt": "2026-11-18T14:48:00Z"}
    assert texts(state)["peak"] == "225 at 14:48, 18 Nov"


STALLED = Notice("gates", "amber", "Stalled: Gate C.", "The other gates scan 28 a minute.", "Last scan 19:36")


def test_the_banner_names_the_fullest_place_and_the_stalled_gate() -> None:
    vip = Notice("capacity", "amber", "VIP boxes filling up.", "85 of 100 inside, 85%.")
    assert notices(busy_night()) == [vip, STALLED]


@pytest.mark.parametrize(
    ("inside", "level", "headline", "detail"),
    [
        (1301, "amber", "House filling up.", "1,301 of 1,600 inside, 81%."),
        (1544, "red", "House nearly full.", "1,544 of 1,600 inside, 96%."),
        (1633, "over", "House over capacity.", "1,633 of 1,600 inside, 33 too many."),
    ],
)
def test_the_house_speaks_before_its_zones(inside: int, level: str, headline: str, detail: str) -> None:
    house = Notice("capacity", level, headline, detail, "Since 19:40")
    assert notices(filled_to(inside, level)) == [house, STALLED]


def test_a_quiet_night_has_no_banner() -> None:
    assert notices(untouched()) == []


def test_what_happened_is_told_in_words() -> None:
    state = busy_night()
    assert [wording(entry, state) for entry in state["feed"]] == [
        ("In · Gate A, main entrance left", ""),
        ("In · Gate B", ""),
        ("Sold 2 × Standing · web", "£84.00"),
        ("Refused · already used · Gate A, main entrance left", ""),
        ("Out · Gate B", ""),
        ("In · VIP door", ""),
        ("Comp 1 × Guest list · door", ""),
        ("Refunded Balcony", "−£36.00"),
        ("Sold 1 × ticket · door", "€120.00"),
        ("90% of capacity sold", ""),
        ("House filling up", ""),
        ("Fee", "£1.50"),
        ("Cancelled 1 × Standing · web", ""),
    ]


def test_many_scans_and_the_lines_of_an_order_are_told_in_one_line() -> None:
    state = busy_night()
    entered, _, sold, refused, *_ = state["feed"]
    entered["quantity"] = 1218
    refused["quantity"] = 3
    sold |= {"quantity": 3, "ticketType": "Main floor", "amountMinor": 14250, "feesMinor": 825}
    assert [wording(entry, state) for entry in (entered, sold, refused)] == [
        ("1,218 in · Gate A, main entrance left", ""),
        ("Sold 3 × Main floor, fees £8.25 · web", "£142.50"),
        ("3 refused · already used · Gate A, main entrance left", ""),
    ]


def test_what_the_house_was_warned_of_tonight_is_told_the_newest_first() -> None:
    night = busy_night()
    night["sales"]["milestones"] = [
        {"measure": "sold_capacity", "percent": 50, "reachedAt": "2026-11-20T19:00:00Z"},
        {"measure": "capacity_amber", "percent": 80, "reachedAt": "2026-11-20T19:05:00Z"},
        {"measure": "capacity_red", "percent": 95, "reachedAt": "2026-11-20T19:25:00Z"},
    ]
    assert past_notices(night) == [
        ("red", "House nearly full", "2026-11-20T19:25:00Z"),
        ("amber", "House filling up", "2026-11-20T19:05:00Z"),
    ]
    assert past_notices(untouched()) == []
