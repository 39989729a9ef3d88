"""A figure as an SVG picture without plotly: for paper, in the light colours of the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exports import marks, traces
from exports.axes import Axis
from exports.marks import FONT, GRID, colour, fill, nested, stroke, width_of
from exports.plane import Plane, Trace, UnknownTrace, base_colour, values

__all__ = ["UnknownTrace", "picture"]

_SIZE = 11.0
_LEGEND = 22.0
_BETWEEN_TICKS = 34.0


def picture(figure: Mapping[str, Any], width: float, height: float, label: str = "") -> str:
    """The whole SVG, `width` by `height` pixels. Raises UnknownTrace for what cannot be drawn here.

    Axes, ticks, shapes and notes are those of the figure; what only answers a pointer is left out.
    """
    data = [trace for trace in figure.get("data") or () if isinstance(trace, Mapping)]
    layout = figure.get("layout") or {}
    planes = _planes(data, layout)
    frame = _frame(layout, data, planes, width, height)
    for plane in planes.values():
        _lay(plane, frame)
    below, above = _shapes(layout, planes, frame)
    body = [*below]
    for position, plane in enumerate(planes.values()):
        body += _axes(plane, frame, first=position == 0)
    body.append(_clip(frame))
    for index, trace in enumerate(data):
        drawn = traces.draw(trace, index, planes[_names(trace)])
        # Lines and polygons end at the plane; the words of bars may stand beyond it.
        body += ['<g clip-path="url(#plane)">', *drawn, "</g>"] if _is_clipped(trace) else drawn
    body += above
    body += _notes(layout, planes, frame)
    if _has_legend(layout, data):
        body += _legend(data, frame[0], width)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}" font-family="{FONT}">{marks.title(label)}{"".join(body)}</svg>'
    )


Names = tuple[str, str]
Frame = tuple[float, float, float, float]
"""Left, top, right and bottom of the plane in pixels."""


def _clip(frame: Frame) -> str:
    left, top, right, bottom = frame
    edges = marks.rectangle(left - 2, top - 2, right + 2, bottom + 2, "")
    return f'<clipPath id="plane">{edges}</clipPath>'


def _is_clipped(trace: Trace) -> bool:
    return trace.get("type", "scatter") == "scatter" and "text" not in str(trace.get("mode") or "")


def _names(trace: Trace) -> Names:
    return str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")


def _planes(data: Sequence[Trace], layout: Mapping[str, Any]) -> dict[Names, Plane]:
    """A plane for each pair of axes; an axis in two pairs is one axis."""
    pairs = list(dict.fromkeys(map(_names, data))) or [("x", "y")]
    axes: dict[str, Axis] = {}
    for name in dict.fromkeys(name for pair in pairs for name in pair):
        mine = [trace for trace in data if name in _names(trace)]
        settings = layout.get(f"{name[0]}axis{name[1:]}") or {}
        side = 0 if name.startswith("x") else 1
        found = [value for trace in mine for value in values(trace)[side]]
        found += _stack_ends(mine, side, layout)
        along = [t for t in mine if t.get("type") in ("bar", "waterfall") and _along(t) == name[0]]
        if any(trace.get("type") == "funnel" for trace in mine) and side == 0:
            most = max((float(v or 0) for v in found), default=1.0)
            found, settings = [-most / 2, most / 2], {**settings, "visible": False}
        if name[0] == "y" and any(trace.get("type") == "funnel" for trace in mine):
            settings = {"autorange": "reversed", **settings}
        if any(_said_outside(trace) for trace in along) and "range" not in settings:
            found += [max((float(v) for v in found if isinstance(v, int | float)), default=0.0) * 1.12]
        filled = [t for t in mine if side == 1 and t.get("fill") == "tozeroy"]
        across = any(t.get("type") == "bar" and _along(t) != name[0] for t in mine)
        axes[name] = Axis(settings, found, from_zero=bool(along or filled), bands=across)
    planes = {}
    for pair in pairs:
        bars = [trace for trace in data if _names(trace) == pair and trace.get("type") == "bar"]
        planes[pair] = Plane(axes[pair[0]], axes[pair[1]], layout, bars)
    return planes


def _along(trace: Trace) -> str:
    """The axis that a bar's length is measured on."""
    return "x" if trace.get("orientation") == "h" else "y"


def _said_outside(trace: Trace) -> bool:
    """Whether words stand beyond the ends of a trace's bars, which takes room."""
    return bool(trace.get("text")) and trace.get("textposition") in ("outside", "auto", None)


def _stack_ends(data: Sequence[Trace], side: int, layout: Mapping[str, Any]) -> list[float]:
    """How far stacks reach, which is further than any of their values."""
    ends: dict[tuple[Any, bool], float] = {}
    stacked = layout.get("barmode") in ("stack", "relative")
    for trace in data:
        bar = trace.get("type") == "bar" and stacked and _along(trace) == "xy"[side]
        if not bar and not (trace.get("stackgroup") and side == 1):
            continue
        xs, ys = values(trace)
        places, lengths = (ys, xs) if side == 0 else (xs, ys)
        for place, length in zip(places, lengths, strict=False):
            if isinstance(length, int | float):
                key = (place, length < 0)
                ends[key] = ends.get(key, 0.0) + length
    return list(ends.values())


