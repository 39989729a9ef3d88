"""Who is inside: the ring of the whole house with its warning marks, its zones and its peaks."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.format import count
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import Readings, place
from widgets.readings import State, readings
from widgets.scope import Scope
from widgets.widget import Answers, Settings, Table, Widget
from widgets.zones import zone_bars, zone_table


def house(state: State, texts: Readings) -> list[Component]:
    """The house count as a ring, zone by zone, with the peak so far and the one to come."""
    return [
        html.Div([ring(state, texts), zone_bars(state)], className="house"),
        html.Dl(
            [
                html.Div([html.Dt("Peak so far"), html.Dd(place(texts, "peak"))]),
                html.Div([html.Dt("Projected peak"), html.Dd(place(texts, "projected-peak"))]),
            ],
            className="facts",
        ),
    ]


def ring(state: State, texts: Readings) -> html.Div:
    """The ring that fills, with a notch where the house turns amber and one where it turns red."""
    capacity = state["capacity"]
    room = capacity["capacity"]
    ring = html.Div(
        className="ring",
        role="meter",
        **marks(
            aria_label="People inside",
            aria_valuemin="0",
            aria_valuemax=str(room or capacity["inside"]),
            aria_valuenow=str(capacity["inside"]),
            aria_valuetext=f"{count(capacity['inside'])} {texts['inside-of'].text}",
        ),
    )
    text = html.Div(
        [place(texts, "inside", "ring-value"), place(texts, "inside-percent", "muted small")],
        className="ring-text",
    )
    return html.Div(
        [ring, html.Div(className="ring-mark amber"), html.Div(className="ring-mark red"), text],
        className=f"ring-frame {capacity['level']}" + ("" if room else " open"),
        style={
            "--share": f"{min(100, capacity['percent'] or 0):g}",
            "--amber-at": f"{capacity['amberPercent']:g}",
            "--red-at": f"{capacity['redPercent']:g}",
        },
        **marks(data_meter="house"),
    )


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    state = answers["night"]
    return html.Div(house(state, readings(state)), className="w-fill")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    said = readings(answers["night"])
    words = [f"{said['inside'].text} people inside, {said['inside-of'].text}", said["inside-percent"].text]
    return f"{', '.join(word for word in words if word)}; peak {said['peak'].text}"


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    capacity = answers["night"]["capacity"]
    rows = [("House", capacity["inside"], capacity["capacity"] or None, capacity["percent"])]
    return [zone_table("People inside", rows, answers["night"])]


WIDGET = Widget(
    name="house-count",
    label="House count",
    group="tonight",
    icon="house",
    description="How many people are inside one event now, of how many, by zone, with its peaks so far and to"
    " come.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 4),
    smallest=(2, 3),
    live=("capacity", "attendance"),
)
