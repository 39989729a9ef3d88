"""The frame of every page: where its navigation leads, to whom."""

import re

import pytest

from components.markup import markup
from components.shell import PAGES, Viewer, shell

EVERYWHERE = ["/", "/dashboards", "/sales", "/attendance"]


def viewer(*pages: str) -> Viewer:
    return Viewer("Ada Byron", "The Hall", "token", frozenset(pages))


@pytest.mark.parametrize(
    ("pages", "places"),
    [(PAGES, EVERYWHERE), (["tonight"], ["/"]), (["sales", "gallery"], ["/sales"]), ([], [])],
)
def test_one_is_led_to_the_pages_one_may_open(pages: list[str], places: list[str]) -> None:
    html = markup(shell([], viewer(*pages), current="/sales"))
    side = html.partition('aria-label="Pages"')[2].partition("</nav>")[0]
    phone = html.partition('class="tabs"')[2]
    assert re.findall('<a href="([^"]*)"', side) == places
    assert re.findall('<a href="([^"]*)"', phone) == places


def test_what_is_looked_at_goes_along_at_the_side_and_on_a_phone() -> None:
    html = markup(shell([], viewer(*PAGES), current="/sales", carried="event=1&range=7d"))
    side = html.partition('aria-label="Pages"')[2].partition("</nav>")[0]
    phone = html.partition('class="tabs"')[2]
    there = [f"{place}?event=1&amp;range=7d" for place in EVERYWHERE]
    assert re.findall('<a href="([^"]*)"', side) == there
    assert re.findall('<a href="([^"]*)"', phone) == there


def test_the_phone_has_five_places_at_most_and_a_way_out() -> None:
    html = markup(shell([], viewer(*PAGES), current="/sales"))
    phone = html.partition('class="tabs"')[2]
    assert len(re.findall('class="tab[ "]', phone)) == 5
    assert re.findall('class="tab on"[^>]*>.*?<span>([^<]*)', phone) == ["Sales"]
    assert 'action="/logout"' in phone
