"""What a question must be answered, worked out the slow and obvious way from a list of facts.

Shares no code with `data.query*`: it looks at every fact by itself, asks the clock for every one, and
counts. Only the shapes of questions and facts are the product's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from data.metric_query import MetricQuery
from tests.query.naive_clock import (
    EVER,
    FINE,
    Hall,
    Side,
    bucket_end,
    business_day,
    day_start,
    hour_start,
    main_side,
    other_side,
    whole_days,
)
from tests.query.naive_figures import (
    INSIDE,
    METRICS,
    SPLIT_BY_CURRENCY,
    Change,
    Newcomer,
    Night,
    Taking,
    value,
)
from tests.query.naive_world import DATES, INSTANTS, Happened, World, dimension, dimensions_of, matches

SECOND = timedelta(seconds=1)
Key = tuple[Any, ...]


class _Looked:
    """One side of a question: its things by key and type, and its figures."""

    def __init__(self, world: World, query: MetricQuery, side: Side, now: datetime) -> None:
        self.world, self.query, self.side, self.now = world, query, side, now
        self.split = bool(SPLIT_BY_CURRENCY & {*query.metrics}) and "currency" not in query.dimensions
        self.kept: set[Key] | None = None
        asked = INSIDE in query.metrics
        self.changes = [thing for thing in self._seen(Change) if self._may_be_inside(thing)] if asked else []
        self.groups: dict[Key, dict[type, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for kind in {count.of for name in query.metrics for count in METRICS[name].counts}:
            for thing in self._seen(kind):
                if self._happened(thing) or (kind is Change and thing in self._last_day()):
                    key = self.key(thing)
                    if not (
                        "customer" in query.dimensions and key[query.dimensions.index("customer")] is None
                    ):
                        self.groups[key][kind].append(thing.what)

    def _seen(self, kind: type) -> Iterator[Happened]:
        halls, world = self.side.halls, self.world
        if kind is Newcomer:
            used = {*self.query.dimensions, *dimensions_of(self.query.where)}
            things: Iterable[Happened] = world.newcomers(halls, "venue" in used)
        elif kind is Night:
            things = world.nights(self.now)
        else:
            things = world.takings if kind is Taking else world.things[kind]
        for thing in things:
            known = self.side.shows is None or thing.show.event_id in self.side.shows
            if known and thing.show.hall in halls and matches(world, self.query.where, thing):
                yield thing

    def _happened(self, thing: Happened) -> bool:
        night = isinstance(thing.what, Night | Taking)
        if night and (self.side.every_night or thing.show.event_id in self.side.spans):
            return True
        span = self.side.span(thing.show)
        return span is not None and thing.at is not None and span[0] <= thing.at < span[1]

    def _may_be_inside(self, thing: Happened) -> bool:
        """People inside are counted from the cut-off on, also where a span begins later."""
        span = self.side.span(thing.show)
        if span is None or thing.at is None:
            return False
        return day_start(thing.show.hall, business_day(thing.show.hall, span[0])) <= thing.at < span[1]

    def _last_day(self) -> list[Happened]:
        """Who came and went on the last day of the span that has begun, where nothing else says when."""
        if any(name in INSTANTS or name in DATES for name in self.query.dimensions):
            return []
        return [thing for thing in self.changes if self._on_last_day(thing)]

    def _on_last_day(self, thing: Happened) -> bool:
        span = self.side.span(thing.show)
        assert span is not None
        assert thing.at is not None
        last = min(span[1] - SECOND, max(span[0], self.now.replace(microsecond=0)))
        return business_day(thing.show.hall, last) == business_day(thing.show.hall, thing.at)

    def key(self, thing: Happened) -> Key:
        own = [dimension(self.world, name, thing, self.side.move) for name in self.query.dimensions]
        if self.side.instead is not None and "event" in self.query.dimensions:
            own[self.query.dimensions.index("event")] = str(self.side.instead)
        return (*own, self.world.currency(thing)) if self.split else tuple(own)

    def value(self, name: str, key: Key) -> Any:
        figure = METRICS[name]
        if name == INSIDE:
            return self.inside(key)
        minutes = self.minutes(key) if figure.over == "minutes" else None
        return value(figure, self.groups.get(key, {}), minutes)

    def inside(self, key: Key) -> int:
        """How many are inside at the end of the key's time, each hall by its own business day; in "other"
        whoever is in none of those that were kept."""
        if self.kept is None or key[len(self.query.dimensions) - 1] != "other":
            return self._inside(key)
        at = len(self.query.dimensions) - 1
        ends = {self.key(thing)[at:] for thing in self.changes} - self.kept
        return sum(self._inside((*key[:at], *end)) for end in ends if end[1:] == key[at + 1 :])

    def _inside(self, key: Key) -> int:
        times = dict(zip(self.query.dimensions, key, strict=False))
        fine = next((name for name in INSTANTS if name in times), None)
        rest = [i for i, name in enumerate(self.query.dimensions) if name not in INSTANTS and name != "day"]
        rest += [len(self.query.dimensions)] if self.split else []
        count = 0
        for thing in self.changes:
            own, hall = self.key(thing), thing.show.hall
            assert thing.at is not None
            if any(own[i] != key[i] for i in rest):
                continue
            if fine is None:
                same = own == key if "day" in times else self._on_last_day(thing)
                count += thing.what.by if same else 0
                continue
            end = self._end(fine, times[fine])
            if "day" in times:
                end = min(end, day_start(hall, date.fromisoformat(times["day"]) + timedelta(days=1)))
            end = self.side.move.back(hall, end)
            day = business_day(hall, end - SECOND)
            if thing.at < end and business_day(hall, thing.at) == day:
                count += thing.what.by
        return count

    def _end(self, grain: str, start: datetime) -> datetime:
        """Of hours that halls have apart the latest."""
        halls = [h for h in self.side.halls if grain in FINE or hour_start(h, start) == start]
        return max((bucket_end(grain, h, start) for h in halls), default=start + timedelta(hours=1))

    def minutes(self, key: Key) -> float | None:
        """How many have passed of the key's time."""
        times = dict(zip(self.query.dimensions, key, strict=False))
        halls = [hall for hall in self.side.halls if hall.venue_id in self.side.spans]
        spans = [self._told(hall) for hall in halls if times.get("venue") in (None, str(hall.venue_id))]
        if not spans:
            return None
        lo, hi = min(span[0] for span in spans), max(span[1] for span in spans)
        for name in INSTANTS:
            if name in times:
                start, end = times[name], self._end(name, times[name])
                hall = min(self.side.halls, key=lambda hall: str(hall.venue_id))  # Halls are called by ids.
                back = self.side.move.back(hall, start)
                lo, hi = max(lo, back), min(hi, back + (end - start))
        if lo <= self.now < hi:
            hi = self.now
        if hi <= lo and self.now < lo:
            return None
        return max((hi - lo).total_seconds(), 1) / 60

    def _told(self, hall: Hall) -> tuple[datetime, datetime]:
        """The span, of everything the days on which there is anything."""
        span = self.side.spans[hall.venue_id]
        if span != EVER:
            return span
        own = [show.hall == hall and fact.occurred_at for show, fact in self.world.facts]
        days = [business_day(hall, at) for at in own if at] or [business_day(hall, self.now)]
        return day_start(hall, min(days)), day_start(hall, max(days) + timedelta(days=1))


