"""A widget's figures as rows, and those rows as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from data.answers import Answer, Column, Unit
from data.metric_dimensions import DIMENSIONS, Dimension
from widgets.answered import NOT_KNOWN, filter_value
from widgets.time_zones import own_zone, row_zones, with_zones
from widgets.values import shown, when
from widgets.widget import Table

MOST_ROWS = 100
"""As many rows the table view of a widget shows; exports have them all."""
ON_PAPER = 500
"""As many rows of a table a PDF holds: more pages nobody leafs through."""
_WORDS: dict[Unit, str] = {"percent": "%", "rate": "per minute", "seconds": "time"}


def from_answer(answer: Answer, title: str = "") -> Table:
    """The answer itself, with the zone of each row where its moments have several."""
    rows = answer.total_rows or len(answer.rows)
    return with_zones(Table(answer.columns, list(answer.rows), rows, answer.zone, title), row_zones(answer))


def worded(table: Table, words: Mapping[str, Callable[[Any], str]]) -> Table:
    """The table with the values of these columns in words; they go on filtering by what they stand for, but
    for customers, who are nothing to filter by."""
    places = {place: column.name for place, column in enumerate(table.columns) if column.name in words}
    rows = [
        tuple(words[places[place]](value) if place in places else value for place, value in enumerate(row))
        for row in table.rows
    ]
    raw = {n: [row[place] for row in table.rows] for place, n in places.items() if n != "customer"}
    return replace(table, rows=rows, raw={**table.raw, **raw})


def made(
    title: str, columns: Sequence[tuple[str, str, Unit | None]], rows: Sequence[Sequence[Any]], zone: str = ""
) -> Table:
    """A table of other figures: columns as name, label and unit (None for what the row is of, which may be a
    moment); `zone` is that of its moments."""
    found = tuple(
        Column(name, label, "metric" if unit else "time" if _has_moments(rows, at) else "text", unit)
        for at, (name, label, unit) in enumerate(columns)
    )
    return Table(found, [tuple(row) for row in rows], len(rows), zone, title)


def _has_moments(rows: Sequence[Sequence[Any]], at: int) -> bool:
    return any(isinstance(row[at], datetime) for row in rows)


def heading(column: Column) -> str:
    """A column's label, with the unit where the cells do not say it."""
    word = _WORDS.get(column.unit, "") if column.unit else ""
    return f"{column.label} ({word})" if word and word not in column.label else column.label


def cells(table: Table, most: int = MOST_ROWS) -> list[list[str]]:
    """The rows as texts, at most `most` of them: money exact with its symbol, times in the zone of
    the table or the row."""
    names = [column.name for column in table.columns]
    place = names.index("currency") if "currency" in names else None
    own = own_zone(table.columns)
    return [
        [
            _cell(
                value,
                column,
                table.zone if own is None else row[own],
                str(row[place] or "") if place is not None else "",
            )
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows[:most]
    ]


def filters(table: Table, most: int = MOST_ROWS) -> tuple[int, str, list[str | None]] | None:
    """By what the rows can filter a board: the column, its dimension and the raw value of each row (None for
    the row of all others). None when no column has raw values of a dimension."""
    for index, column in enumerate(table.columns):
        dimension = DIMENSIONS.get(column.name)
        if column.unit is None and dimension is not None and column.name != "currency":
            values = list(table.raw.get(column.name) or [row[index] for row in table.rows])[:most]
            fits = all(_is_raw(value, dimension) for value in values)
            by = [filter_value(value) for value in values]
            return (index, column.name, by) if fits and values else None
    return None


def _is_raw(value: Any, dimension: Dimension) -> bool:
    """Whether this is a value of the dimension and not words for one."""
    if dimension.kind == "time":
        return isinstance(value, date)
    if dimension.shape == "id" and value not in (None, "", "other"):
        try:
            UUID(str(value))
        except ValueError:
            return False
    return True


def _cell(value: Any, column: Column, zone: str, currency: str) -> str:
    if column.kind == "time" and value not in (None, ""):
        return when(value, zone, column.name)
    if column.kind == "text" and value in (None, ""):
        return "" if column.name == "currency" else NOT_KNOWN
    return shown(value, column.unit, zone, currency)


def numeric(column: Column) -> bool:
    """Whether the column is set to the right."""
    return column.unit is not None or column.kind == "number"
