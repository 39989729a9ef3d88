"""Sums by key become the rows of an answer: ratios, comparison, order, the top ones, the limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from math import inf
from operator import add, itemgetter, sub
from typing import Any
from uuid import UUID

from data.metric_dimensions import DIMENSIONS, IN_CURRENCY
from data.metric_measures import MEASURES
from data.metric_query import MetricQuery, Sort
from data.metrics import Metric
from data.price_bands import lower_bound

Key = tuple[Any, ...]
"""The values of the dimensions, then the currency where there is money."""
Sums = dict[str, Any]
OTHER = "other"
FEWER = "fewer than 5"
"""The value of the row of all groups that are too small to be shown (`data.query_small`)."""
PLAIN = frozenset(("text", "number", "date"))
"""Shapes of dimensions whose values stand in an answer as PostgreSQL gives them."""


@dataclass(slots=True)
class Cells:
    """The sums of one span by key."""

    rows: dict[Key, Sums] = field(default_factory=dict)

    def add(self, key: Key, name: str, value: Any) -> None:
        """Add a sum to what other pieces of the span gave; the highest of them for a highest value."""
        sums = self.rows.setdefault(key, {})
        held = sums.get(name, 0)
        if held is None or value is None:
            sums[name] = None  # Nobody knows how many people there are in several values together.
            return
        sums[name] = max(held, value) if MEASURES[name].kind == "highest" else held + value


def plain(value: Any) -> Any:
    """A value of PostgreSQL as it stands in an answer: ids as text, dates and moments as they are."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value


def value_of(metric: Metric, sums: Sums | None, minutes: float | None = None) -> Any:
    """A metric of one row; None for a ratio over nothing and for what cannot be known of "other"."""
    if sums is None:
        sums = {}
    top = _total(metric.plus, sums)
    if not metric.over:
        return top
    if metric.over == (("minutes", 1),):
        below: Any = minutes
    else:
        below = _total(metric.over, sums)
    if top is None or not below or below < 0:
        return None
    if metric.in_currency:
        return round(top / below)
    return round(metric.scale * top / below, 4)


def _total(terms: Iterable[tuple[str, int]], sums: Sums) -> Any:
    total: Any = 0
    for name, sign in terms:
        value = sums.get(name, 0)
        if value is None:
            return None
        total += sign * value
    return total


def totals(metric: Metric, rows: Sequence[Sums | None]) -> list[Any]:
    """The values of a metric that is no ratio, of many rows at once: the same as `value_of` each."""
    total: list[Any] = [0] * len(rows)
    for name, sign in metric.plus:
        own = [0 if sums is None else sums.get(name, 0) for sums in rows]
        if None in own:
            return [value_of(metric, sums) for sums in rows]
        total = list(map(add if sign > 0 else sub, total, own))
    return total


def leader(query: MetricQuery, visible: Sequence[Metric]) -> Metric | None:
    """The metric that decides which values are the top ones: the one asked for, else the first; of those
    that may be seen, as a hidden one must not tell by its order what it is."""
    wanted = query.top.by if query.top is not None else ""
    return next((metric for metric in visible if metric.name == wanted), next(iter(visible), None))


