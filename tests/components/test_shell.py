"""The frame of every page: where its navigation leads, to whom."""

import re

import pytest

from components.markup import markup
from components.shell import Viewer, shell

EVERYWHERE = ["/", "/dashboards", "/sales", "/attendance"]


@pytest.mark.parametrize(
    ("role", "places"),
    [("owner", EVERYWHERE), ("analyst", EVERYWHERE), ("door", ["/"]), ("promoter", ["/"])],
)
def test_a_role_is_led_to_the_pages_it_may_open(role: str, places: list[str]) -> None:
    html = markup(shell([], Viewer("Ada Byron", "The Hall", "token", role), current="/sales"))
    side = html.partition('aria-label="Pages"')[2].partition("</nav>")[0]
    phone = html.partition('class="tabs"')[2]
    assert re.findall('<a href="([^"]*)"', side) == places
    assert re.findall('<a href="([^"]*)"', phone) == places


def test_the_phone_has_five_places_at_most_and_a_way_out() -> None:
    html = markup(shell([], Viewer("Ada Byron", "The Hall", "token"), current="/sales"))
    phone = html.partition('class="tabs"')[2]
    assert len(re.findall('class="tab[ "]', phone)) == 5
    assert re.findall('class="tab on"[^>]*>.*?<span>([^<]*)', phone) == ["Sales"]
    assert 'action="/logout"' in phone