Rows = dict[Key, tuple[Any, ...]]


def evaluate(world: World, query: MetricQuery, now: datetime, also: Mapping[Key, Any] | None = None) -> Rows:
    """Key (dimensions, then the currency where there is money) → the metrics, each with what it is compared
    with beside it; without rows of nothing. People inside stay so in times when nothing happens: `also`
    names keys of such."""
    main = main_side(query, world.halls, world.shows, now)
    other = other_side(query, main, world.halls, world.shows, now)
    looked = [_Looked(world, query, side, now) for side in (main, other) if side is not None]
    keys = dict.fromkeys([*looked[0].groups, *(also or ())])
    if other is not None:
        keys |= dict.fromkeys(key for key in looked[1].groups if _within(query, main, key))
    rows = {key: tuple(one.value(name, key) for name in query.metrics for one in looked) for key in keys}
    return {key: row for key, row in rows.items() if any(row)}


def _within(query: MetricQuery, main: Side, key: Key) -> bool:
    """Not on a day that the range does not have."""
    spans = [(hall, main.spans.get(hall.venue_id)) for hall in main.halls]
    if "day" not in query.dimensions or not all(span and whole_days(hall, span) for hall, span in spans):
        return True
    days = [business_day(hall, edge) for hall, span in spans if span for edge in span]
    day = key[query.dimensions.index("day")]
    return day is None or min(days).isoformat() <= day < max(days).isoformat()


def refold(world: World, query: MetricQuery, now: datetime, kept: set[Key], other: str) -> Rows:
    """The answer with every value of the last dimension that is not in `kept` called `other`."""
    looked = _Looked(world, query, main_side(query, world.halls, world.shows, now), now)
    at = len(query.dimensions) - 1
    groups: dict[Key, dict[type, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for key, own in looked.groups.items():
        place = key if (key[at], *key[at + 1 :]) in kept else (*key[:at], other, *key[at + 1 :])
        for kind, whats in own.items():
            groups[place][kind] += whats
    looked.groups, looked.kept = groups, kept
    rows = {key: tuple(looked.value(name, key) for name in query.metrics) for key in groups}
    return {key: row for key, row in rows.items() if any(row)}
