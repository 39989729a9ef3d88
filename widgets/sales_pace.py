"""How fast tickets go: sold in the last minute, five minutes, hour and today, and when the last one goes."""

from dash import html
from dash.development.base_component import Component

from widgets.milestones import way
from widgets.read import Readings, place, spark
from widgets.readings import State


def pace(state: State, texts: Readings) -> list[Component]:
    """Three rates and today's tickets, the way to capacity with its milestones, the projected sell-out."""
    return [
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
        way(state),
        html.Dl(
            [
                html.Div([html.Dt("Projected sell-out"), html.Dd(place(texts, "sell-out"))]),
                html.Div([html.Dt("Target"), html.Dd(place(texts, "target"))], className="optional"),
            ],
            className="facts",
        ),
    ]


def _rate(label: str, name: str, texts: Readings) -> html.Div:
    return html.Div([html.Dt(label), html.Dd(place(texts, name))])
