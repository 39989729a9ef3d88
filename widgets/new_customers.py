"""New and returning customers over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash.development.base_component import Component
from pydantic import Field

from data.needs import Need
from widgets.answered import Points, filled, moment, points
from widgets.asking import Grain, Ranged, grain_of, labelled, question, range_of
from widgets.figures import WASH, Figure, TimeAxis, bars, figure, hover, margins, value_axis
from widgets.format import count
from widgets.parts import chart, key_row
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import decimal, exactly
from widgets.widget import Answers, Table, Widget

METRICS = ("new_customers", "returning_customers")


class NewCustomerSettings(Ranged):
    """How finely people are counted."""

    grain: Grain = Field(
        "auto",
        title="By",
        json_schema_extra=labelled(auto="Automatic", hour="Hour", day="Day", week="Week", month="Month"),
    )


def _grain(settings: NewCustomerSettings, scope: Scope) -> str:
    return grain_of(range_of(settings, scope), scope, settings.grain)


def needs(settings: NewCustomerSettings, scope: Scope) -> Mapping[str, Need]:
    """Both by time; and for the whole range, because people are not summed over days."""
    return {
        "people": question(settings, scope, METRICS, [_grain(settings, scope)]),
        "all": question(settings, scope, METRICS),
    }


def _lines(settings: NewCustomerSettings, answers: Answers, scope: Scope) -> list[Points]:
    return [filled(points(answers["people"], name, ""), _grain(settings, scope)) for name in METRICS]


def figure_of(settings: NewCustomerSettings, answers: Answers, scope: Scope) -> Figure:
    """Stacked bars: new below, returning on top."""
    new, returning = _lines(settings, answers, scope)
    axis = TimeAxis([moment(key[0]) for key in new.keys], answers["people"].zone, _grain(settings, scope))
    said = [
        hover(axis.words(index), [f"{exactly(a, 'people')} new", f"{exactly(b, 'people')} returning"])
        for index, (a, b) in enumerate(zip(new.values, returning.values, strict=True))
    ]
    both = [(a or 0) + (b or 0) for a, b in zip(new.values, returning.values, strict=True)]
    keys = [""] * len(said)
    vertical = value_axis(both, new.column, "")
    data = [
        bars(axis.xs, new.values, said, keys),
        bars(
            axis.xs,
            returning.values,
            said,
            keys,
            marker={"color": WASH.replace("0.13", "0.4"), "cornerradius": 3},
        ),
    ]
    data[1] |= {"hoverinfo": "skip", "hovertemplate": None}
    meta = axis.meta(filter=_grain(settings, scope))
    layout = {"barmode": "stack", "hovermode": "x", "meta": meta}
    return figure(data, margin=margins(vertical["ticktext"]), xaxis=axis.axis(), yaxis=vertical, **layout)


def body(settings: NewCustomerSettings, answers: Answers, scope: Scope) -> Component:
    """The chart and its key."""
    keys = key_row(("tonight", "New"), ("pale", "Returning"))
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope), keys)


def summary(settings: NewCustomerSettings, answers: Answers, scope: Scope) -> str:
    """How many are new."""
    new, returning = (points(answers["all"], name, "") for name in METRICS)
    first, again = (line.values[0] or 0 if line.values else 0 for line in (new, returning))
    share = f", {decimal(100 * first / (first + again), 0)}% new" if first + again else ""
    return f"{count(first)} new and {count(again)} returning customers{share}"


def tables(settings: NewCustomerSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The whole range, and its buckets."""
    return [from_answer(answers["all"], "Customers"), from_answer(answers["people"], "By time")]


WIDGET = Widget(
    name="new-customers",
    label="New and returning customers",
    group="audience",
    icon="people",
    description="How many buyers are new and how many have bought before, over time.",
    settings=NewCustomerSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: "People",
    size=(6, 4),
    smallest=(3, 3),
)
