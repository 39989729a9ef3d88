"""The outlines of countries: what the date line parts is cut there, once for every drawing."""

from __future__ import annotations

from itertools import pairwise

from widgets.world import COUNTRIES

HALF_THE_WORLD = 2700
"""Thousandths of an Earth's radius from the middle of the map to its edge."""


def test_no_outline_runs_across_the_map() -> None:
    longest = {
        code: max(abs(b - a) for x, _ in rings for a, b in pairwise(x))
        for code, (_, rings) in COUNTRIES.items()
        if rings
    }
    # The straight border of Alaska with Canada and the meridian's length between them, nothing longer.
    assert max(longest.values()) == 346
    assert {code for code, step in longest.items() if step > 200} == {"CA", "US"}


def test_what_the_date_line_parts_lies_at_both_edges() -> None:
    sides = {
        code: {"east" if min(x) > 0 else "west" if max(x) < 0 else "both" for x, _ in COUNTRIES[code][1]}
        for code in ("RU", "FJ", "US", "NZ")
    }
    assert sides == {"RU": {"east", "west"}, "FJ": {"east"}, "US": {"west"}, "NZ": {"east"}}


def test_outlines_are_closed_and_on_the_map() -> None:
    rings = [ring for _, rings in COUNTRIES.values() for ring in rings]
    assert len(rings) > 200
    assert [ring for ring in rings if (ring[0][0], ring[1][0]) != (ring[0][-1], ring[1][-1])] == []
    assert max(abs(x) for across, _ in rings for x in across) < HALF_THE_WORLD
