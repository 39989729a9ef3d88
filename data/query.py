"""Questions answered: `run` is the one way from a `MetricQuery` to an `Answer`.

Two round trips for any number of questions: one learns which venues and events they meet, the other
carries every statement of the plan in one pipeline. A third one fetches the names of the ids that were found,
if there are any. Before them the store of answers is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import psycopg

from data.access import Access
from data.answers import Answer
from data.archived import Wanted, missing
from data.engine import TenantConnection
from data.metric_query import MetricQuery
from data.metrics import Metric
from data.query_answer import Gathered, assemble, gather
from data.query_cache import remembered
from data.query_check import checked
from data.query_error import QueryError
from data.query_names import look_up
from data.query_reads import Prepared, prepare
from data.query_sql import Statement
from data.query_world import World, read

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20
LONGEST_SECONDS = 40
"""After so long nothing more is waited for: whatever is not answered yet is told that it takes too long."""
_FIRST, _LAST = 0, 7_258_118_400
"""1970 and 2200: nothing is asked of before or after."""
MOST_GROUPS = 200_000
"""Rows of one statement: each is an object in this process, which others work in, too."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One statement of a plan: the table that answers, what it answers, of which span, and why it does."""

    table: str
    measures: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    pieces: int
    compared: bool
    reason: str


def run(
    tenant: TenantConnection, access: Access, queries: Sequence[MetricQuery], now: datetime
) -> list[Answer]:
    """The answers, in the order of the questions. Raises QueryError for the first that has none, and
    DatabaseUnavailable."""
    answers = []
    for answer in attempt(tenant, access, queries, now):
        if isinstance(answer, QueryError):
            raise answer
        answers.append(answer)
    return answers


def attempt(
    tenant: TenantConnection, access: Access, queries: Sequence[MetricQuery], now: datetime
) -> list[Answer | QueryError]:
    """As `run`, with the error of a question that has no answer in its place. What was asked before and has
    not changed since comes from the store of answers, where the connection has one."""

    def find_out(asked: Sequence[MetricQuery], world: World | None) -> list[Answer | QueryError]:
        return _found_out(tenant, access, asked, now, world)

    if tenant.answers is None or not queries:
        return find_out(queries, None)
    return remembered(tenant, tenant.answers, access, queries, now, find_out)


def _found_out(
    tenant: TenantConnection,
    access: Access,
    queries: Sequence[MetricQuery],
    now: datetime,
    world: World | None,
) -> list[Answer | QueryError]:
    results: dict[int, Answer | QueryError] = {}
    prepared = _prepared(tenant, access, queries, now, results, world)
    rows = _fetch(tenant, [statement for own in prepared.values() for statement in own.statements])
    position = 0
    gathered: dict[int, Gathered] = {}
    for index, own in prepared.items():
        answers = rows[position : position + len(own.statements)]
        position += len(own.statements)
        failed = next((answer for answer in answers if isinstance(answer, QueryError)), None)
        if failed is not None:
            results[index] = failed
        else:
            try:
                gathered[index] = gather(own, [a for a in answers if not isinstance(a, QueryError)])
            except Exception as error:
                results[index] = _failed(error, own.query)
    wanted = [each for sums in gathered.values() for each in sums.wanted()]
    programme = next((own.world.programme for own in prepared.values()), 0)
    found = iter(look_up(tenant, wanted, programme))
    for index, sums in gathered.items():
        names = {each[0]: next(found) for each in sums.wanted()}
        try:
            results[index] = assemble(sums, names)
        except Exception as error:
            results[index] = _failed(error, prepared[index].query)
    return [results[index] for index in range(len(queries))]


def _failed(error: Exception, asked: MetricQuery) -> QueryError:
    """What stands in the place of an answer that could not be made of what was read: the others stay."""
    log.error("a question failed", exc_info=error, extra={"question": asked.model_dump_json()[:2000]})
    return QueryError("failed", "This question could not be answered: something went wrong here.")


def explain(
    tenant: TenantConnection, access: Access, queries: Sequence[MetricQuery], now: datetime
) -> list[list[Explained]]:
    """Which tables would answer each question, and why. Raises QueryError for the first without an answer."""
    results: dict[int, Answer | QueryError] = {}
    prepared = _prepared(tenant, access, queries, now, results)
    for error in results.values():
        if isinstance(error, QueryError):
            raise error
    return [list(map(_explained, prepared[index].statements)) for index in range(len(queries))]


