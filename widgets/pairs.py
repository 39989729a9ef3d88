"""Two metrics against each other: a dot for each value of a dimension for which both are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data.answers import Answer
from widgets.answered import Points, filter_value, of_money, points
from widgets.figures import Figure, dots, figure, hover, margins, measure, value_axis


@dataclass(frozen=True, slots=True)
class Pairs:
    """What lies across and up, the dots as key, across, up, and how many keys there are in all."""

    across: Points
    up: Points
    dots: list[tuple[Any, Any, Any]]
    total: int

    @property
    def cut(self) -> str:
        """How many have no dot, in words; "" when all have one."""
        if len(self.dots) == self.total:
            return ""
        money = next((line.currency for line in (self.across, self.up) if of_money(line.column)), "")
        why = f"without a value in {money}" if money else "without a value"
        return f"{len(self.dots)} of {self.total} dots, the others {why}, all in the table"


def pairs(answer: Answer, across: str, up: str, preferred: str) -> Pairs:
    """Both metrics of an answer along its first dimension, in one currency."""
    one, other = points(answer, across, preferred), points(answer, up, preferred)
    values = dict(zip(other.keys, other.values, strict=True))
    found = [
        (key[0], value, values[key])
        for key, value in zip(one.keys, one.values, strict=True)
        if value is not None and values.get(key) is not None
    ]
    return Pairs(one, other, found, len(set(one.keys) | set(other.keys)))


def dots_of(found: Pairs, named: Callable[[Any], str], dimension: str) -> Figure:
    """Translucent dots, so that many in one place show."""
    across, up = found.across, found.up
    said = [
        hover(named(key), [measure(x, across.column, across.currency), measure(y, up.column, up.currency)])
        for key, x, y in found.dots
    ]
    xs, ys = [x for _, x, _ in found.dots], [y for *_, y in found.dots]
    horizontal = value_axis(xs, across.column, across.currency)
    vertical = value_axis(ys, up.column, up.currency)
    keys, marker = [filter_value(key) for key, *_ in found.dots], {"size": 11, "opacity": 0.7}
    font = {"size": 11}
    return figure(
        [dots(xs, ys, said, keys, mode="markers", marker=marker)],
        margin={**margins(vertical["ticktext"], bottom=38), "l": margins(vertical["ticktext"])["l"] + 16},
        xaxis={**horizontal, "title": {"text": across.column.label, "standoff": 4, "font": font}},
        yaxis={**vertical, "title": {"text": up.column.label, "standoff": 6, "font": font}},
        meta={"filter": dimension},
    )
