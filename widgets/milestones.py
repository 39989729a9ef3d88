"""The way to a full house: how much is sold, and when each mark on the way was passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.answers import Unit
from widgets.answered import moment as instant_of
from widgets.attributes import marks
from widgets.format import count, moment, percent
from widgets.night import NightSettings, event_words, night_needs
from widgets.read import bar, place
from widgets.readings import State, readings
from widgets.scope import Scope
from widgets.tables import made
from widgets.widget import Answers, Settings, Table, Widget

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
    newest = max(reached, default=None)
    coming = min((step for step in STEPS if step > (newest or 0)), default=None)
    return [
        html.Li(
            [
                html.Span("Full" if step == 100 else f"{step}%"),
                html.Span(
                    moment(reached[step], state["asOf"], zone) if step in reached else "", className="muted"
                ),
            ],
            # Where room is short the labels of these two stay.
            className=" ".join(
                name
                for name, given in (
                    ("reached", step in reached),
                    ("newest", step == newest),
                    ("coming", step == coming),
                )
                if given
            ),
            style={"--at": str(step)},
        )
        for step in STEPS
    ]


def _body(settings: Settings, answers: Answers, scope: Scope) -> Component:
    state = answers["night"]
    said = readings(state)
    head = html.Div(
        [
            html.Div([place(said, "sold"), place(said, "sold-of", "of")], className="big-value"),
            html.Div(
                [place(said, "sold-percent", "chip"), place(said, "sold-note", "muted")], className="big-foot"
            ),
        ],
        className="big",
    )
    return html.Div([head, way(state)], className="w-fill w-way")


def _summary(settings: Settings, answers: Answers, scope: Scope) -> str:
    sales = answers["night"]["sales"]
    share = f", {percent(sales['percentSold'])} of {count(sales['capacity'])}" if sales["capacity"] else ""
    passed = [m for m in sales["milestones"] if m["measure"] == "sold_capacity"]
    return f"{count(sales['sold'])} tickets sold{share}; {len(passed)} of {len(STEPS)} milestones passed"


def _tables(settings: Settings, answers: Answers, scope: Scope) -> Sequence[Table]:
    columns: list[tuple[str, str, Unit | None]] = [
        ("measure", "Of", None),
        ("percent", "Mark", "percent"),
        ("at", "Reached", None),
    ]
    rows = [
        (mark["measure"].replace("_", " "), mark["percent"], instant_of(mark["reachedAt"]))
        for mark in answers["night"]["sales"]["milestones"]
    ]
    return [made("Milestones", columns, rows, answers["night"]["event"]["zone"])]


WIDGET = Widget(
    name="milestones",
    label="Milestones",
    group="tonight",
    icon="line",
    description="How much of the house is sold, and when 25, 50, 75, 90 and 100 per cent were passed.",
    settings=NightSettings,
    needs=night_needs,
    body=_body,
    summary=_summary,
    tables=_tables,
    sub=lambda settings, answers, scope: event_words(answers["night"]),
    size=(4, 3),
    smallest=(3, 2),
    live=("sales", "event"),
)
