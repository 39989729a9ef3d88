"""Facts as things that happened at a show: what each is by every dimension, and what follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any
from uuid import UUID

from data.messages import CartUpdate, Fact, SaleLine, Scan
from data.metric_query import All, In, Within
from data.metric_query import Any as AnyOf
from tests.query.naive_clock import NOT_MOVED, Hall, Move, Show, bucket, business_day, day_start, first_of
from tests.query.naive_figures import (
    Arrival,
    Bought,
    Change,
    Newcomer,
    Night,
    Passage,
    Taking,
    at_open,
)

INSTANTS = ("minute", "5min", "15min", "30min", "hour")
DATES = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Happened:
    """A fact, or what follows from facts: an arrival, a change of who is inside, a whole night."""

    show: Show
    at: datetime | None
    what: Any


BOUNDS = {"JPY": [1000, 2000, 3000, 5000, 7500, 10000, 15000, 25000]}
POUNDS = [10, 20, 30, 50, 75, 100, 150, 250]


def unit_price(line: SaleLine) -> float | None:
    """In major units; None for what is no price."""
    if line.comp:
        return 0
    if line.kind not in ("sale", "comp") or line.quantity == 0 or line.amount_minor * line.quantity < 0:
        return None
    minor = abs(line.amount_minor) // abs(line.quantity)
    return minor / (1 if line.currency == "JPY" else 100)


def price_band(line: SaleLine) -> str | None:
    price = unit_price(line)
    if price is None:
        return None
    if line.comp or line.amount_minor == 0:
        return "free"
    low = 0
    for bound in BOUNDS.get(line.currency, POUNDS):
        if price < bound:
            return f"{low}-{bound}"
        low = bound
    return f"{low}+"


class World:
    """All facts, the venues and the events."""

    def __init__(
        self,
        halls: list[Hall],
        shows: list[Show],
        facts: list[tuple[Show, Fact]],
        zone_of_gate: dict[str, str],
    ) -> None:
        self.halls, self.shows, self.facts, self.zone_of_gate = halls, shows, facts, zone_of_gate
        self.things: dict[type, list[Happened]] = defaultdict(list)
        for show, fact in facts:
            self.things[type(fact)].append(Happened(show, fact.occurred_at, fact))
        for show, fact in facts:
            at = fact.occurred_at.replace(microsecond=0)
            if isinstance(fact, SaleLine) and fact.kind == "sale" and fact.admission and show.doors:
                lead = int((show.doors.replace(microsecond=0) - at).total_seconds())
                self.things[Bought].append(Happened(show, fact.occurred_at, Bought(fact, lead)))
            if isinstance(fact, Scan) and fact.gate and fact.effect and fact.direction == "entry":
                passage = Passage(fact.gate, (show.event_id, fact.gate, at.replace(second=0)))
                self.things[Passage].append(Happened(show, fact.occurred_at, passage))
        self.came: dict[Show, list[int]] = {show: [0, 0] for show in shows}
        self._follow()
        self.taken: dict[UUID, set[str]] = defaultdict(set)
        for show, fact in facts:
            if isinstance(fact, SaleLine) and (fact.amount_minor or fact.tax_minor):
                self.taken[show.hall.venue_id].add(fact.currency)

    def _follow(self) -> None:
        """Every ticket from scan to scan."""
        by_ticket: dict[tuple[Show, str], list[Scan]] = defaultdict(list)
        for show, fact in self.facts:
            if isinstance(fact, Scan) and fact.effect and fact.admission:
                by_ticket[show, fact.ticket_id].append(fact)
        for (show, _), scans in by_ticket.items():
            inside, seen = False, False
            for scan in sorted(scans, key=lambda s: (s.occurred_at, s.direction == "entry")):
                goes_in = scan.direction == "entry"
                if goes_in and not seen:
                    seen = True
                    self.came[show][0] += 1
                    self.things[Arrival].append(Happened(show, scan.occurred_at, Arrival()))
                elif goes_in and not inside:
                    self.came[show][1] += 1
                if goes_in != inside:
                    inside = goes_in
                    self.things[Change].append(Happened(show, scan.occurred_at, Change(1 if inside else -1)))

    @cached_property
    def _scans(self) -> dict[Show, dict[str, list[Scan]]]:
        """What was scanned of every ticket of every show, in order."""
        scans: dict[Show, dict[str, list[Scan]]] = defaultdict(lambda: defaultdict(list))
        for show, fact in self.facts:
            if isinstance(fact, Scan) and fact.effect and fact.admission:
                scans[show][fact.ticket_id].append(fact)
        for tickets in scans.values():
            for own in tickets.values():
                own.sort(key=lambda scan: (scan.occurred_at, scan.direction == "entry"))
        return scans

    def _inside(self, show: Show, before: datetime) -> int:
        """The tickets whose last scan before a moment is an entry."""
        last = [
            [scan for scan in own if scan.occurred_at < before][-1:] for own in self._scans[show].values()
        ]
        return sum(scan.direction == "entry" for own in last for scan in own)

    @cached_property
    def _at_cut_offs(self) -> list[tuple[Show, datetime, int, bool]]:
        """Shows and beginnings of days, how many were inside then, and whether that changes on the day."""
        found = []
        for show in self._scans:
            hall, one = show.hall, timedelta(seconds=1)
            every = [scan for own in self._scans[show].values() for scan in own]
            seconds = sorted({scan.occurred_at.replace(microsecond=0) for scan in every})
            moves = [at for at in seconds if self._inside(show, at) != self._inside(show, at + one)]
            moved = {business_day(hall, at) for at in moves}
            last = max(business_day(hall, at) for at in (seconds[-1], show.over or seconds[-1]))
            day = business_day(hall, seconds[0])
            while day < last:
                day += timedelta(days=1)
                start = day_start(hall, day)
                found.append((show, start, self._inside(show, start), day in moved))
        return found

    def stayed(self, now: datetime) -> Iterator[Happened]:
        """Whoever is inside a show that is not over when a day begins stays inside."""
        for show, start, count, moved in self._at_cut_offs:
            goes_on = show.over is not None and show.over > start and start <= now
            if count and (moved or goes_on):
                yield Happened(show, start, Change(count))

    def home(self, hall: Hall) -> str:
        taken = self.taken[hall.venue_id]
        return next(iter(taken)) if len(taken) == 1 else hall.currency

    def currency(self, thing: Happened) -> str:
        hall, what = thing.show.hall, thing.what
        if isinstance(what, CartUpdate | Taking):
            return what.currency
        if len(self.taken[hall.venue_id]) > 1 and isinstance(what, SaleLine | Bought | Newcomer):
            return what.currency
        return self.home(hall)

    @lru_cache(maxsize=64)  # noqa: B019
    def nights(self, now: datetime) -> list[Happened]:
        return [Happened(show, show.doors, self._night(show, now)) for show in self.shows]

    def _night(self, show: Show, now: datetime) -> Night:
        lines = [fact for own, fact in self.facts if own is show and isinstance(fact, SaleLine)]
        sold, comps = (
            sum(line.quantity for line in lines if line.admission and line.comp is comp)
            for comp in (False, True)
        )
        seconds: dict[datetime, int] = defaultdict(int)
        for thing in self.things[Change]:
            if thing.show is show and thing.at is not None:
                seconds[thing.at.replace(microsecond=0)] += thing.what.by
        inside = peak = stayed = 0
        for second in sorted(seconds):
            inside += seconds[second]
            peak = max(peak, inside)
            stayed -= seconds[second] * int(second.timestamp())
        if inside:
            close = max(second for second, change in seconds.items() if change)
            if show.ends is not None:
                close = max(close, min(now, show.ends)).replace(microsecond=0)
            stayed += inside * int(close.timestamp())
        entered, reentries = self.came[show]
        return Night(show, sold, comps, entered, reentries, peak, stayed, at_open(show.doors, now))

    @property
    def takings(self) -> Iterator[Happened]:
        for thing in self.things[SaleLine]:
            line = thing.what
            yield Happened(thing.show, thing.show.doors, Taking(line.currency, line.amount_minor))

    def newcomers(self, halls: Iterable[Hall], apart: bool) -> list[Happened]:
        """Everybody's first purchase at these halls together, or at each of them."""
        first: dict[Any, Happened] = {}
        for thing in self.things[SaleLine]:
            line, hall = thing.what, thing.show.hall
            if line.customer is None or line.kind not in ("sale", "comp") or hall not in halls:
                continue
            who = (line.customer, hall if apart else None)
            if who not in first or _purchase(thing) < _purchase(first[who]):
                first[who] = thing
        return [Happened(own.show, own.at, Newcomer(own.what.currency)) for own in first.values()]


