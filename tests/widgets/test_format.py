"""Values as a manager reads them."""

import pytest

from widgets.format import clock, compact, count, day, moment, money, pace, percent, rate


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1284, "1,284"), (-12, "−12"), (2.5, "3"), (3.4, "3"), (None, "–")]
)
def test_counts(value: float | None, text: str) -> None:
    assert count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "0%"), (53.4, "53%"), (53.5, "54%"), (99.6, "99%"), (100, "100%"), (104.2, "104%"), (None, "–")],
)
def test_only_a_full_house_reads_as_a_hundred_per_cent(value: float | None, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.04, "0"),
        (0.06, "0.1"),
        (1.0, "1"),
        (2.44, "2.4"),
        (9.96, "10"),
        (14.2, "14"),
        (1450, "1,450"),
    ],
)
def test_rates(value: float, text: str) -> None:
    assert rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (7.0, "7.0"), (8.25, "8.3"), (14.24, "14.2"), (1450, "1,450.0"), (None, "–")],
)
def test_rates_that_stand_among_others_have_one_decimal(value: float | None, text: str) -> None:
    assert pace(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(9999, "9,999"), (10_000, "10k"), (48_290, "48.2k"), (999_999, "999k"), (1_250_000, "1.2M")],
)
def test_large_numbers_in_little_room_are_never_rounded_up(value: int, text: str) -> None:
    assert compact(value) == text


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "short", "exact"),
    [
        (641_250, "GBP", 2, "£6,413", "£6,412.50"),
        (641_249, "USD", 2, "$6,412", "$6,412.49"),
        (-3600, "EUR", 2, "−€36", "−€36.00"),
        (-40, "GBP", 2, "£0", "−£0.40"),
        (1500, "JPY", 0, "¥1,500", "¥1,500"),
        (12_345, "KWD", 3, "KWD\u00a012", "KWD\u00a012.345"),
        (99_950, "SEK", 2, "kr\u00a01,000", "kr\u00a0999.50"),
    ],
)
def test_money_in_minor_units(minor: int, currency: str, exponent: int, short: str, exact: str) -> None:
    assert money(minor, currency, exponent) == short
    assert money(minor, currency, exponent, exact=True) == exact


def test_times_are_those_of_the_venue() -> None:
    at = "2026-11-20T23:30:05Z"
    assert clock(at, "Europe/London") == "23:30"
    assert clock(at, "Asia/Tokyo", seconds=True) == "08:30:05"
    assert (day(at, "Europe/London"), day(at, "Asia/Tokyo")) == ("Fri 20 Nov", "Sat 21 Nov")


def test_a_moment_of_another_day_is_a_date() -> None:
    now = "2026-11-20T12:00:00Z"
    assert moment("2026-11-20T00:10:00Z", now, "Europe/London") == "00:10"
    assert moment("2026-08-14T10:12:00Z", now, "Europe/London") == "14 Aug"
    assert moment(None, now, "Europe/London") == "–"
