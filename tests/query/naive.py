"""What a question must be answered, worked out the slow and obvious way from a list of facts.

Shares no code with `data.query*`: it looks at every fact by itself, asks the clock for every one, and
counts. Only the shapes of questions and facts are the product's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from data.metric_query import MetricQuery
from tests.query.naive_clock import (
    EVER,
    FINE,
    ONE,
    Hall,
    Show,
    Side,
    Span,
    bucket,
    bucket_end,
    business_day,
    day_start,
    hour_start,
    main_side,
    other_side,
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
from tests.query.naive_world import INSTANTS, Happened, World, dimension, dimensions_of, matches

SECOND = timedelta(seconds=1)
LONGEST = 2000
"""Buckets: a longer range has only rows of what happened."""
Key = tuple[Any, ...]


class _Looked:
    """One side of a question: its things by key and type, and its figures."""

    def __init__(self, world: World, query: MetricQuery, side: Side, now: datetime) -> None:
        self.world, self.query, self.side, self.now = world, query, side, now
        told_apart = bool(SPLIT_BY_CURRENCY & {*query.metrics}) or "price" in query.dimensions
        self.split = told_apart and "currency" not in query.dimensions
        self.kept: set[Key] | None = None
        self._spans: dict[Show, Span | None] = {}
        fine = [name for name in INSTANTS if name in query.dimensions]
        self.grain = fine[0] if fine else None
        asked = INSIDE in query.metrics
        self.changes = [thing for thing in self._seen(Change) if self._may_be_inside(thing)] if asked else []
        self.groups: dict[Key, dict[type, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for kind in {count.of for name in query.metrics for count in METRICS[name].counts}:
            for thing in self._seen(kind):
                if kind is not Change and self._happened(thing):
                    key = self.key(thing)
                    if not (
                        "customer" in query.dimensions and key[query.dimensions.index("customer")] is None
                    ):
                        self.groups[key][kind].append(thing.what)

        for key in [key for key, things in self.groups.items() if not self._anything(things)]:
            del self.groups[key]
        if asked:
            self._changed()

    def _anything(self, things: dict[type, list[Any]]) -> bool:
        """What was booked and taken back is nothing, as if it had never been."""
        counts = {count for name in self.query.metrics for count in METRICS[name].counts}
        return any(count.how(things[count.of]) for count in counts if count.of in things)

    def _changed(self) -> None:
        """There is a row of every time at which there came to be more or less people inside."""
        changes: dict[Any, list[Any]] = defaultdict(list)
        for thing in filter(self._stays, self.changes):
            assert thing.at is not None
            hall, own = thing.show.hall, None
            if self.grain is not None and not self.side.move.time:
                own = bucket(self.grain, hall, thing.at)  # Of an hour that the clocks repeat there are two.
            changes[self.key(thing), hall, business_day(hall, thing.at), own].append(thing.what)
        for (key, *_), whats in changes.items():
            if sum(what.by for what in whats) or self.grain is None:
                self.groups[key][Change] += whats

    def _seen(self, kind: type) -> Iterator[Happened]:
        halls, world = self.side.halls, self.world
        if kind is Newcomer:
            used = {*self.query.dimensions, *dimensions_of(self.query.where)}
            things: Iterable[Happened] = world.newcomers(halls, "venue" in used)
        elif kind is Change:
            things = [*world.things[Change], *world.stayed(self.now)]
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
        span = self._span(thing.show)
        if span is None or thing.at is None:
            return False
        return day_start(thing.show.hall, business_day(thing.show.hall, span[0])) <= thing.at < span[1]

    def _stays(self, thing: Happened) -> bool:
        """Whether a change of who is inside has a row: of a bucket or a day that reaches into the span; where
        nothing says when, on the last day of the span that has begun."""
        span, hall = self._span(thing.show), thing.show.hall
        if span is None or thing.at is None or not self._may_be_inside(thing):
            return False
        if self.grain is not None:
            lo = bucket(self.grain, hall, span[0] + self.side.move.time)
            return bucket(self.grain, hall, thing.at + self.side.move.time) >= lo
        return "day" in self.query.dimensions or self._on_last_day(thing)

    def buckets(self) -> dict[Hall, list[datetime]]:
        """Every bucket of the range at every hall, none after now; nothing where they are too many."""
        found: dict[Hall, list[datetime]] = {}
        for hall in self.side.halls if self.grain else ():
            shows = [show.event_id for show in self.world.shows if show.hall == hall]
            places = [place for place in (hall.venue_id, *shows) if place in self.side.spans]
            spans = [self._told(hall, self.side.spans[place]) for place in places]
            if not spans:
                continue
            lo, hi = min(span[0] for span in spans), max(span[1] for span in spans)
            if lo <= self.now:
                hi = min(hi, self.now.replace(microsecond=0) + SECOND)
            if hi - lo > LONGEST * timedelta(hours=1) + ONE:
                return {}
            start, found[hall] = bucket(self.grain or "", hall, lo), []
            while start < hi and len(found[hall]) <= LONGEST:
                found[hall].append(start)
                start = bucket_end(self.grain or "", hall, start)
        return found if len({start for starts in found.values() for start in starts}) <= LONGEST else {}

    def lasting(self, buckets: Mapping[Hall, list[datetime]]) -> Iterator[Key]:
        """The keys of whoever has come or gone, at every bucket of the range."""
        names = self.query.dimensions
        for alike in self._alike.values():
            series, halls = alike[0][0], {thing.show.hall for _, thing in alike}
            if len(names) == 1:
                # A series of time alone has the buckets of all halls; of one currency, of those that have it.
                halls = {hall for hall in buckets if not self.split or self.world.home(hall) == series[-1]}
            own_halls = halls if halls and halls <= buckets.keys() else buckets.keys()
            for clock, start in ((hall, start) for hall in own_halls for start in buckets[hall]):
                fine = [name for name in INSTANTS if name in names]
                times: dict[str, Any] = {name: bucket(name, clock, start) for name in fine}
                end = bucket_end(self.grain or "", clock, start)
                for moment in (start, end - SECOND):  # Of two days where one begins in between.
                    times["day"] = business_day(clock, moment).isoformat()
                    own = (times.get(name, series[i]) for i, name in enumerate(names))
                    key = (*own, *series[len(names) :])
                    # Of several times a hall has rows of its own: hours begin apart.
                    if len(names) == 1 or clock not in halls or self._inside(key, clock):
                        yield key

    def _on_last_day(self, thing: Happened) -> bool:
        span = self._span(thing.show)
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

    def _inside(self, key: Key, only: Hall | None = None) -> int:
        times = dict(zip(self.query.dimensions, key, strict=False))
        fine = next((name for name in INSTANTS if name in times), None)
        count = 0
        until: dict[Hall, tuple[datetime, date]] = {}
        for own, thing in self._alike[self._rest(key)]:
            hall = thing.show.hall
            assert thing.at is not None
            if only is not None and hall != only:
                continue
            if fine is None:
                same = own == key if "day" in times else self._on_last_day(thing)
                count += thing.what.by if same else 0
                continue
            if hall not in until:
                end = self._end(fine, times[fine])
                if "day" in times:
                    over = day_start(hall, date.fromisoformat(times["day"]) + timedelta(days=1))
                    # Nobody is inside of a day that was over when the time began.
                    end = min(end, over) if times[fine] < over else EVER[0]
                end = self.side.move.back(hall, end)
                until[hall] = end, business_day(hall, end - SECOND)
            end, day = until[hall]
            if thing.at < end and business_day(hall, thing.at) == day:
                count += thing.what.by
        return count

    @cached_property
    def _alike(self) -> dict[Key, list[tuple[Key, Happened]]]:
        """The changes with their keys, by what of these is no time."""
        alike: dict[Key, list[tuple[Key, Happened]]] = defaultdict(list)
        for thing in self.changes:
            own = self.key(thing)
            alike[self._rest(own)].append((own, thing))
        return alike

    def _rest(self, key: Key) -> Key:
        names = self.query.dimensions
        return tuple(v for i, v in enumerate(key) if i >= len(names) or names[i] not in (*INSTANTS, "day"))

    def _end(self, grain: str, start: datetime) -> datetime:
        """Of hours that halls have apart the latest."""
        halls = [h for h in self.side.halls if grain in FINE or hour_start(h, start) == start]
        return max((bucket_end(grain, h, start) for h in halls), default=start + timedelta(hours=1))

    def minutes(self, key: Key) -> float | None:
        """How many have passed of the key's time."""
        times = dict(zip(self.query.dimensions, key, strict=False))
        halls = [hall for hall in self.side.halls if hall.venue_id in self.side.spans]
        spans = [
            self._told(hall, self.side.spans[hall.venue_id])
            for hall in halls
            if times.get("venue") in (None, str(hall.venue_id))
        ]
        if not spans:
            return None
        lo, hi = min(span[0] for span in spans), max(span[1] for span in spans)
        for name in INSTANTS:
            if name in times:
                if times[name] == "other":
                    return None
                start, end = times[name], self._end(name, times[name])
                hall = min(self.side.halls, key=lambda hall: str(hall.venue_id))  # Halls are called by ids.
                back = self.side.move.back(hall, start)
                lo, hi = max(lo, back), min(hi, back + (end - start))
        if lo <= self.now < hi:
            hi = self.now
        if hi <= lo and self.now < lo:
            return None
        return max((hi - lo).total_seconds(), 1) / 60

    def _span(self, show: Show) -> Span | None:
        if show not in self._spans:
            span = self.side.span(show)
            self._spans[show] = None if span is None else self._told(show.hall, span)
        return self._spans[show]

    def _told(self, hall: Hall, span: Span) -> Span:
        """The span, of everything the days on which there is anything."""
        if span != EVER:
            return span
        own = [show.hall == hall and fact.occurred_at for show, fact in self.world.facts]
        days = [business_day(hall, at) for at in own if at] or [business_day(hall, self.now)]
        return day_start(hall, min(days)), day_start(hall, max(days) + timedelta(days=1))


