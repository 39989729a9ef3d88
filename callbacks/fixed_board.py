"""Boards that nobody moves: pages built from widgets, screens on a wall, what a promoter's link shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from callbacks.board_drawing import Asked, draw_all, unchanged
from callbacks.looking import Looking
from components.board_grid import Slot, board_grid, nothing_yet
from components.written_frame import written
from data.access import Access
from data.board_document import Placed
from data.board_layout import phone_order, settled
from data.services import Services
from widgets.attributes import marks
from widgets.scope_words import range_words


@dataclass(frozen=True, slots=True)
class FixedBoard:
    """The drawn widgets in their places, and the live state that moves them."""

    grid: Component
    state: Mapping[str, object] | None
    marks: tuple[str, ...] = ()
    """What each widget was drawn from: the same again need not be drawn again."""

    def live(self) -> Component | None:
        """The state as the browser's board finds it: it goes on from exactly what was drawn."""
        if self.state is None:
            return None
        text = json.dumps(self.state, separators=(",", ":"))
        return html.Div(
            className="visually-hidden", **marks(data_board=str(self.state["eventId"]), data_state=text)
        )


def fixed_board(
    services: Services,
    access: Access,
    widgets: Sequence[Placed],
    looked: Looking,
    *,
    picked: Collection[str] = (),
    app: bool = False,
) -> FixedBoard:
    """All widgets, asked for in one go and drawn; `picked` are the dimensions that were filtered by a click.
    With `app` they are for a page of the app, which gets frames as text. Raises DatabaseUnavailable."""
    placed = settled(tuple(widgets))
    with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
        asked = [Asked(each) for each in placed]
        contents, state = draw_all(
            tenant, access, asked, looked.scope, editable=False, picked=picked, as_text=app
        )
    order = phone_order(placed)
    slots = [
        Slot(each.x, each.y, each.w, each.h, order.index(each.id), written(content) if app else content)
        for each, content in zip(placed, contents, strict=True)
        if content is not None
    ]
    grid = board_grid(slots) if slots else html.Div(nothing_yet(), className="board-empty shown")
    return FixedBoard(grid, state, tuple(mark_in(slot.content) for slot in slots))


def redrawn(
    services: Services,
    access: Access,
    widgets: Sequence[Placed],
    looked: Looking,
    marks_there: Sequence[str],
    *,
    picked: Collection[str] = (),
    ask: int = 0,
) -> tuple[dict[int, Component], list[str], str]:
    """Number of a widget → its new drawing, for those that look different now; the marks of all; and which
    are as they were, in answer to `ask` (`unchanged`). Raises DatabaseUnavailable."""
    placed = settled(tuple(widgets))
    asked = [Asked(each, mark) for each, mark in zip(placed, marks_there, strict=True)]
    with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
        contents, _ = draw_all(
            tenant, access, asked, looked.scope, editable=False, picked=picked, as_text=True
        )
    changes: dict[int, Component] = {
        index: written(content) for index, content in enumerate(contents) if content is not None
    }
    marks = [mark_in(changes[index]) if index in changes else mark for index, mark in enumerate(marks_there)]
    return changes, marks, unchanged(asked, contents, looked.scope.now, ask)


def mark_in(content: Component) -> str:
    """The mark that a drawing carries."""
    return str(getattr(content, "data-mark", ""))


def looked_at(looked: Looking) -> str:
    """Of what the figures are, in words: event or venue, and the range."""
    scope, choices = looked.scope, looked.choices
    chosen = next((event.name for event in choices.events if event.id == scope.event), None)
    place = next((venue.name for venue in choices.venues if venue.id == scope.venue), None)
    if place is None and len(choices.venues) == 1:
        place = choices.venues[0].name
    words = [chosen, place if chosen is None else None, range_words(scope.range, scope.zone)]
    return " · ".join(word for word in words if word)
