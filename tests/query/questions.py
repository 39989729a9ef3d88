"""Questions at random that have an answer: metrics share their dimensions, what is compared with exists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from tests.query.naive_world import INSTANTS, World
from tests.query.world import CHANGES, NEAR

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


periods = st.one_of(
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
)
by_doors = st.builds(
    lambda first, length: {"daysBefore": first, "until": first - length},
    st.integers(-5, 40),
    st.integers(0, 20),
)
ranges = st.one_of(st.just({"named": "all"}), periods, periods, periods, by_doors)

VALUES: dict[str, st.SearchStrategy[str]] = {
    "channel": st.sampled_from(("web", "box", "")),
    "country": st.sampled_from(("GB", "US", "")),
    "region": st.sampled_from(("north", "")),
    "city": st.sampled_from(("Paris", "")),
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
    "post": st.sampled_from(("post", "")),
    "page": st.sampled_from(("/", "/show")),
    "medium": st.sampled_from(("mail", "")),
    "reason": st.sampled_from(("already_in", "")),
    "source": st.sampled_from(("search", "")),
    "attempt_type": st.sampled_from(("scan", "transfer")),
}
PLACES = ("country", "region", "city")
NUMBERS = ("hour_of_day", "weekday", "days_to_doors", "price")
FILTERS = [*sorted(VALUES), "days_to_doors"]
DATED = [number for number in range(20) if number % 4 != 2]
"""The numbers of the events that have doors."""


def _allowed(metrics: list[str]) -> list[str]:
    return sorted(set.intersection(*(set(CATALOGUE[name].dimensions) for name in metrics)))


@st.composite
def _metrics(draw: st.DrawFn) -> list[str]:
    """One of any family, then such as share most of its dimensions as often as any others."""
    first = draw(st.sampled_from(sorted(CATALOGUE)))
    group = CATALOGUE[first].group
    near = [name for name in sorted(CATALOGUE) if CATALOGUE[name].group == group]
    more = st.one_of(st.sampled_from(near), st.sampled_from(sorted(CATALOGUE)))
    return list(dict.fromkeys([first, *draw(st.lists(more, max_size=2))]))


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """Any question but for the top values. Venues and events are numbers: see `of_world`."""
    metrics = draw(_metrics())
    allowed = _allowed(metrics)
    dimensions = draw(st.lists(st.sampled_from(allowed), max_size=2, unique=True))
    if "customer" in dimensions:  # Where a single one lives is not told.
        allowed = [name for name in allowed if name not in PLACES]
        dimensions = [name for name in dimensions if name not in PLACES]
    query: dict[str, Any] = {"metrics": metrics, "dimensions": dimensions}
    query |= draw(_filtered(allowed))
    by_venue = any("people" in CATALOGUE[name].families for name in metrics)
    query |= draw(_placed(by_venue))
    compare = draw(st.sampled_from(("", "", "previous_period", "last_week", "last_year", "event")))
    if compare == "event" and not by_venue:
        query["events"] = [draw(st.sampled_from(DATED))]
        query.pop("venues", None)
        query |= {"range": draw(st.one_of(periods, by_doors)), "compareEvent": draw(st.sampled_from(DATED))}
    elif compare and compare != "event":
        query |= {"range": draw(periods), "compare": compare}
    else:
        query["range"] = draw(st.one_of(st.just({"named": "all"}), periods) if by_venue else ranges)
    sortable = [*metrics, *(name for name in dimensions if name != "price")]
    if "compare" in query or "compareEvent" in query:
        sortable += [f"{name}.compared" for name in metrics]
    sort = st.builds(
        lambda by, order: {"by": by, "order": order},
        st.sampled_from(sortable),
        st.sampled_from(("asc", "desc")),
    )
    return query | {"sort": draw(st.lists(sort, max_size=2))}


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A question for the people inside at times of the day, mostly over a part of a day."""
    metrics = draw(st.sampled_from((["inside"], ["entries", "inside"], ["inside", "net_revenue"])))
    allowed = _allowed(metrics)
    grain = draw(st.sampled_from([name for name in INSTANTS if name in allowed]))
    more = draw(st.lists(st.sampled_from([name for name in allowed if name != grain]), max_size=1))
    hours = st.builds(
        lambda start, length: {
            "from": start.isoformat(),
            "to": (start + timedelta(minutes=length)).isoformat(),
        },
        moments,
        st.integers(1, 600),
    )
    query: dict[str, Any] = {"metrics": metrics, "dimensions": draw(st.permutations([grain, *more]))}
    query |= draw(_placed(by_venue=False))
    compare = draw(st.sampled_from(("", "", "previous_period", "last_week", "last_year", "event")))
    query["range"] = draw(st.one_of(hours, hours, periods, by_doors if compare in ("", "event") else hours))
    if compare == "event":
        query |= {"events": [draw(st.sampled_from(DATED))], "compareEvent": draw(st.sampled_from(DATED))}
        query.pop("venues", None)
    elif compare:
        query["compare"] = compare
    return query