def _prepared(
    tenant: TenantConnection,
    access: Access,
    queries: Sequence[MetricQuery],
    now: datetime,
    errors: dict[int, Answer | QueryError],
    world: World | None = None,
) -> dict[int, Prepared]:
    """What to ask for each question; those that have no answer go into `errors`."""
    visible: dict[int, list[Metric]] = {}
    for index, query in enumerate(queries):
        try:
            visible[index] = checked(query, access)
        except QueryError as error:
            errors[index] = error
    if not visible:
        return {}
    if world is None:
        world = read(tenant, access, [queries[index] for index in visible])
    prepared: dict[int, Prepared] = {}
    for index, metrics in visible.items():
        try:
            prepared[index] = prepare(tenant.tenant_id, access, queries[index], metrics, world, now)
        except QueryError as error:
            errors[index] = error
    return _whole(tenant, prepared, errors)


def _whole(
    tenant: TenantConnection, prepared: dict[int, Prepared], errors: dict[int, Answer | QueryError]
) -> dict[int, Prepared]:
    """Those that need no single fact of a month that is archived; the others go into `errors`."""
    wanted = [
        (index, Wanted(statement.read.source.table, _moment(piece.lo), _moment(piece.hi), events))
        for index, own in prepared.items()
        for statement in own.statements
        if statement.read.source.partitioned
        for piece in statement.read.pieces
        for side in ((own.other or own.main) if statement.compared else own.main,)
        for events in ((piece.event,) if piece.event else side.events,)
    ]
    for position, gap in missing(tenant, [each for _, each in wanted]).items():
        errors[wanted[position][0]] = gap.error()
    return {index: own for index, own in prepared.items() if index not in errors}


def _moment(second: int) -> datetime:
    """A whole question has no end: its seconds may be no date."""
    return datetime.fromtimestamp(min(max(second, _FIRST), _LAST), UTC)


def _fetch(
    tenant: TenantConnection, statements: Sequence[Statement]
) -> list[list[tuple[Any, ...]] | QueryError]:
    """The rows of every statement, all sent before the first answer is read. One that takes too long or has
    too many rows gets an error; those behind one that took too long are sent again."""
    results: list[list[tuple[Any, ...]] | QueryError] = []
    last_moment = monotonic() + LONGEST_SECONDS
    while len(results) < len(statements):
        waiting = statements[len(results) :]
        cursors = [tenant.cursor() for _ in waiting]
        try:
            with tenant.connection.pipeline():
                tenant.execute("SAVEPOINT questions")
                tenant.execute(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'")
                for cursor, statement in zip(cursors, waiting, strict=True):
                    limited = f"{statement.sql}\nLIMIT {MOST_GROUPS + 1}"
                    cursor.execute(limited, statement.parameters, prepare=None if statement.kept else False)
            results += map(_rows_of, cursors)
        except psycopg.errors.QueryCanceled:
            tenant.execute("ROLLBACK TO SAVEPOINT questions")
            results += [_rows_of(cursor) for cursor in cursors if cursor.description is not None]
            late = len(statements) - len(results) if monotonic() > last_moment else 1
            results += [_too_slow()] * late
    return results


def _rows_of(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]] | QueryError:
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    if len(rows) <= MOST_GROUPS:
        return rows
    return QueryError(
        "too-many-rows",
        f"More than {MOST_GROUPS:,} rows would have to be put together. Ask for a shorter range, fewer"
        " dimensions, a coarser grain, or for the `top` values.",
    )


def _too_slow() -> QueryError:
    return QueryError(
        "too-slow",
        f"This question takes more than {TIMEOUT_SECONDS} seconds. Ask for a shorter range,"
        " fewer dimensions or a coarser grain.",
    )


def _explained(statement: Statement) -> Explained:
    pieces = statement.read.pieces
    timeless = all(piece.whole for piece in pieces)
    return Explained(
        statement.read.source.name,
        statement.read.measures,
        None if timeless else datetime.fromtimestamp(min(piece.lo for piece in pieces), UTC),
        None if timeless else datetime.fromtimestamp(max(piece.hi for piece in pieces), UTC),
        len(pieces),
        statement.compared,
        statement.read.reason,
    )
