"""The rows that came back become an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from data.answers import Answer, Column
from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES
from data.metrics import CATALOGUE, Metric
from data.query_inside import Inside
from data.query_names import NAMED, Names, Wanted
from data.query_reads import STATE, Prepared
from data.query_rows import OTHER, PLAIN, Arranger, Cells, Key, Sums, plain, totals, value_of
from data.query_series import every_bucket, minutes_of
from data.query_sql import Statement
from data.query_windows import Look

Rows = list[tuple[Any, ...]]


def gather(prepared: Prepared, rows: Sequence[Rows]) -> Gathered:
    """The sums of a question, from the rows of its statements in their order."""
    gathered = Gathered(prepared)
    for statement, own in zip(prepared.statements, rows, strict=True):
        gathered.add(statement, own)
    return gathered


def assemble(gathered: Gathered, names: Names) -> Answer:
    """The answer to a question, with the names of what it `wanted`."""
    prepared = gathered.prepared
    query = prepared.query
    if "venue" in query.dimensions:
        names = names | {"venue": {str(v): clock.name for v, clock in prepared.world.venues.items()}}
    minutes = partial(minutes_of, prepared, prepared.main)
    arranger = Arranger(query, prepared.metrics, prepared.by_currency, names, minutes)
    main, other = gathered.main, gathered.other
    if query.top is not None:
        gathered.inside.fill(main)
        gathered.inside_other.fill(other)
    if gathered.top is None:
        main, other = arranger.top(main, other)
        gathered.inside.thin(main)
        gathered.inside_other.thin(other)
    else:
        for key in [key for key in main.rows if key not in gathered.top and key[0] != OTHER]:
            del main.rows[key]
    if query.top is not None and len(query.dimensions) == 1:
        arranger.without_nothing(main, other)
    beside = _in_range(prepared, other)
    for key in _missing(prepared, [*main.rows, *beside, *gathered.inside.places()]):
        main.rows[key] = {}
    if query.top is None:
        # Whoever is inside on one side may have gone in at a time when nothing happened on the other.
        gathered.inside_other.fill(other)
        for key in _in_range(prepared, other):
            main.rows.setdefault(key, {})
        gathered.inside.fill(main)
        for key in main.rows if prepared.other else ():
            other.rows.setdefault(key, {})
        gathered.inside_other.carry(other)
    keys = dict.fromkeys([*main.rows, *_in_range(prepared, other)]) if prepared.other else main.rows
    columns = _columns(prepared)
    values = _Values(prepared, columns, main, other)
    ordered = arranger.ordered(keys, values.of)
    return Answer(
        columns,
        values.rows(ordered[: query.limit]),
        prepared.now,
        _zone(prepared),
        *_bounds(prepared),
        total_rows=len(ordered),
        sources=tuple(dict.fromkeys(s.read.source.name for s in prepared.statements)),
        masked=frozenset(
            column.name
            for column in columns
            if prepared.masked and column.kind in ("metric", "compared") and _metric(column.name).money
        ),
        names=names,
    )


def _metric(column: str) -> Any:
    return CATALOGUE[column.removesuffix(".compared")]


class Gathered:
    """The sums of both sides by key, and the ids in the keys that have names."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.main, self.other = Cells(), Cells()
        main, now = prepared.main, prepared.now
        self.inside = Inside(prepared.query, main, main, now)
        self.inside_other = Inside(prepared.query, prepared.other or main, main, now)
        self.ids: dict[str, set[str]] = {name: set() for name in prepared.query.dimensions if name in NAMED}
        self.top: set[Key] | None = None

    def wanted(self) -> list[Wanted]:
        """The ids whose names are to be looked up."""
        venues = frozenset(self.prepared.main.clocks)
        return [(dimension, venues, ids) for dimension, ids in self.ids.items()]

    def add(self, statement: Statement, rows: Rows) -> None:
        """Add the rows of one statement."""
        cells = self.other if statement.compared else self.main
        state = MEASURES[statement.read.measures[0]].family == STATE
        plainly = all(DIMENSIONS[name].shape in PLAIN for name in statement.keys)
        special = state or statement.compared or statement.ranked or not plainly
        if special or cells.rows or self.ids or not statement.read.source.seconds:
            self._add_each(statement, rows, cells, state)
            return
        # The common case, in which a board may have ten thousand rows: every key once, no sum unknown.
        width, measures = _width(statement), statement.read.measures
        cells.rows = {
            row[:width]: dict(zip(measures, row[width:], strict=True)) for row in rows if any(row[width:])
        }

    def _add_each(self, statement: Statement, rows: Rows, cells: Cells, state: bool) -> None:
        width, measures = _width(statement), statement.read.measures
        inside = self.inside_other if statement.compared else self.inside
        named = [(own, statement.keys.index(name)) for name, own in self.ids.items()]
        for row in rows:
            if statement.ranked and row[-1]:
                self._rest(measures, row[1:width], row[width:])
                continue
            key: Key = tuple(map(plain, row[:width]))
            sums = row[width : width + len(measures)]
            if statement.compared:
                key = self._renamed(key)
            for own, index in named:
                if key[index] is not None:
                    own.add(key[index])
            if statement.ranked:
                self.top = self.top or set()
                self.top.add(key)
            if state:
                inside.add(key, sums[0] or 0)
                continue
            if not any(sums):
                continue  # What was booked and taken back is nothing, as if it had never been.
            if key not in cells.rows:
                cells.rows[key] = {name: value or 0 for name, value in zip(measures, sums, strict=True)}
                continue
            for name, value in zip(measures, sums, strict=True):
                cells.add(key, name, value or 0)

    def _rest(self, measures: Sequence[str], currency: Key, sums: Key) -> None:
        """The row of all that are not among the top, of whom PostgreSQL ranked."""
        self.main.rows[OTHER, *currency] = {
            name: None if MEASURES[name].kind == "distinct" else value or 0
            for name, value in zip(measures, sums, strict=False)
        }

    def _renamed(self, key: Key) -> Key:
        """Rows of another event stand under the event that they are compared with."""
        query = self.prepared.query
        if query.compare_event is None or "event" not in query.dimensions:
            return key
        index = query.dimensions.index("event")
        return (*key[:index], str(query.events[0]), *key[index + 1 :])


