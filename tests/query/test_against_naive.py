"""Random questions over crowded facts: the planner answers as an evaluation that knows no plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
from tests.query import naive
from tests.query.world import CHANGES, NEAR, build

EDGES = sorted({datetime.fromisoformat(text) for changes in CHANGES.values() for text in changes})
moments = st.builds(
    lambda edge, seconds, more: edge + timedelta(seconds=seconds + more),
    st.sampled_from(EDGES),
    st.sampled_from(NEAR),
    st.integers(-3, 3).map(lambda n: n * 450),
)
days = moments.map(lambda moment: moment.date())


def _between(pair: tuple[Any, Any]) -> dict[str, str]:
    first, last = sorted(pair)
    end = last + timedelta(days=1) if first == last else last
    return {"from": first.isoformat(), "to": end.isoformat()}


ranges = st.one_of(
    st.just({"named": "all"}),
    st.sampled_from(
        ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_year")
    ).map(lambda name: {"named": name}),
    st.builds(
        lambda last, unit: {"last": last, "unit": unit},
        st.integers(1, 40),
        st.sampled_from(("minute", "hour", "day", "week", "month")),
    ),
    st.tuples(days, days).map(_between),
    st.tuples(moments, moments).map(_between),
    st.builds(
        lambda first, length: {"daysBefore": first, "until": first - length},
        st.integers(-5, 40),
        st.integers(0, 20),
    ),
)

VALUES: dict[str, st.SearchStrategy[str]] = {
    "channel": st.sampled_from(("web", "box", "")),
    "country": st.sampled_from(("GB", "US", "")),
    "ticket_type": st.sampled_from(("standing", "seat", "")),
    "campaign": st.sampled_from(("spring", "")),
    "currency": st.sampled_from(("GBP", "JPY", "USD")),
    "price": st.sampled_from(("free", "10-20", "50-75", "")),
    "gate": st.sampled_from(("north", "south", "")),
    "zone": st.sampled_from(("stalls", "")),
    "genre": st.sampled_from(("jazz", "")),
    "status": st.sampled_from(("over", "on_sale", "scheduled")),
    "weekday": st.integers(1, 7).map(str),
    "hour_of_day": st.integers(0, 23).map(str),
    "day": days.map(lambda day: day.isoformat()),
    "platform": st.sampled_from(("x",)),
    "reason": st.sampled_from(("already_in", "")),
    "source": st.sampled_from(("search", "")),
}
NUMBERS = ("hour_of_day", "weekday", "days_to_doors", "price")


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """A question that has an answer: its metrics share all its dimensions. Venues and events are numbers."""
    metrics = draw(st.lists(st.sampled_from(sorted(naive.METRICS)), min_size=1, max_size=3, unique=True))
    allowed = set.intersection(*(set(CATALOGUE[name].dimensions) for name in metrics))
    dimensions = draw(st.lists(st.sampled_from(sorted(allowed)), max_size=2, unique=True))
    query: dict[str, Any] = {"metrics": metrics, "dimensions": dimensions, "range": draw(ranges)}
    where = [
        draw(_leaf(name))
        for name in draw(st.lists(st.sampled_from([*sorted(VALUES), "days_to_doors"]), max_size=2))
        if name in allowed
    ]
    if where:
        query["where"] = where[0] if len(where) == 1 else {draw(st.sampled_from(("and", "or"))): where}
    place = draw(st.sampled_from(("", "venues", "events")))
    if place:
        numbers = st.integers(0, 4 if place == "venues" else 14)
        query[place] = draw(st.lists(numbers, min_size=1, max_size=2, unique=True))
    return query


def of_world(query: dict[str, Any], world: naive.World) -> MetricQuery:
    """The question with the ids of this world's venues and events."""
    ids = {
        "venues": [str(hall.venue_id) for hall in world.halls],
        "events": [str(show.event_id) for show in world.shows],
    }
    places = {name: [own[number] for number in query[name]] for name, own in ids.items() if name in query}
    return MetricQuery.model_validate(query | places | {"limit": 10_000})


@st.composite
def _leaf(draw: st.DrawFn, name: str) -> dict[str, Any]:
    if name in NUMBERS and (name == "days_to_doors" or draw(st.booleans())):
        low = draw(st.integers(0, 20))
        return {"dimension": name, "atLeast": low, "below": low + draw(st.integers(1, 40))}
    return {"dimension": name, "in": draw(st.lists(VALUES[name], min_size=1, max_size=2, unique=True))}


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

