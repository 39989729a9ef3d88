"""Traces of bars as SVG: upright and lying, beside or upon each other, falls, funnels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from exports import marks
from exports.axes import Axis
from exports.marks import colour, each, fill, nested, path, rectangle, stroke
from exports.plane import Plane, Trace, base_colour, falls, marker_colour, values


def bar(trace: Trace, index: int, plane: Plane) -> list[str]:
    xs, ys = values(trace)
    lying = trace.get("orientation") == "h"
    across = plane.y if lying else plane.x
    places, lengths = (ys, xs) if lying else (xs, ys)
    shift, width = _band(trace, plane, across)
    mode = plane.layout.get("barmode", "group")
    found = []
    for at, (place, length) in enumerate(zip(places, lengths, strict=False)):
        number, value = across.number(place), _number(length)
        if number is None or value is None:
            continue
        begin = float(each(trace.get("base"), at, 0) or 0)
        if mode in ("stack", "relative"):
            key = (value < 0, number)
            begin = plane.stacks.get(key, 0.0)
            plane.stacks[key] = begin + value
        own = float(each(trace.get("width"), at, width))
        middle = number + (0.0 if trace.get("width") is not None else shift)
        found += _one_bar(
            trace, index, at, plane, (middle - own / 2, middle + own / 2), (begin, begin + value)
        )
    return found


def _one_bar(
    trace: Trace, index: int, at: int, plane: Plane, band: tuple[float, float], span: tuple[float, float]
) -> list[str]:
    lying = trace.get("orientation") == "h"
    along, across = (plane.x, plane.y) if lying else (plane.y, plane.x)
    low, high = along.at(max(span[0], min(along.low, along.high))), along.at(span[1])
    first, second = across.at(band[0]), across.at(band[1])
    marker = trace.get("marker") or {}
    opacity = float(each(marker.get("opacity"), at, 1)) * float(trace.get("opacity", 1))
    paint = fill(marker_colour(marker, at, base_colour(trace, index)), opacity)
    radius = float(marker.get("cornerradius") or 0) if not isinstance(marker.get("cornerradius"), str) else 2
    corners = (low, first, high, second) if lying else (first, low, second, high)
    found = [rectangle(*corners, paint, radius)]
    words = str(each(trace.get("text"), at, "") or "")
    if words and trace.get("textposition", "auto") != "none":
        found.append(_label(" ".join(line for line, _ in marks.lines_of(words)), trace, lying, corners))
    return found


def _label(words: str, trace: Trace, lying: bool, corners: tuple[float, float, float, float]) -> str:
    """The words of a bar: in it where they fit, else beyond its end."""
    size = float(nested(trace, "textfont", "size") or 10.5)
    left, right = sorted((corners[0], corners[2]))
    top, bottom = sorted((corners[1], corners[3]))
    fits = marks.width_of(words, size) + 8 < right - left and size + 4 < bottom - top
    outside = trace.get("textposition") == "outside" or not fits
    tone = nested(trace, "textfont", "color")
    of = str(each(tone, 0, "#ffffff" if not outside else marks.TEXT))
    if lying:
        backwards = corners[2] < corners[0]
        x = (left - 4 if backwards else right + 4) if outside else (left + 6 if backwards else right - 6)
        anchor = "end" if backwards == outside else "start"
        return marks.text(x, (top + bottom) / 2 + size * 0.35, words, size=size, anchor=anchor, of=of)
    y = top - 4 if outside else top + size + 3
    return marks.text((left + right) / 2, y, words, size=size, anchor="middle", of=of)


def _band(trace: Trace, plane: Plane, across: Axis) -> tuple[float, float]:
    """How far from its place a bar stands, and how wide it is, as numbers on the axis."""
    group = [
        other
        for other in plane.bars
        if (other.get("orientation") == "h") == (trace.get("orientation") == "h")
    ]
    lying = trace.get("orientation") == "h"
    numbers = sorted(
        {
            n
            for other in group
            for v in values(other)[1 if lying else 0]
            if (n := across.number(v)) is not None
        }
    )
    gaps = [b - a for a, b in pairwise(numbers)]
    room = min(gaps, default=1.0) * (1 - float(plane.layout.get("bargap", 0.2)))
    if plane.layout.get("barmode", "group") != "group" or len(group) < 2:
        return 0.0, room
    width = room / len(group)
    turn = next(i for i, other in enumerate(group) if other is trace)
    return width * (turn + 0.5) - room / 2, width * (1 - float(plane.layout.get("bargroupgap", 0)))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def waterfall(trace: Trace, index: int, plane: Plane) -> list[str]:
    tones = {"increasing": "#0a7350", "decreasing": "#d6392e", "totals": base_colour(trace, index)}
    found, before = [], None
    half = (1 - float(plane.layout.get("waterfallgap", 0.3))) / 2
    for at, (x, (begin, end, kind)) in enumerate(zip(trace.get("x") or (), falls(trace), strict=False)):
        middle = plane.x.number(x)
        if middle is None:
            continue
        tone = nested(trace, kind, "marker", "color") or tones[kind]
        corners = (plane.x.at(middle - half), plane.y.at(begin), plane.x.at(middle + half), plane.y.at(end))
        if before is not None:
            d = path([(before[0], before[1]), (corners[0], before[1])])
            found.append(f'<path d="{d}" {stroke(colour(marks.TEXT), 0.7, "dot")}/>')
        found.append(rectangle(*corners, fill(colour(tone)), 2))
        before = (corners[2], corners[3])
        if words := str(each(trace.get("text"), at, "") or ""):
            found.append(_label(words, {**trace, "textposition": "outside"}, False, corners))
    return found


def funnel(trace: Trace, index: int, plane: Plane) -> list[str]:
    """Lying bars around the middle of the axis, each over the next."""
    lengths, stages, found = list(trace.get("x") or ()), list(trace.get("y") or ()), []
    for at, (stage, length) in enumerate(zip(stages, lengths, strict=False)):
        middle, value = plane.y.number(stage), _number(length)
        if middle is None or value is None:
            continue
        band, span = (middle - 0.4, middle + 0.4), (-value / 2, value / 2)
        corners = (plane.x.at(span[0]), plane.y.at(band[0]), plane.x.at(span[1]), plane.y.at(band[1]))
        tone = marker_colour(trace.get("marker") or {}, at, base_colour(trace, index))
        found.append(rectangle(*corners, fill(tone), 3))
        words = str(each(trace.get("text"), at, f"{value:,.0f}") or "")
        shown = " · ".join(line for line, _ in marks.lines_of(words))
        fits = marks.width_of(shown, 11) + 8 < corners[2] - corners[0]
        y, of = (corners[1] + corners[3]) / 2 + 4, "#ffffff" if fits else marks.STRONG
        x, anchor = ((corners[0] + corners[2]) / 2, "middle") if fits else (corners[2] + 6, "start")
        found.append(marks.text(x, y, shown, anchor=anchor, of=of))
    return found
