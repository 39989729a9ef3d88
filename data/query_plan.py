"""The planner: for every measure the coarsest table that answers exactly, and the spans to read from it.

A span whose edges lie inside a bucket is read in pieces: whole buckets from the coarse roll-up, the rest
from finer ones, the last seconds from the facts. No piece overlaps another, none is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from data.buckets import hour_begins, next_hour
from data.metric_dimensions import DIMENSIONS
from data.metric_measures import MEASURES, Measure
from data.query_clock import Clock, Shift, months_later
from data.query_sources import DAY, FACTS, HOUR, LADDERS, MONTH, WHOLE, Source

BY_DAY = frozenset(
    {"weekday", "days_to_doors"} | {name for name, d in DIMENSIONS.items() if d.shape == "date"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One span to read: at a venue, of one event or of all that the question sees."""

    clock: Clock
    lo: int
    hi: int
    whole: bool = False
    event: UUID | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a span that one source answers."""

    source: Source
    clock: Clock
    lo: int
    hi: int
    event: UUID | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Measures to be read from one source in one statement, and why from this one."""

    source: Source
    measures: tuple[str, ...]
    pieces: tuple[Piece, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a question demands of its sources: dimensions it groups and filters by, whether it looks at
    single events, whether money splits it by currency, and how far its times are moved onto others."""

    dimensions: frozenset[str]
    events: bool
    by_currency: bool
    shift: Shift = field(default_factory=Shift)


def plan(measures: Sequence[str], needs: Needs, spans: Sequence[Asked]) -> list[Read]:
    """What to read from where; every measure of `measures` in every span exactly once."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    ladders: dict[tuple[str, ...], tuple[Source, ...]] = {}
    suits: dict[tuple[str, str, bool], bool] = {}
    for name in measures:
        ladder = _ladder(MEASURES[name], needs, spans, suits)
        steps = tuple(source.name for source in ladder)
        ladders[steps] = ladder
        grouped.setdefault(steps, []).append(name)
    reads: list[Read] = []
    for steps, names in grouped.items():
        ladder = ladders[steps]
        # What lies before the coarsest piece is read apart from what lies after it, where a read goes over
        # all that is between its first and its last piece.
        pieces_of: dict[tuple[str, bool], list[Piece]] = {}
        for span in spans:
            pieces = list(_cover(span, ladder))
            coarsest = max((piece.source.seconds for piece in pieces), default=0)
            after = False
            for piece in pieces:
                apart = after and not piece.source.by_span
                pieces_of.setdefault((piece.source.name, apart), []).append(piece)
                after = after or piece.source.seconds == coarsest
        for own in pieces_of.values():
            reason = _reason(MEASURES[names[0]], own[0].source, ladder, needs)
            reads.append(Read(own[0].source, tuple(names), tuple(own), reason))
    return _joined(reads)


def _joined(reads: list[Read]) -> list[Read]:
    """Reads of the same pieces become one: a row of a roll-up holds the measures of several families."""
    joined: list[Read] = []
    for read in reads:
        same = (
            index
            for index, other in enumerate(joined)
            if other.source is read.source and other.pieces == read.pieces
        )
        index = next(same, None)
        if index is None:
            joined.append(read)
        else:
            other = joined[index]
            joined[index] = replace(other, measures=other.measures + read.measures)
    return joined


def _ladder(
    measure: Measure, needs: Needs, spans: Sequence[Asked], suits: dict[tuple[str, str, bool], bool]
) -> tuple[Source, ...]:
    """The sources that can answer for the measure, the coarsest first, the facts last. `suits` remembers what
    was found out for others of its family."""
    able = []
    for source in LADDERS[measure.family]:
        if not source.holds(measure):
            continue
        key = (source.name, measure.family, measure.money)
        if key not in suits:
            suits[key] = _suits(source, measure, needs, spans)
        if suits[key]:
            able.append(source)
    return (*able, FACTS[measure.family])


def _suits(source: Source, measure: Measure, needs: Needs, spans: Sequence[Asked]) -> bool:
    if not source.is_for(needs.dimensions) or (needs.events and not source.events):
        return False
    if source.seconds == WHOLE:
        timeless = not any(_seconds(name) for name in needs.dimensions)
        if not timeless or not all(span.whole for span in spans):
            return False
    elif source.seconds > min(_grains(needs), default=WHOLE):
        return False
    if needs.by_currency and not measure.money:
        # Roll-ups count tickets and carts whatever they are paid in.
        if measure.family == "carts":
            return False
        if measure.family == "sales" and not source.by_line and any(span.clock.several for span in spans):
            return False
    return _nests(source, needs, spans)


def _grains(needs: Needs) -> Iterator[int]:
    """How short buckets must be for each dimension of time, and for days that are moved."""
    if needs.shift.days:
        yield DAY
    if needs.shift.seconds and any(DIMENSIONS[name].seconds for name in needs.dimensions & DIMENSIONS.keys()):
        # Of such a length that moved buckets lie within those they are compared with, on every clock.
        yield next((fine for fine in (300, 60) if needs.shift.seconds % fine == 0), 1)
    yield from filter(None, map(_seconds, needs.dimensions))


def _nests(source: Source, needs: Needs, spans: Sequence[Asked]) -> bool:
    """Whether no bucket of the source lies in two business days at once, where days matter."""
    if source.seconds >= DAY or not needs.dimensions & BY_DAY:
        return True
    return all(_to_second(span.clock) % source.seconds == 0 for span in spans)


def _to_second(clock: Clock) -> int:
    return int(timedelta(minutes=clock.starts.minute, seconds=clock.starts.second).total_seconds())


def _seconds(dimension: str) -> int:
    """How short the buckets must be at most for a dimension of time, 0 for others."""
    fixed = {"weekday": DAY, "days_to_doors": DAY, "hour_of_day": HOUR, "week": DAY, "price_value": 0}
    if dimension in fixed:
        return fixed[dimension]
    return min(DIMENSIONS[dimension].seconds, MONTH)


def _cover(span: Asked, ladder: Sequence[Source]) -> Iterator[Piece]:
    """The pieces of a span, without overlap and without a gap."""
    if span.hi <= span.lo:
        return
    source, clock = ladder[0], span.clock
    if source.seconds in (0, WHOLE):
        yield Piece(source, clock, span.lo, span.hi, span.event, span.whole)
        return
    lo, hi = _ceiling(span.lo, source, clock), _floor(span.hi, source, clock)
    if lo >= hi:
        yield from _cover(span, ladder[1:])
        return
    if span.lo < lo:
        yield from _cover(Asked(clock, span.lo, lo, event=span.event), ladder[1:])
    yield Piece(source, clock, lo, hi, span.event)
    if hi < span.hi:
        yield from _cover(Asked(clock, hi, span.hi, event=span.event), ladder[1:])


def _floor(second: int, source: Source, clock: Clock) -> int:
    """The start of the bucket that holds the moment."""
    if source.seconds == MONTH:
        return clock.begins(clock.day(second).replace(day=1))
    if source.seconds == DAY:
        return clock.begins(clock.day(second))
    if source.seconds == HOUR:
        return hour_begins(second, clock.zone)
    return second // source.seconds * source.seconds


def _ceiling(second: int, source: Source, clock: Clock) -> int:
    """The moment itself where a bucket starts, else the start of the next one."""
    start = _floor(second, source, clock)
    if start == second:
        return second
    if source.seconds == MONTH:
        return clock.begins(months_later(clock.day(second).replace(day=1), 1))
    if source.seconds == DAY:
        return clock.begins(clock.day(second) + timedelta(days=1))
    if source.seconds == HOUR:
        return next_hour(second, clock.zone)
    return start + source.seconds


def _reason(measure: Measure, source: Source, ladder: Sequence[Source], needs: Needs) -> str:
    """Why this source: in words, for the explain mode."""
    if source is not ladder[0]:
        return "the edges of the range lie inside the buckets of the coarser table"
    if source.seconds:
        return "the coarsest roll-up with these dimensions, grain and measures"
    if measure.kind == "distinct":
        return "different people and orders can only be counted in the facts"
    rollups = [other for other in LADDERS[measure.family] if other.holds(measure)]
    if not rollups:
        return "no roll-up keeps this"
    missing = sorted(d for d in needs.dimensions if not any(other.knows(d) for other in rollups))
    if missing:
        return f"no roll-up is split by {', '.join(missing)}"
    return "no roll-up keeps this at so fine a grain or by currency"
