"""A metric over time: the figure that every curve of a widget is drawn with."""

from __future__ import annotations

from data.answers import Answer
from widgets.answered import Points, adds_up, filled, moment, points
from widgets.figures import (
    Figure,
    TimeAxis,
    bars,
    beside,
    figure,
    hover,
    line,
    margins,
    measure,
    value_axis,
)
from widgets.values import change, exactly, when


def timeline(
    answer: Answer,
    metric: str | None,
    preferred: str,
    grain: str,
    *,
    kind: str = "area",
    against: str = "",
) -> Figure:
    """One metric along the answer's only dimension, a time; the comparison dotted."""
    found = filled(points(answer, metric, preferred), grain)
    axis = TimeAxis([moment(key[0]) for key in found.keys], answer.zone, grain)
    keys = [str(key[0].isoformat() if hasattr(key[0], "isoformat") else key[0]) for key in found.keys]
    said = [_hover(found, index, axis, against) for index in range(len(keys))]
    data = [
        bars(axis.xs, found.values, said, keys)
        if kind == "bar"
        else line(axis.xs, found.values, said, keys, area=kind == "area")
    ]
    if found.before is not None:
        data.append(beside(axis.xs, found.before))
    vertical = value_axis([*found.values, *(found.before or [])], found.column, found.currency)
    return figure(
        data,
        margin=margins(vertical["ticktext"]),
        hovermode="x",
        xaxis=axis.axis(),
        yaxis=vertical,
        meta=axis.meta(filter=grain),
    )


def timeline_said(answer: Answer, metric: str | None, preferred: str, grain: str, against: str = "") -> str:
    """The curve in one sentence: its total where it has one, and its highest bucket."""
    found = filled(points(answer, metric, preferred), grain)
    known = [
        (value, key[0]) for value, key in zip(found.values, found.keys, strict=True) if value is not None
    ]
    most, at = max(known, key=lambda each: each[0])
    unit, code = found.column.unit, found.currency
    additive = unit in ("money", "tickets", "count") and adds_up(found.column)
    head = (
        f"{found.column.label}: {exactly(found.total, unit, code)} in all" if additive else found.column.label
    )
    moved = ""
    if found.before is not None and additive:
        earlier = sum(value for value in found.before if value is not None)
        words = change(found.total, earlier, unit)
        moved = f" ({words} {against})" if words and against else ""
    return f"{head}{moved}, most {when(moment(at), answer.zone, grain)} with {exactly(most, unit, code)}"


def _hover(found: Points, index: int, axis: TimeAxis, against: str) -> str:
    value = found.values[index]
    lines = [measure(value, found.column, found.currency)]
    if found.before is not None:
        before = found.before[index]
        moved = change(value, before, found.column.unit)
        lines.append(
            f"{exactly(before, found.column.unit, found.currency)} {against.removeprefix('vs ')}".strip()
        )
        lines += [moved] if moved else []
    return hover(axis.words(index), lines)
