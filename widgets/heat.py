"""Cells shaded by their value: the figure of the heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from widgets.figures import HOVER, SCALE, Figure, figure, margins


def heat(
    columns: Sequence[str],
    rows: Sequence[str],
    values: Sequence[Sequence[Any]],
    said: Sequence[Sequence[str]],
    *,
    shown_columns: Sequence[int] | None = None,
    shown_rows: Sequence[int] | None = None,
    square: bool = False,
) -> Figure:
    """Rows from top to bottom, columns from left to right; `said` is what each cell says when hovered.

    With `shown_columns` and `shown_rows` only those carry their name."""
    across = list(range(len(columns))) if shown_columns is None else list(shown_columns)
    down = list(range(len(rows))) if shown_rows is None else list(shown_rows)
    names = [rows[index] if len(rows[index]) <= 18 else rows[index][:17] + "…" for index in down]
    known = [value for row in values for value in row if value is not None]
    data = [
        {
            "type": "heatmap",
            "z": [list(row) for row in values],
            "x": list(range(len(columns))),
            "y": list(range(len(rows))),
            "customdata": [[[text, ""] for text in row] for row in said],
            "hovertemplate": HOVER,
            "colorscale": SCALE,
            "zmin": min(0, *known) if known else 0,
            "zmax": max(known) if known and max(known) > 0 else 1,
            "showscale": False,
            "xgap": 3,
            "ygap": 3,
            "hoverongaps": False,
        }
    ]
    axis: dict[str, Any] = {
        "showgrid": False,
        "fixedrange": True,
        "tickmode": "array",
        "ticklabelstandoff": 4,
        "ticks": "",
    }
    vertical: dict[str, Any] = {
        **axis,
        "tickvals": down,
        "ticktext": [escape(name) for name in names],
        "range": [len(rows) - 0.5, -0.5],
    }
    if square:
        vertical |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
    return figure(
        data,
        margin=margins(names, top=4, right=6),
        xaxis={
            **axis,
            "tickvals": across,
            "ticktext": [escape(columns[index]) for index in across],
            "range": [-0.5, len(columns) - 0.5],
            "tickangle": 0,
            **({"constrain": "domain"} if square else {}),
        },
        yaxis=vertical,
    )
