"""How values spread: how many days, or events, lie in each span of a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.answers import Unit
from data.needs import Need
from widgets.answered import Points, points
from widgets.asking import Ranged, labelled, question
from widgets.chosen import Metric, check_split, metric_label
from widgets.figures import Figure, bars, figure, hover, margins, upright_lines, value_axis
from widgets.parts import chart
from widgets.scope import Scope
from widgets.tables import made
from widgets.values import exactly, said, short, ticks
from widgets.widget import Answers, Table, Widget

OF = {"day": "days", "event": "events", "week": "weeks"}


class DistributionSettings(Ranged):
    """Whose values are spread out."""

    metric: Metric = Field("tickets_sold", title="Metric")
    of: Literal["day", "week", "event"] = Field(
        "day", title="Of each", json_schema_extra=labelled(day="Day", week="Week", event="Event")
    )

    @model_validator(mode="after")
    def _splits(self) -> DistributionSettings:
        check_split((self.metric,), (self.of,))
        return self


def needs(settings: DistributionSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by day, week or event."""
    return {"values": question(settings, scope, [settings.metric], [settings.of], limit=5000)}


def bins(found: Points) -> list[tuple[float, float, int]]:
    """From, below, and how many: spans of equal, round width from the lowest to the highest value."""
    known = [float(value) for value in found.values if value is not None]
    low, high = min(known), max(known)
    marks = ticks(0, (high - low) or abs(high) or 1, found.column.unit, found.currency, most=14)["tickvals"]
    width = marks[1] - marks[0]
    first, count = low // width, int(high // width - low // width) + 1
    edges = [(first + index) * width for index in range(count + 1)]
    return [(a, b, sum(1 for value in known if a <= value < b)) for a, b in pairwise(edges)]


def figure_of(settings: DistributionSettings, answers: Answers, scope: Scope) -> Figure:
    """Touching bars, the median marked."""
    found = points(answers["values"], settings.metric, scope.currency)
    unit, code = found.column.unit, found.currency
    spans = bins(found)
    what = OF[settings.of]
    texts = [
        hover(f"{exactly(a, unit, code)} to below {exactly(b, unit, code)}", [f"{count} {what}"])
        for a, b, count in spans
    ]
    middles = [(a + b) / 2 for a, b, _ in spans]
    counted = found.column.__class__("number", what, "metric", "count")
    vertical = value_axis([count for *_, count in spans], counted, "")
    edges = [a for a, *_ in spans] + [spans[-1][1]]
    every = -(-len(edges) // 6)
    middle = median(value for value in found.values if value is not None)
    data = [
        bars(
            middles,
            [count for *_, count in spans],
            texts,
            [""] * len(spans),
            width=(spans[0][1] - spans[0][0]) * 0.94,
        )
    ]
    return figure(
        data,
        margin=margins(vertical["ticktext"], top=20),
        xaxis={
            "tickmode": "array",
            "tickvals": edges[::every],
            "ticktext": [short(edge, unit, code) for edge in edges[::every]],
            "range": [edges[0], edges[-1]],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis=vertical,
        **upright_lines([(middle, f"Median {said(middle, unit, code)}")]),
    )


def body(settings: DistributionSettings, answers: Answers, scope: Scope) -> Component:
    """The histogram."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: DistributionSettings, answers: Answers, scope: Scope) -> str:
    """Median and extremes."""
    found = points(answers["values"], settings.metric, scope.currency)
    known = [value for value in found.values if value is not None]
    unit, code = found.column.unit, found.currency
    middle, low, high = (exactly(value, unit, code) for value in (median(known), min(known), max(known)))
    what = f"{metric_label(settings.metric)} of {len(known)} {OF[settings.of]}"
    return f"{what}: median {middle}, from {low} to {high}"


def cut(settings: DistributionSettings, answers: Answers, scope: Scope) -> str:
    """How many days, weeks or events have no value to stand at."""
    found = points(answers["values"], settings.metric, scope.currency)
    lost = sum(1 for value in found.values if value is None)
    return (
        f"without {lost} of {len(found.values)} {OF[settings.of]}, of which it is not known" if lost else ""
    )


def tables(settings: DistributionSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The spans with their counts."""
    found = points(answers["values"], settings.metric, scope.currency)
    unit, money = found.column.unit, found.column.unit == "money"
    columns: list[tuple[str, str, Unit | None]] = [("from", "From", unit), ("below", "Below", unit)]
    columns += [("currency", "Currency", None)] if money else []
    columns += [("number", OF[settings.of].capitalize(), "count")]
    rows = [(a, b, *([found.currency] if money else []), count) for a, b, count in bins(found)]
    return [made("Distribution", columns, rows, answers["values"].zone)]


WIDGET = Widget(
    name="distribution",
    label="Distribution",
    group="custom",
    icon="columns",
    description="How the days, weeks or events spread over the values of a metric, with the median.",
    settings=DistributionSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    cut=cut,
    title=lambda settings, scope: f"{metric_label(settings.metric)} by {settings.of}, spread",
    sub=lambda settings, answers, scope: f"Number of {OF[settings.of]}",
    size=(4, 4),
    smallest=(3, 3),
    example={"span": "90d"},
)
