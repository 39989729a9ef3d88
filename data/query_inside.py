"""People inside at the end of every bucket: a state, carried forward from the cut-off to the next."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, product
from typing import Any
from uuid import UUID

from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.query_rows import Cells, Key
from data.query_series import begins, ends
from data.query_windows import Look

Series = Key
"""A key without its times."""
Night = tuple[UUID, date]
"""A venue's business day: with it all counting begins anew."""


class Inside:
    """Gathers changes of the house count on one side of a question and turns them into how many are inside.

    Each venue counts by its own business days: at one moment one may be a day ahead of another.
    """

    def __init__(self, query: MetricQuery, look: Look) -> None:
        self._look = look
        times = [i for i, name in enumerate(query.dimensions) if DIMENSIONS[name].seconds]
        self._day = next((i for i in times if query.dimensions[i] == "day"), None)
        self._finest = min(
            (i for i in times if DIMENSIONS[query.dimensions[i]].shape == "instant"),
            key=lambda i: DIMENSIONS[query.dimensions[i]].seconds,
            default=None,
        )
        self._times, self._dimensions = times, query.dimensions
        self._folded = query.top is not None and self._finest is not None
        self._sums: dict[Key, int] = defaultdict(int)
        self._changes: dict[Series, dict[Night, dict[int, int]]] = {}
        self._known: dict[Key, None] = {}

    def add(self, key: Key, change: int) -> None:
        """A change; beside a time of day its venue and business day follow the dimensions in `key`."""
        if self._finest is None:
            self._sums[key] += change
            return
        width = len(self._dimensions)
        venue, day = UUID(key[width]), key[width + 1]
        own = (*key[:width], *key[width + 2 :])
        second = int(own[self._finest].timestamp())
        night = self._changes.setdefault(self._series(own), {}).setdefault((venue, day), {})
        night[second] = night.get(second, 0) + change
        self._known[self._moved(own, venue)] = None

    def places(self) -> list[Key]:
        """The keys that `fill` is going to write."""
        return [*self._sums, *self._known]

    def fill(self, cells: Cells) -> None:
        """Write how many are inside into the rows, and add the rows that only they have."""
        for key, change in self._sums.items():
            cells.add(key, "inside", change)
        for key in self._known:
            cells.rows.setdefault(key, {})
        if self._folded:
            # What is added up in one row must be there at every time, not only when somebody came or went.
            times = {tuple(key[index] for index in self._times) for key in cells.rows}
            for series, own in product(self._changes, times):
                cells.rows.setdefault(self._at(series, own), {})
        self.carry(cells)

    def carry(self, cells: Cells) -> None:
        """Write how many are inside into rows of times in which nobody came or went, too."""
        if self._finest is None or not self._changes:
            return
        for key, sums in cells.rows.items():
            if key[self._finest] is not None:
                sums["inside"] = self._state(key)

    def _state(self, key: Key) -> int:
        """How many are inside at the end of the key's bucket; of its day, where that ends before."""
        assert self._finest is not None
        look, inside = self._look, 0
        end = ends(self._dimensions[self._finest], int(key[self._finest].timestamp()), look.clocks.values())
        for venue, nights in self._running.get(self._series(key), {}).items():
            clock, until = look.clocks[venue], end
            if self._day is not None:
                until = min(end, clock.begins(key[self._day] + timedelta(days=1)))
            back = look.shift.moment_back(until, clock)
            moments, running = nights.get(clock.day(back - 1), ((), ()))
            before = bisect_left(moments, until if look.shift.seconds else back)
            inside += running[before - 1] if before else 0
        return inside

    @cached_property
    def _running(self) -> dict[Series, dict[UUID, dict[date, tuple[Sequence[int], Sequence[int]]]]]:
        """The moments of change of every night in order, and how many were inside after each."""
        running: dict[Series, dict[UUID, dict[date, tuple[Sequence[int], Sequence[int]]]]] = {}
        for series, nights in self._changes.items():
            for (venue, day), changes in nights.items():
                moments = sorted(changes)
                counts = list(accumulate(map(changes.__getitem__, moments)))
                running.setdefault(series, {}).setdefault(venue, {})[day] = moments, counts
        return running

    def _series(self, key: Key) -> Series:
        return tuple(None if index in self._times else value for index, value in enumerate(key))

    def _at(self, series: Series, times: Key) -> Key:
        own = dict(zip(self._times, times, strict=True))
        return tuple(own.get(index, value) for index, value in enumerate(series))

    def _moved(self, key: Key, venue: UUID) -> Key:
        """The key where it is compared: the rows of a span that is moved by its days say when they were."""
        shift, clock = self._look.shift, self._look.clocks[venue]
        if not shift.months and not shift.days:
            return key
        moved: list[Any] = list(key)
        for index in self._times:
            value = key[index]
            if isinstance(value, datetime):
                second = shift.moment_on(int(value.timestamp()), clock)
                moved[index] = datetime.fromtimestamp(begins(self._dimensions[index], second, clock), UTC)
            else:
                moved[index] = shift.on(value)
        return tuple(moved)
