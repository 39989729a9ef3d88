"""People inside at the end of every bucket: a state, carried forward from the cut-off to the next.

It has a row in every bucket of the range in which there is anybody, also where nobody comes or goes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, product
from typing import Any
from uuid import UUID

from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.query_clock import Clock
from data.query_rows import Cells, Key
from data.query_series import begins, ends, moments_of
from data.query_windows import Look

Series = Key
"""A key without its times."""
Night = tuple[UUID, date]
"""A venue's business day: with it all counting begins anew."""


class Inside:
    """Gathers changes of the house count on one side of a question and turns them into how many are inside.

    Each venue counts by its own business days: at one moment one may be a day ahead of another.
    """

    def __init__(self, query: MetricQuery, look: Look, main: Look, now: datetime) -> None:
        """`main` is the side whose range the rows are of."""
        self._look, self._main, self._now = look, main, now
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
        self._known: dict[tuple[UUID, date, Key], int] = {}
        self._only_added_up: set[Key] = set()

    def add(self, key: Key, change: int) -> None:
        """A change; beside a time of day its venue and business day follow the dimensions in `key`, and
        sometimes a finer time."""
        if self._finest is None:
            self._sums[key] += change
            return
        width = len(self._dimensions)
        venue, day = UUID(key[width]), key[width + 1]
        finer = len(key) > width + 2 and isinstance(key[width + 2], datetime)
        own = (*key[:width], *key[width + 2 + finer :])
        second = int(key[width + 2 if finer else self._finest].timestamp())
        night = self._changes.setdefault(self._series(own), {}).setdefault((venue, day), {})
        night[second] = night.get(second, 0) + change
        self._known[venue, day, own] = self._known.get((venue, day, own), 0) + change

    def places(self) -> list[Key]:
        """The keys that `fill` is going to write."""
        return [*self._sums, *self._changed, *self._lasting]

    @cached_property
    def _changed(self) -> list[Key]:
        """The keys of buckets that reach into the span, in which there came to be more or less people inside:
        who came before only counts."""
        firsts: dict[UUID, int] = {}
        if self._finest is not None:
            name, look = self._dimensions[self._finest], self._look
            for venue, span in look.windows.items():
                firsts[venue] = begins(name, span.lo + look.shift.seconds, look.clocks[venue])
        return [
            self._moved(key, venue)
            for (venue, _, key), change in self._known.items()
            if change and int(key[self._finest or 0].timestamp()) >= firsts[venue]
        ]

    @cached_property
    def _lasting(self) -> list[Key]:
        """The keys of every bucket of the range in which somebody is inside at a venue whose bucket it is."""
        keys = (
            (self._at(series, times), night[0])
            for series, nights in self._changes.items()
            for night in nights
            for times in self._times_of.get(night, ())
        )
        return [*dict.fromkeys(key for key, venue in keys if self._state_at(key, venue))]

    @cached_property
    def _times_of(self) -> dict[Night, list[Key]]:
        """The times of every bucket of the range, by the nights whose people are inside then."""
        times: dict[Night, list[Key]] = defaultdict(list)
        if self._finest is None or not self._changes:
            return times
        buckets = moments_of(self._dimensions[self._finest], self._main, self._now)
        for venue in {venue for nights in self._changes.values() for venue, _ in nights}:
            for place in [venue] if venue in buckets else buckets:
                clock = self._main.clocks[place]
                for own in (own for moment in buckets[place] for own in self._own_times(moment, clock)):
                    key = self._at((None,) * len(self._dimensions), own)
                    times[venue, self._day_back(key, venue)[0]].append(own)
        return times

    def _own_times(self, moment: datetime, clock: Clock) -> Iterator[Key]:
        """The dimensions of time of a bucket: of two business days where one begins in between."""
        assert self._finest is not None
        start = int(moment.timestamp())
        end = ends(self._dimensions[self._finest], start, [clock])
        for day in dict.fromkeys((clock.day(start), clock.day(end - 1))):
            yield tuple(
                day
                if index == self._day
                else datetime.fromtimestamp(begins(self._dimensions[index], start, clock), UTC)
                for index in self._times
            )

    def fill(self, cells: Cells) -> None:
        """Write how many are inside into the rows, and add the rows that only they have."""
        for key, change in self._sums.items():
            cells.add(key, "inside", change)
        for key in (*self._changed, *self._lasting):
            cells.rows.setdefault(key, {})
        if self._folded:
            # What is added up in one row must be there at every time at which there is any row.
            times = {tuple(key[index] for index in self._times) for key in cells.rows}
            every = {self._at(series, own) for series, own in product(self._changes, times)}
            self._only_added_up = every - cells.rows.keys()
            cells.rows |= {key: {} for key in self._only_added_up}
        self.carry(cells)

    def thin(self, cells: Cells) -> None:
        """Take away what was there to be added up, and was not."""
        for key in self._only_added_up:
            cells.rows.pop(key, None)

    def carry(self, cells: Cells) -> None:
        """Write how many are inside into rows of times in which nobody came or went, too."""
        if self._finest is None or not self._changes:
            return
        for key, sums in cells.rows.items():
            if key[self._finest] is not None:
                sums["inside"] = self._state(key)

    def _state(self, key: Key) -> int:
        """How many are inside at the end of the key's bucket; of its day, where that ends before. Where the
        day had ended already, nobody."""
        return sum(self._state_at(key, venue) for venue in self._running.get(self._series(key), ()))

    def _state_at(self, key: Key, venue: UUID) -> int:
        if self._is_over(key, venue):
            return 0
        day, until = self._day_back(key, venue)
        moments, running = self._running[self._series(key)][venue].get(day, ((), ()))
        before = bisect_left(moments, until)
        return running[before - 1] if before else 0

    def _is_over(self, key: Key, venue: UUID) -> bool:
        """Whether the key's day ended at this venue before its bucket began."""
        if self._day is None or self._finest is None:
            return False
        tomorrow = self._look.clocks[venue].begins(key[self._day] + timedelta(days=1))
        return bool(key[self._finest].timestamp() >= tomorrow)

    def _day_back(self, key: Key, venue: UUID) -> tuple[date, int]:
        """The night that a key's bucket looks at, and until which of the seconds of its changes."""
        assert self._finest is not None
        look, clock = self._look, self._look.clocks[venue]
        until = ends(self._dimensions[self._finest], int(key[self._finest].timestamp()), look.clocks.values())
        if self._day is not None:
            until = min(until, clock.begins(key[self._day] + timedelta(days=1)))
        back = look.shift.moment_back(until, clock)
        return clock.day(back - 1), until if look.shift.seconds else back

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
