from analytics.buzz import deviation, viral


def test_deviation_is_measured_in_robust_standard_deviations() -> None:
    # Median 10, deviations 2 1 0 1 2: median absolute deviation 1, but Poisson asks for √10.
    assert deviation(30, [8, 9, 10, 11, 12]) == 20 / 10**0.5
    # Median 10, median absolute deviation 6: 8.8956 is more than √10.
    assert deviation(30, [2, 4, 10, 16, 18]) == 20 / (1.4826 * 6)


def test_a_burst_above_a_quiet_habit_is_viral() -> None:
    assert viral(12, [0, 1, 0, 2, 1, 0, 1, 0])
    assert not viral(9, [0] * 40)


def test_an_earlier_burst_does_not_hide_the_next() -> None:
    assert viral(40, [1, 0, 2, 1, 90, 1, 0, 2])


def test_an_event_that_is_always_talked_about_needs_more() -> None:
    assert not viral(60, [50, 45, 55, 48, 52, 61, 40])
    assert viral(100, [50, 45, 55, 48, 52, 61, 40])


def test_without_a_baseline_ten_mentions_are_a_burst() -> None:
    assert viral(10, [])
    assert not viral(5, [])