def _frame(
    layout: Mapping[str, Any],
    data: Sequence[Trace],
    planes: Mapping[Names, Plane],
    width: float,
    height: float,
) -> Frame:
    """The figure's own margins, widened to what labels, titles and legend need."""
    given = layout.get("margin") or {}
    first = next(iter(planes.values()))
    _lay(first, (0.0, 0.0, width, height))
    labels = [text for _, text in first.y.ticks(_most(height, _apart(first.y, _BETWEEN_TICKS, 14)))]
    left = max((width_of(text, _SIZE) for text in labels), default=0.0) + 12
    if nested(first.y.layout, "title", "text"):
        left += _SIZE + 6
    bottom = 24.0 + (_SIZE + 6 if nested(first.x.layout, "title", "text") else 0)
    if not first.x.ticks(4):
        bottom = 6
    top = max(float(given.get("t", 8)), 8) + (_LEGEND if _has_legend(layout, data) else 0)
    if any(note.get("yanchor") == "bottom" for note in layout.get("annotations") or ()):
        top = max(top, 20 + (_LEGEND if _has_legend(layout, data) else 0))
    right = max(float(given.get("r", 10)), 10)
    if any(plane.y.layout.get("side") == "right" for plane in planes.values()):
        right = max(right, 46)
    left = max(float(given.get("l", 0)) if labels else 0, min(left, width * 0.4))
    return left, top, width - right, height - max(float(given.get("b", 0)) if bottom > 6 else 0, bottom)


def _lay(plane: Plane, frame: Frame) -> None:
    """Give the axes their place: x from left to right, y from the bottom up, each in its domain."""
    left, top, right, bottom = frame
    low, high = plane.x.layout.get("domain") or (0, 1)
    plane.x.start, plane.x.end = left + (right - left) * low, left + (right - left) * high
    low, high = plane.y.layout.get("domain") or (0, 1)
    plane.y.start, plane.y.end = bottom - (bottom - top) * low, bottom - (bottom - top) * high
    anchored = plane.y.layout.get("scaleanchor") or plane.x.layout.get("scaleanchor")
    if anchored:
        _same_scale(plane)


def _same_scale(plane: Plane) -> None:
    """One unit as long on either axis, as maps need it; the picture in the middle."""
    x, y = plane.x, plane.y
    ratio = float(y.layout.get("scaleratio") or 1)
    scale = min(abs((x.end - x.start) / (x.high - x.low)), abs((y.end - y.start) / (y.high - y.low)) / ratio)
    for axis, unit in ((x, scale), (y, scale * ratio)):
        middle, half = (axis.start + axis.end) / 2, unit * abs(axis.high - axis.low) / 2
        sign = 1 if axis.end > axis.start else -1
        axis.start, axis.end = middle - sign * half, middle + sign * half


def _axes(plane: Plane, frame: Frame, *, first: bool) -> list[str]:
    _, top, right, bottom = frame
    x, y = plane.x, plane.y
    found = []
    for number, words in y.ticks(_most(y.start - y.end, _apart(y, _BETWEEN_TICKS, 14))):
        at = y.at(number)
        on_right = y.layout.get("side") == "right"
        if y.layout.get("showgrid") is not False and first and y.kind != "category":
            found.append(_rule(x.start, at, x.end, at))
        place, anchor = (x.end + 6, "start") if on_right else (x.start - 6, "end")
        room = (frame[0] - 8) if not on_right else 60
        shown = marks.shorten(_plain(words), _SIZE, max(room, 30))
        found.append(marks.text(place, at + 4, shown, size=_SIZE, anchor=anchor))
    widest = 0.0
    ticks = x.ticks(_most(x.end - x.start, _apart(x, 74, 38)))
    if ticks:
        widest = (x.end - x.start) / len(ticks)
    for number, words in ticks:
        at = x.at(number)
        if x.layout.get("showgrid") is True and first:
            found.append(_rule(at, y.end, at, y.start))
        shown = marks.shorten(_plain(words), _SIZE, max(widest - 4, 24))
        half = width_of(shown, _SIZE) / 2
        above = x.layout.get("side") == "top"
        found.append(
            marks.text(
                min(max(at, half), right + 9 - half),
                top - 6 if above else y.start + _SIZE + 5,
                shown,
                size=_SIZE,
                anchor="middle",
            )
        )
    if title := nested(x.layout, "title", "text"):
        found.append(
            marks.text((x.start + x.end) / 2, bottom + 2 * _SIZE + 12, _plain(title), anchor="middle")
        )
    if title := nested(y.layout, "title", "text"):
        found.append(marks.text(_SIZE, (y.start + y.end) / 2, _plain(title), anchor="middle", angle=-90))
    return found


