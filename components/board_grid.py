"""The grid of a board: a fixed pool of slots, and small pictures of layouts.

`assets/grid.js` moves the slots; what is in one is drawn by the server and never touched by its neighbours.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.icon import icon
from widgets.tables import ON_PAPER

COLUMNS = 12


class Slot(NamedTuple):
    """A drawn widget and where it stands: columns of 12, rows of 80 px, its place on a phone."""

    x: int
    y: int
    w: int
    h: int
    phone: int
    content: Component


def board_grid(slots: Sequence[Slot], spare: int = 0) -> html.Div:
    """The slots with their widgets, and `spare` empty ones for widgets to come.

    The pool never grows or shrinks: a widget that comes or goes changes one slot, and React draws the
    others no second time, which would lose their zoom and their live points.
    """
    full = [
        html.Div(
            slot.content,
            id={"t": "slot", "i": index},
            className="slot",
            style={
                "--x": str(slot.x),
                "--y": str(slot.y),
                "--w": str(slot.w),
                "--h": str(slot.h),
                "--phone": str(slot.phone),
            },
        )
        for index, slot in enumerate(slots)
    ]
    free = [html.Div(id={"t": "slot", "i": len(full) + index}, className="slot") for index in range(spare)]
    return html.Div([*full, *free], className="board-grid", **marks(data_on_paper=str(ON_PAPER)))


def nothing_yet() -> list[Component]:
    """In place of the widgets of a board that has none, for whoever cannot add any."""
    return [
        html.H2("Nothing on this board yet"),
        html.P("Its owner has not added a widget.", className="muted"),
    ]


def drawn(
    frame: Component, widget_id: str, mark: str, ask: int = 0, *, editable: bool = False, drill: str = ""
) -> html.Div:
    """A frame as the content of a slot: whose it is, what it was drawn from, and which question it answers.

    Where it may be edited it has the buttons that order it on a phone. `drill` asks for its rows."""
    return html.Div(
        [frame, _phone_order() if editable else None],
        className="slot-content grid-stack-item-content",
        **marks(data_of=widget_id, data_mark=mark, data_ask=str(ask)),
        **(marks(data_drill=drill) if drill else {}),
    )


def _phone_order() -> html.Div:
    return html.Div(
        [
            html.Button(
                icon(picture),
                className="icon-button",
                type="button",
                **marks(data_phone=step, aria_label=words),
            )
            for picture, step, words in (("up", "-1", "Move up"), ("down", "1", "Move down"))
        ],
        className="phone-order",
    )


def outline(boxes: Iterable[tuple[int, int, int, int, str]]) -> html.Div:
    """A small picture of a layout, for the eye only: x, y, w, h and the icon of each widget."""
    standing = [box for box in boxes if box[1] < _MOST_ROWS]
    rows = max([box[1] + box[3] for box in standing], default=0)
    tiles = [
        html.Div(
            icon(picture) if h >= _ROOM else None,
            style={
                "grid-column": f"{x + 1} / span {w}",
                "grid-row": f"{y + 1} / span {h}",
            },
        )
        for x, y, w, h, picture in standing
    ]
    return html.Div(
        tiles,
        className="outline",
        style={"--rows": str(min(max(rows, 6), _MOST_ROWS))},
        **marks(aria_hidden="true"),
    )


_ROOM = 3
"""Rows that leave room for an icon."""
_MOST_ROWS = 14
"""What of a long board the picture shows."""
