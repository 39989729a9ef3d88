"""How tickets go: the pace, the milestones on the way to a full house, when the last one goes."""

from typing import Any

from dash import html

from components.attributes import marks
from components.format import moment
from components.read import Readings, bar, card, place, spark
from components.readings import State

STEPS = (25, 50, 75, 90, 100)


def sales(state: State, texts: Readings) -> html.Section:
    """The pace card: three rates, the way to capacity with its milestones, the projected sell-out."""
    return card(
        "Sales pace",
        [
            html.Dl(
                [
                    _rate("Last minute", "per-minute", texts),
                    _rate("Last 5 min", "per-five", texts),
                    _rate("Last hour", "per-hour", texts),
                    _rate("Today", "sold-today", texts),
                ],
                className="rates",
            ),
            html.Div(spark("sold-bars", state["sales"]["trend"]["sold"], "bars"), className="pace-bars"),
            html.Div(
                [
                    html.Div(bar(state["sales"]["percentSold"]), className="way", **marks(data_meter="sold")),
                    html.Ol(milestone_marks(state), className="milestones", **marks(data_list="milestones")),
                ],
                className="way-frame",
            ),
            html.Dl(
                [
                    html.Div([html.Dt("Projected sell-out"), html.Dd(place(texts, "sell-out"))]),
                    html.Div([html.Dt("Target"), html.Dd(place(texts, "target"))], className="optional"),
                ],
                className="facts",
            ),
        ],
        name="sales",
        area="sales",
        sub=place(texts, "open-note", "muted small num"),
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


def _rate(label: str, name: str, texts: Readings) -> html.Div:
    return html.Div([html.Dt(label), html.Dd(place(texts, name))])
