"""People in and out over a night, above and below a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dash.development.base_component import Component
from pydantic import Field

from data.needs import Need
from widgets.answered import Points, filled, moment, points
from widgets.asking import Ranged, grain_of, question, range_of
from widgets.figures import QUIET, Figure, TimeAxis, bars, figure, hover, margins, value_axis
from widgets.format import count
from widgets.parts import chart, key_row
from widgets.scope import Scope
from widgets.tables import from_answer
from widgets.values import exactly, when
from widgets.widget import Answers, Table, Widget


class FlowSettings(Ranged):
    """How finely the doors are counted."""

    grain: Literal["auto", "5min", "15min", "30min", "hour", "day"] = Field(
        "auto",
        title="By",
        json_schema_extra={
            "labels": {
                "auto": "Automatic",
                "5min": "5 minutes",
                "15min": "15 minutes",
                "30min": "Half an hour",
                "hour": "Hour",
                "day": "Day",
            }
        },
    )


def _grain(settings: FlowSettings, scope: Scope) -> str:
    return grain_of(range_of(settings, scope), scope, settings.grain)


def needs(settings: FlowSettings, scope: Scope) -> Mapping[str, Need]:
    """Entries and exits by time."""
    return {"doors": question(settings, scope, ["entries", "exits"], [_grain(settings, scope)], limit=3000)}


def _lines(settings: FlowSettings, answers: Answers, scope: Scope) -> tuple[Points, Points]:
    grain = _grain(settings, scope)
    return tuple(filled(points(answers["doors"], name, ""), grain) for name in ("entries", "exits"))  # type: ignore[return-value]


def figure_of(settings: FlowSettings, answers: Answers, scope: Scope) -> Figure:
    """Entries upwards, exits downwards."""
    entries, exits = _lines(settings, answers, scope)
    axis = TimeAxis([moment(key[0]) for key in entries.keys], answers["doors"].zone, _grain(settings, scope))
    keys = [""] * len(axis.xs)
    said = [
        hover(axis.words(index), [f"{exactly(come, 'people')} in", f"{exactly(gone, 'people')} out"])
        for index, (come, gone) in enumerate(zip(entries.values, exits.values, strict=True))
    ]
    down = [-(value or 0) for value in exits.values]
    vertical = value_axis([*entries.values, *down], entries.column, "")
    vertical["range"] = [vertical["tickvals"][0], vertical["range"][1]]
    vertical["ticktext"] = [text.removeprefix("−") for text in vertical["ticktext"]]
    data = [
        bars(axis.xs, entries.values, said, keys),
        bars(axis.xs, down, said, keys, marker={"cornerradius": 3, "color": QUIET}, hoverinfo="skip"),
    ]
    meta = axis.meta(filter=_grain(settings, scope))
    layout = {"barmode": "relative", "hovermode": "x", "meta": meta}
    del data[1]["hovertemplate"]
    return figure(data, margin=margins(vertical["ticktext"]), xaxis=axis.axis(), yaxis=vertical, **layout)


def body(settings: FlowSettings, answers: Answers, scope: Scope) -> Component:
    """The chart and its key."""
    keys = key_row(("tonight", "In"), ("quiet", "Out"))
    return chart(figure_of(settings, answers, scope), summary(settings, answers, scope), keys)


def summary(settings: FlowSettings, answers: Answers, scope: Scope) -> str:
    """Sums and the busiest moment."""
    entries, exits = _lines(settings, answers, scope)
    most = max(range(len(entries.values)), key=lambda index: entries.values[index] or 0)
    at = when(moment(entries.keys[most][0]), answers["doors"].zone, _grain(settings, scope))
    busiest = f"busiest {at} with {count(entries.values[most])}"
    return f"{count(entries.total)} people in and {count(exits.total)} out, {busiest}"


def tables(settings: FlowSettings, answers: Answers, scope: Scope) -> Sequence[Table]:
    """The buckets."""
    return [from_answer(answers["doors"], "Entries and exits")]


WIDGET = Widget(
    name="door-flow",
    label="In and out",
    group="doors",
    icon="columns",
    description="Entries and exits over time, in five minutes, hours or days.",
    settings=FlowSettings,
    needs=needs,
    body=body,
    summary=summary,
    tables=tables,
    figure=figure_of,
    sub=lambda settings, answers, scope: "People",
    size=(6, 4),
    smallest=(3, 3),
    empty="Nobody went through a door in this range.",
    example={"span": "today"},
)
