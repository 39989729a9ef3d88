"""Groups of fewer than five people stay hidden in what is split or filtered by where buyers live.

People are counted by the tickets issued to them, which every roll-up has beside its figures; where customers
or orders are asked for, they have to be five as well. Cells of a question are its rows by every such
dimension that it uses, whether it splits or filters by it, so that a filter chooses among the groups which a
split shows. A cell with something in it and fewer than five people is hidden; so that it cannot be found by
subtraction, each line of the table (everything fixed but one dimension, or but the places) in which something
is hidden hides two cells and five people at least, or all of it. What is hidden of a split goes into one row,
and the total adds up; of a filter it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data.metric_measures import MEASURES
from data.metric_query import All, Filter, In, MetricQuery, Within
from data.query_filters import dimensions_of
from data.query_rows import FEWER, Cells, Key, Sums

PLACES = frozenset({"country", "region", "city"})
"""The dimensions that tell of people."""
FEWEST = 5
PEOPLE = "issued"
_COUNTED = ("customers", "orders")


def is_about_people(query: MetricQuery) -> bool:
    """Whether a question splits or filters by where people live."""
    return bool(PLACES & {*query.dimensions, *dimensions_of(query.where)})


@dataclass(frozen=True, slots=True)
class Parted:
    """A filter in two parts that both have to hold: what SQL can leave out, and what chooses among cells.
    `places` are the dimensions that cells have for it beside those of the question, `tests` the filters in it
    that are not about places: a cell says of each whether it holds."""

    sql: Filter | None
    choosing: Filter | None
    places: tuple[str, ...] = ()
    tests: tuple[Filter, ...] = ()


def parted(query: MetricQuery) -> Parted:
    """The parts of the question's filter."""
    where = query.where
    if where is None or not _about_places(where):
        return Parted(where, None)
    parts = where.all if isinstance(where, All) else (where,)
    plain = tuple(part for part in parts if not _about_places(part))
    choosing = tuple(part for part in parts if _about_places(part))
    used = dict.fromkeys(name for part in choosing for name in dimensions_of(part) if name in PLACES)
    return Parted(
        All(all=plain) if plain else None,
        All(all=choosing),
        tuple(name for name in used if name not in query.dimensions),
        tuple(dict.fromkeys(test for part in choosing for test in _tests(part))),
    )


def _about_places(where: Filter) -> bool:
    return not PLACES.isdisjoint(dimensions_of(where))


def _tests(where: Filter) -> Iterator[Filter]:
    if not _about_places(where):
        yield where
    elif not isinstance(where, In | Within):
        for part in where.all if isinstance(where, All) else where.any:
            yield from _tests(part)


