"""How a widget of one's own is drawn: the same figures as everywhere, chosen by their kind."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from data.answers import Answer
from data.metric_dimensions import DIMENSIONS
from widgets.answered import Points, dimensions, filled, filter_value, has, moment, points
from widgets.chosen import dimension_label
from widgets.curves import KEYS, Curve, curves
from widgets.figures import HOVER, Figure, TimeAxis, bars, dots, figure, hover, margins, measure, value_axis
from widgets.flat import flat_bars
from widgets.heat import heat
from widgets.masking import Hidden
from widgets.named import words_for
from widgets.pairs import dots_of, pairs
from widgets.scope import Scope
from widgets.timeline import timeline
from widgets.widget import Answers

COLOURS = ("#4466e6", "#8c95a5", "#e8890c", "#7048e8", "#0f9d6e", "#c2410c", "#0891b2", "#be185d")
MOST_PARTS = len(COLOURS)
MOST_ROWS = 200
MOST_LINES = len(KEYS)


def figure_of(
    kind: str, names_: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope
) -> Figure:
    """The chart of this kind; an empty figure for a table or a number."""
    answer: Answer = answers["figures"]
    kept = [name for name in names_ if has(answer, name)]
    if kind in ("table", "number") or not kept:
        return figure([], meta={"kind": kind})
    first = points(answer, kept[0], scope.currency)
    if kind in ("line", "area", "bar") and len(dims) == 1 and len(kept) == 1 and DIMENSIONS[dims[0]].seconds:
        return timeline(answer, kept[0], scope.currency, dims[0], kind=kind)
    if kind == "line":
        return _lines(kept, dims, answers, scope)
    if kind in ("area", "bar"):
        return _upright(first, dims[0], answers, kind)
    if kind == "stacked":
        return _stacked(first, dims, answers)
    if kind == "flat":
        named = words_for(dimensions(answer)[0], answers, answer.zone)
        return flat_bars(first.keys, first.values, first.column, first.currency, named, dims[0])
    if kind == "heat":
        return _heat(first, answers)
    return _scatter(kept, dims, answers, scope) if kind == "scatter" else _donut(first, dims[0], answers)


def cut(kind: str, names_: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope) -> str:
    """What the chart does not show of its figures, in words; "" when it shows all of them."""
    answer: Answer = answers["figures"]
    if not (names_ and has(answer, names_[0])):
        return ""
    found = points(answer, names_[0], scope.currency)
    if kind == "scatter":
        return pairs(answer, names_[0], names_[1], scope.currency).cut if has(answer, names_[1]) else ""
    if kind == "donut":
        below = sum(1 for value in found.values if value is not None and value < 0)
        return f"without {below} below zero, all in the table" if below else ""
    words = [_without_a_place(found, kind, dims)]
    if kind == "line" and len(dims) == 2:
        lines = len({key[1] for key in found.keys})
        words.append(f"{MOST_LINES} of {lines} lines" if lines > MOST_LINES else "")
    told = " and ".join(each for each in words if each)
    return f"{told}, all in the table" if told else ""


def _without_a_place(found: Points, kind: str, dims: Sequence[str]) -> str:
    """How many values have no place on an axis that has an order, such as an event's without doors on one of
    days to doors."""
    axes = {"line": (0,), "stacked": (0,), "heat": (0, 1)}.get(kind, ())
    ordered = [place for place in axes if place < len(dims) and DIMENSIONS[dims[place]].kind != "text"]
    lost = sum(1 for key in found.keys if any(key[place] is None for place in ordered))
    return f"without {lost} of no known {_label(dims, ordered)}" if lost else ""


def _label(dims: Sequence[str], places: Sequence[int]) -> str:
    return " or ".join(dimension_label(dims[place]).lower() for place in places)


def words_of(answers: Answers) -> list[Any]:
    answer = answers["figures"]
    return [words_for(each, answers, answer.zone) for each in dimensions(answer)]


def _upright(found: Points, dimension: str, answers: Answers, kind: str) -> Figure:
    named = words_of(answers)[0]
    texts = [named(key[0]) for key in found.keys]
    said_all = [
        hover(text, [measure(v, found.column, found.currency)])
        for text, v in zip(texts, found.values, strict=True)
    ]
    xs = list(range(len(texts)))
    keys = [filter_value(key[0]) for key in found.keys]
    vertical = value_axis(found.values, found.column, found.currency)
    style: dict[str, Any] = {"mode": "lines", "fill": "tozeroy", "fillcolor": "rgba(86,116,240,0.13)"}
    drawn = (
        dots(xs, found.values, said_all, keys, **style)
        if kind == "area"
        else bars(xs, found.values, said_all, keys)
    )
    return figure(
        [drawn],
        margin=margins(vertical["ticktext"]),
        xaxis=_category(texts),
        yaxis=vertical,
        meta={"filter": dimension},
    )


def _category(texts: Sequence[str]) -> dict[str, Any]:
    """An axis of names: as many as there is room for."""
    every = -(-len(texts) // 12) or 1
    short = [escape(text if len(text) <= 17 else text[:16] + "…") for text in texts]
    return {
        "tickmode": "array",
        "tickvals": list(range(0, len(texts), every)),
        "ticktext": short[::every],
        "range": [-0.6, len(texts) - 0.4],
        "showgrid": False,
        "fixedrange": True,
    }


def _axis(
    keys: list[Any], dimension: str, answers: Answers
) -> tuple[list[Any], dict[str, Any], Any, dict[str, Any]]:
    """Places, axis, words and what the layout says of the first dimension's values, in their order."""
    if DIMENSIONS[dimension].seconds:
        axis = TimeAxis(keys, answers["figures"].zone, dimension)
        return axis.xs, axis.axis(), axis.words, axis.meta()
    named = words_of(answers)[0]
    texts = [named(key) for key in keys]
    return list(range(len(keys))), _category(texts), lambda index: texts[index], {}


