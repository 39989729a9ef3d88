"""The top customers, ranked by PostgreSQL: there are too many of them to fetch all for the sake of ten.

Of the roll-up of customers not even all are added up, only those above a bound: so many that, whatever still
waits for the job, enough of them stay above it. Of one venue, or of all, the bound is found by an index, and
the money at all venues is read from the rows of the whole tenant. Of some venues the bound is the worst total
among so many of each venue's best: whoever is above it at some is above it at all of them together, but for
what was given back elsewhere beyond what was paid there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from data.day_rollups import ALL_VENUES
from data.metric_measures import MEASURES
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE, Metric, Terms
from data.query_plan import Read
from data.query_rows import leader
from data.query_sources import CUSTOMERS
from data.query_sql import Frame, Statement, statement
from data.rollup_queue import rows_of_customers

DIMENSION = "customer"
NET = frozenset(CATALOGUE["net_revenue"].plus)


def ranks(query: MetricQuery, metrics: Sequence[Metric], compared: bool) -> Metric | None:
    """The metric by which PostgreSQL ranks this question; None for one that is ranked here."""
    top = query.top
    if top is None or compared or query.dimensions != (DIMENSION,):
        return None
    by = leader(query, metrics)
    return by if by is not None and not by.over else None


def top_statements(query: MetricQuery, by: Metric, reads: Sequence[Read], frame: Frame) -> list[Statement]:
    """The statements of a ranked question: one ranks, the others tell more of those that it found."""
    top = query.top
    lead = next((read for read in reads if {name for name, _ in by.plus} <= {*read.measures}), None)
    if top is None or lead is None or (top.other and len(reads) > 1):
        return [statement(read, frame) for read in reads]
    by_index = (
        lead.source is CUSTOMERS and query.where is None and not top.other and frozenset(by.plus) == NET
    )
    wide = _of_all_venues(lead, frame) if by_index else lead
    first = _ranked(statement(wide, frame), by.plus, top.limit, top.other)
    if by_index:
        first = _by_index(first, lead, top.limit, frame.all_venues)
    found = _apart(first)
    others = [statement(read, frame) for read in reads if read is not lead]
    return [first, *(_only(own, found) for own in others)]


def _ranked(own: Statement, by: Terms, limit: int, other: bool) -> Statement:
    """The statement cut down to the first `limit` of each currency, then whether it is the rest."""
    split = own.by_currency
    first = 1 + split
    names = [*own.read.measures]
    value = " ".join(
        f"{'+' if sign > 0 else '-'} COALESCE(q.c{first + names.index(name)}, 0)" for name, sign in by
    )
    columns = [f"c{index}" for index in range(first + len(names))]
    best = f"SELECT q.* FROM q ORDER BY {value} DESC, q.c0 LIMIT {int(limit)}"
    if split:
        best = (
            "SELECT b.* FROM (SELECT DISTINCT c1 FROM q) k CROSS JOIN LATERAL"
            f" (SELECT q.* FROM q WHERE q.c1 = k.c1 ORDER BY {value} DESC, q.c0 LIMIT {int(limit)}) b"
        )
    sql = f"WITH q AS MATERIALIZED (\n{own.sql}\n), best AS ({best})\n"
    sql += f"SELECT {', '.join(columns)}, false AS rest FROM best"
    if other:
        keys = ", ".join(["NULL::uuid", *(["q.c1"] if split else [])])
        sums = ", ".join(_rest(name, f"q.c{first + index}") for index, name in enumerate(names))
        sql += (
            f"\nUNION ALL SELECT {keys}, {sums}, true FROM q"
            " WHERE NOT EXISTS (SELECT FROM best WHERE best.c0 = q.c0"
            f"{' AND best.c1 = q.c1' if split else ''}) {'GROUP BY q.c1' if split else 'HAVING count(*) > 0'}"
        )
    return replace(own, sql=sql, ranked=True)


def _rest(measure: str, column: str) -> str:
    """The sum over the rest, of what has one."""
    kind = MEASURES[measure].type
    return f"NULL::{kind}" if MEASURES[measure].kind == "distinct" else f"sum({column})::{kind}"


def _apart(own: Statement) -> tuple[str, Mapping[str, object]]:
    """Who was found, as a list in SQL, with parameters that clash with nobody's."""
    sql = re.sub(r"%\((\w+)\)s", r"%(lead_\1)s", own.sql)
    parameters = {f"lead_{name}": value for name, value in own.parameters.items()}
    return f"ARRAY(SELECT l.c0 FROM ({sql}) l)", parameters


def _only(own: Statement, found: tuple[str, Mapping[str, object]]) -> Statement:
    listed, parameters = found
    known = "f.customer IS NOT NULL"
    assert known in own.sql
    return replace(
        own,
        sql=own.sql.replace(known, f"f.customer = ANY({listed})", 1),
        parameters=own.parameters | dict(parameters),
    )


