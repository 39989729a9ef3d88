"""Two metrics against each other: a dot for each event, channel, city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.needs import Need
from widgets.asking import Ranged, question
from widgets.chosen import Dimension, Metric, check_split, dimension_label, metric_label
from widgets.figures import Figure, measure
from widgets.masking import require
from widgets.named import all_events, named_table, namer
from widgets.pairs import Pairs, dots_of, pairs
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


def _found(settings: ScatterSettings, answers: Answers, scope: Scope) -> Pairs:
    require(answers["dots"], settings.across, settings.up)
    return pairs(answers["dots"], settings.across, settings.up, scope.currency)


def figure_of(settings: ScatterSettings, answers: Answers, scope: Scope) -> Figure:
    """The dots, by their names."""
    found = _found(settings, answers, scope)
    return dots_of(found, namer(settings.dimension, answers), settings.dimension)


def body(settings: ScatterSettings, answers: Answers, scope: Scope) -> Component:
    """The dots."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: ScatterSettings, answers: Answers, scope: Scope) -> str:
    """What is compared, and the dot furthest up."""
    found = _found(settings, answers, scope)
    up, count = found.up, len(found.dots)
    what = f"{metric_label(settings.up)} against {metric_label(settings.across).lower()}, {count} dots"
    if not count:
        return what
    key, _, value = max(found.dots, key=lambda row: row[2])
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
    cut=lambda settings, answers, scope: _found(settings, answers, scope).cut,
)
