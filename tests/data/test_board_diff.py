"""What changed on a board, in words."""

from typing import Any

import pytest

from data.board_diff import difference, shortened, summary
from data.board_document import BoardDocument, Placed
from data.board_filters import Filters


def widget(id: str, kind: str = "revenue-by-day", **more: Any) -> Placed:  # noqa: A002
    return Placed(id=id, widget=kind, **more)


def board(*widgets: Placed, **filters: str) -> BoardDocument:
    return BoardDocument(widgets=widgets, filters=filters)


def filtered(filters: Filters) -> BoardDocument:
    return BoardDocument(filters=filters)


A = widget("a")
B = widget("b", "gate-flow", x=4)
C = widget("c", "sales-over-time", x=8)

CASES = [
    ("Nothing changed", board(A, B), board(A, B)),
    ("Nothing changed", board(A, B), board(B, A)),
    ("Revenue by day moved", board(A), board(widget("a", x=2))),
    ("Revenue by day moved", board(A), board(widget("a", y=2))),
    ("Revenue by day resized", board(A), board(widget("a", w=6))),
    (
        "Revenue by day moved and resized, 2 widgets added",
        board(A),
        board(widget("a", x=1, h=6), B, C),
    ),
    ("Gate flow added", board(A), board(A, B)),
    ("Gate flow removed", board(A, B), board(A)),
    ("2 widgets removed", board(A, B, C), board(A)),
    ("Gate flow added, Revenue by day removed", board(A), board(B)),
    ("Revenue by day configured", board(A), board(widget("a", settings={"limit": 3}))),
    ("Revenue by day renamed to Takings", board(A), board(widget("a", title="Takings"))),
    ("Takings renamed to Revenue by day", board(widget("a", title="Takings")), board(A)),
    (
        "Takings renamed to Money, moved and configured",
        board(widget("a", title="Takings")),
        board(widget("a", title="Money", x=3, settings={"n": 1})),
    ),
    ("Revenue by day replaced by Gate flow", board(A), board(widget("a", "gate-flow"))),
    (
        "2 widgets moved, Sales over time resized",
        board(A, B, C),
        board(widget("a", y=4), widget("b", "gate-flow", x=4, y=4), widget("c", "sales-over-time", x=8, h=5)),
    ),
    ("Filters changed (venue)", board(A, venue="x"), board(A, venue="y")),
    (
        "Filters changed (comparison; event: 2 values; genre: not known, a, b, c, d and 1 more)",
        filtered({}),
        filtered({"f.event": ("x", "y"), "compare": "none", "f.genre": ("", *"abcde")}),
    ),
    ("Filters changed (channel: no longer)", filtered({"f.channel": "web"}), filtered({})),
    (
        "Order on the phone changed",
        board(widget("a", phone=0), widget("b", phone=1)),
        board(widget("a", phone=1), widget("b", phone=0)),
    ),
    ("Revenue by day removed", board(A, widget("b", "gate-flow", phone=1)), board(widget("b", "gate-flow"))),
    (
        (
            "Revenue by day moved, Gate flow resized, Sales over time configured, Kpi renamed to K,"
            " 3 more changes"
        ),
        board(A, B, C, widget("d", "kpi"), widget("e", "ring"), widget("f", "ring")),
        board(
            widget("a", y=9),
            widget("b", "gate-flow", x=4, w=5),
            widget("c", "sales-over-time", x=8, settings={"q": 1}),
            widget("d", "kpi", title="K"),
            widget("e", "bar"),
            widget("g", "ring"),
        ),
    ),
]


@pytest.mark.parametrize(("words", "before", "after"), CASES)
def test_a_change_is_told_in_words(words: str, before: BoardDocument, after: BoardDocument) -> None:
    assert summary(before, after) == words


def test_a_long_title_is_cut_and_says_so() -> None:
    long = "Everything that was sold at the doors since noon"
    assert shortened(long) == "Everything that was sold at the doors s…"
    assert summary(board(A), board(widget("a", title=long))) == (
        "Revenue by day renamed to Everything that was sold at the doors s…"
    )


def test_widgets_are_called_as_whoever_knows_their_labels_says() -> None:
    labels = {"kpi": "Key figure", "gate-flow": "Flow by gate"}
    found = summary(
        board(widget("d", "kpi"), B),
        board(widget("d", "kpi", x=2), widget("b", "gate-flow", x=4, w=6), A),
        lambda placed: placed.title or labels.get(placed.widget, "?"),
    )
    assert found == "Key figure moved, Flow by gate resized, ? added"


def test_widgets_are_known_by_their_ids_and_not_by_their_places() -> None:
    found = difference(board(A), board(widget("z")))
    assert (found.changed, found.added, found.removed) == ((), (widget("z"),), (A,))


def test_filters_are_told_in_one_order_whoever_wrote_them_down() -> None:
    names: Filters = {"range": "7d", "f.genre": "jazz", "venue": "x", "f.channel": "web"}
    backwards: Filters = dict(reversed(names.items()))
    told = "Filters changed (range; venue; channel: web; genre: jazz)"
    assert [summary(BoardDocument(), filtered(each)) for each in (names, backwards)] == [told, told]
