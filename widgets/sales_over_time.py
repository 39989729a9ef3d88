"""A metric over time, against another period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dash.development.base_component import Component
from pydantic import Field

from data.needs import Need
from widgets.asking import Compared, Grain, against, grain_of, labelled, question, range_of
from widgets.chosen import Metric, metric_label
from widgets.figures import Figure
from widgets.parts import chart, key_row
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.timeline import timeline, timeline_said
from widgets.widget import Answers, Table, Widget


class OverTimeSettings(Compared):
    """What is drawn over time and how finely."""

    metric: Metric = Field("net_revenue", title="Metric")
    grain: Grain = Field(
        "auto",
        title="By",
        json_schema_extra=labelled(auto="Automatic", hour="Hour", day="Day", week="Week", month="Month"),
    )
    shape: Literal["area", "line", "bar"] = Field(
        "area", title="Drawn as", json_schema_extra=labelled(area="Area", line="Line", bar="Bars")
    )


def _grain(settings: OverTimeSettings, scope: Scope) -> str:
    return grain_of(range_of(settings, scope), scope, settings.grain)


def needs(settings: OverTimeSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by time."""
    return {"sales": question(settings, scope, [settings.metric], [_grain(settings, scope)], limit=2000)}


def figure(settings: OverTimeSettings, answers: Answers, scope: Scope) -> Figure:
    """The curve."""
    return timeline(
        answers["sales"],
        settings.metric,
        scope.currency,
        _grain(settings, scope),
        kind=settings.shape,
        against=against(settings, scope),
    )


def body(settings: OverTimeSettings, answers: Answers, scope: Scope) -> Component:
    """The curve with its key."""
    versus = against(settings, scope)
    keys = (
        key_row(("line", metric_label(settings.metric)), ("before", versus.removeprefix("vs ").capitalize()))
        if versus
        else None
    )
    return chart(figure(settings, answers, scope), summary(settings, answers, scope), keys)


def summary(settings: OverTimeSettings, answers: Answers, scope: Scope) -> str:
    """Total and highest point."""
    grain = _grain(settings, scope)
    return timeline_said(answers["sales"], settings.metric, scope.currency, grain, against(settings, scope))


def tables(settings: OverTimeSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The buckets, every currency."""
    return [from_answer(answers["sales"], metric_label(settings.metric))]


WIDGET = Widget(
    name="sales-over-time",
    label="Sales over time",
    group="sales",
    icon="line",
    description="A metric by hour, day, week or month, against another period.",
    settings=OverTimeSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure,
    title=lambda settings, scope: f"{metric_label(settings.metric)} over time",
    size=(8, 4),
    smallest=(3, 3),
    example={"compare": "previous_period"},
)
