"""The traces of a figure as SVG: lines and areas, points, polygons, heat maps; bars are in `exports.bars`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from exports import bars, marks
from exports.axes import Axis
from exports.marks import colour, each, fill, nested, path, rectangle, stroke
from exports.plane import Plane, Trace, UnknownTrace, base_colour, marker_colour, values


def draw(trace: Trace, index: int, plane: Plane) -> list[str]:
    """The elements of one trace, `index` in its figure. Raises UnknownTrace."""
    kind = str(trace.get("type", "scatter"))
    if kind not in _DRAWN:
        raise UnknownTrace(kind)
    if trace.get("visible") in (False, "legendonly"):
        return []
    return _DRAWN[kind](trace, index, plane)


def _scatter(trace: Trace, index: int, plane: Plane) -> list[str]:
    xs, ys = values(trace)
    if trace.get("stackgroup"):
        ys = _stacked(xs, ys, plane)
    mode, base = str(trace.get("mode") or "lines+markers"), base_colour(trace, index)
    opacity = float(trace.get("opacity", 1))
    runs = list(_runs(xs, ys, plane, trace.get("connectgaps") is True))
    found: list[str] = []
    filling = trace.get("fill") or ("tozeroy" if trace.get("stackgroup") else None)
    if filling and filling != "none":
        paint = fill(colour(trace.get("fillcolor") or _thin(base)), opacity)
        found += [f'<path d="{_area(run, filling, plane)}" {paint}/>' for run in runs if len(run) > 1]
    if "lines" in mode:
        width = float(nested(trace, "line", "width") or 2)
        paint = stroke(colour(base), width, nested(trace, "line", "dash"), opacity)
        shape = nested(trace, "line", "shape")
        found += [
            f'<path d="{_line(run, shape)}" fill="none" stroke-linejoin="round" {paint}/>'
            for run in runs
            if len(run) > 1
        ]
    plane.last_line = [point for run in runs for point in run]
    if "markers" in mode:
        found += _points(trace, xs, ys, base, plane)
    if "text" in mode:
        found += _words(trace, xs, ys, plane)
    return found


def _runs(
    xs: Sequence[Any], ys: Sequence[Any], plane: Plane, connect: bool
) -> Iterator[list[tuple[float, float]]]:
    """The points of a line in pixels; a gap ends a run."""
    run: list[tuple[float, float]] = []
    for x, y in zip(xs, ys, strict=False):
        at = (plane.x.place(x), plane.y.place(y))
        if at[0] is not None and at[1] is not None:
            run.append((at[0], at[1]))
        elif run and not connect:
            yield run
            run = []
    if run:
        yield run


def _line(run: Sequence[tuple[float, float]], shape: Any) -> str:
    if shape == "spline":
        return marks.smooth(run)
    if shape in ("hv", "vh"):
        steps = [run[0]]
        for (x0, y0), (x1, y1) in pairwise(run):
            steps += [(x1, y0) if shape == "hv" else (x0, y1), (x1, y1)]
        return path(steps)
    return path(run)


def _area(run: list[tuple[float, float]], filling: Any, plane: Plane) -> str:
    if filling == "toself":
        return path(run, closed=True)
    if filling in ("tonexty", "tonextx") and plane.last_line:
        return path([*run, *reversed(plane.last_line)], closed=True)
    if filling == "tozerox":
        return path([*run, (plane.x.zero, run[-1][1]), (plane.x.zero, run[0][1])], closed=True)
    return path([*run, (run[-1][0], plane.y.zero), (run[0][0], plane.y.zero)], closed=True)


def _stacked(xs: Sequence[Any], ys: Sequence[Any], plane: Plane) -> list[Any]:
    found: list[Any] = []
    for x, y in zip(xs, ys, strict=False):
        place = plane.x.number(x)
        if place is None:
            found.append(None)
            continue
        plane.areas[place] = plane.areas.get(place, 0.0) + float(y or 0)
        found.append(plane.areas[place])
    return found


def _points(trace: Trace, xs: Sequence[Any], ys: Sequence[Any], base: str, plane: Plane) -> list[str]:
    marker, found = trace.get("marker") or {}, []
    opacity = float(trace.get("opacity", 1))
    for index, (x, y) in enumerate(zip(xs, ys, strict=False)):
        at = (plane.x.place(x), plane.y.place(y))
        if at[0] is None or at[1] is None:
            continue
        radius = _size(marker, index) / 2
        paint = fill(
            marker_colour(marker, index, base), float(each(marker.get("opacity"), index, 1)) * opacity
        )
        if edge := float(each(nested(marker, "line", "width"), index, 0) or 0):
            paint += " " + stroke(colour(each(nested(marker, "line", "color"), index, "#ffffff")), edge)
        found.append(f'<circle cx="{at[0]:.2f}" cy="{at[1]:.2f}" r="{radius:.2f}" {paint}/>')
    return found


def _size(marker: Mapping[str, Any], index: int) -> float:
    size = float(each(marker.get("size"), index, 6) or 0)
    if isinstance(marker.get("size"), list | tuple) and marker.get("sizeref"):
        scaled = size / float(marker["sizeref"])
        size = (scaled if marker.get("sizemode") != "area" else scaled**0.5) * 1.0
    return max(size, float(marker.get("sizemin", 0)))


def _words(trace: Trace, xs: Sequence[Any], ys: Sequence[Any], plane: Plane) -> list[str]:
    found, size = [], float(nested(trace, "textfont", "size") or 11)
    where = str(each(trace.get("textposition"), 0, "middle center"))
    anchor = "start" if "right" in where else "end" if "left" in where else "middle"
    dy = -6 if "top" in where else size + 4 if "bottom" in where else size * 0.35
    dx = 6 if anchor == "start" else -6 if anchor == "end" else 0
    tone = nested(trace, "textfont", "color")
    for index, (x, y) in enumerate(zip(xs, ys, strict=False)):
        at, words = (plane.x.place(x), plane.y.place(y)), str(each(trace.get("text"), index, "") or "")
        if at[0] is not None and at[1] is not None and words:
            shown = " ".join(line for line, _ in marks.lines_of(words))
            of = str(each(tone, index, marks.TEXT))
            found.append(marks.text(at[0] + dx, at[1] + dy, shown, size=size, anchor=anchor, of=of))
    return found


def _heatmap(trace: Trace, index: int, plane: Plane) -> list[str]:
    rows = list(trace.get("z") or ())
    xs = list(trace.get("x") or range(max((len(row) for row in rows), default=0)))
    ys = list(trace.get("y") or range(len(rows)))
    known = [float(v) for row in rows for v in row if v is not None] or [0.0]
    low = float(trace["zmin"]) if trace.get("zmin") is not None else min(known)
    high = float(trace["zmax"]) if trace.get("zmax") is not None else max(known)
    scale, found = marks.scale_of(trace.get("colorscale")), []
    gaps = float(trace.get("xgap") or 0), float(trace.get("ygap") or 0)
    width, height = _cell(plane.x, xs), _cell(plane.y, ys)
    for y, row in zip(ys, rows, strict=False):
        for at, (x, value) in enumerate(zip(xs, row, strict=False)):
            middle = (plane.x.number(x), plane.y.number(y))
            if middle[0] is None or middle[1] is None or value is None:
                continue
            edges = sorted((plane.x.at(middle[0] - width / 2), plane.x.at(middle[0] + width / 2)))
            sides = sorted((plane.y.at(middle[1] - height / 2), plane.y.at(middle[1] + height / 2)))
            share = (float(value) - low) / (high - low) if high > low else 1.0
            tone = marks.between(scale, share)
            box = (
                edges[0] + gaps[0] / 2,
                sides[0] + gaps[1] / 2,
                edges[1] - gaps[0] / 2,
                sides[1] - gaps[1] / 2,
            )
            found.append(rectangle(*box, fill(tone, float(trace.get("opacity", 1))), 1.5))
            if trace.get("texttemplate") and (words := _cell_words(trace, ys.index(y), at)):
                of = "#ffffff" if share > 0.55 else marks.STRONG
                x_at, y_at = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 + 3.5
                found.append(marks.text(x_at, y_at, words, size=10, anchor="middle", of=of))
    return found


def _cell(axis: Axis, places: Sequence[Any]) -> float:
    numbers = sorted({n for v in places if (n := axis.number(v)) is not None})
    return min((b - a for a, b in pairwise(numbers)), default=1.0)


def _cell_words(trace: Trace, row: int, at: int) -> str:
    found = trace.get("text") or trace.get("z") or ()
    value = found[row][at] if row < len(found) and at < len(found[row]) else ""
    return " ".join(line for line, _ in marks.lines_of(value if value is not None else ""))


def _thin(base: str) -> str:
    red, green, blue, _ = colour(base)
    return f"rgba({red},{green},{blue},0.13)"


_DRAWN: dict[str, Callable[[Trace, int, Plane], list[str]]] = {
    "scatter": _scatter,
    "scattergl": _scatter,
    "bar": bars.bar,
    "waterfall": bars.waterfall,
    "funnel": bars.funnel,
    "heatmap": _heatmap,
}