def _purchase(thing: Happened) -> Any:
    return thing.at, thing.show.hall.venue_id, thing.what.currency


def dimension(world: World, name: str, thing: Happened, move: Move = NOT_MOVED) -> Any:
    """The value of a dimension of one thing, as an answer shows it; of a time where it is compared."""
    show, hall, what, at = thing.show, thing.show.hall, thing.what, thing.at
    if name in INSTANTS or name in DATES or name in ("weekday", "hour_of_day", "days_to_doors"):
        return None if at is None else _time(name, show, at, move)
    if name in ("venue", "event", "series", "genre", "status"):
        found = {
            "venue": hall.venue_id,
            "event": show.event_id,
            "series": show.series,
            "genre": show.genre,
            "status": show.status,
        }[name]
        return None if found is None else str(found)
    if name in ("currency", "price", "zone"):
        if name == "zone":
            return world.zone_of_gate.get(what.gate or "")
        return world.currency(thing) if name == "currency" else price_band(what)
    found = getattr(what, {"page": "path", "post": "kind"}.get(name, name))
    return None if found in (None, "") else str(found)


@cache
def _time(name: str, show: Show, at: datetime, move: Move) -> Any:
    hall = show.hall
    if name in INSTANTS:
        if move == NOT_MOVED:
            return bucket(name, hall, at)
        return bucket(name, hall, move.on(hall, at if move.time else bucket(name, hall, at)))
    if name in DATES:
        return first_of(name, move.day_on(business_day(hall, at + move.time))).isoformat()
    if name == "weekday":
        return business_day(hall, at).isoweekday()
    if name == "hour_of_day":
        return at.astimezone(hall.zone).hour
    return None if show.doors is None else (business_day(hall, show.doors) - business_day(hall, at)).days


def matches(world: World, where: Any, thing: Happened) -> bool:
    if where is None:
        return True
    if isinstance(where, All):
        return all(matches(world, part, thing) for part in where.all)
    if isinstance(where, AnyOf):
        return any(matches(world, part, thing) for part in where.any)
    if isinstance(where, In):
        found = dimension(world, where.dimension, thing)
        return ("" if found is None else str(found)) in where.values
    assert isinstance(where, Within)
    if where.dimension == "price":
        number = unit_price(thing.what)
    else:
        number = dimension(world, where.dimension, thing)
    if number is None:
        return False
    return (where.at_least is None or number >= where.at_least) and (
        where.below is None or number < where.below
    )


def dimensions_of(where: Any) -> Iterator[str]:
    if isinstance(where, All | AnyOf):
        for part in where.all if isinstance(where, All) else where.any:
            yield from dimensions_of(part)
    elif where is not None:
        yield where.dimension
