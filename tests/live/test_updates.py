"""From one state to the next: which messages a follower needs. Pure, on small whole states."""

import copy
from typing import Any

import pytest

from api.boards import Board
from api.updates import snapshot, updates


def state(seq: int, second: int = 0, **changes: Any) -> dict[str, Any]:
    """A state with one field per section; `changes` replace whole sections."""
    made: dict[str, Any] = {
        "eventId": "e",
        "venueId": "v",
        "seq": seq,
        "asOf": f"2026-05-01T18:00:{second:02}.000Z",
        "event": {"name": "The Night"},
        "sales": {"sold": 1, "milestones": []},
        "revenue": {"currencies": []},
        "attendance": {"entered": 0},
        "capacity": {"inside": 0},
        "social": {"mentions": 0, "viral": False},
        "feed": [],
    }
    return copy.deepcopy(made | changes)


def message(kind: str, of: dict[str, Any], data: Any) -> dict[str, Any]:
    return {"type": kind, "eventId": "e", "venueId": "v", "seq": of["seq"], "at": of["asOf"], "data": data}


def test_nothing_is_sent_when_only_time_has_passed() -> None:
    assert updates(state(1), state(1, 5)) == []


@pytest.mark.parametrize(
    ("section", "kind", "data"),
    [
        ("sales", "sale-update", {"sold": 2, "milestones": []}),
        ("revenue", "revenue-update", {"currencies": [{"currency": "GBP"}]}),
        ("attendance", "attendance-update", {"entered": 1}),
        ("capacity", "capacity-alert", {"inside": 1}),
        ("social", "social-update", {"mentions": 1, "viral": False}),
        ("feed", "activity-update", [{"kind": "entry"}]),
    ],
)
def test_each_section_that_changed_is_sent_whole_in_its_own_message(
    section: str, kind: str, data: Any
) -> None:
    new = state(2, **{section: data})
    assert updates(state(1), new) == [message(kind, new, data)]


def test_a_change_of_the_event_itself_is_a_new_snapshot() -> None:
    new = state(2, event={"name": "Another Night"}, attendance={"entered": 5})
    assert updates(state(1), new) == [message("snapshot", new, new)]


def test_passed_marks_are_announced_besides_their_section() -> None:
    half = {"measure": "sold_capacity", "percent": 50, "reachedAt": "2026-05-01T18:00:00.000Z"}
    target = {"measure": "revenue_target", "percent": 25, "reachedAt": "2026-05-01T18:00:00.000Z"}
    amber = {"measure": "capacity_amber", "percent": 80, "reachedAt": "2026-05-01T18:00:00.000Z"}
    new = state(2, sales={"sold": 2, "milestones": [half, target, amber]})
    assert updates(state(1, sales={"sold": 2, "milestones": [half]}), new) == [
        message("sale-update", new, new["sales"]),
        message("revenue-milestone", new, target),
    ]
    assert [sent["type"] for sent in updates(state(1), new)] == [
        "sale-update",
        "sales-milestone",
        "revenue-milestone",
    ]


def test_a_mark_that_is_passed_as_the_event_changes_is_announced_too() -> None:
    half = {"measure": "sold_capacity", "percent": 50, "reachedAt": "2026-05-01T18:00:00.000Z"}
    new = state(2, event={"name": "Smaller Hall"}, sales={"sold": 1, "milestones": [half]})
    assert updates(state(1), new) == [message("snapshot", new, new), message("sales-milestone", new, half)]


def test_talk_is_announced_when_it_goes_viral_and_not_while_it_stays_so() -> None:
    viral = state(2, social={"mentions": 40, "viral": True})
    more = state(3, social={"mentions": 60, "viral": True})
    assert [sent["type"] for sent in updates(state(1), viral)] == ["social-update", "viral-trend"]
    assert [sent["type"] for sent in updates(viral, more)] == ["social-update"]


def test_a_board_passes_over_a_state_older_than_its_own() -> None:
    board = Board(state(5, 5, attendance={"entered": 5}))
    assert board.take(state(4, 6, attendance={"entered": 4})) == []
    assert board.take(state(5, 4, attendance={"entered": 4})) == []
    assert board.state["attendance"] == {"entered": 5}


def test_what_postgresql_has_is_right_even_if_its_numbers_went_back() -> None:
    board = Board(state(5, 5))
    restored = state(3, 6)
    assert board.take(restored, anyway=True) == [snapshot(restored)]
    assert board.resume(4) == [snapshot(restored)]


def test_a_client_resumes_with_the_sections_that_changed_since() -> None:
    board = Board(state(1))
    board.take(state(2, 2, sales={"sold": 2, "milestones": []}))
    last = state(4, 4, sales={"sold": 2, "milestones": []}, attendance={"entered": 1})
    board.take(last)
    assert board.resume(3) == [message("attendance-update", last, {"entered": 1})]
    assert [sent["type"] for sent in board.resume(2)] == ["sale-update", "attendance-update"]


@pytest.mark.parametrize("seq", [None, 0, 9])
def test_a_client_gets_a_snapshot_when_the_board_cannot_know_what_it_missed(seq: int | None) -> None:
    board = Board(state(1))
    last = state(4, 4, attendance={"entered": 1})
    board.take(last)
    assert board.resume(seq) == [snapshot(last)]


def test_rates_that_change_without_a_number_reach_who_resumes_with_that_number() -> None:
    board = Board(state(3))
    later = state(3, 9, sales={"sold": 1, "perMinute": 0.5, "milestones": []})
    board.take(later)
    assert message("sale-update", later, later["sales"]) in board.resume(3)
