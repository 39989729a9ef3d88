"""Where widgets stand: as the grid of the edit mode puts them."""

from data.board_document import Placed
from data.board_layout import phone_order, settled


def places(*widgets: Placed) -> dict[str, tuple[int, int, int, int]]:
    return {placed.id: (placed.x, placed.y, placed.w, placed.h) for placed in settled(widgets)}


def test_a_board_without_gaps_and_overlaps_stays_as_it_is() -> None:
    left, right = (
        Placed(id="l", widget="kpi", x=0, y=0, w=6, h=2),
        Placed(id="r", widget="kpi", x=6, w=6, h=2),
    )
    below = Placed(id="b", widget="kpi", x=0, y=2, w=12, h=4)
    assert settled([below, right, left]) == (left, right, below)


def test_what_floats_moves_up_and_what_overlaps_moves_down() -> None:
    assert places(
        Placed(id="floats", widget="kpi", x=0, y=7, w=4, h=2),
        Placed(id="first", widget="kpi", x=4, y=0, w=4, h=3),
        Placed(id="over", widget="kpi", x=6, y=1, w=4, h=2),
        Placed(id="under", widget="kpi", x=0, y=900, w=12, h=1),
    ) == {"first": (4, 0, 4, 3), "over": (6, 3, 4, 2), "floats": (0, 0, 4, 2), "under": (0, 5, 12, 1)}


def test_nothing_stands_outside_the_twelve_columns() -> None:
    assert places(Placed(id="wide", widget="kpi", x=11, y=0, w=12, h=2)) == {"wide": (0, 0, 12, 2)}


def test_a_phone_shows_the_saved_order_and_then_that_of_the_desk() -> None:
    widgets = [
        Placed(id="c", widget="kpi", x=6, y=0, phone=0),
        Placed(id="b", widget="kpi", x=0, y=0, phone=0),
        Placed(id="a", widget="kpi", x=0, y=4, phone=0),
        Placed(id="d", widget="kpi", x=0, y=0, phone=4),
    ]
    assert phone_order(widgets) == ["b", "c", "a", "d"]
