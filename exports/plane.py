"""What traces have in common: the plane they are drawn in, their values, their colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exports import marks
from exports.axes import Axis
from exports.marks import COLOURS, colour, each, nested

Trace = Mapping[str, Any]


class UnknownTrace(Exception):
    """A kind of trace that is not drawn here; the text is its name."""


@dataclass(slots=True)
class Plane:
    """Where traces are drawn: two axes, what the layout says about bars, and what was stacked so far."""

    x: Axis
    y: Axis
    layout: Mapping[str, Any]
    bars: Sequence[Trace] = ()
    stacks: dict[tuple[bool, float], float] = field(default_factory=dict)
    last_line: list[tuple[float, float]] = field(default_factory=list)
    areas: dict[float, float] = field(default_factory=dict)


def base_colour(trace: Trace, index: int) -> str:
    """The colour of a trace where its points have none of their own."""
    for names in (("line", "color"), ("marker", "color")):
        found = nested(trace, *names)
        if isinstance(found, str):
            return found
    return COLOURS[index % len(COLOURS)]


def values(trace: Trace) -> tuple[list[Any], list[Any]]:
    """What a trace puts on the x and on the y axis, for finding their ranges."""
    kind, xs, ys = trace.get("type", "scatter"), list(trace.get("x") or ()), list(trace.get("y") or ())
    if kind in ("waterfall",) and ys:
        return xs, [value for fall in falls(trace) for value in fall[:2]]
    if not xs and ys and kind in ("scatter", "bar"):
        xs = list(range(len(ys)))
    return xs, ys


def falls(trace: Trace) -> list[tuple[float, float, str]]:
    """Of each step of a waterfall where it begins and ends, and whether it rises, falls or is a total."""
    found, level = [], float(trace.get("base") or 0)
    for index, value in enumerate(trace.get("y") or ()):
        measure, amount = str(each(trace.get("measure"), index, "relative")), float(value or 0)
        if measure in ("total", "absolute"):
            level = amount if measure == "absolute" else level
            found.append((0.0, level, "totals"))
        else:
            found.append((level, level + amount, "increasing" if amount >= 0 else "decreasing"))
            level += amount
    return found


def marker_colour(marker: Mapping[str, Any], index: int, base: str) -> marks.Colour:
    given = marker.get("color")
    if isinstance(given, list | tuple) and given and all(isinstance(v, int | float | None) for v in given):
        known = [v for v in given if v is not None] or [0]
        low, high = marker.get("cmin", min(known)), marker.get("cmax", max(known))
        value = each(given, index)
        share = (value - low) / (high - low) if value is not None and high > low else 0.0
        return marks.between(marks.scale_of(marker.get("colorscale")), share)
    return colour(each(given, index, base), base)
