"""Questions about where people live, worked out group by group: which groups of fewer than five are hidden,
which others with them, and what is left to be told. Shares no code with `data.query_small`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from data.messages import SaleLine
from data.metric_query import All, MetricQuery
from data.metric_query import Any as AnyOf
from tests.query.naive import Key, Rows, _keys, _Looked
from tests.query.naive_clock import main_side, other_side
from tests.query.naive_figures import ISSUED, METRICS, Count, Figure
from tests.query.naive_world import Happened, World, dimension, dimensions_of, matches

PLACES = ("country", "region", "city")
FEWER = "fewer than 5"


def about_people(query: MetricQuery) -> bool:
    return any(name in PLACES for name in (*query.dimensions, *dimensions_of(query.where)))


def _placed(where: Any) -> bool:
    return any(name in PLACES for name in dimensions_of(where))


def _conjuncts(where: Any) -> list[Any]:
    if where is None:
        return []
    return list(where.all) if isinstance(where, All) else [where]


def _besides(where: Any) -> Iterator[Any]:
    """The largest parts of a filter that are not about places."""
    if not _placed(where):
        yield where
    elif isinstance(where, All | AnyOf):
        for part in where.all if isinstance(where, All) else where.any:
            yield from _besides(part)


class _Grouped(_Looked):
    """One side by groups: the dimensions, the places that the filter names, whether its other parts hold."""

    def __init__(self, world: World, query: MetricQuery, side: Any, now: datetime) -> None:
        parts = _conjuncts(query.where)
        chooses = [part for part in parts if _placed(part)]
        plain = [part for part in parts if not _placed(part)]
        names = [name for part in chooses for name in dimensions_of(part) if name in PLACES]
        self.extra = [name for name in dict.fromkeys(names) if name not in query.dimensions]
        self.tests = list(dict.fromkeys(test for part in chooses for test in _besides(part)))
        self.chooses, self.asked = chooses, query
        self.chosen: dict[Key, bool] = {}
        where = All(all=tuple(plain)) if plain else None
        super().__init__(world, query.model_copy(update={"where": where}), side, now)

    def key(self, thing: Happened) -> Key:
        row = super().key(thing)
        width = len(self.query.dimensions)
        more = [dimension(self.world, name, thing) for name in self.extra]
        more += [matches(self.world, test, thing) for test in self.tests]
        own = (*row[:width], *more, *row[width:])
        self.chosen[own] = all(matches(self.world, part, thing) for part in self.chooses)
        return own

    def _anything(self, things: dict[type, list[Any]]) -> bool:
        """Where the filter chooses, different people are counted in what it has chosen."""
        counts = {count for name in self.query.metrics for count in METRICS[name].counts}
        if self.chooses:
            counts = {count for count in counts if count.kind != "distinct"} | {ISSUED}
        return any(count.how(things.get(count.of, [])) for count in counts)

    def few(self, key: Key) -> bool:
        """Whether it is a group of a place, and of fewer than five people, customers or orders."""
        names = [*self.query.dimensions, *self.extra]
        if all(value is None for name, value in zip(names, key, strict=False) if name in PLACES):
            return False
        distinct = [] if self.chooses else [c for c in self.counts() if c.kind == "distinct"]
        counted = [count.how(self.groups[key][SaleLine]) for count in distinct]
        return bool(min([self.people(key), *[number for number in counted if number]]) < 5)

    def people(self, key: Key) -> int:
        return int(ISSUED.how(self.groups[key].get(SaleLine, [])))

    def counts(self) -> list[Count]:
        return list(dict.fromkeys(count for name in self.query.metrics for count in METRICS[name].counts))


def evaluate(world: World, query: MetricQuery, now: datetime) -> tuple[Rows, bool]:
    """As `tests.query.naive.evaluate` of a question about places, and whether anything is hidden."""
    main = main_side(query, world.halls, world.shows, now)
    other = other_side(query, main, world.halls, world.shows, now)
    sides = [side for side in (main, other) if side is not None]
    grouped = [_Grouped(world, query, side, now) for side in sides]
    whole = [_Looked(world, query, side, now) for side in sides]
    hidden = _hidden(grouped)
    told = [_told(one, all_, hidden) for one, all_ in zip(grouped, whole, strict=True)]
    within = {*_keys(whole)}
    keys = dict.fromkeys(key for rows, _ in told for key in rows)
    split = any(name in PLACES for name in query.dimensions)
    rows = {
        key: tuple(
            _figure(METRICS[name], rows.get(key, {}), one, key)
            for name in query.metrics
            for (rows, _), one in zip(told, whole, strict=True)
        )
        for key in keys
        if split or key in within or any(None in rows.get(key, {}).values() for rows, _ in told)
    }
    chosen = any(one.chosen.get(key, False) for one in grouped for key in hidden)
    return rows, chosen or any(few for _, few in told)


def _hidden(sides: list[_Grouped]) -> set[Key]:
    hidden = {key for one in sides for key in one.groups if one.few(key)}
    names = [*sides[0].query.dimensions, *sides[0].extra, *sides[0].tests]
    places = {index for index, name in enumerate(names) if name in PLACES}
    without = [{index} for index in range(len(names))] + ([places] if len(places) > 1 else [])
    while True:
        before = set(hidden)
        for gone in without:
            for one in sides:
                lines: dict[Key, list[Key]] = defaultdict(list)
                for key in one.groups:
                    lines[tuple(v for index, v in enumerate(key) if index not in gone)].append(key)
                for line in lines.values():
                    _hide_more(one, line, hidden)
        if hidden == before:
            return hidden


def _hide_more(one: _Grouped, line: list[Key], hidden: set[Key]) -> None:
    while True:
        mine = [key for key in line if key in hidden]
        rest = [key for key in line if key not in hidden]
        if not mine or not rest or (len(mine) > 1 and sum(map(one.people, mine)) >= 5):
            return
        hidden.add(min(rest, key=lambda key: (one.people(key), [str(value) for value in key])))


Told = dict[Key, dict[Count, Any]]


def _told(one: _Grouped, whole: _Looked, hidden: set[Key]) -> tuple[Told, bool]:
    """Row → what is known of every count; and whether a row was too small as a whole."""
    query, counts = one.query, one.counts()
    width = len(query.dimensions)
    rows: dict[Key, list[Key]] = defaultdict(list)
    left_out: set[Key] = set()
    for key in one.groups:
        if not one.chosen[key]:
            continue
        row: Key = (*key[:width], *key[width + len(one.extra) + len(one.tests) :])
        if key in hidden and one.chooses:
            left_out.add(row)
            continue
        if key in hidden:
            places = [i for i, name in enumerate(query.dimensions) if name in PLACES]
            row = tuple(FEWER if i in places else v for i, v in enumerate(row))
        rows[row].append(key)
    told: Told = {row: dict.fromkeys(counts) for row in left_out}
    for row, keys in rows.items():
        told[row] = {count: _together(one, keys, count) for count in counts}
    few = False
    distinct = [count for count in counts if count.kind == "distinct"]
    for row, things in whole.groups.items() if one.chooses else ():
        numbers = {count: count.how(things[count.of]) for count in distinct}
        if row in left_out:
            told[row] |= dict.fromkeys(numbers)
        elif any(0 < number < 5 for number in numbers.values()):
            told[row], few = dict.fromkeys(counts), True
        elif any(numbers.values()) or row in told:
            told[row] = told.get(row, {}) | numbers
    return told, few


def _together(one: _Grouped, keys: list[Key], count: Count) -> Any:
    numbers = [count.how(one.groups[key].get(count.of, [])) for key in keys]
    if count.kind == "distinct" and sum(map(bool, numbers)) > 1:
        return None
    return sum(numbers)


def _figure(figure: Figure, known: dict[Count, Any], one: _Looked, key: Key) -> Any:
    minutes = one.minutes(key) if figure.over == "minutes" else None
    top = [known.get(count, 0) for count in figure.plus]
    below = (
        [known.get(count, 0) for count in figure.over] if isinstance(figure.over, tuple) else [minutes or 0]
    )
    if None in top or (figure.over is not None and None in below):
        return None
    if figure.over is None:
        return sum(top)
    if sum(below) <= 0:
        return None
    quotient = sum(top) / sum(below)
    return round(quotient) if figure.minor else round(figure.scale * quotient, 4)
