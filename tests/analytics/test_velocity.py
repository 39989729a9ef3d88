from datetime import UTC, datetime, timedelta

import pytest

from analytics.velocity import projected_sell_out, projected_total, sliding_sum

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def test_at_the_turn_of_the_minute_the_last_whole_minute_still_counts_in_full() -> None:
    assert sliding_sum([0, 12, 0], 1, 0) == 12


def test_the_minute_that_leaves_the_window_counts_for_the_part_inside_it() -> None:
    assert sliding_sum([12, 4], 1, 15) == 4 + 12 * 0.75
    assert sliding_sum([60, 1, 1, 1, 1, 2], 5, 30) == 6 + 30


def test_buckets_before_the_first_are_empty() -> None:
    assert sliding_sum([3], 5, 20) == 3
    assert sliding_sum([], 60, 20) == 0


def test_a_window_without_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        sliding_sum([1], 0, 0)


def test_tickets_go_at_the_mean_of_the_last_hours_and_the_last_days_pace() -> None:
    # 30 in the last hour, 240 in the last day (10 an hour): 20 an hour, 100 left: five hours.
    assert projected_sell_out(NOW, 100, 30, 240, None) == NOW + timedelta(hours=5)


def test_after_an_empty_hour_the_days_pace_counts_alone() -> None:
    assert projected_sell_out(NOW, 100, 0, 240, None) == NOW + timedelta(hours=10)


def test_tickets_that_outlast_the_event_never_sell_out() -> None:
    assert projected_sell_out(NOW, 100, 30, 240, NOW + timedelta(hours=4.9)) is None
    assert projected_sell_out(NOW, 100, 30, 240, NOW + timedelta(hours=5)) == NOW + timedelta(hours=5)


def test_nothing_left_or_nothing_selling_has_no_sell_out() -> None:
    assert projected_sell_out(NOW, 0, 30, 240, None) is None
    assert projected_sell_out(NOW, 100, 0, 0, None) is None
    assert projected_sell_out(NOW, 100, 30, 240, NOW - timedelta(hours=1)) is None


def test_tonights_total_goes_on_at_the_present_pace_until_the_first_end() -> None:
    ends = [NOW + timedelta(hours=6), None, NOW + timedelta(hours=2)]
    # 30 in the last hour and 240 in the day are 20 an hour.
    assert projected_total(NOW, 500, 30, 240, ends) == 540
    assert projected_total(NOW, 500, 0, 240, ends) == 520


def test_tonights_total_stands_once_the_sale_has_ended_or_more_is_given_back_than_sold() -> None:
    assert projected_total(NOW, 500, 30, 240, [NOW - timedelta(minutes=1)]) == 500
    assert projected_total(NOW, 500, 30, -4800, [NOW + timedelta(hours=2)]) == 500
