"""Random questions over crowded facts: the planner answers as an evaluation that knows no plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.metric_query import MetricQuery, Top
from data.metrics import CATALOGUE
from data.query import run
from tests.conftest import Tenant, new_tenant
from tests.query import naive, naive_small
from tests.query.naive_figures import METRICS
from tests.query.naive_world import INSTANTS, World
from tests.query.questions import EDGES, moments, of_world, questions, states, tops
from tests.query.world import build

FINE_DAYS: list[dict[str, Any]] = [
    {"metrics": metrics, "dimensions": dimensions, "range": {"named": "all"}}
    for metrics in (["tickets_sold", "net_revenue"], ["entries", "arrivals"])
    for dimensions in (
        ["day", "hour_of_day"],
        ["weekday", "hour"],
        ["day", "5min"],
        ["days_to_doors", "minute"],
    )
]
"""Days and what is finer than a day at once: only then must the buckets of a roll-up lie within days."""

HOURS_APART: list[dict[str, Any]] = [
    {"metrics": ["inside"], "dimensions": ["5min", "hour"], "range": {"named": "yesterday"}},
    {"metrics": ["inside", "net_revenue"], "dimensions": ["30min"], "range": {"named": "this_week"}},
]
"""Hours of these venues begin apart: whose buckets have rows beside money, or beside a second time?"""

FOUND = [
    {
        "metrics": ["event_revenue"],
        "dimensions": ["currency", "day"],
        "range": {"daysBefore": 1, "until": 1},
        "events": [0],
        "compareEvent": 8,
    },
    {
        "metrics": ["tickets_cancelled", "sales_velocity"],
        "where": {"dimension": "city", "in": ["Paris"]},
        "range": {"named": "all"},
    },
]
"""Questions that were answered wrongly once."""

PRICES: list[dict[str, Any]] = [
    {"metrics": metrics, "dimensions": dimensions, "range": {"named": "all"}} | more
    for metrics in (["tickets_sold"], ["comps", "net_revenue", "tickets_cancelled"], ["orders"])
    for dimensions, more in (
        (["price"], {}),
        (["month", "price"], {}),
        (["price", "currency"], {}),
        (["price"], {"range": {"from": "2025-10-20", "to": "2026-03-05"}, "compare": "previous_period"}),
        (["channel", "price"], {"where": {"dimension": "price", "in": ["10-20", "free"]}}),
        (["day"], {"where": {"dimension": "price", "in": ["10-20", "free", ""]}}),
        (["country"], {"where": {"dimension": "price", "in": ["10-20", "free"]}}),
    )
]
"""Bands of several currencies that are called alike."""

DOORS_APART = [
    {
        "metrics": ["inside"],
        "dimensions": ["minute"],
        "range": {"from": "2025-10-03T14:37:30Z", "to": "2025-10-25T00:00:00Z"},
        "events": [0],
        "compareEvent": 1,
    }
]
"""The doors of these events are not a whole number of seconds apart."""

Ask = Callable[[list[MetricQuery], datetime], list[Answer]]


def test_every_metric_of_the_catalogue_is_worked_out_by_hand_too() -> None:
    assert METRICS.keys() == CATALOGUE.keys()


@pytest.fixture(scope="module", params=[1])
def house(request: pytest.FixtureRequest, database: Database, postgres_url: str) -> tuple[World, Ask]:
    tenant: Tenant = new_tenant(postgres_url)
    world = build(postgres_url, database, tenant, request.param)

    def ask(queries: list[MetricQuery], now: datetime) -> list[Answer]:
        with database.tenant(tenant.tenant_id) as connection:
            return run(connection, Access(tenant.tenant_id), queries, now)

    return world, ask


def rows_of(answer: Answer) -> naive.Rows:
    width = sum(column.kind not in ("metric", "compared") for column in answer.columns)
    return {row[:width]: row[width:] for row in answer.rows}


def check(world: World, query: MetricQuery, answer: Answer, now: datetime) -> None:
    found = rows_of(answer)
    assert len(found) == len(answer.rows), query
    if naive_small.about_people(query):
        expected, suppressed = naive_small.evaluate(world, query, now)
        assert answer.suppressed == suppressed, query
    else:
        expected = naive.evaluate(world, query, now)
    assert _something(found) == _something(expected), query
    # Rows of nothing fill a series up, but only within the range.
    more = {*found} - {*expected}
    if more and {*INSTANTS} & {*query.dimensions}:
        assert {key[0] for key in more} <= naive.buckets_of(world, query, now), query
    _check_order(query, answer)


def _something(rows: naive.Rows) -> naive.Rows:
    return {key: row for key, row in rows.items() if any(row)}


def _check_order(query: MetricQuery, answer: Answer) -> None:
    """Rows stand as asked for, those without a value last; money is sorted within its currency."""
    columns = {column.name: index for index, column in enumerate(answer.columns)}
    money = any(answer.columns[columns[sort.by]].unit == "money" for sort in query.sort)
    apart = money and "currency" not in query.dimensions

    def place(row: tuple[Any, ...]) -> list[Any]:
        places: list[Any] = [row[columns["currency"]]] if apart else []
        for sort in query.sort:
            value = row[columns[sort.by]]
            if isinstance(value, str):
                value = (answer.names.get(sort.by, {}).get(value, value).casefold(), value)
            places.append((value is None, _Reversed(value) if sort.order == "desc" else value))
        return places

    if query.sort:
        assert answer.rows == sorted(answer.rows, key=place), query


class _Reversed:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return self.value is not None and bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(other.value == self.value)


@settings(
    max_examples=50,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(asked=st.lists(questions(), min_size=4, max_size=8), now=moments)
@example(asked=FINE_DAYS, now=EDGES[0])
@example(asked=FOUND, now=EDGES[0])
@example(asked=PRICES, now=EDGES[0])
def test_every_answer_is_that_of_counting_fact_by_fact(
    house: tuple[World, Ask], asked: list[dict[str, Any]], now: datetime
) -> None:
    world, ask = house
    queries = [of_world(query, world) for query in asked]
    for query, answer in zip(queries, ask(queries, now.astimezone(UTC)), strict=True):
        check(world, query, answer, now.astimezone(UTC))


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(asked=st.lists(states(), min_size=2, max_size=4), now=moments)
@example(asked=DOORS_APART, now=datetime.fromisoformat("2025-10-03T14:30:00Z"))
@example(asked=HOURS_APART, now=datetime.fromisoformat("2026-03-07T06:00:00Z"))
def test_people_inside_are_those_counted_one_by_one_in_every_bucket_of_the_range(
    house: tuple[World, Ask], asked: list[dict[str, Any]], now: datetime
) -> None:
    world, ask = house
    now = now.astimezone(UTC)
    queries = [of_world(query, world) for query in asked]
    for query, answer in zip(queries, ask(queries, now), strict=True):
        if not answer.truncated:
            check(world, query, answer, now)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(questions(), min_size=2, max_size=4), now=moments, limit=st.integers(1, 5))
def test_a_limit_leaves_the_first_rows_and_says_how_many_there_were(
    house: tuple[World, Ask], asked: list[dict[str, Any]], now: datetime, limit: int
) -> None:
    world, ask = house
    whole = [of_world(query, world) for query in asked]
    cut = [query.model_copy(update={"limit": limit}) for query in whole]
    answers = ask([*whole, *cut], now.astimezone(UTC))
    for every, some in zip(answers[: len(whole)], answers[len(whole) :], strict=True):
        assert some.rows == every.rows[:limit]
        assert (some.total_rows, some.truncated) == (len(every.rows), len(every.rows) > limit)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(tops(), min_size=2, max_size=5), limit=st.integers(1, 4), now=moments)
@example(
    asked=[
        {
            "metrics": ["tickets_issued"],
            "dimensions": ["event"],
            "range": {"from": "2025-10-04T15:30:01+00:00", "to": "2025-10-05T15:30:01+00:00"},
            "top": {"other": False},
        }
    ],
    limit=2,
    now=datetime(2025, 10, 3, 14, 30, tzinfo=UTC),
)
@example(
    asked=[
        {
            "metrics": ["customers"],
            "dimensions": ["days_to_doors"],
            "range": {"daysBefore": 0, "until": -1},
            "top": {"other": False},
        }
    ],
    limit=1,
    now=datetime(2025, 10, 3, 14, 30, tzinfo=UTC),
)
def test_the_top_values_are_those_with_most_and_the_rest_is_the_rest(
    house: tuple[World, Ask], asked: list[dict[str, Any]], limit: int, now: datetime
) -> None:
    world, ask = house
    now = now.astimezone(UTC)
    whole = [of_world({k: v for k, v in query.items() if k != "top"}, world) for query in asked]
    queries = [
        query.model_copy(update={"top": Top(limit=limit, other=own["top"]["other"])})
        for query, own in zip(whole, asked, strict=True)
    ]
    for query, everything, answer in zip(queries, whole, ask(queries, now), strict=True):
        _check_top(world, query, everything, answer, now)


def _check_top(
    world: World, query: MetricQuery, everything: MetricQuery, answer: Answer, now: datetime
) -> None:
    assert query.top is not None
    rows = _something(rows_of(answer))
    last = len(query.dimensions) - 1
    of_groups = naive_small.about_people(query)
    whole = naive_small.evaluate(world, everything, now)[0] if of_groups else None
    expected = _something(naive.evaluate(world, everything, now) if whole is None else whole)
    kept = {key[last:] for key in rows_of(answer) if key[last] != "other"}
    for currency in {key[last + 1 :] for key in expected}:
        mine = {key: row for key, row in expected.items() if key[last + 1 :] == currency}
        shown = {
            key: row for key, row in rows.items() if key[last + 1 :] == currency and key[last] != "other"
        }
        assert {key: row for key, row in mine.items() if key[last:] in kept} == shown, query
        if last == 0:
            ranked = [row for key, row in mine.items() if key[0] != naive_small.FEWER]
            best = sorted((row[0] for row in ranked if row[0] is not None), reverse=True)
            first = sorted((row[0] for row in shown.values() if (row[0] or 0) > 0), reverse=True)
            assert first == [most for most in best[: query.top.limit] if most > 0], query
    rest = {key: row for key, row in rows.items() if key[last] == "other"}
    if whole is not None:
        _check_rest(query, {key: row for key, row in whole.items() if key[last:] not in kept}, rest)
        return
    folded = naive.refold(world, everything, now, kept, "other")
    want = _something({k: row for k, row in folded.items() if k[last] == "other"}) if query.top.other else {}
    distinct = [any(c.kind == "distinct" for c in METRICS[name].counts) for name in query.metrics]
    for key in {*want, *rest}:
        for value, true, apart in zip(
            rest.get(key, [0] * len(distinct)), want.get(key, [0] * len(distinct)), distinct, strict=True
        ):
            # Different people of several values are not added up, unless there are none.
            assert (value or 0) == (0 if apart else true or 0), (query, key)


def _check_rest(query: MetricQuery, folded: naive.Rows, rest: naive.Rows) -> None:
    """Of places the rest is what the other rows add up to, the one of small groups among them."""
    assert query.top is not None
    last = len(query.dimensions) - 1
    for index, name in enumerate(query.metrics):
        if METRICS[name].over is not None or any(c.kind == "distinct" for c in METRICS[name].counts):
            continue
        sums: dict[naive.Key, int | None] = {}
        for key, row in folded.items() if query.top.other else ():
            place = (*key[:last], "other", *key[last + 1 :])
            held = sums.get(place, 0)
            sums[place] = None if held is None or row[index] is None else held + row[index]
        shown = {key: row[index] for key, row in rest.items()}
        assert {k: v for k, v in sums.items() if v} == {k: v for k, v in shown.items() if v}, query
