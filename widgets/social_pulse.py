"""What people say about the event."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.attributes import marks
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import Readings, place
from widgets.readings import State, readings
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget


def talk(state: State, texts: Readings) -> html.Div:
    """Mentions, reach and engagement in one line, and whether it goes viral."""
    return html.Div(
        [
            html.Span([place(texts, "mentions", "num"), " mentions"]),
            html.Span([place(texts, "reach", "num"), " reach"]),
            html.Span([place(texts, "engagement", "num"), " engaged"]),
            html.Span(
                "Viral", className="mark warn", hidden=not state["social"]["viral"], **marks(data_viral="")
            ),
        ],
        className="talk small",
    )


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    state = answers["night"]
    said = readings(state)
    rows = [("Mentions", "mentions"), ("Reach", "reach"), ("Engaged", "engagement")]
    return html.Div(
        [
            html.Dl(
                [html.Div([html.Dt(label), html.Dd(place(said, name))]) for label, name in rows],
                className="rates",
            ),
            html.Div(
                html.Span(
                    "Viral",
                    className="mark warn",
                    hidden=not state["social"]["viral"],
                    **marks(data_viral=""),
                ),
                className="w-viral",
            ),
        ],
        className="w-fill w-talk",
    )


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    said = readings(answers["night"])
    viral = ", going viral" if answers["night"]["social"]["viral"] else ""
    return f"{said['mentions'].text} mentions reached {said['reach'].text} people{viral}"


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    social = answers["night"]["social"]
    columns: list[tuple[str, str, Unit | None]] = [("what", "What", None), ("number", "Number", "count")]
    rows = [
        ("Mentions", social["mentions"]),
        ("Reach", social["reach"]),
        ("Likes and shares", social["engagements"]),
    ]
    return [made("Social pulse", columns, rows, answers["night"]["event"]["zone"])]


WIDGET = Widget(
    name="social-pulse",
    label="Social pulse",
    group="marketing",
    icon="talk",
    description="Mentions, reach and engagement of the event, and whether it goes viral.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 2),
    smallest=(2, 2),
    live=("social",),
)
