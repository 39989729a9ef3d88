"""People inside at the end of every bucket: a state, carried forward from the cut-off to the next."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from data.metric_dimensions import DIMENSIONS
from data.query_rows import Cells, Key
from data.query_windows import Look

if TYPE_CHECKING:
    from data.query_reads import Prepared


class Inside:
    """Gathers changes of the house count and turns them into how many are inside."""

    def __init__(self, prepared: Prepared) -> None:
        self._dimensions = prepared.query.dimensions
        self._time = next(
            (i for i, name in enumerate(self._dimensions) if DIMENSIONS[name].shape == "instant"), None
        )
        self._sums: dict[Key, int] = defaultdict(int)
        self._changes: dict[Key, dict[tuple[date, datetime], int]] = defaultdict(lambda: defaultdict(int))
        self._seen = False

    def add(self, keys: Sequence[str], key: Key, change: int) -> None:
        """A change; `keys` names the values of `key`, among them `day` beside a finer time."""
        self._seen = True
        if self._time is None or len(keys) == len(self._dimensions):
            self._sums[key] += change
            return
        width = len(self._dimensions)
        day, rest = key[width], key[width + 1 :]
        own = key[:width]
        series = (*own[: self._time], None, *own[self._time + 1 :], *rest)
        self._changes[series][day, own[self._time]] += change

    def keys(self) -> list[Key]:
        """The keys that `fill` is going to write."""
        if self._time is None:
            return list(self._sums)
        changes = ((s, moment) for s, own in self._changes.items() for _, moment in own)
        return [*self._sums, *(_at(series, self._time, moment) for series, moment in changes)]

    def fill(self, cells: Cells, look: Look) -> None:
        """Write how many are inside into the rows, and add the rows that only they have."""
        if not self._seen:
            return
        for key, change in self._sums.items():
            cells.add(key, "inside", change)
        if self._time is None:
            return
        low = min((span.lo for span in look.windows.values()), default=0)
        for series, changes in self._changes.items():
            for (_, moment), running in _running(changes).items():
                if moment.timestamp() >= low:
                    cells.rows.setdefault(_at(series, self._time, moment), {})["inside"] = running
            self._carry(cells, series, changes, look)

    def _carry(
        self, cells: Cells, series: Key, changes: dict[tuple[date, datetime], int], look: Look
    ) -> None:
        """Rows of other metrics, in which nobody came or went, have as many as before."""
        running = _running(changes)
        moments = [moment for _, moment in running]
        states = list(running.items())
        clock = next(iter(look.clocks.values()))
        assert self._time is not None
        for key, sums in cells.rows.items():
            moment = key[self._time]
            if "inside" in sums or moment is None or _at(series, self._time, moment) != key:
                continue
            before = bisect_right(moments, moment) - 1
            if before >= 0 and states[before][0][0] == clock.day(int(moment.timestamp())):
                sums["inside"] = states[before][1]


def _running(changes: dict[tuple[date, datetime], int]) -> dict[tuple[date, datetime], int]:
    """The changes of every day summed up from its beginning, in order."""
    ordered = sorted(changes)
    running: dict[tuple[date, datetime], int] = {}
    for day in sorted({day for day, _ in ordered}):
        own = [place for place in ordered if place[0] == day]
        running.update(zip(own, accumulate(changes[place] for place in own), strict=True))
    return running


def _at(series: Key, index: int, moment: Any) -> Key:
    return (*series[:index], moment, *series[index + 1 :])