Rows = dict[Key, tuple[Any, ...]]


def evaluate(world: World, query: MetricQuery, now: datetime) -> Rows:
    """Key (dimensions, then the currency where there is money) → the metrics, each with what it is compared
    with beside it: of everything that happened, and of every bucket of the range in which somebody is inside;
    also rows of nothing."""
    main = main_side(query, world.halls, world.shows, now)
    other = other_side(query, main, world.halls, world.shows, now)
    looked = [_Looked(world, query, side, now) for side in (main, other) if side is not None]
    keys = dict.fromkeys(_keys(looked))
    return {key: tuple(one.value(name, key) for name in query.metrics for one in looked) for key in keys}


def _keys(looked: list[_Looked]) -> Iterator[Key]:
    query, main = looked[0].query, looked[0].side
    buckets = looked[0].buckets() if INSIDE in query.metrics else {}
    for one in looked:
        own = [key for key in one.groups if one is looked[0] or _within(query, main, key)]
        yield from [*own, *one.lasting(buckets)]


def buckets_of(world: World, query: MetricQuery, now: datetime) -> set[datetime]:
    """All buckets of the range, of the finest dimension of time that is shorter than a day."""
    looked = _Looked(world, query, main_side(query, world.halls, world.shows, now), now)
    return {start for starts in looked.buckets().values() for start in starts}


