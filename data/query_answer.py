"""The rows that came back become an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from data.answers import Answer, Column
from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES
from data.metrics import CATALOGUE, Metric
from data.query_inside import Inside
from data.query_names import NAMED, Names, Wanted
from data.query_plainly import is_plain, plain_columns
from data.query_reads import STATE, Prepared
from data.query_rows import OTHER, PLAIN, Arranger, Cells, Key, Sums, plain, totals, value_of
from data.query_series import buckets_of, minutes_of
from data.query_small import Table, is_about_people
from data.query_sql import Statement
from data.query_windows import Look
from data.query_zones import EVENT_ZONES, asks_event_zones, zone_of, zones_of

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
    if gathered.plain is not None:
        return _plainly(prepared, gathered.plain, names)
    if "venue" in query.dimensions:
        names = names | {"venue": {str(v): clock.name for v, clock in prepared.world.venues.items()}}
    minutes = partial(minutes_of, prepared, prepared.main)
    arranger = Arranger(query, prepared.metrics, prepared.by_currency, names, minutes)
    main, other = gathered.main, gathered.other
    suppressed = _protected(gathered)
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
    shown = values.rows(ordered[: query.limit])
    return replace(_answer(prepared, columns, shown, len(ordered), names), suppressed=suppressed)


def _protected(gathered: Gathered) -> bool:
    """Whether anything is hidden of a question about where people live, once it is."""
    prepared = gathered.prepared
    if not is_about_people(prepared.query):
        return False
    asked = (name for metric in prepared.metrics for name in metric.measures)
    table = Table(prepared.query, _splits_currency(prepared), asked)
    sides = [(gathered.main, gathered.whole), (gathered.other, gathered.whole_other)]
    return table.protect(sides if prepared.other else sides[:1])


def _plainly(prepared: Prepared, rows: Rows, names: Names) -> Answer:
    """The answer that is a series of one statement."""
    width = _width(prepared.statements[0])
    missing = partial(_missing, prepared)
    keys, figures = plain_columns(prepared, rows, width, missing)
    count = len(keys[0])
    own = dict(zip((metric.name for metric in prepared.metrics), figures, strict=True))
    if prepared.shows_currency and not _splits_currency(prepared):
        keys.append([_home_currency(prepared)] * count)
    hidden = [None] * count
    shown = [own.get(name, hidden) for name in prepared.query.metrics]
    every = list(zip(*keys, *shown, strict=True))
    return _answer(prepared, _columns(prepared), every[: prepared.query.limit], count, names)


def _answer(
    prepared: Prepared, columns: tuple[Column, ...], rows: Rows, total_rows: int, names: Names
) -> Answer:
    return Answer(
        columns,
        rows,
        prepared.now,
        zone_of(prepared),
        *_bounds(prepared),
        total_rows=total_rows,
        sources=tuple(dict.fromkeys(s.read.source.name for s in prepared.statements)),
        masked=frozenset(
            column.name
            for column in columns
            if prepared.masked and column.kind in ("metric", "compared") and _metric(column.name).money
        ),
        zones=zones_of(prepared, names),
        names=names,
    )


def _metric(column: str) -> Any:
    return CATALOGUE[column.removesuffix(".compared")]


class Gathered:
    """The sums of both sides by key, and the ids in the keys that have names."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.main, self.other = Cells(), Cells()
        self.whole, self.whole_other = Cells(), Cells()
        main, now = prepared.main, prepared.now
        self.inside = Inside(prepared.query, main, main, now)
        self.inside_other = Inside(prepared.query, prepared.other or main, main, now)
        self.ids: dict[str, set[str]] = {name: set() for name in prepared.query.dimensions if name in NAMED}
        self.top: set[Key] | None = None
        self.plain: Rows | None = None
        """The rows of a plain series, as they came."""

    def wanted(self) -> list[Wanted]:
        """The ids whose names are to be looked up."""
        venues = frozenset(self.prepared.main.clocks)
        found: list[Wanted] = [(dimension, venues, ids) for dimension, ids in self.ids.items()]
        if asks_event_zones(self.prepared):
            found.append((EVENT_ZONES, venues, self.ids["event"]))
        return found

    def add(self, statement: Statement, rows: Rows) -> None:
        """Add the rows of one statement."""
        if is_plain(self.prepared):
            self.plain = rows
            return
        if statement.whole:
            cells = self.whole_other if statement.compared else self.whole
        else:
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
    currency = statement.by_currency and "currency" not in statement.keys
    return len(statement.keys) + statement.tests + currency


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
        self.at_home = prepared.shows_currency and not _splits_currency(prepared)
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


def _home_currency(prepared: Prepared) -> str | None:
    """The currency of the venues looked at; None when they have several."""
    currencies = {clock.currency for clock in prepared.main.clocks.values()}
    return next(iter(currencies)) if len(currencies) == 1 else None


def _columns(prepared: Prepared) -> tuple[Column, ...]:
    query = prepared.query
    columns = [Column(name, DIMENSIONS[name].label, DIMENSIONS[name].kind) for name in query.dimensions]
    if prepared.shows_currency:
        columns.append(Column("currency", DIMENSIONS["currency"].label, "text"))
    for name in query.metrics:
        metric = CATALOGUE[name]
        columns.append(Column(name, metric.label, "metric", metric.unit))
        if prepared.other is not None:
            columns.append(Column(f"{name}.compared", f"{metric.label}, compared", "compared", metric.unit))
    return tuple(columns)


def _in_range(prepared: Prepared, other: Cells) -> list[Key]:
    """The keys of the compared side, without days that the main span does not have. A span before the doors
    is of sales: the night itself, on its own day, is not in it and belongs to the answer all the same."""
    query, main = prepared.query, prepared.main
    if "day" not in query.dimensions or not main.windows or main.by_event is not None:
        return list(other.rows)
    index = query.dimensions.index("day")
    spans = [(main.clocks[venue], span) for venue, span in main.windows.items()]
    first, last = min(c.day(s.lo) for c, s in spans), max(c.day(s.hi - 1) for c, s in spans)
    return [key for key in other.rows if key[index] is None or first <= key[index] <= last]


def _missing(prepared: Prepared, keys: Sequence[Key]) -> list[Key]:
    """The rows that nothing happened in: of a figure without dimensions the only one, of a single
    dimension of time every bucket up to now, in each currency those of the venues that have it."""
    query, main = prepared.query, prepared.main
    if not main.windows or len(query.dimensions) > 1 or (keys and not query.dimensions):
        return []
    if query.dimensions and query.top is not None:
        return []  # What is not among the top ones is not nothing.
    home = next(iter(main.clocks.values())).currency
    split = _splits_currency(prepared)
    if not query.dimensions:
        return [(home,) if split else ()]
    buckets = buckets_of(prepared)
    if not split:
        return [(bucket,) for bucket in {*buckets.every} - {key[0] for key in keys}]
    known: dict[Any, set[Any]] = {}
    for key in keys:
        known.setdefault(key[-1], set()).add(key[0])
    missing: list[Key] = []
    for currency, have in known.items() or [(home, set())]:
        own = {venue for venue in main.windows if main.clocks[venue].currency == currency}
        missing += [(bucket, currency) for bucket in {*buckets.of(own)} - have]
    return missing


def _bounds(prepared: Prepared) -> tuple[datetime | None, datetime | None]:
    spans = list(prepared.main.windows.values())
    if not spans:
        return None, None
    return (
        datetime.fromtimestamp(min(span.lo for span in spans), UTC),
        datetime.fromtimestamp(max(span.hi for span in spans), UTC),
    )
