"""Several curves in one chart, the names in words above it: what comparisons are drawn with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from data.answers import Column
from widgets.figures import HOVER, Figure, figure, hover, margins, value_axis
from widgets.parts import key_row
from widgets.values import exactly

KEYS = ("line", "second", "third", "fourth", "fifth", "sixth")
COLOURS = (None, None, None, None, "#0f9d6e", "#b8860b")
"""The first four are the theme's own."""


class Curve(NamedTuple):
    """One of several: its name, the raw value it filters by (None when it stands for several values), and its
    points in the order of the axis."""

    name: str
    key: str | None
    values: Sequence[Any]


def curves(
    drawn: Sequence[Curve],
    xs: Sequence[Any],
    words: Callable[[int], str],
    column: Column,
    currency: str,
    xaxis: dict[str, Any],
    **more: Any,
) -> Figure:
    """Thin lines over one axis; hovering says every curve's value at that place."""
    data: list[dict[str, Any]] = []
    for place, each in enumerate(drawn):
        said = [
            hover(f"{each.name} · {words(index)}", [exactly(value, column.unit, currency)])
            for index, value in enumerate(each.values)
        ]
        line: dict[str, Any] = {"width": 2.25 if place == 0 else 1.75}
        if COLOURS[place] is not None:
            line["color"] = COLOURS[place]
        data.append(
            {
                "type": "scatter",
                "mode": "lines" if len(xs) > 1 else "markers",
                "name": "",
                "x": list(xs),
                "y": list(each.values),
                "connectgaps": False,
                "customdata": [[text, each.key] for text in said],
                "hovertemplate": HOVER,
                "line": line,
            }
        )
    vertical = value_axis([value for each in drawn for value in each.values], column, currency)
    margin = margins(vertical["ticktext"], **({"bottom": 36} if "title" in xaxis else {}))
    return figure(data, margin=margin, xaxis=xaxis, yaxis=vertical, **more)


def names(drawn: Sequence[Curve]) -> Component:
    """The legend of several curves."""
    keys = [(KEYS[index], each.name) for index, each in enumerate(drawn)]
    return key_row(*keys) if keys else html.Div()