def _of_all_venues(read: Read, frame: Frame) -> Read:
    """The same from the rows of the whole tenant, where it is asked for and the same: money always stands
    under its own currency, but tickets under the venue's where that took only one."""
    venues = {piece.clock.venue_id for piece in read.pieces}
    if len(venues) == 1 or venues < {*frame.all_venues} or not all(MEASURES[n].money for n in read.measures):
        return read
    piece = read.pieces[0]
    anywhere = replace(piece.clock, venue_id=ALL_VENUES, several=True)
    return replace(read, pieces=(replace(piece, clock=anywhere),))


def _by_index(own: Statement, read: Read, limit: int, all_venues: Iterable[UUID]) -> Statement:
    """The same, but only candidates are added up."""
    currencies = sorted(
        {code for piece in read.pieces for code in piece.clock.taken or (piece.clock.currency,)}
    )
    venues = [piece.clock.venue_id for piece in read.pieces]
    elsewhere = [] if len(venues) == 1 else [venue for venue in all_venues if venue not in venues]
    parameters = own.parameters | {
        "currencies": currencies,
        "most": limit,
        "seen": venues,
        "wide": venues[0] if len(venues) == 1 else ALL_VENUES,
        "elsewhere": elsewhere,
    }
    known = "f.customer IS NOT NULL"
    assert known in own.sql
    candidates = _CANDIDATES.format(bounds=_OF_SOME if elsewhere else _OF_ALL)
    sql = own.sql.replace(known, f"f.customer = ANY(ARRAY({candidates}))", 1)
    return replace(own, sql=sql, parameters=parameters)


_OF_ALL = """bounds AS MATERIALIZED (
    SELECT k.code, COALESCE((
        SELECT net_minor FROM customer_totals
        WHERE tenant_id = %(tenant)s AND venue_id = %(wide)s AND currency = k.code
        ORDER BY net_minor DESC OFFSET (SELECT people - 1 FROM enough) LIMIT 1
    ), -9223372036854775808) AS lowest FROM unnest(%(currencies)s::text[]) AS k (code)
)"""
_OF_SOME = """places AS MATERIALIZED (
    SELECT v.venue, k.code FROM unnest(%(seen)s::uuid[]) AS v (venue)
    CROSS JOIN unnest(%(currencies)s::text[]) AS k (code)
), firsts AS MATERIALIZED (
    SELECT DISTINCT v.code, x.customer FROM places v CROSS JOIN LATERAL (
        SELECT customer FROM customer_totals
        WHERE tenant_id = %(tenant)s AND venue_id = v.venue AND currency = v.code
        ORDER BY net_minor DESC LIMIT (SELECT people FROM enough)
    ) x
), totals AS MATERIALIZED (
    SELECT a.code, a.customer, sum(t.net_minor) AS net FROM firsts a CROSS JOIN LATERAL (
        SELECT net_minor FROM customer_totals
        WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(seen)s) AND customer = a.customer
          AND currency = a.code OFFSET 0
    ) t GROUP BY a.code, a.customer
), bounds AS MATERIALIZED (
    SELECT k.code, COALESCE((
        SELECT net FROM totals WHERE code = k.code ORDER BY net DESC
        OFFSET (SELECT people - 1 FROM enough) LIMIT 1
    ) - (
        SELECT COALESCE(sum(greatest(-m.least, 0)), 0) FROM unnest(%(elsewhere)s::uuid[]) AS o (venue)
        CROSS JOIN LATERAL (
            SELECT net_minor AS least FROM customer_totals
            WHERE tenant_id = %(tenant)s AND venue_id = o.venue AND currency = k.code
            ORDER BY net_minor LIMIT 1
        ) m
    ), -9223372036854775808)::bigint AS lowest FROM unnest(%(currencies)s::text[]) AS k (code)
)"""
# The upper limit limits nothing: between two limits PostgreSQL expects few rows, and takes the index.
_CANDIDATES = f"""
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT r.customer FROM rollup_queue q
    CROSS JOIN LATERAL {rows_of_customers("q.increments -> 'customers'")}
    WHERE q.tenant_id = %(tenant)s AND q.venue_id = ANY(%(seen)s)
), enough AS MATERIALIZED (
    SELECT %(most)s + count(*) AS people FROM waiting
), {{bounds}}
SELECT customer FROM waiting
UNION
SELECT x.customer FROM bounds b CROSS JOIN LATERAL (
    SELECT customer FROM customer_totals
    WHERE tenant_id = %(tenant)s AND venue_id = %(wide)s AND currency = b.code
      AND net_minor >= b.lowest AND net_minor < 9223372036854775807
    OFFSET 0
) x
"""
