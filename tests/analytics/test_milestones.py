from datetime import UTC, datetime, timedelta

from analytics.milestones import crossed_at, passed


def test_every_mark_up_to_the_value_has_been_passed() -> None:
    assert passed(249, 1000) == ()
    assert passed(250, 1000) == (25,)
    assert passed(900, 1000) == (25, 50, 75, 90)
    assert passed(1200, 1000) == (25, 50, 75, 90, 100)


def test_money_is_compared_as_integers() -> None:
    assert passed(90_071_992_547_409, 100_079_991_719_344) == (25, 50, 75)


def test_without_a_whole_there_is_nothing_to_pass() -> None:
    assert passed(10, None) == ()
    assert passed(10, 0) == ()


def test_other_marks_can_be_asked_for() -> None:
    assert passed(950, 1000, (80, 95)) == (80, 95)


def test_a_mark_was_crossed_when_the_running_sum_first_came_to_it() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    changes = [(noon + timedelta(minutes=minute), change) for minute, change in enumerate((40, 10, -20, 30))]
    assert crossed_at(changes, 50) == noon + timedelta(minutes=1)
    assert crossed_at(changes, 55) == noon + timedelta(minutes=3)
    assert crossed_at(changes, 61) is None
