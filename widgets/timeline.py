"""A metric over time: the figure that every curve of a widget is drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.answers import Answer
from widgets.answered import Points, adds_up, filled, moment, points
from widgets.figures import (
    ROW_PX,
    Figure,
    TimeAxis,
    bars,
    beside,
    figure,
    hover,
    line,
    margins,
    measure,
    upright_lines,
    value_axis,
)
from widgets.values import change, exactly, when

Notes = Sequence[Any]


def timeline(
    answer: Answer,
    metric: str | None,
    preferred: str,
    grain: str,
    *,
    kind: str = "area",
    against: str = "",
    notes: Notes = (),
) -> Figure:
    """One metric along the answer's only dimension, a time; the comparison dotted; notes as upright lines."""
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
    marks = _marks(notes, axis, found)
    marked = upright_lines([(place, text) for place, text, _ in marks], [share for *_, share in marks])
    highest = max((each["yshift"] for each in marked["annotations"]), default=-ROW_PX)
    return figure(
        data,
        margin=margins(vertical["ticktext"], top=8 + ROW_PX + highest),
        hovermode="x",
        xaxis=axis.axis(),
        yaxis=vertical,
        meta={"filter": grain, "ticks": axis.labels(), "zone": answer.zone or "UTC"},
        **(marked if marked["shapes"] else {}),
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


def _marks(notes: Notes, axis: TimeAxis, found: Points) -> list[tuple[Any, str, float]]:
    """Of each note that lies in the span: its place, its text, and how far along the axis it is (0 to 1)."""
    first, last = moment(found.keys[0][0]), moment(found.keys[-1][0])
    marks = []
    for each in notes:
        at, text = moment(_of(each, "at")), str(_of(each, "text"))
        place = at if type(at) is type(first) else at.date() if hasattr(at, "date") else None
        if place is not None and first <= place <= last:
            marks.append((axis.at(place), text, (place - first) / (last - first) if last > first else 0.5))
    return marks


def _of(each: Any, name: str) -> Any:
    """A field of a note, kept (`data.notes.Note`) or as a dict."""
    return each[name] if isinstance(each, dict) else getattr(each, name)
