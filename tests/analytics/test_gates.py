import pytest

from analytics.gates import stalled

BUSY = [10] * 20


def test_a_busy_gate_that_falls_silent_while_the_other_flows_is_reported_after_two_minutes() -> None:
    # With half of the flow it should have seen 20 of the last scans: chance exp(-20 · 180/181).
    assert stalled({"north": BUSY, "south": [10] * 18 + [0, 0]}) == {"south"}
    assert stalled({"north": BUSY, "south": [10] * 19 + [0]}) == frozenset()


def test_when_every_gate_falls_silent_the_rush_is_over() -> None:
    assert stalled({"north": [10] * 15 + [0] * 5, "south": [10] * 16 + [0] * 4}) == frozenset()


def test_a_side_door_with_rare_scans_is_left_alone() -> None:
    assert stalled({"north": BUSY, "side": [1] + [0] * 9 + [1] + [0] * 9}) == frozenset()


def test_a_side_door_is_reported_once_its_silence_is_improbable() -> None:
    minutes = 40
    side = [1] * 20 + [0] * 20
    assert stalled({"north": [10] * minutes, "side": side}) == {"side"}


def test_a_gate_that_never_opened_is_not_stalled() -> None:
    assert stalled({"north": BUSY, "west": [0] * 20}) == frozenset()


def test_a_silence_of_an_hour_is_a_gate_that_was_closed() -> None:
    assert stalled({"north": [10] * 80, "south": [10] * 20 + [0] * 60}) == frozenset()


def test_a_single_gate_cannot_be_compared() -> None:
    assert stalled({"north": [10] * 18 + [0, 0]}) == frozenset()
    assert stalled({}) == frozenset()


def test_gates_over_different_minutes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        stalled({"north": [1], "south": [1, 2]})
