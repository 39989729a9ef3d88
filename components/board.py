"""The live board of one event: everything a manager wants on the night, on one screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from components.arrivals import arrivals
from components.attributes import marks
from components.banner import banner
from components.feed import feed
from components.gates import gates
from components.header import header
from components.house import house
from components.kpi_card import kpi_row
from components.readings import State, readings
from components.sales import sales
from components.shell import Tab
from components.states import no_event, not_permitted, unknown_event, unreadable

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
    """What the Tonight page has to show: a state with the events to choose from, or why there is none."""

    state: State | None = None
    events: Sequence[dict[str, Any]] = ()
    problem: Problem | None = None
    venue: str | None = None


def problem(night: Night) -> list[Component]:
    """The page in place of a board."""
    if night.problem == "no-event":
        return no_event(night.venue)
    panels = {"unknown-event": unknown_event, "unreadable": unreadable, "not-permitted": not_permitted}
    return panels[night.problem or "unreadable"]()


def board(state: State, events: Sequence[dict[str, Any]]) -> list[Component]:
    """The board with the figures of `state` in it; `events` fill the menu.

    The whole state travels in an attribute: the browser goes on from exactly what was drawn.
    """
    texts = readings(state)
    return [
        html.Div(
            [
                header(state, texts, events),
                html.Div("", className="stale-note", role="status", **marks(data_stale_note="")),
                banner(state),
                kpi_row(state, texts),
                html.Div(
                    [
                        house(state, texts),
                        arrivals(state, texts),
                        gates(state, texts),
                        sales(state, texts),
                        feed(state, texts),
                    ],
                    className="board",
                ),
            ],
            className="night",
            **marks(data_board=state["eventId"], data_state=json.dumps(state, separators=(",", ":"))),
        )
    ]
