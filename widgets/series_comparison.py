"""Series, genres, channels or events beside each other over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from pydantic import Field, model_validator

from data.metric_query import Top
from data.needs import Need
from widgets.answered import Points, adds_up, filled, moment, nothing_is_zero, points
from widgets.asking import Grain, Ranged, grain_of, labelled, question, range_of
from widgets.chosen import Dimension, Metric, check_ranks, check_split, dimension_label, metric_label
from widgets.curves import Curve, curves, names
from widgets.figures import Figure, TimeAxis
from widgets.named import all_events, named_table, namer
from widgets.parts import chart
from widgets.scope import Scope
from widgets.values import exactly
from widgets.widget import Answers, Table, Widget


class SeriesSettings(Ranged):
    """What is compared, by what measure, how finely."""

    metric: Metric = Field("tickets_sold", title="Metric")
    dimension: Dimension = Field("genre", title="Compare", min_length=1)
    top: int = Field(4, ge=1, le=6, title="How many")
    grain: Grain = Field(
        "auto",
        title="By",
        json_schema_extra=labelled(auto="Automatic", hour="Hour", day="Day", week="Week", month="Month"),
    )

    @model_validator(mode="after")
    def _splits(self) -> SeriesSettings:
        check_split((self.metric,), (self.dimension,))
        check_ranks(self.metric)
        return self


def _grain(settings: SeriesSettings, scope: Scope) -> str:
    return grain_of(range_of(settings, scope), scope, settings.grain)


def needs(settings: SeriesSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by time and by what is compared, only those with most."""
    top = Top(limit=settings.top, by=settings.metric, other=False)
    dims = [_grain(settings, scope), settings.dimension]
    asked: dict[str, Need] = {
        "curves": question(settings, scope, [settings.metric], dims, top=top, limit=5000)
    }
    if settings.dimension == "event":
        asked["events"] = all_events(scope)
    return asked


def drawn(settings: SeriesSettings, answers: Answers, scope: Scope) -> tuple[Points, list[Curve], list[Any]]:
    """The curves, most first, all over the same buckets."""
    found = points(answers["curves"], settings.metric, scope.currency)
    named, grain = namer(settings.dimension, answers), _grain(settings, scope)
    times = sorted({moment(key[0]) for key in found.keys if key[0] is not None})
    every = filled(Points(found.column, "", [(time,) for time in times], [0] * len(times)), grain)
    buckets = [key[0] for key in every.keys]
    nothing = 0 if nothing_is_zero(found.column) else None
    values: dict[Any, dict[Any, Any]] = {}
    for key, value in zip(found.keys, found.values, strict=True):
        values.setdefault(key[1], {})[moment(key[0])] = value
    ranked = sorted(values, key=lambda key: -sum(value or 0 for value in values[key].values()))
    made = [
        Curve(named(key), str(key or ""), [values[key].get(time, nothing) for time in buckets])
        for key in ranked[: settings.top]
    ]
    return found, made, buckets


def figure_of(settings: SeriesSettings, answers: Answers, scope: Scope) -> Figure:
    """A line for each."""
    found, made, buckets = drawn(settings, answers, scope)
    axis = TimeAxis(buckets, answers["curves"].zone, _grain(settings, scope))
    meta = axis.meta(filter=settings.dimension)
    return curves(made, axis.xs, axis.words, found.column, found.currency, axis.axis(), meta=meta)


def body(settings: SeriesSettings, answers: Answers, scope: Scope) -> Component:
    """The chart under its names."""
    _, made, _ = drawn(settings, answers, scope)
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope), names(made))


def summary(settings: SeriesSettings, answers: Answers, scope: Scope) -> str:
    """Which one has most."""
    found, made, _ = drawn(settings, answers, scope)
    what = f"{metric_label(settings.metric)} by {dimension_label(settings.dimension).lower()}"
    sums = sum(value or 0 for value in made[0].values)
    total = f" with {exactly(sums, found.column.unit, found.currency)}" if adds_up(found.column) else ""
    return f"{what}: {made[0].name} leads{total}, {len(made)} compared"


def cut(settings: SeriesSettings, answers: Answers, scope: Scope) -> str:
    """As many as were asked for; where there are fewer, they are all."""
    made = drawn(settings, answers, scope)[1]
    return f"the {len(made)} with most" if len(made) == settings.top else ""


def tables(settings: SeriesSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Every bucket of every curve."""
    return [named_table(answers["curves"], answers, metric_label(settings.metric))]


WIDGET = Widget(
    name="series-comparison",
    label="Side by side over time",
    group="events",
    icon="line",
    description="Series, genres, channels or events as curves over the same time.",
    settings=SeriesSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    title=lambda settings, scope: (
        f"{metric_label(settings.metric)} by {dimension_label(settings.dimension).lower()}"
    ),
    cut=cut,
    size=(6, 4),
    smallest=(3, 3),
    extras=frozenset({"events"}),
)
