"""When people buy: weekday by hour of the venue's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component

from data.needs import Need
from widgets.answered import Points, points
from widgets.asking import Ranged, question
from widgets.chosen import Metric, metric_label, metric_split_by
from widgets.figures import Figure, hover, measure
from widgets.heat import heat
from widgets.parts import chart
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly
from widgets.widget import Answers, Table, Widget

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class HoursSettings(Ranged):
    """What is counted by weekday and hour."""

    metric: Metric = metric_split_by("tickets_sold", "weekday", "hour_of_day")


def needs(settings: HoursSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by weekday and hour."""
    return {"hours": question(settings, scope, [settings.metric], ["weekday", "hour_of_day"])}


def _cells(
    settings: HoursSettings, answers: Answers, scope: Scope
) -> tuple[Points, dict[tuple[int, int], Any]]:
    found = points(answers["hours"], settings.metric, scope.currency)
    cells = {(int(k[0]), int(k[1])): v for k, v in zip(found.keys, found.values, strict=True)}
    return found, cells


def figure_of(settings: HoursSettings, answers: Answers, scope: Scope) -> Figure:
    """Seven rows from Monday, only the hours between the first and the last with anything in them."""
    found, cells = _cells(settings, answers, scope)
    busy = [hour for (_, hour), value in cells.items() if value]
    hours = range(min(busy, default=0), max(busy, default=23) + 1)
    values = [[cells.get((day, hour)) for hour in hours] for day in range(1, 8)]
    said = [
        [
            hover(
                f"{_LONG[day - 1]} {hour:02}:00 to {(hour + 1) % 24:02}:00",
                [measure(cells.get((day, hour)) or 0, found.column, found.currency)],
            )
            for hour in hours
        ]
        for day in range(1, 8)
    ]
    shown = [index for index, hour in enumerate(hours) if hour % 4 == 0]
    return heat([f"{hour:02}" for hour in hours], DAYS, values, said, shown_columns=shown)


def body(settings: HoursSettings, answers: Answers, scope: Scope) -> Component:
    """The heat map."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: HoursSettings, answers: Answers, scope: Scope) -> str:
    """The busiest hour of the week."""
    found, cells = _cells(settings, answers, scope)
    (day, hour), most = max(cells.items(), key=lambda each: each[1] or 0)
    value = exactly(most, found.column.unit, found.currency)
    return f"{metric_label(settings.metric)}: busiest {_LONG[day - 1]} from {hour:02}:00 with {value}"


def tables(settings: HoursSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """Weekdays (1 is Monday) and hours."""
    return [from_answer(answers["hours"], f"{metric_label(settings.metric)} by weekday and hour")]


WIDGET = Widget(
    name="weekday-hours",
    label="When people buy",
    group="audience",
    icon="grid",
    description="A heat map of weekday and hour of the venue's clock.",
    settings=HoursSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: metric_label(settings.metric),
    size=(4, 4),
    smallest=(3, 3),
    example={"span": "90d"},
)
