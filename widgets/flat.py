"""Flat bars, the first on top, names to their left: what ranked bars are as a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from data.answers import Column
from widgets.answered import filter_value, label
from widgets.figures import HOVER, Figure, figure, hover, margins, measure, value_axis


def flat_bars(
    keys: Sequence[Any],
    values: Sequence[Any],
    column: Column,
    code: str,
    named: Callable[[Any], str] = label,
    dimension: str = "",
) -> Figure:
    """A bar for each key (a tuple of one), as long as its value."""
    names = [named(key[0]) for key in keys]
    said = [hover(name, [measure(v, column, code)]) for name, v in zip(names, values, strict=True)]
    places = list(range(len(names)))
    across = value_axis(values, column, code)
    short = [name if len(name) <= 22 else name[:21] + "…" for name in names]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": list(values),
            "y": places,
            "customdata": [[text, filter_value(key[0])] for text, key in zip(said, keys, strict=True)],
            "hovertemplate": HOVER,
            "marker": {"cornerradius": 3},
        }
    ]
    return figure(
        data,
        margin=margins(short, right=18),
        xaxis={**across, "tickvals": across["tickvals"][::2], "ticktext": across["ticktext"][::2]},
        yaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": [escape(text) for text in short],
            "range": [len(names) - 0.4, -0.6],
            "fixedrange": True,
            "showgrid": False,
            "ticklabelstandoff": 6,
        },
        **({"meta": {"filter": dimension}} if dimension else {}),
    )
