"""From a question to its statements: which families are read over which spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from data import query_small
from data.access import Access
from data.metric_dimensions import DIMENSIONS, FACTS, IN_CURRENCY, NIGHTS
from data.metric_measures import MEASURES
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE, Metric
from data.query_clock import Shift
from data.query_filters import dimensions_of, needed_by
from data.query_overnight import overnight
from data.query_plan import Asked, Needs, plan
from data.query_sql import Frame, Statement, statement
from data.query_top import ranks, top_statements
from data.query_windows import Look, sides
from data.query_world import World

STATE = "presence"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with everything that its answer is put together from."""

    query: MetricQuery
    metrics: tuple[Metric, ...]
    masked: bool
    by_currency: bool
    main: Look
    other: Look | None
    statements: tuple[Statement, ...]
    now: datetime
    world: World

    @property
    def shows_currency(self) -> bool:
        """Whether a currency stands beside the dimensions: with money, also where it is masked, and with what
        is split by amounts of it."""
        if "currency" in self.query.dimensions:
            return False
        money = any(CATALOGUE[name].money for name in self.query.metrics)
        return money or not IN_CURRENCY.isdisjoint(self.query.dimensions)


def prepare(
    tenant_id: UUID,
    access: Access,
    query: MetricQuery,
    metrics: Sequence[Metric],
    world: World,
    now: datetime,
) -> Prepared:
    """The statements of a question. `metrics` are those that may be seen. Raises QueryError."""
    main, other = sides(query, access, world, now)
    by_currency = not {*query.dimensions}.isdisjoint(IN_CURRENCY | {"currency"})
    by_currency = by_currency or any(metric.money for metric in metrics)
    statements = []
    zones = {clock.zone for side in (main, other) if side is not None for clock in side.clocks.values()}
    by = ranks(query, metrics, other is not None)
    for side in (main, other):
        if side is not None:
            frame = _frame(tenant_id, query, side, by_currency, world, now)
            own = _statements(query, metrics, side, frame, by, len(zones) > 1)
            statements += [replace(each, compared=side is other) for each in own]
    return Prepared(
        query, tuple(metrics), access.masked, by_currency, main, other, tuple(statements), now, world
    )


def _frame(
    tenant_id: UUID, query: MetricQuery, side: Look, by_currency: bool, world: World, now: datetime
) -> Frame:
    used = {*query.dimensions, *dimensions_of(query.where)}
    return Frame(
        tenant_id,
        query.dimensions,
        query.where,
        by_currency,
        side.events,
        {event.event_id: event.doors_day for event in world.events.values() if event.doors_day is not None},
        now,
        side.shift,
        "venue" in used,
        world.all_venues,
    )


def _statements(
    query: MetricQuery, metrics: Sequence[Metric], side: Look, frame: Frame, by: Metric | None, apart: bool
) -> Iterable[Statement]:
    measures = list(dict.fromkeys(name for metric in metrics for name in metric.measures))
    if measures and query_small.is_about_people(query):
        yield from _by_place(query, [*dict.fromkeys([*measures, query_small.PEOPLE])], side, frame)
        return
    needs = _needs(query, side, frame)
    for families, spans in (
        (FACTS, side.spans()),
        (NIGHTS, side.nights()),
        (frozenset({"people"}), side.spans()),
        (frozenset({STATE}), None),
    ):
        own = [name for name in measures if MEASURES[name].family in families]
        if not own:
            continue
        if spans is None:
            hidden = _by_calendar(frame, apart)
            used_here = replace(needs, dimensions=needs.dimensions | {*hidden.beside})
            since = state_spans(query, side, frame.now)
            reads = [*plan(own, used_here, since), *overnight(own, since)]
            yield from (statement(read, hidden) for read in reads)
        elif by is not None:
            yield from top_statements(query, by, plan(own, needs, spans), frame)
        else:
            yield from (statement(read, frame) for read in plan(own, needs, spans))


def _by_place(query: MetricQuery, measures: Sequence[str], side: Look, frame: Frame) -> Iterable[Statement]:
    """Of a question about where people live its groups, before the filter chooses among them. Different
    people of several groups cannot be added up: they are counted in all that it chooses together."""
    needs = _needs(query, side, frame)
    parted = query_small.parted(query)
    groups = replace(frame, where=parted.sql, beside=parted.places, tests=parted.tests)
    counted = [name for name in measures if MEASURES[name].family in FACTS]
    apart = [name for name in counted if MEASURES[name].kind == "distinct" and parted.choosing is not None]
    summed = [name for name in counted if name not in apart]
    yield from (statement(read, groups) for read in plan(summed, needs, side.spans()))
    yield from (statement(read, replace(frame, whole=True)) for read in plan(apart, needs, side.spans()))


def _needs(query: MetricQuery, side: Look, frame: Frame) -> Needs:
    used = frozenset({*query.dimensions, *needed_by(query.where)})
    return Needs(
        used,
        side.events is not None or side.by_event is not None,
        frame.by_currency or "currency" in used,
        side.shift,
    )


BESIDE = ("venue", "day")
ALIKE = "15min"
"""The longest time that begins at the same moments on all clocks."""


def _by_calendar(frame: Frame, apart: bool) -> Frame:
    """People inside are summed up from the cut-off on, each venue by its own: each of their rows says its
    venue and business day, and its time as it was. What it is compared with is found out later. Where hours
    of one venue may end within those of another, as their zones are `apart`, it says the quarter, too."""
    grains = [DIMENSIONS[name].seconds for name in frame.keys if DIMENSIONS[name].shape == "instant"]
    if not grains:
        return frame
    finer = (ALIKE,) if apart and min(grains) > DIMENSIONS[ALIKE].seconds else ()
    return replace(frame, beside=BESIDE + finer, shift=Shift(seconds=frame.shift.seconds))


def state_spans(query: MetricQuery, side: Look, now: datetime) -> list[Asked]:
    """The spans whose changes make up who is inside: from a cut-off on; without a dimension of time only
    the last business day of the range that has begun."""
    timed = any(DIMENSIONS[name].seconds for name in query.dimensions)
    second = int(now.timestamp())
    spans = []
    for asked in side.spans():
        clock, lo, hi = asked.clock, asked.lo, asked.hi
        if not timed:
            last = min(hi - 1, max(lo, second))
            lo = clock.begins(clock.day(last))
            hi = min(hi, clock.begins(clock.day(last) + timedelta(days=1)))
        else:
            lo = clock.begins(clock.day(lo))
        spans.append(Asked(clock, lo, hi, event=asked.event))
    return spans
