from analytics.milestones import passed


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