@st.composite
def tops(draw: st.DrawFn) -> dict[str, Any]:
    """A question for the top values of a dimension, by a metric that can be ranked."""
    metrics = draw(_metrics())
    if metrics[0] == "inside":
        metrics = ["customers"]
    allowed = _allowed(metrics)
    dimension = draw(st.sampled_from(allowed + ["customer"] * 9 if "customer" in allowed else allowed))
    if dimension == "customer":
        allowed = [name for name in allowed if name not in PLACES]
    others = [name for name in allowed if name != dimension]
    alone = dimension == "customer" or CATALOGUE[metrics[0]].additivity != "additive" or not others
    before = [] if alone else draw(st.lists(st.sampled_from(others), max_size=1))
    query: dict[str, Any] = {"metrics": metrics, "dimensions": [*before, dimension]}
    query |= draw(_filtered(allowed)) if draw(st.booleans()) else {}
    by_venue = any("people" in CATALOGUE[name].families for name in metrics)
    query |= draw(_placed(by_venue))
    every = st.just({"named": "all"})
    query["range"] = draw(st.one_of(every, periods) if by_venue else st.one_of(every, ranges))
    return query | {"top": {"other": draw(st.booleans())}}


@st.composite
def _filtered(draw: st.DrawFn, allowed: list[str]) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(FILTERS), max_size=2))
    where = [draw(_leaf(name)) for name in names if name in allowed]
    if not where:
        return {}
    return {"where": where[0] if len(where) == 1 else {draw(st.sampled_from(("and", "or"))): where}}


@st.composite
def _leaf(draw: st.DrawFn, name: str) -> dict[str, Any]:
    if name in NUMBERS and (name == "days_to_doors" or draw(st.booleans())):
        low = draw(st.integers(0, 20))
        return {"dimension": name, "atLeast": low, "below": low + draw(st.integers(1, 40))}
    return {"dimension": name, "in": draw(st.lists(VALUES[name], min_size=1, max_size=2, unique=True))}


@st.composite
def _placed(draw: st.DrawFn, by_venue: bool) -> dict[str, list[int]]:
    place = draw(st.sampled_from(("", "venues") if by_venue else ("", "venues", "events")))
    if not place:
        return {}
    numbers = st.integers(0, 4 if place == "venues" else 19)
    return {place: draw(st.lists(numbers, min_size=1, max_size=2, unique=True))}


def of_world(query: dict[str, Any], world: World) -> MetricQuery:
    """The question with the ids of this world's venues and events."""
    events = [str(show.event_id) for show in world.shows]
    ids = {"venues": [str(hall.venue_id) for hall in world.halls], "events": events}
    places: dict[str, Any] = {n: [own[number] for number in query[n]] for n, own in ids.items() if n in query}
    if "compareEvent" in query:
        places["compareEvent"] = events[query["compareEvent"]]
    return MetricQuery.model_validate(query | places | {"limit": 10_000})
