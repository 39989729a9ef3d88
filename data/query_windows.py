"""Which spans a question reads: at every venue, of which events, and those it compares with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from data.access import Access
from data.metric_query import DaysToDoors, MetricQuery, Named
from data.query_clock import Clock, Shift, Window, compared, shift_of, so_far, window
from data.query_error import QueryError
from data.query_plan import Asked
from data.query_world import EventAt, World


@dataclass(frozen=True, slots=True)
class Look:
    """One side of a question: the span at every venue, the events (None: all of the venues), and for
    ranges relative to doors the span of every event."""

    windows: dict[UUID, Window]
    clocks: dict[UUID, Clock]
    events: tuple[UUID, ...] | None
    named: bool
    whole: bool
    doors: Mapping[UUID, tuple[int, int]]
    by_event: tuple[Asked, ...] | None = None
    shift: Shift = field(default_factory=Shift)

    def spans(self) -> list[Asked]:
        """What to read of facts that happen at a moment."""
        if self.by_event is not None:
            return list(self.by_event)
        return [
            Asked(self.clocks[venue], span.lo, span.hi, self.whole) for venue, span in self.windows.items()
        ]

    def nights(self) -> list[Asked]:
        """What to read of whole events: those named, whenever their doors are, else those with doors in the
        span; where the span is that of every event, all that have doors."""
        every = self.whole or self.named
        spans = []
        for venue, span in self.windows.items():
            lo, hi = self.doors.get(venue, (span.lo, span.hi))
            if every:
                lo, hi = min(lo, span.lo), max(hi, span.hi, span.lo + 1)
            elif self.by_event is None:
                lo, hi = span.lo, span.hi
            spans.append(Asked(self.clocks[venue], lo, hi, every))
        return spans


def sides(query: MetricQuery, access: Access, world: World, now: datetime) -> tuple[Look, Look | None]:
    """What the question looks at and what it compares with, worked out once in a world. Raises QueryError."""
    found = world.sides.get((query, now))
    if found is None:
        main = look(query, access, world, now)
        found = world.sides[query, now] = (main, earlier(query, main, world, now))
    return found


def look(query: MetricQuery, access: Access, world: World, now: datetime) -> Look:
    """What the question looks at. Raises QueryError for a venue or event that cannot be seen."""
    clocks = _clocks(query, world)
    for index, event in enumerate(query.events):
        if event not in world.events:
            raise QueryError(
                "event-not-found", "There is no such event.", field=f"events.{index}", value=str(event)
            )
    events: tuple[UUID, ...] | None = query.events or None
    if events is None and access.events is not None:
        events = tuple(sorted(event for event in access.events if event in world.events))
    if events is not None:
        places = {world.events[event].venue_id for event in events}
        clocks = {venue: clock for venue, clock in clocks.items() if venue in places}
    whole = isinstance(query.range, Named) and query.range.named == "all"
    asked = query.range
    if isinstance(asked, DaysToDoors):
        by_event = tuple(_by_event(asked, _dated(events, world, clocks), clocks))
        windows = {venue: _around(venue, by_event, clock, now) for venue, clock in clocks.items()}
        return Look(windows, clocks, events, bool(query.events), False, world.doors, by_event)
    windows = {venue: window(asked, clock, now) for venue, clock in clocks.items()}
    return Look(windows, clocks, events, bool(query.events), whole, world.doors)


def earlier(query: MetricQuery, main: Look, world: World, now: datetime) -> Look | None:
    """What the question compares with; None when it compares with nothing."""
    if query.compare_event is not None:
        return _of_other_event(query, query.compare_event, main, world, now)
    if query.compare is None or not main.windows:
        return None
    shift = shift_of(query.compare, next(iter(main.windows.values())))
    windows = {venue: compared(span, shift, main.clocks[venue], now) for venue, span in main.windows.items()}
    return replace(main, windows=windows, whole=False, shift=shift, named=False)


def _clocks(query: MetricQuery, world: World) -> dict[UUID, Clock]:
    for index, venue in enumerate(query.venues):
        if venue not in world.venues:
            raise QueryError(
                "venue-not-found", "There is no such venue.", field=f"venues.{index}", value=str(venue)
            )
    return {
        venue: clock for venue, clock in world.venues.items() if not query.venues or venue in query.venues
    }


def _dated(events: tuple[UUID, ...] | None, world: World, clocks: dict[UUID, Clock]) -> list[EventAt]:
    wanted = world.events if events is None else events
    found = (world.events[event] for event in wanted)
    return [event for event in found if event.doors_day is not None and event.venue_id in clocks]


def _by_event(asked: DaysToDoors, events: Sequence[EventAt], clocks: dict[UUID, Clock]) -> list[Asked]:
    if asked.last > asked.first:
        raise QueryError(
            "empty-range", "`until` is more days before the doors than `daysBefore`.", field="range.until"
        )
    spans = []
    for event in events:
        clock, day = clocks[event.venue_id], event.doors_day
        assert day is not None
        lo, hi = day - timedelta(days=asked.first), day - timedelta(days=asked.last - 1)
        spans.append(Asked(clock, clock.begins(lo), clock.begins(hi), event=event.event_id))
    return spans


def _around(venue: UUID, spans: Sequence[Asked], clock: Clock, now: datetime) -> Window:
    own = [span for span in spans if span.clock.venue_id == venue]
    if not own:
        return Window(int(now.timestamp()), int(now.timestamp()))
    return Window(min(span.lo for span in own), max(span.hi for span in own))


def _of_other_event(query: MetricQuery, other_id: UUID, main: Look, world: World, now: datetime) -> Look:
    """Another event at the same distance to its doors."""
    other, event = world.events.get(other_id), world.events[query.events[0]]
    if other is None:
        raise QueryError(
            "event-not-found", "There is no such event.", field="compareEvent", value=str(other_id)
        )
    if other.doors is None or event.doors is None or other.doors_day is None or event.doors_day is None:
        raise QueryError("no-doors", "Both events need a time of their doors.", field="compareEvent")
    clock = world.venues[other.venue_id]
    clocks, events = {other.venue_id: clock}, (other_id,)
    apart = event.doors.replace(microsecond=0) - other.doors.replace(microsecond=0)
    days = Shift(days=(event.doors_day - other.doors_day).days)
    if main.by_event is not None:
        passed = int((now - apart).timestamp())
        assert isinstance(query.range, DaysToDoors)
        span = _by_event(query.range, [other], clocks)[0]
        own = main.by_event[0]
        if own.lo <= int(now.timestamp()) < own.hi:
            span = replace(span, hi=max(span.lo, min(span.hi, passed)))
        windows = {other.venue_id: Window(span.lo, span.hi)}
        return Look(windows, clocks, events, True, False, world.doors, (span,), days)
    span_of_event = main.windows[event.venue_id]
    if main.whole:
        everything = window(query.range, clock, now)
        windows = {other.venue_id: so_far(everything, days, clock, now)}
        return Look(windows, clocks, events, True, False, world.doors, shift=days)
    shift = days if span_of_event.days is not None else Shift(seconds=apart // timedelta(seconds=1))
    windows = {other.venue_id: compared(span_of_event, shift, clock, now)}
    return Look(windows, clocks, events, True, False, world.doors, shift=shift)
