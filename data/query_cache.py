"""Answers asked for again: found in Redis as long as nothing they depend on has changed.

The key of an answer is made of the question, of what its asker may see, of the spans of time that the
question means at this moment, and of the version of the data in them. A new fact changes the versions of the
spans that it touches, so it makes exactly those answers new. Which keys a set of questions has is itself
remembered as long as nothing at all changed at the tenant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from data.access import Access
from data.answer_store import FLIGHT_SECONDS, AnswerStore
from data.answers import Answer
from data.data_versions import BLOCKS, Span, tokens
from data.engine import TenantConnection
from data.metric_dimensions import DIMENSIONS, NIGHTS
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from data.query_check import checked
from data.query_error import QueryError
from data.query_reads import STATE
from data.query_small import FEWEST, is_about_people
from data.query_windows import Look, sides
from data.query_world import World, families_of, read

Compute = Callable[[Sequence[MetricQuery], World | None], list[Answer | QueryError]]
"""Finds answers out; in a world that was read already, or one that it reads itself."""

MINUTE, QUARTER, DAY = 60, 900, 86_400
_TIMELESS = NIGHTS | {"people"}
"""Families whose figures also change with facts outside the span that is asked for."""
_VERSION = f"""
SELECT (SELECT coalesce(sum(changes), 0) FROM day_analytics
        WHERE tenant_id = %(tenant)s AND dimension = '{BLOCKS}')
     + (SELECT coalesce(sum(cardinality(days)), 0) FROM rollup_queue WHERE tenant_id = %(tenant)s),
       (SELECT count(*) FROM venues WHERE tenant_id = %(tenant)s)
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of questions, None for those without an answer, at a version of the tenant's data."""

    version: tuple[int, int]
    keys: tuple[str | None, ...]


def remembered(
    tenant: TenantConnection,
    store: AnswerStore,
    access: Access,
    queries: Sequence[MetricQuery],
    now: datetime,
    compute: Compute,
) -> list[Answer | QueryError]:
    """The answers in the order of the questions, those that are not known found out by `compute`.

    Many who ask the same at once wait for the first of them. Raises DatabaseUnavailable.
    """
    keys, world = _keys(tenant, store, access, queries, now)
    known = store.find([key for key in dict.fromkeys(keys) if key is not None])
    store.hits.inc(len(known))
    missing = {key: query for key, query in zip(keys, queries, strict=True) if key and key not in known}
    own, flights = store.board(list(missing))
    found: dict[str, Answer] = {}
    failed: dict[str, QueryError] = {}

    def find_out(new: Sequence[str]) -> None:
        store.misses.inc(len(new))
        for key, answer in zip(
            new, compute([missing[key] for key in new], world) if new else [], strict=True
        ):
            if isinstance(answer, QueryError):
                failed[key] = answer
            else:
                found[key] = answer
        store.keep({key: found[key] for key in new if key in found})

    try:
        # Whoever found them out since we looked has kept them before saying so.
        claimed, found = store.claim(own)
        elsewhere = [key for key in own if key not in found and key not in claimed]
        try:
            find_out(claimed)
        finally:
            store.release(claimed)
        # Only now others are waited for, who may wait for what was just kept.
        found |= store.awaited(elsewhere)
        left = [key for key in elsewhere if key not in found]
        store.hits.inc(len(own) - len(claimed) - len(left))
        find_out(left)
    finally:
        store.land(own, found)
    for key, flight in flights.items():
        if flight.landed.wait(FLIGHT_SECONDS) and flight.answer is not None:
            found[key] = flight.answer
    results: list[Answer | QueryError] = []
    for name, query in zip(keys, queries, strict=True):
        have = None if name is None else known.get(name) or found.get(name) or failed.get(name)
        answer = compute([query], None)[0] if have is None else have
        results.append(answer if isinstance(answer, QueryError) else replace(answer, as_of=now))
    return results


def _keys(
    tenant: TenantConnection,
    store: AnswerStore,
    access: Access,
    queries: Sequence[MetricQuery],
    now: datetime,
) -> tuple[tuple[str | None, ...], World | None]:
    """The keys, and the world where it had to be read for them."""
    asked = (tenant.tenant_id, access.sight(), tuple(queries), int(now.timestamp()) // MINUTE)
    version = _version(tenant)
    memory = store.recall(asked)
    if isinstance(memory, Keys) and memory.version == version:
        return memory.keys, None
    world = read(tenant, access, queries)
    looks = [_sides(query, access, world, now) for query in queries]
    versions = iter(
        tokens(tenant, [_span(q, side) for q, own in zip(queries, looks, strict=True) for side in own])
    )
    keys: list[str | None] = []
    for query, own in zip(queries, looks, strict=True):
        if not own:
            keys.append(None)  # Nor need what makes no sense have a text.
            continue
        seen = [(side.windows, side.events, side.by_event, next(versions)) for side in own]
        fewest = FEWEST if is_about_people(query) else 0
        text = repr((query.model_dump_json(), access.sight(), seen, _moment(query, own, now), fewest))
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        keys.append(f"{tenant.tenant_id}:answer:{digest}")
    store.remember(asked, Keys(version, tuple(keys)))
    return tuple(keys), world


def _version(tenant: TenantConnection) -> tuple[int, int]:
    row = tenant.execute(_VERSION, {"tenant": tenant.tenant_id}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _sides(query: MetricQuery, access: Access, world: World, now: datetime) -> list[Look]:
    """What the question looks at and compares with; nothing when it has no answer."""
    try:
        checked(query, access)
        main, other = sides(query, access, world, now)
    except QueryError:
        return []
    return [main] if other is None else [main, other]


def _span(query: MetricQuery, side: Look) -> Span:
    """The days or events whose facts the side is made of."""
    venues = tuple(side.clocks)
    if families_of(query) & _TIMELESS or not side.windows:
        return Span(venues)
    if side.events is not None:
        return Span(venues, events=side.events)
    # A day earlier: changes are counted at the beginnings of days, the first of which may lie before.
    start = min(window.lo for window in side.windows.values()) - DAY
    end = max(window.hi for window in side.windows.values())
    if STATE in families_of(query):
        # Whoever is inside may have come on any day before, and stays where the day's last hours say so.
        return Span(venues, None, datetime.fromtimestamp(end + DAY, UTC))
    return Span(venues, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def _moment(query: MetricQuery, sides: Sequence[Look], now: datetime) -> int:
    """What of the present moment an answer depends on: the running minute where it is about moments or the
    time that has passed, the running quarter of an hour, in which days may end, where it is about days."""
    second = int(now.timestamp())
    if all(window.hi <= second for side in sides for window in side.windows.values()):
        return 0 if not families_of(query) & NIGHTS else second // MINUTE
    passing = any("minutes" in CATALOGUE[name].measures for name in query.metrics if name in CATALOGUE)
    fine = any(0 < DIMENSIONS[name].seconds < DAY for name in query.dimensions if name in DIMENSIONS)
    compared = len(sides) > 1
    if passing or fine or compared or families_of(query) & (NIGHTS | {STATE}):
        return second // MINUTE
    return second // QUARTER
