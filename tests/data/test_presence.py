"""One ticket's moves and what they amount to."""

from data.presence import MoveKind, Trace, trace

EXIT, ENTRY, VOID, RESTORE = MoveKind


def test_a_person_who_goes_out_and_comes_back_is_inside_once_and_reentered_once() -> None:
    moves = [(30, ENTRY, "", "floor", 1), (10, ENTRY, "", "balcony", 1), (20, EXIT, "", None, 1)]
    assert trace(moves) == Trace(True, "floor", 2, 1, 1, 10, 30, ((10, 1), (20, -1), (30, 1)))


def test_a_second_entry_without_an_exit_is_no_reentry_and_changes_nothing() -> None:
    assert trace([(10, ENTRY, "", "floor", 1), (20, ENTRY, "", "bar", 1)]) == Trace(
        True, "bar", 2, 0, 0, 10, 20, ((10, 1),)
    )


def test_leaving_the_inner_hall_leaves_the_person_inside_the_house() -> None:
    moves = [(10, ENTRY, "house", "foyer", 1), (20, ENTRY, "hall", "stalls", 1), (30, EXIT, "hall", None, 1)]
    assert trace(moves) == Trace(True, "foyer", 2, 1, 0, 10, 30, ((10, 1),))


def test_an_annulled_entry_never_happened_even_if_its_annulment_came_first() -> None:
    entry, annulment = (10, ENTRY, "", "floor", 1), (10, ENTRY, "", "floor", -1)
    nothing = Trace(False, None, 0, 0, 0, None, None, ())
    assert trace([entry, annulment]) == trace([annulment, entry]) == trace([annulment]) == nothing


def test_a_cancelled_ticket_is_outside_until_it_is_given_back_its_right() -> None:
    moves = [(10, ENTRY, "", "floor", 1), (20, VOID, "", None, 1), (25, ENTRY, "", "floor", 1)]
    assert trace(moves) == Trace(False, None, 2, 0, 0, 10, 25, ((10, 1), (20, -1)))
    assert trace([*moves, (30, RESTORE, "", None, 1)]) == Trace(
        True, "floor", 2, 0, 0, 10, 30, ((10, 1), (20, -1), (30, 1))
    )


def test_an_exit_alone_makes_nobody_negative() -> None:
    assert trace([(10, EXIT, "", None, 1)]) == Trace(False, None, 0, 1, 0, None, 10, ())
