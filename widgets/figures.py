"""Figures as plain dicts without a template: the browser puts in light or dark where plotly draws.

Each point carries `customdata` of two: what hovering says (escaped, with unit and time) and the raw value
of the figure's dimension, which `layout.meta.filter` names: a click on it filters the board. `layout.meta`
also has the labels of an axis that plotly labels by itself (`ticks`), for those who draw the same figure
without plotly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape as _escape
from typing import Any
from zoneinfo import ZoneInfo

from data.answers import Column
from widgets.answered import after
from widgets.values import WORDS, exactly, ticks, when

Figure = dict[str, Any]

WASH = "rgba(86,116,240,0.13)"
"""The fill below a line: the accent, thin enough for light and dark."""
QUIET = "#8c95a5"
SCALE = [[0, "rgba(86,116,240,0.07)"], [0.5, "rgba(80,110,236,0.45)"], [1, "#4466e6"]]
"""One hue, from almost nothing to the accent."""
HOVER = "%{customdata[0]}<extra></extra>"
_GLYPH = 7.0
"""Width in pixels of a digit of the axis font."""


def figure(data: list[dict[str, Any]], **layout: Any) -> Figure:
    """A figure with the manners all have: no legend, no dragging, nothing that zooms by accident."""
    common = {"showlegend": False, "dragmode": False, "hovermode": "closest", "bargap": 0.22}
    return {"data": data, "layout": {**common, **layout}}


def margins(labels: Sequence[str], *, top: int = 8, bottom: int = 24, right: int = 10) -> dict[str, int]:
    """Just the room that the labels of the vertical axis need."""
    longest = max((len(label) for label in labels), default=0)
    return {"l": round(min(150, max(18, longest * _GLYPH + 12))), "r": right, "t": top, "b": bottom}


def value_axis(values: Sequence[Any], column: Column, currency: str) -> dict[str, Any]:
    """An axis of values with round steps in the unit's own words."""
    known = [value for value in values if value is not None]
    marked = ticks(min(known, default=0), max(known, default=0), column.unit, currency)
    low, high = marked["tickvals"][0], marked["tickvals"][-1]
    top = max([high, *known]) if known else high
    return {
        "range": [low, top + (top - low) * 0.03],
        "fixedrange": True,
        "ticklabelstandoff": 6,
        "tickmode": "array",
        **marked,
    }


def escape(text: str) -> str:
    """Text as plotly takes it for text. It knows no entity for quotes."""
    return _escape(text, quote=False)


def hover(title: str, lines: Sequence[str]) -> str:
    """What hovering says, escaped: the first line is set strong."""
    first, *others = [escape(line) for line in lines]
    return "<br>".join([escape(title), f"<b>{first}</b>", *others])


def measure(value: Any, column: Column, currency: str) -> str:
    """A value with its unit and what it is of: "1,204 tickets sold" · "£12.50 GBP net revenue"."""
    said = exactly(value, column.unit, currency)
    word = column.label[:1].lower() + column.label[1:] if column.label[1:2].islower() else column.label
    unit = WORDS[column.unit] if column.unit else ""
    if unit and word.lower().startswith(unit):
        return said + word[len(unit) :]
    return f"{said} · {word}"


