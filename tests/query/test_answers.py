"""The common questions, on one night of known figures: whole answers."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from data import rollup_applier
from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.messages import SaleLine, Scan
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from data.needs import EventList, LiveNight, Need, answer
from data.price_bands import lower_bound
from data.query import attempt, explain, run
from data.query_error import QueryError
from tests.conftest import Tenant
from tests.live.night import Night, open_night

NOW = datetime(2026, 5, 20, 20, 7, 30, tzinfo=UTC)
DOORS = datetime(2026, 5, 20, 19, 0, tzinfo=UTC)


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    """Three tickets three days ago, two a moment ago, four people in, two posts."""
    night = open_night(database, tenant.tenant_id, tenant.venue_id, DOORS)
    night.sell(3, NOW - timedelta(days=3))
    night.sell(2, NOW - timedelta(minutes=2), 1000)
    night.enter(4, NOW - timedelta(minutes=20))
    night.mention(2, NOW)
    return night


def ask(night: Night, masked: bool = False, **query: Any) -> Answer:
    with night.database.tenant(night.tenant_id) as tenant:
        access = Access(night.tenant_id, masked=masked)
        return run(tenant, access, [MetricQuery.model_validate(query)], NOW)[0]


def test_figures_without_dimensions_are_one_row(night: Night) -> None:
    found = ask(night, metrics=["tickets_sold", "net_revenue", "average_ticket_price"])
    assert [column.name for column in found.columns] == [
        "currency",
        "tickets_sold",
        "net_revenue",
        "average_ticket_price",
    ]
    assert found.rows == [("GBP", 5, 9500, 1900)]
    assert (found.zone, found.total_rows, found.truncated) == ("Europe/London", 1, False)
    assert found.start == datetime(2026, 4, 21, 5, tzinfo=UTC)
    assert found.end == datetime(2026, 5, 21, 5, tzinfo=UTC)


def test_a_series_of_days_has_every_day_up_to_now(night: Night) -> None:
    found = ask(night, metrics=["tickets_sold", "net_revenue"], dimensions=["day"], range={"last": 5})
    assert found.rows == [
        ("2026-05-16", "GBP", 0, 0),
        ("2026-05-17", "GBP", 3, 7500),
        ("2026-05-18", "GBP", 0, 0),
        ("2026-05-19", "GBP", 0, 0),
        ("2026-05-20", "GBP", 2, 2000),
    ]


def test_people_inside_stay_inside_until_they_leave(night: Night) -> None:
    found = ask(
        night, metrics=["entries", "inside"], dimensions=["5min"], range={"last": 30, "unit": "minute"}
    )
    at = datetime(2026, 5, 20, 19, 35, tzinfo=UTC)
    counts = [(0, 0), (0, 0), (4, 4), (0, 4), (0, 4), (0, 4), (0, 4)]
    assert found.rows == [(at + n * timedelta(minutes=5), *row) for n, row in enumerate(counts)]


def test_a_comparison_stands_beside_every_metric(night: Night) -> None:
    found = ask(night, metrics=["tickets_sold"], range={"named": "today"}, compare="previous_period")
    assert [column.name for column in found.columns] == ["tickets_sold", "tickets_sold.compared"]
    assert found.rows == [(2, 0)]


def test_the_top_values_and_the_rest_add_up(night: Night) -> None:
    other = open_night(night.database, night.tenant_id, night.venue_id, DOORS + timedelta(days=1))
    other.sell(7, NOW)
    found = ask(night, metrics=["tickets_sold"], dimensions=["event"], top={"limit": 1})
    assert found.rows == [(str(other.event_id), 7), ("other", 5)]
    assert found.names["event"][str(other.event_id)] == "The Night"


def test_inventory_is_of_the_events_whose_doors_lie_in_the_range(night: Night) -> None:
    asked = ["capacity", "remaining", "percent_sold", "expected", "no_shows", "show_rate"]
    assert ask(night, metrics=asked).rows == [(800, 795, 0.625, 5, 1, 80.0)]
    assert ask(night, metrics=asked, range={"named": "yesterday"}).rows == [(0, 0, None, 0, 0, None)]


def test_of_an_event_that_let_in_more_than_it_knows_sold_nobody_stayed_away(night: Night) -> None:
    night.write([Scan(NOW - timedelta(minutes=5), f"guest{n}", "entry", gate="north") for n in range(7)])
    asked = ["entered", "expected", "no_shows", "show_rate"]
    assert ask(night, metrics=asked).rows == [(11, 5, 0, 100.0)]


def test_masked_money_is_not_even_read(night: Night) -> None:
    query = {"metrics": ["net_revenue", "refund_rate", "tickets_sold"], "dimensions": ["channel"]}
    found = ask(night, masked=True, **query)
    assert found.rows == [("web", "GBP", None, None, 5)]
    assert found.masked == {"net_revenue", "refund_rate"}
    with pytest.raises(QueryError, match="not shown here"):
        ask(night, masked=True, metrics=["tickets_sold"], dimensions=["price"])


def test_every_metric_can_be_asked_by_each_of_its_dimensions(night: Night) -> None:
    by_dimension = {
        dimension: [name for name, metric in CATALOGUE.items() if dimension in metric.dimensions]
        for dimension in DIMENSIONS
    }
    queries = [
        MetricQuery(metrics=tuple(names[start : start + 20]), dimensions=(dimension,))
        for dimension, names in by_dimension.items()
        for start in range(0, len(names), 20)
    ]
    with night.database.tenant(night.tenant_id) as tenant:
        answers = attempt(tenant, Access(night.tenant_id), queries, NOW)
    assert [a for a in answers if not isinstance(a, Answer)] == []


def test_the_plan_names_the_tables_that_answer(night: Night) -> None:
    queries = [
        MetricQuery.model_validate({"metrics": ["tickets_sold"], "range": {"named": "all"}}),
        MetricQuery(metrics=("tickets_sold",), dimensions=("hour", "event")),
        MetricQuery(metrics=("orders",), dimensions=("channel",)),
    ]
    with night.database.tenant(night.tenant_id) as tenant:
        plans = explain(tenant, Access(night.tenant_id), queries, NOW)
    assert [[part.table for part in plan] for plan in plans] == [
        ["event_totals"],
        ["venue_analytics hourly"],
        ["ticket_sales"],
    ]


def test_days_before_and_after_the_whole_months_are_read_together(night: Night) -> None:
    for day in (date(2026, 3, 14), date(2026, 3, 15), date(2026, 4, 10), date(2026, 5, 9), date(2026, 5, 10)):
        night.sell(1, datetime.combine(day, time(12), tzinfo=UTC))
    span = {"from": "2026-03-15", "to": "2026-05-10"}
    query: dict[str, Any] = {"metrics": ["tickets_sold"], "dimensions": ["channel"], "range": span}
    with night.database.tenant(night.tenant_id) as tenant:
        (plan,) = explain(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], NOW)
    assert [(part.table, part.pieces) for part in plan] == [
        ("day_analytics daily by channel", 2),
        ("day_analytics monthly by channel", 1),
    ]
    assert ask(night, **query).rows == [("web", 3)]
    while rollup_applier.apply_some(night.database, night.tenant_id):
        pass
    assert ask(night, **query).rows == [("web", 3)]


def test_hours_before_and_after_the_whole_days_are_not_read_over_the_days_between(night: Night) -> None:
    span = {"from": "2026-05-10T12:00:00+00:00", "to": "2026-05-14T12:00:00+00:00"}
    query = {"metrics": ["tickets_sold"], "range": span}
    with night.database.tenant(night.tenant_id) as tenant:
        (plan,) = explain(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], NOW)
    assert [(part.table, part.pieces) for part in plan] == [
        ("venue_analytics hourly", 1),
        ("day_analytics daily", 1),
        ("venue_analytics hourly", 1),
    ]


def test_rows_stand_in_the_order_asked_for_by_values_and_names_unknown_ones_last(night: Night) -> None:
    noon = datetime(2026, 5, 12, 12, tzinfo=UTC)
    sold = (("web", "GB", 3), ("web", None, 2), ("desk", "GB", 2), (None, "AT", 2), ("desk", "AT", 4))
    night.write(
        SaleLine("sale", noon, 1, 2500, "GBP", channel=channel, ticket_type=kind)
        for channel, kind, count in sold
        for _ in range(count)
    )
    query: dict[str, Any] = {
        "metrics": ["tickets_sold"],
        "dimensions": ["channel", "ticket_type"],
        "range": {"from": "2026-05-12", "to": "2026-05-13"},
    }
    by_value = ask(night, **query)
    assert by_value.rows == [
        ("desk", "AT", 4),
        ("web", "GB", 3),
        ("desk", "GB", 2),
        ("web", None, 2),
        (None, "AT", 2),
    ]
    order = [{"by": "ticket_type", "order": "desc"}, {"by": "tickets_sold", "order": "asc"}]
    by_name = ask(night, **query, sort=order)
    assert by_name.rows == [
        ("desk", "GB", 2),
        ("web", "GB", 3),
        (None, "AT", 2),
        ("desk", "AT", 4),
        ("web", None, 2),
    ]


def test_a_board_gets_everything_it_needs_at_once(night: Night) -> None:
    needs: list[Need] = [
        LiveNight(venue=night.venue_id),
        MetricQuery(metrics=("tickets_sold",)),
        MetricQuery(metrics=("tickets_sould",)),
        EventList(),
    ]
    with night.database.tenant(night.tenant_id) as tenant:
        state, sold, wrong, events = answer(tenant, Access(night.tenant_id), needs, NOW)
        masked = answer(tenant, Access(night.tenant_id, masked=True), needs[:1], NOW)[0]
    assert isinstance(state, dict)
    assert (state["sales"]["sold"], state["revenue"]["currencies"][0]["netMinor"]) == (5, 9500)
    assert isinstance(masked, dict)
    assert (masked["masked"], masked["revenue"]["currencies"]) == (True, [])
    assert isinstance(sold, Answer)
    assert sold.rows == [(5,)]
    assert isinstance(wrong, QueryError)
    assert (wrong.field, wrong.nearest) == ("metrics.0", "tickets_sold")
    assert isinstance(events, list)
    (event,) = events
    money = [{"currency": "GBP", "netMinor": 9500}]
    assert (event["eventId"], event["sold"], event["capacity"]) == (str(night.event_id), 5, 800)
    assert (event["percentSold"], event["revenue"]) == (0.6, money)


def test_price_bands_stand_from_the_cheapest_to_the_dearest_the_rest_last(night: Night) -> None:
    for amount in (12_000, 0, 2500, 12_000, 12_000, 2500):
        night.sell(1, NOW - timedelta(hours=1), amount)
    by_price: dict[str, Any] = {
        "metrics": ["tickets_sold"],
        "dimensions": ["price"],
        "sort": [{"by": "price", "order": "asc"}],
    }
    whole = [row[0] for row in ask(night, **by_price).rows]
    assert whole == sorted(whole, key=lower_bound)
    assert whole != sorted(whole)
    cut = [row[0] for row in ask(night, **by_price, top={"limit": 1, "other": True}).rows]
    assert cut[1:] == ["other"]


def test_how_long_people_stay_how_early_they_book_and_how_fast_gates_are(night: Night) -> None:
    night.write([Scan(NOW - timedelta(minutes=5), "e5", "exit", gate="north")])
    found = ask(night, metrics=["average_stay", "booking_lead", "seconds_per_entry"])
    # Four came twenty minutes ago, one of them left after a quarter of an hour; nobody's night is over.
    stayed = (3 * 1200 + 900) / 4
    # Three tickets two days and nearly 23 hours before doors, two after them.
    lead = 3 * (DOORS - (NOW - timedelta(days=3))).total_seconds() / 5
    assert [column.unit for column in found.columns] == ["seconds"] * 3
    assert found.rows == [(stayed, lead, 60 / 4)]
    over = DOORS + timedelta(hours=9)
    with night.database.tenant(night.tenant_id) as tenant:
        query = MetricQuery(metrics=("average_stay",))
        (later,) = run(tenant, Access(night.tenant_id), [query], over)
    until_the_end = (DOORS + timedelta(hours=4) - (NOW - timedelta(minutes=20))).total_seconds()
    assert later.rows == [((3 * until_the_end + 900) / 4,)]
    gates = ask(night, metrics=["seconds_per_entry"], dimensions=["gate", "5min"])
    assert [(row[0], row[2]) for row in gates.rows if row[2]] == [("north", 15.0)]
    assert "gate_analytics" in gates.sources
