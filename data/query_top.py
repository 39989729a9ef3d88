"""The top customers without reading everybody: by the index that keeps them in order, or ranked in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data.access import Access
from data.day_rollups import ALL_VENUES
from data.metric_measures import CUSTOMER, MEASURES
from data.metric_query import MetricQuery
from data.metrics import Metric
from data.query_plan import Read
from data.query_sources import CUSTOMERS
from data.query_sql import Frame, Statement, statement
from data.rollup_queue import customer_sum, rows_of_customers

IN_ORDER = "net_revenue"
"""The metric by which an index keeps customers in order."""


def top_statements(
    reads: Sequence[Read], frame: Frame, query: MetricQuery, metrics: Sequence[Metric], access: Access
) -> list[Statement]:
    """The statements of these reads; for top customers only with rows that may be among them."""
    by = _ranking(query, metrics) if len(reads) == 1 else None
    if by is None or not set(by.measures) <= set(reads[0].measures):
        return [statement(read, frame) for read in reads]
    (read,) = reads
    everywhere = not query.venues and access.venues is None and query.where is None
    if read.source == CUSTOMERS and by.name == IN_ORDER and everywhere and frame.by_currency:
        return [_in_order(read, frame, query)]
    return [_ranked(statement(read, frame), by, query)]


def _ranking(query: MetricQuery, metrics: Sequence[Metric]) -> Metric | None:
    """The metric that decides who is among the top, if one statement can tell."""
    top = query.top
    if top is None or top.other or query.dimensions != ("customer",):
        return None
    if query.compare is not None or query.compare_event is not None:
        return None
    name = top.by or query.metrics[0]
    return next((metric for metric in metrics if metric.name == name and not metric.over), None)


def _ranked(own: Statement, by: Metric, query: MetricQuery) -> Statement:
    """The rows that are at least as high as the last of the top ones, in each currency."""
    assert query.top is not None
    width = len(own.keys) + (own.by_currency and "currency" not in own.keys)
    columns = {name: f"q.c{width + index}" for index, name in enumerate(own.read.measures)}
    figure = " + ".join(f"({sign}) * COALESCE({columns[name]}, 0)" for name, sign in by.plus)
    apart = f"PARTITION BY q.c{width - 1} " if own.by_currency and "currency" not in own.keys else ""
    listed = ", ".join(f"c{index}" for index in range(width + len(own.read.measures)))
    sql = (
        f"SELECT {listed} FROM (SELECT q.*, rank() OVER ({apart}ORDER BY {figure} DESC) AS place"
        f" FROM (\n{own.sql}\n) q) ranked WHERE place <= %(most)s"
    )
    return replace(own, sql=sql, parameters=own.parameters | {"most": query.top.limit})


def _in_order(read: Read, frame: Frame, query: MetricQuery) -> Statement:
    """The first of every currency by the index, as many more as wait to be added, and those who wait."""
    assert query.top is not None
    columns = [MEASURES[name].columns[CUSTOMER] for name in read.measures]
    waiting = ", ".join(f"{customer_sum(name)} AS {name}" for name in columns)
    sums = ", ".join(
        f"sum({name})::{MEASURES[m].type}" for name, m in zip(columns, read.measures, strict=True)
    )
    own = ", ".join(f"t.{name}" for name in columns)
    totals = f"t.tenant_id = %(tenant)s AND t.venue_id = '{ALL_VENUES}'"
    sql = f"""
WITH waiting AS MATERIALIZED (
    SELECT r.customer, r.currency, {waiting}
    FROM rollup_queue q CROSS JOIN LATERAL {rows_of_customers("q.increments -> 'customers'")}
    WHERE q.tenant_id = %(tenant)s
), currencies AS (
    SELECT currency FROM event_money WHERE tenant_id = %(tenant)s
    UNION SELECT currency FROM venues WHERE tenant_id = %(tenant)s
    UNION SELECT currency FROM waiting
), parts AS (
    (SELECT first.* FROM currencies c CROSS JOIN LATERAL (
        SELECT t.customer, t.currency, {own} FROM customer_totals t WHERE {totals} AND t.currency = c.currency
        ORDER BY t.net_minor DESC
        FETCH FIRST (%(most)s + (SELECT count(DISTINCT customer) FROM waiting)) ROWS WITH TIES
    ) first
    UNION
    SELECT t.customer, t.currency, {own} FROM customer_totals t
    JOIN (SELECT DISTINCT customer, currency FROM waiting) w USING (customer, currency) WHERE {totals})
    UNION ALL SELECT * FROM waiting
)
SELECT customer, currency, {sums} FROM parts GROUP BY customer, currency
"""
    parameters = {"tenant": frame.tenant_id, "most": query.top.limit}
    return Statement(sql, parameters, frame.keys, frame.by_currency, read)