class TimeAxis:
    """Where the buckets of a time dimension stand, and what the axis says.

    Days and coarser lie on a date axis. Finer ones lie on a straight axis of minutes from the first, with
    labels of the venue's own clock: a wall-clock axis would fold the hour that an autumn night has twice."""

    def __init__(self, times: Sequence[date | datetime], zone: str, grain: str) -> None:
        self._times, self._zone, self._grain = list(times), zone, grain
        self._fine = bool(times) and isinstance(times[0], datetime)
        self.xs: list[Any] = [self.at(time) for time in times]

    def at(self, time: date | datetime) -> Any:
        """The place of a moment on the axis."""
        if not self._fine:
            return (time.date() if isinstance(time, datetime) else time).isoformat()
        assert isinstance(time, datetime)
        first = self._times[0]
        assert isinstance(first, datetime)
        return (time - first) / timedelta(minutes=1)

    def words(self, index: int) -> str:
        """A bucket in words, with the zone where there are hours."""
        said = when(self._times[index], self._zone, self._grain)
        return f"{said} {self._zone}" if self._fine and self._zone else said

    def axis(self) -> dict[str, Any]:
        """plotly's axis."""
        common: dict[str, Any] = {"showgrid": False, "fixedrange": True, "ticklabelstandoff": 4}
        if self._fine:
            return {**common, "tickmode": "array", **self._labels()}
        stops = [
            {"dtickrange": [None, "M1"], "value": "%-d %b"},
            {"dtickrange": ["M1", "M12"], "value": "%b %Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ]
        return {
            **common,
            "type": "date",
            "nticks": 7,
            "tickformatstops": stops,
            "tickangle": 0,
        }

    def meta(self, **more: Any) -> dict[str, Any]:
        """What the layout says about the axis: labels, zone and, as `time`, the grain, from which moment
        until before which it goes, and the place of its last bucket. By this notes find onto it."""
        said = {"ticks": self.labels(), "zone": self._zone, **more}
        if self._times:
            first, last = self._times[0], self._times[-1]
            until = after(last, self._grain)
            edges = {"from": first.isoformat(), "until": until.isoformat(), "to": self.xs[-1]}
            said["time"] = {"grain": self._grain, **edges}
        return said

    def labels(self) -> list[list[Any]]:
        """Places and short labels, for those who draw without plotly."""
        found = self._labels()
        return [list(pair) for pair in zip(found["tickvals"], found["ticktext"], strict=True)]

    def _labels(self) -> dict[str, list[Any]]:
        if not self._fine:
            return _dates([time for time in self._times if not isinstance(time, datetime)])
        zone = ZoneInfo(self._zone or "UTC")
        times = [time for time in self._times if isinstance(time, datetime)]
        hours = (times[-1] - times[0]) / timedelta(hours=1)
        step = next((s for s in (0.5, 1, 2, 3, 6, 12, 24) if hours / s <= 6), 24.0)
        values, texts = [], []
        for time in times:
            local = time.astimezone(zone)
            if (local.hour + local.minute / 60) % step == 0:
                values.append(self.at(time))
                texts.append(f"{local:%H:%M}" if step < 24 else f"{local.day} {local:%b}")
        every = -(-len(values) // 7) or 1
        return {"tickvals": values[::every], "ticktext": texts[::every]}


def _dates(days: Sequence[date]) -> dict[str, list[Any]]:
    every = -(-len(days) // 6) or 1
    chosen = days[::every]
    long = bool(days) and (days[-1] - days[0]).days > 300
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    texts = [
        f"{names[day.month - 1]} {day.year}" if long else f"{day.day} {names[day.month - 1]}"
        for day in chosen
    ]
    return {"tickvals": [day.isoformat() for day in chosen], "ticktext": texts}


def dots(
    xs: Sequence[Any], ys: Sequence[Any], said: Sequence[str], keys: Sequence[Any], **style: Any
) -> dict[str, Any]:
    """A trace of points or lines that can be hovered and clicked."""
    return {
        "type": "scatter",
        "x": list(xs),
        "y": list(ys),
        "customdata": [[text, key] for text, key in zip(said, keys, strict=True)],
        "hovertemplate": HOVER,
        **style,
    }


def line(
    xs: Sequence[Any], ys: Sequence[Any], said: Sequence[str], keys: Sequence[Any], *, area: bool = True
) -> dict[str, Any]:
    """The line of the figure, in the accent, with a wash below it."""
    style: dict[str, Any] = {"mode": "lines", "line": {"width": 2.25, "shape": "linear"}}
    if len(xs) == 1:
        style = {"mode": "markers", "marker": {"size": 9}}
    if area:
        style |= {"fill": "tozeroy", "fillcolor": WASH}
    return dots(xs, ys, said, keys, **style)


def beside(xs: Sequence[Any], ys: Sequence[Any]) -> dict[str, Any]:
    """The line compared with: thin and dotted; the first line's hovering speaks for both."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(xs),
        "y": list(ys),
        "hoverinfo": "skip",
        "line": {"width": 1.5, "dash": "dot", "color": QUIET},
    }


def bars(
    xs: Sequence[Any], ys: Sequence[Any], said: Sequence[str], keys: Sequence[Any], **style: Any
) -> dict[str, Any]:
    """Upright bars with softened corners."""
    return {
        "type": "bar",
        "x": list(xs),
        "y": list(ys),
        "customdata": [[text, key] for text, key in zip(said, keys, strict=True)],
        "hovertemplate": HOVER,
        "marker": {"cornerradius": 3},
        **style,
    }


_WORD_PX, _NARROW_PX, ROW_PX, _EDGE = 6.2, 420, 14, 0.12
"""Of the words above a chart: pixels a letter takes, a chart in which they should not collide, a row, and how
much of the axis is its edge."""


def upright_lines(
    marks: Sequence[tuple[Any, str]],
    along: Sequence[float] = (),
    said: Sequence[str] = (),
    taken: Sequence[tuple[float, str]] = (),
) -> dict[str, list[Any]]:
    """Shapes and annotations of moments on a time axis: a dotted line with a word above it.

    `along` says where on the axis each mark is, from 0 to 1: words that would collide with each other, or
    with those of `taken`, take a second row, and where that is taken, an ellipsis that shows them under the
    pointer. Words near an edge end or begin at their line. `said` is what the pointer is told, as plotly
    takes it; the whole words when not given.
    """
    along = along or [0.5] * len(marks)
    told = said or [escape(text) for _, text in marks]
    shapes = [
        {
            "type": "line",
            "x0": x,
            "x1": x,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"width": 1, "dash": "dot", "color": QUIET},
        }
        for x, _ in marks
    ]
    words = [text if len(text) <= 24 else text[:23] + "…" for _, text in marks]
    annotations = [
        {
            "x": x,
            "xref": "x",
            "y": 1,
            "yref": "paper",
            "xanchor": _anchor(share),
            "yanchor": "bottom",
            "yshift": ROW_PX * max(row, 0),
            "showarrow": False,
            "text": escape(word if row >= 0 else "…"),
            "hovertext": tell,
            "font": {"size": 11},
        }
        for (x, _), word, row, share, tell in zip(
            marks, words, _rows(words, along, taken), along, told, strict=True
        )
    ]
    return {"shapes": shapes, "annotations": annotations}


def _anchor(along: float) -> str:
    return "left" if along < _EDGE else "right" if along > 1 - _EDGE else "center"


def _reach(word: str, along: float) -> tuple[float, float]:
    """From where to where a word goes along the axis."""
    width = len(word) * _WORD_PX / _NARROW_PX
    start = along - {"left": 0.0, "center": width / 2, "right": width}[_anchor(along)]
    return start, start + width


def _rows(words: Sequence[str], along: Sequence[float], taken: Sequence[tuple[float, str]]) -> list[int]:
    """The row of each word, from the chart upwards; −1 where there is no room."""
    full: list[list[tuple[float, float]]] = [[_reach(word, place) for place, word in taken], []]
    rows = [-1] * len(words)
    for index in sorted(range(len(words)), key=lambda each: along[each]):
        start, end = _reach(words[index], along[index])
        free = (row for row, held in enumerate(full) if all(b <= start or end <= a for a, b in held))
        rows[index] = next(free, -1)
        if rows[index] >= 0:
            full[rows[index]].append((start, end))
    return rows