def _width(statement: Statement) -> int:
    """How many of its columns are the key."""
    return len(statement.keys) + (statement.by_currency and "currency" not in statement.keys)


_Side = tuple[Metric, dict[Key, Sums], Look | None]
"""A metric, its sums by key, and the spans where it also depends on the time that has passed."""


class _Values:
    """The value of every metric in every row."""

    def __init__(self, prepared: Prepared, columns: Sequence[Column], main: Cells, other: Cells) -> None:
        self.prepared = prepared
        # Worked out once: a board may have ten thousand rows.
        self.sides: dict[str, _Side] = {
            metric.name + suffix: (metric, cells.rows, look if "minutes" in metric.measures else None)
            for metric in prepared.metrics
            for suffix, cells, look in (("", main, prepared.main), (".compared", other, prepared.other))
        }
        shown = [column.name for column in columns if column.kind in ("metric", "compared")]
        self.shown = [self.sides.get(name) for name in shown]
        self.at_home = _shows_currency(prepared) and not _splits_currency(prepared)
        self.currency = _home_currency(prepared)

    def of(self, column: str, key: Key) -> Any:
        return self._value(self.sides.get(column), key)

    def rows(self, keys: Sequence[Key]) -> list[tuple[Any, ...]]:
        """The rows of these keys, put together column by column: a board may have ten thousand."""
        if not keys:
            return []
        columns: list[Sequence[Any]] = list(zip(*keys, strict=True))
        for index, name in enumerate(self.prepared.query.dimensions):
            if DIMENSIONS[name].shape == "date":
                columns[index] = [v.isoformat() if type(v) is date else v for v in columns[index]]
        if self.at_home:
            columns.append([self.currency] * len(keys))
        columns += [self._column(side, keys) for side in self.shown]
        return list(zip(*columns, strict=True))

    def _column(self, side: _Side | None, keys: Sequence[Key]) -> list[Any]:
        if side is None or side[0].over or side[2] is not None:
            return [self._value(side, key) for key in keys]
        metric, rows, _ = side
        return totals(metric, [rows.get(key) for key in keys])

    def _value(self, side: _Side | None, key: Key) -> Any:
        if side is None:
            return None
        metric, rows, look = side
        minutes = None if look is None else minutes_of(self.prepared, look, key)
        return value_of(metric, rows.get(key), minutes)