def _within(query: MetricQuery, main: Side, key: Key) -> bool:
    """Not on a day that the range does not have."""
    spans = [(hall, main.spans[hall.venue_id]) for hall in main.halls if hall.venue_id in main.spans]
    if "day" not in query.dimensions or not spans:
        return True
    days = [business_day(hall, edge) for hall, span in spans for edge in (span[0], span[1] - SECOND)]
    day = key[query.dimensions.index("day")]
    return day is None or min(days).isoformat() <= day <= max(days).isoformat()


def refold(world: World, query: MetricQuery, now: datetime, kept: set[Key], other: str) -> Rows:
    """The answer with every value of the last dimension that is not in `kept` called `other`."""
    looked = _Looked(world, query, main_side(query, world.halls, world.shows, now), now)
    at = len(query.dimensions) - 1
    groups: dict[Key, dict[type, list[Any]]] = defaultdict(lambda: defaultdict(list))
    lasting = [key for key in looked.lasting(looked.buckets()) if looked.inside(key)]
    for key in (*looked.groups, *lasting):
        groups[*key[:at], other, *key[at + 1 :]]  # Of the rest at every time there is a row of.
    for key, own in looked.groups.items():
        place = key if (key[at], *key[at + 1 :]) in kept else (*key[:at], other, *key[at + 1 :])
        for kind, whats in own.items():
            groups[place][kind] += whats
    looked.groups, looked.kept = groups, kept
    return {key: tuple(looked.value(name, key) for name in query.metrics) for key in groups}