Ask = Callable[[list[MetricQuery], datetime], list[Answer]]


@pytest.fixture(scope="module", params=[1])
def house(request: pytest.FixtureRequest, database: Database, postgres_url: str) -> tuple[naive.World, Ask]:
    tenant: Tenant = new_tenant(postgres_url)
    world = build(postgres_url, database, tenant, request.param)

    def ask(queries: list[MetricQuery], now: datetime) -> list[Answer]:
        with database.tenant(tenant.tenant_id) as connection:
            return run(connection, Access(tenant.tenant_id), queries, now)

    return world, ask


def rows_of(answer: Answer, query: MetricQuery) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    width = len(answer.columns) - len(query.metrics)
    return {row[:width]: row[width:] for row in answer.rows if any(row[width:])}


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(asked=st.lists(questions(), min_size=1, max_size=4), now=moments)
@example(asked=FINE_DAYS, now=EDGES[0])
def test_every_answer_is_that_of_counting_fact_by_fact(
    house: tuple[naive.World, Ask], asked: list[dict[str, Any]], now: datetime
) -> None:
    world, ask = house
    queries = [of_world(query, world) for query in asked]
    for query, answer in zip(queries, ask(queries, now.astimezone(UTC)), strict=True):
        assert rows_of(answer, query) == naive.evaluate(world, query, now.astimezone(UTC)), query


ADDITIVE = (
    "tickets_sold",
    "tickets_issued",
    "net_revenue",
    "gross_revenue",
    "refunds",
    "orders",
    "customers",
)
DISTINCT = {"orders", "customers"}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    metrics=st.lists(st.sampled_from(ADDITIVE), min_size=1, max_size=3, unique=True),
    dimension=st.sampled_from(("customer", "customer", "channel", "event", "price")),
    asked=st.one_of(st.just({"named": "all"}), ranges),
    limit=st.integers(1, 4),
    other=st.booleans(),
    venues=st.lists(st.integers(0, 4), max_size=3, unique=True),
    now=moments,
)
@example(
    metrics=["tickets_issued"],
    dimension="event",
    asked={"from": "2025-10-04T15:30:01+00:00", "to": "2025-10-05T15:30:01+00:00"},
    limit=2,
    other=False,
    venues=[],
    now=datetime(2025, 10, 3, 14, 30, tzinfo=UTC),
)
def test_the_top_values_are_those_with_most_and_the_rest_is_the_rest(
    house: tuple[naive.World, Ask],
    metrics: list[str],
    dimension: str,
    asked: dict[str, Any],
    limit: int,
    other: bool,
    venues: list[int],
    now: datetime,
) -> None:
    world, ask = house
    body = {"metrics": metrics, "dimensions": [dimension], "range": asked, "venues": venues}
    whole = of_world(body, world)
    top = whole.model_copy(update={"top": Top(limit=limit, other=other)})
    answer = ask([top], now.astimezone(UTC))[0]
    everything = naive.evaluate(world, whole, now.astimezone(UTC))
    split = len(answer.columns) - len(metrics) == 2
    for currency in {key[-1] if split else None for key in everything}:
        mine = {key: row for key, row in everything.items() if not split or key[-1] == currency}
        shown = {row[: 1 + split]: row[1 + split :] for row in answer.rows if not split or row[1] == currency}
        rest = shown.pop(("other", currency) if split else ("other",), None)
        assert {key: mine.get(key) for key in shown} == shown
        best = sorted((row[0] for row in mine.values()), reverse=True)
        assert [row[0] for row in shown.values() if row[0] > 0] == [most for most in best[:limit] if most > 0]
        missing = [row for key, row in mine.items() if key not in shown]
        if other and missing:
            # Different people of several customers are not added up, unless there are none.
            sums = [sum(values) for values in zip(*missing, strict=True)]
            known = [
                None if total and name in DISTINCT else total
                for name, total in zip(metrics, sums, strict=True)
            ]
            assert [value or 0 for value in rest or [0] * len(metrics)] == [value or 0 for value in known]
            assert all(
                value is None or not value
                for name, value in zip(metrics, rest or (), strict=False)
                if name in DISTINCT
            )
        else:
            assert not any(rest or ())