def _splits_currency(prepared: Prepared) -> bool:
    return prepared.by_currency and "currency" not in prepared.query.dimensions


def _shows_currency(prepared: Prepared) -> bool:
    """Money has a currency beside it, also where it is masked."""
    asked = any(CATALOGUE[name].money for name in prepared.query.metrics)
    return asked and "currency" not in prepared.query.dimensions


def _home_currency(prepared: Prepared) -> str | None:
    """The currency of the venues looked at; None when they have several."""
    currencies = {clock.currency for clock in prepared.main.clocks.values()}
    return next(iter(currencies)) if len(currencies) == 1 else None


def _columns(prepared: Prepared) -> tuple[Column, ...]:
    query = prepared.query
    columns = [Column(name, DIMENSIONS[name].label, DIMENSIONS[name].kind) for name in query.dimensions]
    if _shows_currency(prepared):
        columns.append(Column("currency", DIMENSIONS["currency"].label, "text"))
    for name in query.metrics:
        metric = CATALOGUE[name]
        columns.append(Column(name, metric.label, "metric", metric.unit))
        if prepared.other is not None:
            columns.append(Column(f"{name}.compared", f"{metric.label}, compared", "compared", metric.unit))
    return tuple(columns)


def _in_range(prepared: Prepared, other: Cells) -> list[Key]:
    """The keys of the compared side, without days that the main span does not have."""
    query, main = prepared.query, prepared.main
    if "day" not in query.dimensions or not main.windows:
        return list(other.rows)
    index = query.dimensions.index("day")
    spans = [(main.clocks[venue], span) for venue, span in main.windows.items()]
    first = min(clock.day(span.lo) for clock, span in spans)
    last = max(clock.day(span.hi - 1) for clock, span in spans)
    return [key for key in other.rows if key[index] is None or first <= key[index] <= last]


def _missing(prepared: Prepared, keys: Sequence[Key]) -> list[Key]:
    """The rows that nothing happened in: of a figure without dimensions the only one, of a single
    dimension of time every bucket up to now."""
    query = prepared.query
    if not prepared.main.windows:
        return []
    buckets: list[tuple[Any, ...]]
    if not query.dimensions:
        if keys:
            return []
        buckets = [()]
    elif len(query.dimensions) == 1:
        buckets = [(bucket,) for bucket in every_bucket(prepared, [key[0] for key in keys])]
    else:
        return []
    if not buckets or not _splits_currency(prepared):
        return buckets
    home = next(iter(prepared.main.clocks.values())).currency
    currencies = list(dict.fromkeys(key[-1] for key in keys)) or [home]
    return [(*bucket, currency) for bucket in buckets for currency in currencies]


def _zone(prepared: Prepared) -> str:
    zones = {str(clock.zone) for clock in prepared.main.clocks.values()}
    return next(iter(zones)) if len(zones) == 1 else ""


def _bounds(prepared: Prepared) -> tuple[datetime | None, datetime | None]:
    spans = list(prepared.main.windows.values())
    if not spans:
        return None, None
    return (
        datetime.fromtimestamp(min(span.lo for span in spans), UTC),
        datetime.fromtimestamp(max(span.hi for span in spans), UTC),
    )
