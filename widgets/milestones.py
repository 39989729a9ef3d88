"""The way to a full house: how much is sold, and when each mark on the way was passed."""

from typing import Any

from dash import html

from widgets.attributes import marks
from widgets.format import moment
from widgets.read import bar
from widgets.readings import State

STEPS = (25, 50, 75, 90, 100)


def way(state: State) -> html.Div:
    """The bar of what is sold, over its milestones."""
    return html.Div(
        [
            html.Div(bar(state["sales"]["percentSold"]), className="way", **marks(data_meter="sold")),
            html.Ol(milestone_marks(state), className="milestones", **marks(data_list="milestones")),
        ],
        className="way-frame",
    )


def milestone_marks(state: State) -> list[html.Li]:
    """The steps to capacity with the time each was reached."""
    reached: dict[int, Any] = {
        mark["percent"]: mark["reachedAt"]
        for mark in state["sales"]["milestones"]
        if mark["measure"] == "sold_capacity"
    }
    zone = state["event"]["zone"]
    return [
        html.Li(
            [
                html.Span("Full" if step == 100 else f"{step}%"),
                html.Span(
                    moment(reached[step], state["asOf"], zone) if step in reached else "", className="muted"
                ),
            ],
            className="reached" if step in reached else "",
            style={"--at": str(step)},
        )
        for step in STEPS
    ]