def _rule(x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<path d="{marks.path([(x0, y0), (x1, y1)])}" {stroke(colour(GRID), 1)}/>'


def _shapes(
    layout: Mapping[str, Any], planes: Mapping[Names, Plane], frame: Frame
) -> tuple[list[str], list[str]]:
    """The shapes below and above the traces."""
    below: list[str] = []
    above: list[str] = []
    for shape in layout.get("shapes") or ():
        xs = [_where(shape.get(n), _domain(shape.get("xref", "x"), "x"), planes, frame) for n in ("x0", "x1")]
        ys = [_where(shape.get(n), _domain(shape.get("yref", "y"), "y"), planes, frame) for n in ("y0", "y1")]
        if None in xs or None in ys:
            continue
        (x0, x1), (y0, y1) = ([float(v or 0) for v in pair] for pair in (xs, ys))
        line, opacity = shape.get("line") or {}, float(shape.get("opacity", 1))
        drawn = stroke(
            colour(line.get("color"), marks.TEXT), float(line.get("width", 1)), line.get("dash"), opacity
        )
        if shape.get("type") == "line":
            found = f'<path d="{marks.path([(x0, y0), (x1, y1)])}" {drawn}/>'
        else:
            paint = fill(colour(shape.get("fillcolor"), "rgba(0,0,0,0)"), opacity)
            edge = drawn if float(line.get("width", 0)) else ""
            found = marks.rectangle(x0, y0, x1, y1, f"{paint} {edge}".strip())
        (below if shape.get("layer") == "below" else above).append(found)
    return below, above


def _where(value: Any, reference: str, planes: Mapping[Names, Plane], frame: Frame) -> float | None:
    """A place in pixels: on an axis, or a share of the plane ("x domain")."""
    lying = reference.startswith("x")
    if reference.endswith(" domain"):
        share, (left, top, right, bottom) = float(value or 0), frame
        return left + (right - left) * share if lying else bottom - (bottom - top) * share
    for (x, y), plane in planes.items():
        if reference in (x, y):
            return (plane.x if lying else plane.y).place(value)
    return None


def _notes(layout: Mapping[str, Any], planes: Mapping[Names, Plane], frame: Frame) -> list[str]:
    found = []
    for note in layout.get("annotations") or ():
        x = _where(note.get("x"), _domain(note.get("xref", "x"), "x"), planes, frame)
        y = _where(note.get("y"), _domain(note.get("yref", "y"), "y"), planes, frame)
        if x is None or y is None:
            continue
        size = float(nested(note, "font", "size") or _SIZE)
        of = str(nested(note, "font", "color") or marks.TEXT)
        anchor = {"left": "start", "right": "end"}.get(str(note.get("xanchor")), "middle")
        lines = marks.lines_of(note.get("text"))
        tall = size * 1.25 * len(lines)
        start = {"bottom": -tall + size, "top": size + 2}.get(
            str(note.get("yanchor")), size * 0.85 - tall / 2
        )
        x, y = x + float(note.get("xshift") or 0), y - float(note.get("yshift") or 0)
        for index, (words, bold) in enumerate(lines):
            found.append(
                marks.text(
                    x, y + start - 2 + index * size * 1.25, words, size=size, of=of, anchor=anchor, bold=bold
                )
            )
    return found


def _domain(reference: Any, side: str) -> str:
    return f"{side} domain" if reference == "paper" else str(reference)


def _has_legend(layout: Mapping[str, Any], data: Sequence[Trace]) -> bool:
    return bool(layout.get("showlegend")) and len([trace for trace in data if trace.get("name")]) > 1


def _legend(data: Sequence[Trace], left: float, width: float) -> list[str]:
    found, x = [], left
    for index, trace in enumerate(data):
        name = _plain(trace.get("name") or "")
        if not name or trace.get("showlegend") is False:
            continue
        shown = marks.shorten(name, _SIZE, 150)
        if x + 18 + width_of(shown, _SIZE) > width:
            found.append(marks.text(x, 13, "…", size=_SIZE))
            break
        paint = fill(colour(base_colour(trace, index)))
        found.append(marks.rectangle(x, 5, x + 10, 14, paint, 2))
        found.append(marks.text(x + 15, 13.5, shown, size=_SIZE))
        x += 15 + width_of(shown, _SIZE) + 16
    return found


def _apart(axis: Axis, usual: float, category: float) -> float:
    """Pixels between two ticks: names stand closer than numbers, so that none is missing."""
    return category if axis.kind == "category" else usual


def _most(length: float, between: float) -> int:
    return max(int(abs(length) / between), 2)


def _plain(markup: Any) -> str:
    return " ".join(words for words, _ in marks.lines_of(markup))


def spark(numbers: Sequence[float], width: float, height: float) -> str:
    """A small curve without axes, with a wash below it."""
    low, high = min(numbers), max(numbers)
    room = (high - low) or 1.0
    points = [
        (width * index / (len(numbers) - 1), height - 2 - (height - 4) * (value - low) / room)
        for index, value in enumerate(numbers)
    ]
    area = marks.path([*points, (width, height), (0.0, height)], closed=True)
    accent = colour(marks.COLOURS[0])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">'
        f'<path d="{area}" {fill(accent, 0.1)}/>'
        f'<path d="{marks.path(points)}" fill="none" stroke-linejoin="round" {stroke(accent, 2)}/></svg>'
    )
