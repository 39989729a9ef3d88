"""The rows of a series over time that one statement gives whole: put together by column.

Most of the rows of a board are of this kind, and there may be ten thousand of them; everything else goes the
way of `data.query_answer`, which keeps the sums of every row by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from operator import add, sub
from typing import Any

from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES
from data.metrics import Terms
from data.query_reads import STATE, Prepared
from data.query_rows import Key
from data.query_small import is_about_people

Rows = Sequence[tuple[Any, ...]]
Column = Sequence[Any]


def is_plain(prepared: Prepared) -> bool:
    """Whether one statement has all sums of a question that only asks for them in the order of time."""
    query = prepared.query
    if len(prepared.statements) != 1 or prepared.other or query.top or query.sort or not query.dimensions:
        return False
    if is_about_people(query):
        return False
    statement = prepared.statements[0]
    return (
        bool(statement.read.source.seconds)
        and not statement.ranked
        and all(DIMENSIONS[name].seconds for name in query.dimensions)
        and MEASURES[statement.read.measures[0]].family != STATE
        and not any(metric.over or "minutes" in metric.measures for metric in prepared.metrics)
    )


def plain_columns(
    prepared: Prepared, rows: Rows, width: int, missing: Callable[[Sequence[Key]], Sequence[Key]]
) -> tuple[list[Column], list[Column]]:
    """The columns of the keys, in the order of time, and the column of every metric that may be seen.

    `width` is how many columns of the rows are the key; `missing` tells which keys are to be there, too.
    """
    measures = prepared.statements[0].read.measures
    found = [row for row in rows if any(row[width:])]
    nothing = (0,) * len(measures)
    found += [key + nothing for key in missing([row[:width] for row in found])]
    found.sort()  # By the key alone: no two rows have the same.
    columns: list[Column] = list(zip(*found, strict=True)) or [()] * (width + len(measures))
    keys = columns[:width]
    for index, name in enumerate(prepared.query.dimensions):
        if DIMENSIONS[name].shape == "date":
            keys[index] = [day.isoformat() for day in keys[index]]
        else:
            keys[index] = [moment.astimezone(UTC) for moment in keys[index]]
    sums = dict(zip(measures, columns[width:], strict=True))
    return keys, [_total(metric.plus, sums) for metric in prepared.metrics]


def _total(terms: Terms, sums: Mapping[str, Column]) -> Column:
    (name, sign), *more = terms
    total = sums[name] if sign > 0 else [-value for value in sums[name]]
    for name, sign in more:
        total = list(map(add if sign > 0 else sub, total, sums[name]))
    return total
