"""By whose clock the times of a table are: of its venue, of each row's where there are several zones, and
what is said of it. Business days are each venue's own, whatever the zones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from data.answers import Answer
from data.metric_dimensions import DIMENSIONS
from data.time_zones import OWN_ZONE, TIME_ZONE, common_zone
from widgets.widget import Table

NO_ZONE = "UTC"
"""By which moments are written that are no single venue's."""
OWN_DAYS = "each venue's own days"


class ColumnLike(Protocol):
    """A column of a table: what it is called, and the kind of its values."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...


def is_of_moments(column: ColumnLike) -> bool:
    """Whether the values of a column are moments, and not business days."""
    dimension = DIMENSIONS.get(column.name)
    return column.kind == "time" and (dimension is None or dimension.shape != "date")


def zones_of(columns: Sequence[ColumnLike], zone: str) -> Callable[[Sequence[Any]], ZoneInfo]:
    """From a row to the zone of its times: its own where a column names it, else `zone`, else UTC."""
    at = own_zone(columns)
    usual = ZoneInfo(zone or NO_ZONE)
    return (lambda row: usual) if at is None else lambda row: ZoneInfo(row[at] or NO_ZONE)


def heading(columns: Sequence[ColumnLike], zone: str) -> str:
    """What the head of a file says beside "Time zone"; `zone` is empty where the venues have several."""
    at = own_zone(columns)
    if at is not None:
        return f"each venue's own, in the column {columns[at].label}"
    if zone:
        return zone
    return f"{NO_ZONE}; days are each venue's own" if any(map(is_of_moments, columns)) else OWN_DAYS


def sentence(columns: Sequence[ColumnLike], zone: str) -> str:
    """The same for a line of several facts: "times in Europe/London"."""
    if own_zone(columns) is not None:
        return "times in each venue's own zone"
    if zone:
        return f"times in {zone}"
    return f"times in {NO_ZONE}, {OWN_DAYS}" if any(map(is_of_moments, columns)) else OWN_DAYS


def in_tables(tables: Sequence[Table], zone: str) -> str:
    """The sentence of all tables of a widget; `zone` is that of one without tables."""
    columns = [column for table in tables for column in table.columns]
    return sentence(columns, tables[0].zone if tables else zone)


def with_zones(table: Table, zones: Sequence[str]) -> Table:
    """The table, each of whose rows has its times in one of `zones`: as its zone where they are all the same,
    else in a column behind the first of moments."""
    at = place_of(table.columns, zones)
    if at is None:
        return replace(table, zone=common_zone(zones) or table.zone)
    rows = [(*row[:at], zone, *row[at:]) for row, zone in zip(table.rows, zones, strict=True)]
    columns = (*table.columns[:at], OWN_ZONE, *table.columns[at:])
    return replace(table, columns=columns, rows=rows, zone="")


def place_of(columns: Sequence[ColumnLike], zones: Sequence[str]) -> int | None:
    """Where a column of these zones would stand: behind the first of moments; None where they are all the
    same or there are no moments."""
    first = next((at for at, column in enumerate(columns, 1) if is_of_moments(column)), None)
    return None if len(set(zones)) < 2 else first


def row_zones(answer: Answer) -> list[str]:
    """The zone of each row's moments, where they are those of venues in several; UTC for rows of no venue.
    Empty where the answer has one zone or none that rows could say."""
    for dimension, zones in answer.zones.items():
        return [zones.get(str(value), NO_ZONE) for value in answer.column(dimension)]
    return []


def own_zone(columns: Sequence[ColumnLike]) -> int | None:
    """Where the zone of each row stands."""
    return next((at for at, column in enumerate(columns) if column.name == TIME_ZONE), None)