def _first_keys(found: Points, dimension: str) -> list[Any]:
    keys = {key[0] for key in found.keys if key[0] is not None}
    if not DIMENSIONS[dimension].seconds:
        return (
            sorted(keys)
            if DIMENSIONS[dimension].kind == "number"
            else list(dict.fromkeys(k[0] for k in found.keys))
        )
    times = sorted(moment(key) for key in keys)
    every = filled(Points(found.column, "", [(time,) for time in times], [0] * len(times)), dimension)
    return [key[0] for key in every.keys]


def split(found: Points, dims: Sequence[str], answers: Answers) -> tuple[list[Any], list[Curve]]:
    """The first dimension's values, and a curve over them for each of the second's, most first."""
    timed = bool(DIMENSIONS[dims[0]].seconds)
    keys = _first_keys(found, dims[0])
    values: dict[Any, dict[Any, Any]] = {}
    for key, value in zip(found.keys, found.values, strict=True):
        values.setdefault(key[1], {})[moment(key[0]) if timed else key[0]] = value
    ranked = sorted(values, key=lambda key: -sum(abs(value or 0) for value in values[key].values()))
    named = words_of(answers)[1]
    return keys, [
        Curve(named(key), filter_value(key), [values[key].get(each) for each in keys]) for key in ranked
    ]


def _lines(kept: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope) -> Figure:
    found = [points(answers["figures"], name, scope.currency) for name in kept]
    if len(dims) == 2:
        keys, drawn = split(found[0], dims, answers)
    else:
        timed = bool(DIMENSIONS[dims[0]].seconds)
        keys = _first_keys(found[0], dims[0])
        drawn = []
        for line in found:
            at = {
                moment(key[0]) if timed else key[0]: value
                for key, value in zip(line.keys, line.values, strict=True)
            }
            drawn.append(Curve(line.column.label, "", [at.get(key) for key in keys]))
    xs, axis, words, meta = _axis(keys, dims[0], answers)
    meta["filter"] = dims[-1]
    return curves(drawn[:MOST_LINES], xs, words, found[0].column, found[0].currency, axis, meta=meta)


