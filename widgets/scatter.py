"""Two metrics against each other: a dot for each event, channel, city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.needs import Need
from widgets.answered import Points, points
from widgets.asking import Ranged, question
from widgets.chosen import Dimension, Metric, check_split, dimension_label, metric_label
from widgets.figures import Figure, dots, figure, hover, margins, measure, value_axis
from widgets.masking import require
from widgets.named import all_events, named_table, namer
from widgets.parts import chart
from widgets.scope import Scope
from widgets.widget import Answers, Table, Widget


class ScatterSettings(Ranged):
    """What lies across, what up, and whose dots they are."""

    across: Metric = Field("tickets_sold", title="Across")
    up: Metric = Field("average_ticket_price", title="Up")
    dimension: Dimension = Field("event", title="A dot for each", min_length=1)

    @model_validator(mode="after")
    def _splits(self) -> ScatterSettings:
        check_split((self.across, self.up), (self.dimension,))
        return self


def needs(settings: ScatterSettings, scope: Scope) -> Mapping[str, Need]:
    """Both metrics by the dimension, and what events are called."""
    metrics = list(dict.fromkeys((settings.across, settings.up)))
    asked: dict[str, Need] = {"dots": question(settings, scope, metrics, [settings.dimension], limit=500)}
    if settings.dimension == "event":
        asked["events"] = all_events(scope)
    return asked


def pairs(
    settings: ScatterSettings, answers: Answers, scope: Scope
) -> tuple[Points, Points, list[tuple[Any, Any, Any]]]:
    """Both lines and their dots: key, across, up; only where both are known."""
    require(answers["dots"], settings.across, settings.up)
    across = points(answers["dots"], settings.across, scope.currency)
    up = points(answers["dots"], settings.up, scope.currency)
    other = dict(zip(up.keys, up.values, strict=True))
    rows = [
        (key[0], value, other[key])
        for key, value in zip(across.keys, across.values, strict=True)
        if value is not None and other.get(key) is not None
    ]
    return across, up, rows


def figure_of(settings: ScatterSettings, answers: Answers, scope: Scope) -> Figure:
    """Translucent dots, so that many in one place show."""
    across, up, rows = pairs(settings, answers, scope)
    named = namer(settings.dimension, answers)
    said = [
        hover(named(key), [measure(x, across.column, across.currency), measure(y, up.column, up.currency)])
        for key, x, y in rows
    ]
    horizontal = value_axis([x for _, x, _ in rows], across.column, across.currency)
    vertical = value_axis([y for *_, y in rows], up.column, up.currency)
    marker = {"size": 11, "opacity": 0.7}
    data = [
        dots(
            [x for _, x, _ in rows],
            [y for *_, y in rows],
            said,
            [str(k) for k, *_ in rows],
            mode="markers",
            marker=marker,
        )
    ]
    font = {"size": 11}
    return figure(
        data,
        margin={**margins(vertical["ticktext"], bottom=38), "l": margins(vertical["ticktext"])["l"] + 16},
        xaxis={**horizontal, "title": {"text": across.column.label, "standoff": 4, "font": font}},
        yaxis={**vertical, "title": {"text": up.column.label, "standoff": 6, "font": font}},
        meta={"filter": settings.dimension},
    )


def body(settings: ScatterSettings, answers: Answers, scope: Scope) -> Component:
    """The dots."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: ScatterSettings, answers: Answers, scope: Scope) -> str:
    """What is compared, and the dot furthest up."""
    _, up, rows = pairs(settings, answers, scope)
    what = f"{metric_label(settings.up)} against {metric_label(settings.across).lower()}, {len(rows)} dots"
    if not rows:
        return what
    key, _, value = max(rows, key=lambda row: row[2])
    best = namer(settings.dimension, answers)(key)
    return f"{what}; highest {best} with {measure(value, up.column, up.currency)}"


def tables(settings: ScatterSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The dots as rows."""
    return [named_table(answers["dots"], answers, dimension_label(settings.dimension))]


WIDGET = Widget(
    name="scatter",
    label="Two metrics",
    group="custom",
    icon="dots",
    description="Two metrics against each other, with a dot for each event, channel or place.",
    settings=ScatterSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    title=lambda settings, scope: f"{metric_label(settings.up)} by {metric_label(settings.across).lower()}",
    sub=lambda settings, answers, scope: f"A dot for each {dimension_label(settings.dimension).lower()}",
    size=(4, 4),
    smallest=(3, 3),
    extras=frozenset({"events"}),
)
