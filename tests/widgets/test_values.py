"""Values with their units: short, exact, on an axis, in a table."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from data.answers import Unit
from widgets.values import change, duration, exactly, said, short, shown, ticks, when


@pytest.mark.parametrize(
    ("value", "unit", "currency", "short_text", "exact"),
    [
        (123450, "money", "GBP", "£1,235", "£1,234.50 GBP"),
        (3850, "money", "GBP", "£38.50", "£38.50 GBP"),
        (4000, "money", "GBP", "£40", "£40.00 GBP"),
        (1234, "money", "JPY", "¥1,234", "¥1,234 JPY"),
        (50, "money", "JPY", "¥50", "¥50 JPY"),
        (1234567, "money", "KWD", "KWD\u00a01,235", "KWD\u00a01,234.567"),
        (1500, "money", "KWD", "KWD\u00a01.500", "KWD\u00a01.500"),
        (-99950, "money", "SEK", "−kr\u00a01,000", "−kr\u00a0999.50 SEK"),
        (None, "money", "GBP", "–", "not known"),
        (1204, "tickets", "", "1,204", "1,204 tickets"),
        (1, "tickets", "", "1", "1 ticket"),
        (1, "people", "", "1", "1 person"),
        (12.345, "percent", "", "12.3%", "12.35%"),
        (3.42, "rate", "", "3.4", "3.42 a minute"),
        (3900, "seconds", "", "1 h 5 min", "1 h 5 min"),
        (6.25, "seconds", "", "6.3 s", "6.3 s"),
        (2_000_000, "seconds", "", "23 days", "23 d 3 h"),
        (-0.6, "score", "", "−0.6", "−0.6"),
    ],
)
def test_a_value_is_said_shortly_and_exactly(
    value: float | None, unit: Unit, currency: str, short_text: str, exact: str
) -> None:
    assert (said(value, unit, currency), exactly(value, unit, currency)) == (short_text, exact)


@pytest.mark.parametrize(
    ("value", "unit", "currency", "text"),
    [
        (1_200_000, "money", "GBP", "£12k"),
        (1_250_000_00, "money", "USD", "$1.3M"),
        (12_000, "money", "JPY", "¥12k"),
        (9_500, "count", "", "9,500"),
        (-2_000_000, "count", "", "−2M"),
        (40.0, "percent", "", "40%"),
        (0, "money", "KWD", "KWD\u00a00"),
    ],
)
def test_an_axis_has_little_room(value: float, unit: Unit, currency: str, text: str) -> None:
    assert short(value, unit, currency) == text


def test_the_steps_of_an_axis_are_round_in_major_units() -> None:
    assert ticks(0, 4_812_00, "money", "GBP") == {
        "tickvals": [0, 200000.0, 400000.0, 600000.0],
        "ticktext": ["£0", "£2k", "£4k", "£6k"],
    }
    assert ticks(0, 3, "tickets")["tickvals"] == [0, 1, 2, 3]
    assert ticks(0, 0, "count")["ticktext"] == ["0", "1"]
    assert ticks(-40, 90, "people")["ticktext"] == ["−50", "0", "50", "100"]


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (112, 100, "tickets", "▲ 12%"),
        (90, 120, "tickets", "▼ 25%"),
        (100, 100, "money", "≈ 0%"),
        (2.6, 2.4, "percent", "▲ 0.2 pt"),
        (5, 0, "tickets", "▲ new"),
        (0, 0, "tickets", ""),
        (None, 3, "tickets", ""),
        (-50, -100, "money", "▲ 50%"),
    ],
)
def test_a_change_says_its_direction(now: Any, before: Any, unit: Unit, text: str) -> None:
    assert change(now, before, unit) == text


def test_times_are_of_the_venue_and_a_repeated_hour_is_told_apart() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert when(first, "Europe/London") == "Sun 25 Oct 01:30 BST"
    assert when(second, "Europe/London") == "Sun 25 Oct 01:30 GMT"
    assert when("2026-11-20T19:00:00Z", "Asia/Kathmandu") == "Sat 21 Nov 00:45"
    assert when("2026-11-20", "Europe/London", "day") == "Fri 20 Nov 2026"
    assert when(date(2026, 11, 16), "", "week") == "Week of 16 Nov 2026"
    assert when("2026-11-01", "", "month") == "Nov 2026"


def test_cells_are_exact() -> None:
    assert shown(123456, "money", "", "GBP") == "£1,234.56"
    assert shown(1234567, "money", "", "KWD") == "KWD\u00a01,234.567"
    assert shown(12.5, "percent", "") == "12.5%"
    assert shown(datetime(2026, 11, 20, 19, 0, tzinfo=UTC), None, "Europe/London") == "Fri 20 Nov 19:00"
    assert duration(86_400 * 3 + 3600) == "3 d 1 h"
