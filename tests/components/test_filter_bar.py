"""The bar above a board: every choice is a link to the address that shows it."""

import re
from dataclasses import replace
from html import unescape
from uuid import UUID

import pytest

from components.filter_bar import Choice, Choices, filter_bar, night_bar
from components.markup import markup
from data.metric_query import Last, Named
from widgets.scope_url import Look, Misread, as_filters

HALL, CLUB = UUID(int=1), UUID(int=2)
GALA, BALL = UUID(int=3), UUID(int=4)
CHOICES = Choices(
    [Choice(HALL, "The Hall"), Choice(CLUB, "The Club")],
    [Choice(GALA, "Gala", "Fri 20 Nov"), Choice(BALL, "Ball", "Sat 21 Nov")],
)


def links(html: str) -> dict[str, str]:
    """Text of each link → its address, both without what only machines read."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', html)
    return {" ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split()): unescape(url) for url, text in found}


def summaries(html: str) -> list[str]:
    return re.findall(r'<summary title="[^"]*" aria-label="([^"]*)"', html)


def test_every_choice_is_a_link_and_the_chosen_ones_say_so() -> None:
    look = Look(event=GALA, range=Named(named="today"), compare="last_week")
    html = markup(filter_bar(look, CHOICES, "/sales"))
    kept = f"event={GALA}&range=today&compare=last_week"
    assert summaries(html) == [
        "Venue: All venues",
        "Event: Gala",
        "Range: Today",
        "Compare with: vs same days last week",
    ]
    found = links(html)
    assert found["The Club"] == f"/sales?venue={CLUB}&range=today&compare=last_week"
    assert found["All events"] == "/sales?range=today&compare=last_week"
    assert found["Gala Fri 20 Nov , chosen"] == f"/sales?{kept}"
    assert found["Last 30 days"] == f"/sales?event={GALA}&compare=last_week"
    assert found["60 days to doors"] == f"/sales?event={GALA}&range=doors-60..0&compare=last_week"
    assert found["No comparison"] == f"/sales?event={GALA}&range=today"
    assert found["Ball Sat 21 Nov"] == f"/sales?event={GALA}&range=today&compare=event:{BALL}"


def test_a_chip_takes_its_value_away_and_clear_all_takes_all() -> None:
    look = Look(range=Last(last=7), picked=(("channel", ("web", "<b>")), ("ticket_type", ("",))))
    html = markup(filter_bar(look, CHOICES, "/sales"))
    found = links(html)
    assert found["Channel: web × , remove this filter"] == "/sales?range=7d&f.channel=%3Cb%3E&f.ticket_type="
    assert found["Ticket type: Not known × , remove this filter"] == (
        "/sales?range=7d&f.channel=web&f.channel=%3Cb%3E"
    )
    assert found["Clear all"] == "/sales?range=7d"
    assert "<b>" not in html
    assert 'data-filters="[[&quot;channel&quot;, [&quot;web&quot;, &quot;&lt;b&gt;&quot;]]' in html


@pytest.mark.parametrize(
    ("dimension", "value", "words"),
    [
        ("country", "GB", "Country: United Kingdom"),
        ("country", "", "Country: Not known"),
        ("country", "Narnia", "Country: Narnia"),
        ("weekday", "6", "Weekday: Sat"),
        ("hour_of_day", "9", "Hour of the day: 09:00"),
        ("price", "20-30", "Price: 20–30"),
        ("channel", "box_office", "Channel: box office"),
        ("gate", "g-1", "Gate: North gate"),
        ("zone", "g-1", "Zone: g-1"),
        ("event", str(BALL), "Event: Another event"),
    ],
)
def test_a_chip_calls_its_value_as_the_figures_do(dimension: str, value: str, words: str) -> None:
    look = Look(picked=((dimension, (value,)),))
    choices = replace(CHOICES, names={"gate": {"g-1": "North gate"}})
    found = links(markup(filter_bar(look, choices, "/sales")))
    assert f"{words} × , remove this filter" in found


def test_a_board_with_a_look_of_its_own_says_only_what_differs() -> None:
    base = as_filters(Look(venue=HALL, range=Last(last=7), picked=(("channel", ("web",)),)))
    look = Look(venue=HALL, range=Last(last=7), picked=(("channel", ("web",)),))
    found = links(markup(filter_bar(look, CHOICES, "/dashboards/1", base=base)))
    assert found["Last 7 days , chosen"] == "/dashboards/1"
    assert found["All venues"] == "/dashboards/1?venue=all"
    assert found["Clear all"] == "/dashboards/1?f=none"


def test_what_was_left_out_of_the_address_is_said() -> None:
    misread = [Misread("range", "5x", "it is no span of time")]
    html = markup(filter_bar(Look(), CHOICES, "/sales", misread=misread))
    assert "Left out of this address: range=5x (it is no span of time)." in html


def test_the_bar_of_one_night_has_the_same_venue_and_event_and_keeps_the_range_for_later() -> None:
    look = Look(event=GALA, range=Named(named="today"), picked=(("channel", ("web",)),))
    here, there = markup(night_bar(look, CHOICES, "/", "Gala")), markup(filter_bar(look, CHOICES, "/sales"))
    assert summaries(here) == summaries(there)[:2]
    found = links(here)
    assert found["What is on now"] == "/?range=today"
    assert found["Ball Sat 21 Nov"] == f"/?event={BALL}&range=today"
    assert found["The Club"] == f"/?venue={CLUB}&range=today"
    assert "Last 30 days" not in found
    assert summaries(markup(night_bar(Look(), CHOICES, "/", "Ball"))) == ["Venue: All venues", "Event: Ball"]


def test_one_venue_is_no_choice() -> None:
    html = markup(filter_bar(Look(), Choices([Choice(HALL, "The Hall")], []), "/sales"))
    assert summaries(html) == ["Event: All events", "Range: Last 30 days", "Compare with: No comparison"]
