import pytest

from analytics.arrivals import Course, Curve, Night, course, projected_peak, usual_counts, usual_curve

# 10 %, 20 %, 40 %, 20 %, 10 % in the five buckets from doors on; fullest 25 minutes after doors.
CURVE = Curve(0, (0.1, 0.3, 0.7, 0.9, 1.0), 25, 0.95)


def night(scale: int, shift: int = 0) -> Night:
    arrivals = {5 * k + shift: share * scale for k, share in enumerate((1, 2, 4, 2, 1))}
    return Night(arrivals, arrivals | {60 + shift: -10 * scale})


def test_the_usual_curve_is_independent_of_the_size_of_the_nights() -> None:
    curve = usual_curve([night(10), night(100), night(37)])
    assert curve == Curve(0, (0.1, 0.3, 0.7, 0.9, 1.0), 25, 1.0)


def test_one_night_with_a_late_train_does_not_bend_the_curve() -> None:
    assert usual_curve([night(10), night(10), night(10, shift=45)]) == usual_curve([night(10)])


def test_nights_that_hardly_anybody_attended_are_left_out() -> None:
    assert usual_curve([night(1)]) is None
    assert usual_curve([]) is None
    assert usual_curve([night(1, shift=60), night(10)]) == usual_curve([night(10)])


def test_arrivals_far_from_doors_belong_to_another_occasion() -> None:
    stray = Night({**night(10).arrivals, -600: 5000}, night(10).changes)
    assert usual_curve([stray]) == usual_curve([night(10)])


def test_people_who_leave_early_lower_the_peak() -> None:
    leavers = Night({0: 60, 5: 40}, {0: 60, 5: 40 - 30, 10: -70})
    assert usual_curve([leavers]) == Curve(0, (0.6, 1.0), 10, 0.7)


@pytest.mark.parametrize(
    ("offset", "share"), [(-5, 0.0), (0, 0.0), (2.5, 0.05), (5, 0.1), (12.5, 0.5), (25, 1.0), (90, 1.0)]
)
def test_between_bucket_ends_the_curve_is_straight(offset: float, share: float) -> None:
    assert CURVE.share_at(offset) == pytest.approx(share)


def test_usual_counts_are_scaled_to_tonights_tickets_and_the_show_rate() -> None:
    assert usual_counts(CURVE, 1000, 0) == [92.0, 184.0, 368.0, 184.0, 92.0]
    assert usual_counts(CURVE, 1000, -10) == [0.0, 0.0, 92.0, 184.0, 368.0, 184.0, 92.0]
    assert usual_counts(CURVE, 1000, 10) == [368.0, 184.0, 92.0]


def test_before_anybody_could_have_come_tonight_is_the_usual_night() -> None:
    tonight = course(CURVE, {}, -60, 1000)
    assert tonight.lag_minutes == 0
    assert tonight.total == pytest.approx(920)


def test_a_night_that_runs_ten_minutes_late_is_recognised() -> None:
    late = {10: 92, 15: 184, 20: 368}
    found = course(CURVE, late, 25, 1000)
    assert found.lag_minutes == 10
    assert found.total == pytest.approx(920)


def test_a_night_on_time_with_fewer_people_has_no_lag() -> None:
    halfway = course(CURVE, {0: 75, 5: 150}, 10, 1000)
    assert halfway.lag_minutes == 0
    assert 750 < halfway.total < 920


def test_once_the_curve_is_over_the_total_is_who_has_come() -> None:
    assert course(CURVE, {0: 75, 5: 150, 10: 300, 15: 150, 20: 75}, 40, 1000) == Course(0, 750.0)


def test_the_total_is_never_less_than_who_has_come() -> None:
    assert course(CURVE, {0: 1500}, 10, 1000).total == 1500


def test_the_running_bucket_is_not_held_against_the_night() -> None:
    assert course(CURVE, {0: 92, 5: 1}, 5.5, 1000).lag_minutes == 0


def test_the_peak_moves_with_the_lag_and_scales_with_the_total() -> None:
    assert projected_peak(CURVE, Course(10, 800.0), 5, 40, 4) == (35.0, 760)


def test_a_peak_that_is_behind_us_is_the_answer() -> None:
    assert projected_peak(CURVE, Course(0, 800.0), 41, 700, 28) == (28, 700)
    assert projected_peak(CURVE, Course(0, 800.0), 20, 770, 19) == (19, 770)


def test_a_peak_that_is_due_is_now() -> None:
    assert projected_peak(CURVE, Course(0, 800.0), 30, 700, 29) == (30, 760)


def test_without_people_there_is_no_peak() -> None:
    assert projected_peak(CURVE, Course(0, 0.0), 30, 0, None) is None
