"""The live board of one event: everything a manager wants on the night, on one screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dash import html
from dash.development.base_component import Component

from components.header import header, stale_note
from components.kpi_card import kpi_row
from components.shell import Tab, strip
from components.states import no_event, not_permitted, unknown_event, unreadable
from components.tonight import arrivals_card, feed_card, gates_card, house_card, sales_card
from widgets.attributes import marks
from widgets.notices import notice_rows
from widgets.readings import State, readings
from widgets.time_notes import Noted

SECTIONS = (
    Tab("house", "House", "#house"),
    Tab("pulse", "Arrivals", "#arrivals"),
    Tab("gate", "Gates", "#gates"),
    Tab("ticket", "Sales", "#sales"),
    Tab("list", "Just now", "#feed"),
)


Problem = Literal["no-event", "unknown-event", "unreadable", "not-permitted"]


@dataclass(frozen=True, slots=True)
class Night:
    """What the Tonight page has to show: a state with its notes below the bar of choices, or why there is
    none."""

    state: State | None = None
    bar: Component | None = None
    notes: Sequence[Noted] = ()
    problem: Problem | None = None
    venue: str | None = None
    history: int | None = None
    """How many percent of the demo's evenings are published; None when all are."""
    carried: str = ""
    """The query string with which other pages look at the same."""


def problem(night: Night) -> list[Component]:
    """The page in place of a board, with the bar where another choice would help."""
    if night.problem == "no-event":
        found = no_event(night.venue)
    else:
        panels = {"unknown-event": unknown_event, "unreadable": unreadable, "not-permitted": not_permitted}
        found = panels[night.problem or "unreadable"]()
    return [*found[:1], night.bar, *found[1:]] if night.bar is not None else found


def board(
    state: State,
    bar: Component,
    *,
    notes: Sequence[Noted] = (),
    downloads: bool = True,
    history: int | None = None,
) -> list[Component]:
    """The board with the figures of `state` in it, below the bar of choices.

    The whole state travels in an attribute: the browser goes on from exactly what was drawn.
    """
    texts = readings(state)
    return [
        html.Div(
            [
                header(state, texts, downloads=downloads, history=history),
                bar,
                strip(SECTIONS),
                stale_note(),
                notice_rows(state),
                kpi_row(state, texts, downloads=downloads),
                html.Div(
                    [
                        house_card(state, texts, downloads=downloads),
                        arrivals_card(state, texts, notes, downloads=downloads),
                        gates_card(state, texts, downloads=downloads),
                        sales_card(state, texts, downloads=downloads),
                        feed_card(state, texts, downloads=downloads),
                    ],
                    className="board",
                ),
            ],
            className="night",
            **marks(data_board=state["eventId"], data_state=json.dumps(state, separators=(",", ":"))),
        )
    ]