class Arranger:
    """Orders, groups and cuts the rows of one question. `visible` are the metrics that may be seen;
    `minutes` tells how many have passed of the time of a key."""

    def __init__(
        self,
        query: MetricQuery,
        visible: Sequence[Metric],
        by_currency: bool,
        names: Mapping[str, Mapping[str, str]],
        minutes: Callable[[Key], float | None],
    ) -> None:
        self.query, self.names, self.minutes = query, names, minutes
        self.metrics = {metric.name: metric for metric in visible}
        self.width = len(query.dimensions)
        self.by_currency = by_currency and "currency" not in query.dimensions

    def top(self, main: Cells, other: Cells) -> tuple[Cells, Cells]:
        """Only the top values of the last dimension; the rest in one row, or gone."""
        top = self.query.top
        if top is None:
            return main, other
        leading = leader(self.query, [*self.metrics.values()])
        kept = self._top_values(main, leading.name if leading else "", top.limit)
        return self._folded(main, kept, top.other), self._folded(other, kept, top.other)

    def _top_values(self, cells: Cells, by: str, limit: int) -> set[tuple[Any, Any]]:
        """(currency, value) of those with most, for each currency on its own."""
        last = self.width - 1
        sums = Cells()
        for key, row in cells.rows.items():
            if key[last] == FEWER:
                continue  # Not a value of its own: it goes with the rest.
            for name, value in row.items():
                sums.add((self._currency_of(key), key[last]), name, value)
        metric = self.metrics.get(by)
        ranked: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
        for (currency, value), row in sums.rows.items():
            place = (*[None] * last, value)
            figure = value_of(metric, row, self._minutes_of(metric, place)) if metric else None
            ranked[currency].append(
                (figure is None, -(figure or 0), value is None, self._shown(last, value), value)
            )
        return {
            (currency, row[-1])
            for currency, rows in ranked.items()
            for row in sorted(rows, key=lambda row: row[:-1])[:limit]
        }

    def _folded(self, cells: Cells, kept: set[tuple[Any, Any]], other: bool) -> Cells:
        folded = Cells()
        last = self.width - 1
        for key, row in cells.rows.items():
            if (self._currency_of(key), key[last]) in kept:
                folded.rows[key] = row
                continue
            if other:
                self._fold(folded, key, row)
        return folded

    def _fold(self, cells: Cells, key: Key, row: Sums) -> None:
        """Add a row to that of the rest."""
        rest = (*key[: self.width - 1], OTHER, *key[self.width :])
        for name, value in row.items():
            if MEASURES[name].kind == "distinct" or value is None:
                # People of several values may be the same ones: there is no sum of them.
                cells.rows.setdefault(rest, {})[name] = None
            else:
                cells.add(rest, name, value)

    def without_nothing(self, main: Cells, other: Cells) -> None:
        """Take the top values away of which there are rows but nothing of what was asked (all given back,
        say); what these are made of is a part of the rest."""
        for key in [key for key in {**main.rows, **other.rows} if key[self.width - 1] != OTHER]:
            rows = [(cells, cells.rows[key]) for cells in (main, other) if key in cells.rows]
            if any(
                value_of(metric, row, self._minutes_of(metric, key))
                for metric in self.metrics.values()
                for _, row in rows
            ):
                continue
            for cells, row in rows:
                del cells.rows[key]
                if self.query.top is not None and self.query.top.other:
                    self._fold(cells, key, row)

    def _minutes_of(self, metric: Metric, key: Key) -> float | None:
        """The minutes that a rate is of; nothing to work out for other metrics."""
        return self.minutes(key) if "minutes" in metric.measures else None

    def _currency_of(self, key: Key) -> Any:
        return key[-1] if self.by_currency else None

    def ordered(self, keys: Iterable[Key], value: Callable[[str, Key], Any]) -> list[Key]:
        """The keys as asked for; without a word about it by time or number, else by the first metric."""
        keys = list(keys)
        places = [0] * len(keys)
        for sort in self._sorts():
            own, count = self._places(keys, sort, value)
            places = [place * count + then for place, then in zip(places, own, strict=True)]
        keys = [key for _, key in sorted(zip(places, keys, strict=True), key=itemgetter(0))]
        if self.query.top is not None and self.width and not self._leads_in_time():
            keys.sort(key=lambda key: key[self.width - 1] == OTHER)
        elif not self.query.sort:
            keys.sort(key=lambda key: FEWER in key)
        return keys

    def _leads_in_time(self) -> bool:
        return bool(self.width) and DIMENSIONS[self.query.dimensions[0]].kind != "text"

    def _sorts(self) -> list[Sort]:
        plain_order = [Sort(by=name, order="asc") for name in self.query.dimensions]
        asked = [
            sort
            for sort in self.query.sort
            if sort.by in self.metrics
            or sort.by in self.query.dimensions
            or sort.by.removesuffix(".compared") in self.metrics
        ]
        if not asked and self.metrics and not self._leads_in_time():
            by = self.query.top.by if self.query.top and self.query.top.by in self.metrics else ""
            asked = [Sort(by=by or next(iter(self.metrics)))]
        money = any(
            self.metrics[s.by.removesuffix(".compared")].in_currency
            for s in asked
            if "." in s.by or s.by in self.metrics
        )
        money = money or any(s.by in IN_CURRENCY for s in asked)
        first = [Sort(by="", order="asc")] if self.by_currency and money else []
        last = [] if first or not self.by_currency else [Sort(by="", order="asc")]
        return [*first, *asked, *plain_order, *last]

    def _places(self, keys: list[Key], sort: Sort, value: Callable[[str, Key], Any]) -> tuple[list[int], int]:
        """The place of every key in one order, those without a value last, and how many places there are."""
        if sort.by and sort.by not in self.query.dimensions:
            values = [value(sort.by, key) for key in keys]
            known = sorted({*values} - {None})
        else:
            index = self.query.dimensions.index(sort.by) if sort.by else -1
            values = [key[index] for key in keys]
            known = sorted({*values} - {None}, key=partial(self._shown, index))
        if sort.order == "desc":
            known.reverse()
        place = {own: number for number, own in enumerate(known)}
        last = len(known)
        return [place.get(own, last) for own in values], last + 1

    def _shown(self, index: int, value: Any) -> Any:
        """What a value is sorted by: its name, without regard to capitals; of a price band where it starts.
        Of one type in each column."""
        name = self.query.dimensions[index] if index >= 0 else "currency"
        if name == "price":
            return (0, inf if value == OTHER else lower_bound(value or ""), "")
        if isinstance(value, str):
            return (1, self.names.get(name, {}).get(value, value).casefold(), value)
        if isinstance(value, date | datetime):
            return (0, value, "")
        return (0, value or 0, "")