class Table:
    """The cells of one question: keys are its dimensions, the places and tests of its filter, and the
    currency where there is money."""

    def __init__(self, query: MetricQuery, by_currency: bool, asked: Iterable[str]) -> None:
        self._filter = parted(query)
        self._names = (*query.dimensions, *self._filter.places)
        self._width, self._own = len(self._names) + len(self._filter.tests), len(query.dimensions)
        self._places = [index for index, name in enumerate(self._names) if name in PLACES]
        self._by_currency, self._asked = by_currency, frozenset(asked)

    def protect(self, sides: Sequence[tuple[Cells, Cells]]) -> bool:
        """Hide what has to be, in all sides alike, and make the rows of the question of the cells; whether
        anything is hidden. A side is its cells and the rows of those the filter chooses, counted together."""
        for cells, _ in sides:
            cells.rows = {key: sums for key, sums in cells.rows.items() if self._something(sums)}
        hidden = self._hidden([cells.rows for cells, _ in sides])
        few = False
        for cells, whole in sides:
            cells.rows, unknown = self._folded(cells.rows, hidden)
            few |= self._with_whole(cells.rows, whole.rows, unknown)
        return few or any(self._chosen(key) for key in hidden)

    def _something(self, sums: Sums) -> bool:
        chooses = self._filter.choosing is not None
        return any(value for name, value in sums.items() if name in self._asked or chooses)

    def _with_whole(self, rows: dict[Key, Sums], whole: Mapping[Key, Sums], unknown: set[Key]) -> bool:
        """Add what was counted in the whole, where nothing of it is hidden; whether it was too little."""
        few = False
        for key, sums in whole.items():
            if key in unknown:
                rows[key].update(dict.fromkeys(sums))
            elif any(0 < value < FEWEST for value in sums.values()):
                rows[key], few = dict.fromkeys(self._asked), True
            else:
                rows.setdefault(key, {}).update(sums)
        return few

    def _hidden(self, sides: Sequence[Mapping[Key, Sums]]) -> set[Key]:
        hidden = {
            key for rows in sides for key, sums in rows.items() if self._tells(key) and not _enough(sums)
        }
        before = -1
        while before != len(hidden):
            before = len(hidden)
            for place in self._lines():
                self._complete(sides, hidden, place)
        return hidden

    def _tells(self, key: Key) -> bool:
        """Whether it says of any place which one it is."""
        return any(key[index] is not None for index in self._places)

    def _lines(self) -> list[Callable[[Key], Key]]:
        """What the cells of a line have in common: all but one of a key's parts, then all but the places."""
        gone = [{index} for index in range(self._width)]
        if len(self._places) > 1:
            gone.append({*self._places})
        return [_without(frozenset(each)) for each in gone]

    def _complete(
        self, sides: Sequence[Mapping[Key, Sums]], hidden: set[Key], line: Callable[[Key], Key]
    ) -> None:
        touched = {line(key) for key in hidden}
        for rows in sides:
            lines: dict[Key, list[Key]] = defaultdict(list)
            for key in rows:
                if line(key) in touched:
                    lines[line(key)].append(key)
            for keys in lines.values():
                gone = [key for key in keys if key in hidden]
                shown = sorted((key for key in keys if key not in hidden), key=lambda key: _order(rows, key))
                people = sum(_people(rows[key]) for key in gone)
                while gone and shown and (len(gone) < 2 or people < FEWEST):
                    gone.append(shown.pop(0))
                    people += _people(rows[gone[-1]])
                hidden.update(gone)

    def _folded(self, rows: Mapping[Key, Sums], hidden: set[Key]) -> tuple[dict[Key, Sums], set[Key]]:
        """The rows of the question, and those of which a part is left out."""
        folded = Cells()
        unknown: set[Key] = set()
        for key, sums in rows.items():
            if not self._chosen(key):
                continue
            own = self._row(key, rest=key in hidden and self._filter.choosing is None)
            if key in hidden and self._filter.choosing is not None:
                unknown.add(own)
                continue
            for name, value in sums.items():
                if name not in self._asked:
                    continue
                several = (
                    MEASURES[name].kind == "distinct" and value and folded.rows.get(own, {}).get(name, 0)
                )
                folded.add(own, name, value)
                if several:
                    folded.rows[own][name] = None  # The same people may be in both.
        for own in unknown - folded.rows.keys():
            folded.rows[own] = dict.fromkeys(self._asked)
        return folded.rows, unknown

    def _row(self, key: Key, rest: bool) -> Key:
        own = [
            FEWER if rest and index in self._places else value for index, value in enumerate(key[: self._own])
        ]
        return (*own, key[-1]) if self._by_currency else tuple(own)

    def _chosen(self, key: Key) -> bool:
        choosing = self._filter.choosing
        return choosing is None or self._holds(choosing, key)

    def _holds(self, where: Filter, key: Key) -> bool:
        if not _about_places(where):
            return bool(key[len(self._names) + self._filter.tests.index(where)])
        if isinstance(where, In):
            value: str | None = key[self._names.index(where.dimension)]
            return (value or "") in where.values
        if isinstance(where, Within):
            raise AssertionError(where)  # No place is a number.
        parts = where.all if isinstance(where, All) else where.any
        return (all if isinstance(where, All) else any)(self._holds(part, key) for part in parts)


def _enough(sums: Sums) -> bool:
    counted = [sums[name] for name in _COUNTED if sums.get(name)]
    return bool(min([_people(sums), *counted]) >= FEWEST)


def _without(gone: frozenset[int]) -> Callable[[Key], Key]:
    return lambda key: tuple(value for index, value in enumerate(key) if index not in gone)


def _people(sums: Sums) -> int:
    return int(sums.get(PEOPLE, 0))


def _order(rows: Mapping[Key, Sums], key: Key) -> tuple[int, list[str]]:
    """Those with the fewest people are hidden first."""
    return _people(rows[key]), list(map(str, key))
