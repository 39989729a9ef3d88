"""Every day of a long time as a cell: weeks from left to right, Monday on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dash.development.base_component import Component
from pydantic import Field

from data.metric_query import Last
from data.needs import Need
from widgets.answered import Points, moment, points
from widgets.asking import question
from widgets.chosen import Metric, metric_label, metric_split_by
from widgets.figures import Figure, hover, measure
from widgets.heat import heat
from widgets.parts import chart
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, when
from widgets.widget import Answers, Settings, Table, Widget

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class CalendarSettings(Settings):
    """What is counted by day, over how many weeks."""

    metric: Metric = metric_split_by("tickets_sold", "day")
    weeks: int = Field(26, ge=4, le=53, title="Weeks")


def needs(settings: CalendarSettings, scope: Scope) -> Mapping[str, Need]:
    """The metric by business day."""
    span = Last(last=settings.weeks * 7)
    return {"days": question(settings, scope, [settings.metric], ["day"], span=span)}


def _by_day(settings: CalendarSettings, answers: Answers, scope: Scope) -> tuple[Points, dict[date, Any]]:
    found = points(answers["days"], settings.metric, scope.currency)
    days = {moment(key[0]): value for key, value in zip(found.keys, found.values, strict=True)}
    return found, days


def figure_of(settings: CalendarSettings, answers: Answers, scope: Scope) -> Figure:
    """Seven rows; the months are named where they begin."""
    found, days = _by_day(settings, answers, scope)
    last = max(days)
    first = min(days) - timedelta(days=min(days).weekday())
    weeks = (last - first).days // 7 + 1
    values: list[list[Any]] = []
    said = []
    for row in range(7):
        dates = [first + timedelta(days=7 * week + row) for week in range(weeks)]
        inside = [min(days) <= day <= last for day in dates]
        values.append([days.get(day, 0) if seen else None for day, seen in zip(dates, inside, strict=True)])
        said.append(
            [
                hover(when(day, ""), [measure(days.get(day) or 0, found.column, found.currency)])
                for day in dates
            ]
        )
    starts = [first + timedelta(days=7 * week + 6) for week in range(weeks)]
    named = [week for week, day in enumerate(starts) if day.day <= 7]
    columns = [_MONTHS[day.month - 1] for day in starts]
    return heat(columns, DAYS, values, said, shown_columns=named, shown_rows=(0, 2, 4), square=True)


def body(settings: CalendarSettings, answers: Answers, scope: Scope) -> Component:
    """The calendar."""
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope))


def summary(settings: CalendarSettings, answers: Answers, scope: Scope) -> str:
    """The best day."""
    found, days = _by_day(settings, answers, scope)
    best = max(days, key=lambda day: days[day] or 0)
    value = exactly(days[best], found.column.unit, found.currency)
    return (
        f"{metric_label(settings.metric)} over {settings.weeks} weeks, most on {when(best, '')} with {value}"
    )


def tables(settings: CalendarSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The days."""
    return [from_answer(answers["days"], f"{metric_label(settings.metric)} by day")]


WIDGET = Widget(
    name="calendar-heat",
    label="Calendar",
    group="sales",
    icon="calendar",
    description="Every day as a cell of a calendar, the darker the more.",
    settings=CalendarSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: f"{metric_label(settings.metric)} by day, {settings.weeks} weeks",
    size=(6, 3),
    smallest=(4, 2),
)
