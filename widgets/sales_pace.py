"""How fast tickets go: sold in the last minute, five minutes, hour and today, and when the last one goes."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.milestones import way
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import Readings, place, spark
from widgets.readings import State, readings
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget


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


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    state = answers["night"]
    return html.Div(pace(state, readings(state)), className="w-fill w-pace")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    said = readings(answers["night"])
    hour, today = said["per-hour"].text, said["sold-today"].text
    return f"{hour} tickets in the last hour, {today} today; sell-out: {said['sell-out'].text}"


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    columns: list[tuple[str, str, Unit | None]] = [("what", "What", None), ("tickets", "Tickets", "tickets")]
    sales = answers["night"]["sales"]
    rows = [
        ("Last minute", sales["perMinute"]),
        ("Last 5 minutes", floor(sales["perFiveMinutes"] + 0.5)),
        ("Last hour", floor(sales["perHour"] + 0.5)),
        ("Today", sales["soldToday"]),
        ("Sold", sales["sold"]),
        ("Capacity", sales["capacity"] or None),
    ]
    return [made("Sales pace", columns, rows, answers["night"]["event"]["zone"])]


WIDGET = Widget(
    name="sales-pace",
    label="Sales velocity",
    group="tonight",
    icon="ticket",
    description="Tickets in the last minute, five minutes, hour and today, and when the last one goes.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 4),
    smallest=(3, 3),
    live=("sales", "event"),
)
