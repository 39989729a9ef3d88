"""The zone and currency by which several venues are looked at together."""

from __future__ import annotations

from datetime import time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from data.directory import Venue
from data.time_zones import USUAL_CURRENCY, zone_and_currency


def venues(*of: tuple[str, str]) -> list[Venue]:
    """By their zone and currency."""
    return [
        Venue(UUID(int=number), None, f"Venue {number}", ZoneInfo(zone), currency, time(6), 100, 85, 95)
        for number, (zone, currency) in enumerate(of)
    ]


LONDON, PARIS, BERLIN = ("Europe/London", "GBP"), ("Europe/Paris", "EUR"), ("Europe/Berlin", "EUR")


@pytest.mark.parametrize(
    ("of", "chosen", "expected"),
    [
        ((LONDON, PARIS, BERLIN), None, ("", "EUR")),
        ((LONDON, PARIS), None, ("", "GBP")),
        ((LONDON, PARIS, BERLIN), 0, ("Europe/London", "GBP")),
        ((PARIS, PARIS), None, ("Europe/Paris", "EUR")),
        ((), None, ("", USUAL_CURRENCY)),
    ],
)
def test_the_currency_is_that_of_most_venues(
    of: tuple[tuple[str, str], ...], chosen: int | None, expected: tuple[str, str]
) -> None:
    assert zone_and_currency(venues(*of), None if chosen is None else UUID(int=chosen)) == expected
