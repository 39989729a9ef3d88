"""From gross to net: what was taken, what came on top, what went back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from pydantic import Field

from data.needs import Need
from widgets.answered import has, points
from widgets.asking import Ranged, question
from widgets.figures import HOVER, QUIET, Figure, figure, hover, margins, value_axis
from widgets.parts import chart
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, said
from widgets.widget import Answers, Table, Widget

METRICS = ("gross_revenue", "fees", "refunded", "net_revenue", "tax", "revenue_without_tax")
GOOD, BAD = "#0f9d6e", "#d6392e"


class WaterfallSettings(Ranged):
    """How far down the way goes."""

    tax: bool = Field(True, title="Down to what is left without tax")


def needs(settings: WaterfallSettings, scope: Scope) -> Mapping[str, Need]:
    """The amounts of the range, one row for each currency."""
    return {"money": question(settings, scope, METRICS)}


def steps(settings: WaterfallSettings, answers: Answers, scope: Scope) -> list[tuple[str, int, int, str]]:
    """Label, where the step starts and ends (minor units), and its tone."""
    amount = {name: points(answers["money"], name, scope.currency).values[0] or 0 for name in METRICS}
    gross, fees, refunded = amount["gross_revenue"], amount["fees"], amount["refunded"]
    net = gross + fees - refunded
    way = [
        ("Gross", 0, gross, ""),
        ("Fees", gross, gross + fees, "good"),
        ("Refunds", gross + fees, net, "bad"),
        ("Net", 0, net, ""),
    ]
    if settings.tax and has(answers["money"], "tax"):
        way += [("Tax", net, net - amount["tax"], "quiet"), ("Ex tax", 0, net - amount["tax"], "")]
    return way


def figure_of(settings: WaterfallSettings, answers: Answers, scope: Scope) -> Figure:
    """Hanging bars from one level to the next, each with its amount above it."""
    found = points(answers["money"], "net_revenue", scope.currency)
    code = found.currency
    way = steps(settings, answers, scope)
    vertical = value_axis(
        [max(a, b) for _, a, b, _ in way] + [min(0, a, b) for _, a, b, _ in way], found.column, code
    )
    tones = {"": None, "good": GOOD, "bad": BAD, "quiet": QUIET}
    data = [
        _bars([(place, *step) for place, step in enumerate(way) if step[3] == tone], code, colour)
        for tone, colour in tones.items()
    ]
    data = [trace for trace in data if trace["x"]]
    return figure(
        data,
        margin=margins(vertical["ticktext"], top=20),
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(way))),
            "ticktext": [name for name, *_ in way],
            "tickangle": 0,
            "showgrid": False,
            "fixedrange": True,
            "ticklabelstandoff": 4,
        },
        yaxis=vertical,
        barmode="overlay",
    )


def _bars(steps: list[tuple[int, str, int, int, str]], code: str, colour: str | None) -> dict[str, Any]:
    """The steps of one tone; the accent is the theme's own."""
    marker: dict[str, Any] = {"cornerradius": 3} | ({"color": colour} if colour else {})
    return {
        "type": "bar",
        "x": [place for place, *_ in steps],
        "y": [end - start for _, _, start, end, _ in steps],
        "base": [start for _, _, start, _, _ in steps],
        "width": 0.72,
        "text": [said(end - start, "money", code) for _, _, start, end, _ in steps],
        "textposition": "outside",
        "textfont": {"size": 11},
        "constraintext": "none",
        "cliponaxis": False,
        "customdata": [
            [hover(name, [exactly(end - start, "money", code)]), ""] for _, name, start, end, _ in steps
        ],
        "hovertemplate": HOVER,
        "marker": marker,
    }


def body(settings: WaterfallSettings, answers: Answers, scope: Scope) -> Component:
    """The chart."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: WaterfallSettings, answers: Answers, scope: Scope) -> str:
    """The sum as people check it."""
    lines = {name: points(answers["money"], name, scope.currency) for name in METRICS}
    code = lines["net_revenue"].currency

    def amount(name: str) -> str:
        return exactly(lines[name].values[0] or 0, "money", code)

    parts = f"{amount('gross_revenue')} gross and {amount('fees')} fees less {amount('refunded')} refunded"
    return f"{parts} is {amount('net_revenue')} net"


def tables(settings: WaterfallSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """A row for each currency."""
    return [from_answer(answers["money"], "From gross to net")]


WIDGET = Widget(
    name="revenue-waterfall",
    label="From gross to net",
    group="money",
    icon="columns",
    description="Gross revenue, fees, refunds and tax as steps down to what is left.",
    settings=WaterfallSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    size=(6, 4),
    smallest=(4, 3),
)
