from datetime import UTC, datetime

import pytest

from analytics.crowd import level, percent_full, reached_since


@pytest.mark.parametrize(
    ("inside", "expected"),
    [(0, "ok"), (799, "ok"), (800, "amber"), (949, "amber"), (950, "red"), (1000, "red"), (1001, "over")],
)
def test_levels_begin_exactly_at_their_percentage_and_over_begins_above_capacity(
    inside: int, expected: str
) -> None:
    assert level(inside, 1000, 80, 95) == expected


def test_a_percentage_that_only_rounds_up_to_the_threshold_is_not_reached() -> None:
    assert percent_full(79999, 100_000) == 80.0
    assert level(79999, 100_000, 80, 95) == "ok"


def test_a_place_without_capacity_is_never_full() -> None:
    assert level(5000, None, 80, 95) == "ok"
    assert level(5000, 0, 80, 95) == "ok"
    assert percent_full(5000, 0) is None


def minute(number: int) -> datetime:
    return datetime(2026, 5, 1, 20, number, tzinfo=UTC)


def test_since_is_the_minute_of_the_last_crossing() -> None:
    # 70, 85, 75, 90, 92 people at the ends of the minutes; 80 has held since minute 3.
    changes = [(minute(0), 70), (minute(1), 15), (minute(2), -10), (minute(3), 15), (minute(4), 2)]
    assert reached_since(92, changes, 80) == minute(3)


def test_there_is_no_since_below_the_threshold() -> None:
    assert reached_since(79, [(minute(0), 79)], 80) is None


def test_changes_that_begin_above_the_threshold_do_not_tell_when() -> None:
    assert reached_since(92, [(minute(4), 2)], 80) is None