def _stacked(found: Points, dims: Sequence[str], answers: Answers) -> Figure:
    keys, drawn = split(found, dims, answers)
    xs, axis, words, meta = _axis(keys, dims[0], answers)
    rest = drawn[MOST_PARTS - 1 :]
    if len(rest) > 1:
        sums = [sum(each.values[index] or 0 for each in rest) for index in range(len(keys))]
        drawn = [*drawn[: MOST_PARTS - 1], Curve("All others", None, sums)]
    data = []
    for place, each in enumerate(drawn):
        said_all = [
            hover(f"{each.name} · {words(index)}", [measure(value or 0, found.column, found.currency)])
            for index, value in enumerate(each.values)
        ]
        marker: dict[str, Any] = {"cornerradius": 2} | ({"color": COLOURS[place]} if place else {})
        data.append(
            bars(xs, [value or 0 for value in each.values], said_all, [each.key] * len(xs), marker=marker)
        )
    sums = [sum(each.values[index] or 0 for each in drawn) for index in range(len(keys))]
    vertical = value_axis(sums, found.column, found.currency)
    meta |= {"filter": dims[1], "names": [each.name for each in drawn]}
    return figure(
        data, margin=margins(vertical["ticktext"]), xaxis=axis, yaxis=vertical, barmode="stack", meta=meta
    )


def _heat(found: Points, answers: Answers) -> Figure:
    down_name, across_name = words_of(answers)
    downs = [each.kind != "text" for each in dimensions(answers["figures"])]
    down, across = (
        sorted({k[p] for k in found.keys if k[p] is not None})
        if downs[p]
        else list(dict.fromkeys(k[p] for k in found.keys))
        for p in (0, 1)
    )
    cells = dict(zip(found.keys, found.values, strict=True))
    values = [[cells.get((a, b)) for b in across] for a in down]
    said_all = [
        [
            hover(
                f"{down_name(a)} · {across_name(b)}",
                [measure(cells.get((a, b)), found.column, found.currency)],
            )
            for b in across
        ]
        for a in down
    ]
    every = -(-len(across) // 8) or 1
    shown = list(range(0, len(across), every))
    return heat(
        [across_name(b)[:14] for b in across],
        [down_name(a) for a in down],
        values,
        said_all,
        shown_columns=shown,
    )


def _scatter(kept: Sequence[str], dims: Sequence[str], answers: Answers, scope: Scope) -> Figure:
    if len(kept) < 2:
        raise Hidden
    found = pairs(answers["figures"], kept[0], kept[1], scope.currency)
    return dots_of(found, words_of(answers)[0], dims[0])


def _donut(found: Points, dimension: str, answers: Answers) -> Figure:
    named = words_of(answers)[0]
    parts = sorted(
        ((key[0], value) for key, value in zip(found.keys, found.values, strict=True) if value and value > 0),
        key=lambda part: -part[1],
    )
    shown = parts[: MOST_PARTS - 1] if len(parts) > MOST_PARTS else parts
    rest = sum(value for _, value in parts[len(shown) :])
    texts = [named(key) for key, _ in shown] + (["All others"] if rest else [])
    values = [value for _, value in shown] + ([rest] if rest else [])
    keys = [filter_value(key) for key, _ in shown] + ([None] if rest else [])
    said_all = [
        hover(text, [measure(v, found.column, found.currency)]) for text, v in zip(texts, values, strict=True)
    ]
    data = [
        {
            "type": "pie",
            "hole": 0.66,
            "sort": False,
            "direction": "clockwise",
            "labels": [escape(text) for text in texts],
            "values": values,
            "customdata": [[text, key] for text, key in zip(said_all, keys, strict=True)],
            "hovertemplate": HOVER,
            "textinfo": "label",
            "textposition": "outside",
            "automargin": True,
            "marker": {"colors": list(COLOURS[: len(values)]), "line": {"width": 0}},
        }
    ]
    return figure(data, margin={"l": 8, "r": 8, "t": 14, "b": 14}, meta={"filter": dimension})
