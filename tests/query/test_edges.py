"""Questions at the edges of days, hours, currencies and spans, each the smallest that shows its edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from data.access import Access
from data.answers import Answer
from data.engine import Database
from data.messages import SaleLine
from data.metric_query import MetricQuery
from data.query import run
from data.query_error import QueryError
from tests.conftest import Tenant
from tests.live.night import Night, open_night

NOW = datetime(2026, 5, 20, 20, 30, tzinfo=UTC)
TODAY = {"from": "2026-05-20", "to": "2026-05-21"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    """In London, doors at half past seven in the evening."""
    return open_night(database, tenant.tenant_id, tenant.venue_id, at("2026-05-20T18:30"))


def another_venue(postgres_url: str, night: Night, zone: str, starts: str = "06:00") -> UUID:
    venue = uuid4()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(night.tenant_id),))
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency, business_day_starts)"
            " VALUES (%s, %s, 'Elsewhere', %s, 'GBP', %s)",
            (night.tenant_id, venue, zone, starts),
        )
    return venue


def set_times(night: Night, doors: datetime | None = None, ends: datetime | None = None) -> None:
    """Leave nothing but these of the event's times."""
    with night.database.tenant(night.tenant_id) as tenant:
        tenant.execute(
            "UPDATE events SET doors_at = %s, starts_at = NULL, ends_at = %s"
            " WHERE tenant_id = %s AND event_id = %s",
            [doors, ends, night.tenant_id, night.event_id],
        )


def ask(night: Night, **query: Any) -> Answer:
    now = query.pop("now", NOW)
    with night.database.tenant(night.tenant_id) as tenant:
        return run(tenant, Access(night.tenant_id), [MetricQuery.model_validate(query)], now)[0]


def some(answer: Answer) -> list[tuple[Any, ...]]:
    """The rows in which there is anything, as `times` tells them."""
    return [row for row in times(answer) if any(value for value in row if not isinstance(value, str))]


def times(answer: Answer) -> list[tuple[Any, ...]]:
    """All rows, instants by their time of day in UTC."""
    return [
        tuple(f"{value:%H:%M}" if isinstance(value, datetime) else value for value in row)
        for row in answer.rows
    ]


def test_an_event_stands_in_the_month_of_its_doors_also_when_nothing_has_happened_since(night: Night) -> None:
    night.sell(1, at("2026-05-01T12:00"))
    open_night(night.database, night.tenant_id, night.venue_id, at("2026-11-03T19:00"))
    every = ask(night, metrics=["events"], dimensions=["month"], range={"named": "all"})
    assert some(every) == [("2026-05-01", 1), ("2026-11-01", 1)]
    named = ask(night, metrics=["events"], dimensions=["day"], range=TODAY, events=[str(night.event_id)])
    assert some(named) == [("2026-05-20", 1)]


def test_on_the_way_to_the_doors_are_only_events_that_have_doors(night: Night) -> None:
    set_times(open_night(night.database, night.tenant_id, night.venue_id))
    assert ask(night, metrics=["events"], range={"daysBefore": 9}).rows == [(1,)]


def test_a_new_customer_is_new_in_the_currency_of_the_first_purchase(night: Night) -> None:
    anna, ben = UUID(int=1), UUID(int=2)
    bought = (
        (anna, "GBP", "2026-05-01T12:00"),
        (ben, "EUR", "2026-05-20T12:00"),
        (anna, "GBP", "2026-05-20T13:00"),
    )
    night.write(
        SaleLine("sale", at(moment), 1, 1000, currency, customer=customer)
        for customer, currency, moment in bought
    )
    query = {"metrics": ["net_revenue", "new_customers", "returning_customers"], "range": TODAY}
    assert ask(night, **query).rows == [("EUR", 1000, 1, 0), ("GBP", 1000, 0, 1)]


def test_hours_of_the_period_before_are_compared_hour_by_hour(night: Night) -> None:
    night.sell(1, at("2026-05-20T19:40"))  # In the second half hour of the span …
    night.sell(2, at("2026-05-20T18:10"))  # … and of the one before, 90 minutes earlier: also at 19:40.
    span = {"from": "2026-05-20T19:00:00+00:00", "to": "2026-05-20T20:30:00+00:00"}
    found = ask(night, metrics=["tickets_sold"], dimensions=["hour"], range=span, compare="previous_period")
    assert found.rows == [(at("2026-05-20T19:00"), 1, 2), (at("2026-05-20T20:00"), 0, 0)]


def test_five_minutes_of_the_period_before_are_those_at_the_same_distance(night: Night) -> None:
    night.sell(4, at("2026-05-20T20:09"))  # Seventeen minutes before 20:26.
    span = {"from": "2026-05-20T20:20:00+00:00", "to": "2026-05-20T20:37:00+00:00"}
    body = {"metrics": ["tickets_sold"], "range": span, "compare": "previous_period"}
    assert some(ask(night, **body, dimensions=["5min"])) == [("20:25", 0, 4)]


def test_hours_before_a_cut_off_are_compared_on_the_day_of_those_they_are_beside(night: Night) -> None:
    night.sell(3, at("2026-05-19T02:00"))  # Before the cut-off of the nineteenth …
    # … and beside two in the morning of the twentieth, which is the business day of the nineteenth.
    span = {"from": "2026-05-20T01:00:00+00:00", "to": "2026-05-21T01:00:00+00:00"}
    found = ask(night, metrics=["tickets_sold"], dimensions=["day"], range=span, compare="previous_period")
    assert some(found) == [("2026-05-19", 0, 3)]


def test_people_are_inside_at_each_venue_until_its_own_day_ends(night: Night, postgres_url: str) -> None:
    york = another_venue(postgres_url, night, "America/New_York")
    there = open_night(night.database, night.tenant_id, york, at("2026-05-20T00:00"))
    there.enter(5, at("2026-05-20T01:00"))
    night.enter(2, at("2026-05-20T05:30"))  # Half past six in London: a day has begun that York has not.
    span = {"from": "2026-05-20T00:00:00+00:00", "to": "2026-05-20T12:00:00+00:00"}
    found = ask(night, metrics=["inside"], dimensions=["hour"], range=span)
    counts = {f"{moment:%H}": inside for moment, inside in found.rows}
    assert (counts["04"], counts["05"], counts["09"], counts["10"]) == (5, 7, 7, 2)


def test_people_inside_by_day_and_time_are_those_inside_then(night: Night) -> None:
    night.enter(3, at("2026-05-20T18:31"))
    night.enter(1, at("2026-05-20T18:41"))
    found = ask(night, metrics=["inside"], dimensions=["day", "5min"], range=TODAY)
    counts = [(row[1].strftime("%H:%M"), row[2]) for row in found.rows]
    assert counts[:4] == [("18:30", 3), ("18:35", 3), ("18:40", 4), ("18:45", 4)]
    assert (len(counts), counts[-1]) == (25, ("20:30", 4))


def test_people_inside_are_told_in_every_bucket_of_the_range_and_in_none_outside(night: Night) -> None:
    night.enter(361, at("2026-05-20T17:35"))
    night.enter(2, at("2026-05-20T20:12"))
    body = {"metrics": ["inside"], "dimensions": ["15min"]}
    last_hour = ask(night, **body, range={"last": 60, "unit": "minute"})  # From 19:31 on.
    counts = [("19:30", 361), ("19:45", 361), ("20:00", 363), ("20:15", 363), ("20:30", 363)]
    assert times(last_hour) == counts
    assert times(ask(night, **body, range={"last": 60, "unit": "minute"}, limit=3)) == counts[:3]
    with_entries = {"metrics": ["entries", "inside"], "dimensions": ["15min"]}
    found = ask(night, **with_entries, range={"last": 20, "unit": "minute"})  # From 20:11 on.
    assert times(found) == [("20:00", 2, 363), ("20:15", 0, 363), ("20:30", 0, 363)]


def test_the_last_two_hours_of_people_inside_are_25_rows_whenever_they_came(night: Night) -> None:
    night.enter(7, at("2026-05-20T17:35"))
    body = {"metrics": ["entries", "inside"], "dimensions": ["5min"]}
    found = ask(night, **body, range={"last": 120, "unit": "minute"})
    assert times(found)[0] == ("18:30", 0, 7)
    assert [row[1:] for row in found.rows] == [(0, 7)] * 25


def test_an_hour_that_the_range_does_not_have_has_no_row_of_people_inside(night: Night) -> None:
    night.enter(5, at("2026-05-20T17:35"))
    body = {"metrics": ["entries", "exits", "inside"], "dimensions": ["hour"]}
    span = {"from": "2026-05-20T18:00:00+00:00", "to": "2026-05-20T18:30:00+00:00"}
    assert times(ask(night, **body, range=span)) == [("18:00", 0, 0, 5)]


def test_people_inside_each_event_have_rows_also_while_nobody_moves(night: Night) -> None:
    night.enter(5, at("2026-05-20T17:35"))
    body = {"metrics": ["inside"], "dimensions": ["event", "30min"]}
    found = ask(night, **body, range={"last": 60, "unit": "minute"})
    assert [(event, f"{moment:%H:%M}", inside) for event, moment, inside in found.rows] == [
        (str(night.event_id), "19:30", 5),
        (str(night.event_id), "20:00", 5),
        (str(night.event_id), "20:30", 5),
    ]


@pytest.mark.parametrize("ends", [None, "2026-05-20T06:15", "2026-05-20T10:00"])
def test_people_who_leave_after_the_cut_off_leave_those_who_stay(
    night: Night, postgres_url: str, ends: str | None
) -> None:
    york = another_venue(postgres_url, night, "America/New_York", "02:30")
    allnighter = open_night(night.database, night.tenant_id, york, at("2026-05-20T02:00"))
    set_times(allnighter, ends=at(ends) if ends else None)
    allnighter.enter(10, at("2026-05-20T06:00"))  # At two by New York's clock …
    allnighter.leave(6, at("2026-05-20T06:40"))  # … and ten minutes into the next day.
    own = {"metrics": ["inside"], "events": [str(allnighter.event_id)]}
    span = {"from": "2026-05-20T06:00:00+00:00", "to": "2026-05-20T07:15:00+00:00"}
    quarters = [("06:00", 10), ("06:15", 10), ("06:30", 4), ("06:45", 4), ("07:00", 4)]
    assert times(ask(night, **own, dimensions=["15min"], range=span)) == quarters
    minutes = dict(times(ask(night, **own, dimensions=["minute"], range=span)))
    assert [minutes[moment] for moment in ("06:29", "06:30", "06:39", "06:40")] == [10, 10, 10, 4]
    assert ask(night, **own, range={"named": "all"}).rows == [(4,)]
    days = ask(night, **own, dimensions=["day"], range={"from": "2026-05-19", "to": "2026-05-21"})
    assert days.rows == [("2026-05-19", 10), ("2026-05-20", 4)]


def test_people_inside_are_compared_in_the_buckets_of_the_range_alone(night: Night) -> None:
    night.enter(5, at("2026-05-20T08:35"))
    body = {"metrics": ["inside"], "dimensions": ["hour"], "compare": "previous_period"}
    span = {"from": "2026-05-20T18:00:00+00:00", "to": "2026-05-20T19:00:00+00:00"}
    assert times(ask(night, **body, range=span)) == [("18:00", 5, 5)]


def test_hours_of_venues_that_end_apart_count_nobody_before_they_come(
    night: Night, postgres_url: str
) -> None:
    another_venue(postgres_url, night, "Asia/Kathmandu")  # Where hours begin at a quarter past.
    night.enter(2, at("2026-05-20T18:40"))
    night.enter(3, at("2026-05-20T19:40"))
    body = {"metrics": ["inside"], "dimensions": ["hour"]}
    span = {"from": "2026-05-20T18:00:00+00:00", "to": "2026-05-20T20:00:00+00:00"}
    # From a quarter past six to a quarter past seven there are two, though the seventh hour has begun.
    assert times(ask(night, **body, range=span)) == [
        ("17:15", 0),
        ("18:00", 2),
        ("18:15", 2),
        ("19:00", 5),
        ("19:15", 5),
    ]


def test_people_inside_beside_those_of_a_week_ago_at_the_same_time(night: Night) -> None:
    before = open_night(night.database, night.tenant_id, night.venue_id, at("2026-05-13T18:30"))
    before.enter(2, at("2026-05-13T18:30"))
    night.enter(3, at("2026-05-20T18:30"))
    body = {"metrics": ["inside"], "dimensions": ["hour"], "range": TODAY, "compare": "last_week"}
    assert some(ask(night, **body)) == [("18:00", 3, 2), ("19:00", 3, 2), ("20:00", 3, 2)]


def test_a_rate_of_the_period_before_is_one_of_its_own_minutes(night: Night) -> None:
    night.sell(30, at("2026-05-20T18:10"))
    span = {"from": "2026-05-20T20:00:00+00:00", "to": "2026-05-20T22:00:00+00:00"}
    body = {"metrics": ["sales_velocity"], "dimensions": ["hour"], "range": span}
    found = ask(night, now=at("2026-05-21T09:00"), **body, compare="previous_period")
    assert some(found) == [("20:00", 0.0, 0.5)]


def test_the_top_values_of_a_rate_are_those_with_the_highest(night: Night) -> None:
    other = open_night(night.database, night.tenant_id, night.venue_id, at("2026-05-21T18:30"))
    for event, count in ((night, 9), (other, 90)):
        event.sell(count, at("2026-05-20T18:10"))
    body = {"metrics": ["sales_velocity"], "dimensions": ["event"], "top": {"limit": 1, "other": False}}
    found = ask(night, **body, range={"last": 3, "unit": "hour"})
    assert [row[0] for row in found.rows] == [str(other.event_id)]


def test_a_top_value_without_anything_to_show_is_a_part_of_the_rest(night: Night) -> None:
    night.write(
        SaleLine("sale", at("2026-05-20T12:00"), quantity, 1000, "GBP", channel=channel)
        for channel, quantity in (("box", 0), ("web", 1), ("web", 1))  # Of the first only money is known.
    )
    body = {"metrics": ["refunds", "average_ticket_price"], "dimensions": ["channel"], "range": TODAY}
    assert ask(night, **body, top={"limit": 1}).rows == [("other", "GBP", 0, 1500)]


def test_an_event_is_compared_with_all_of_another_as_far_as_it_has_come(night: Night) -> None:
    later = open_night(night.database, night.tenant_id, night.venue_id, at("2026-06-19T18:30"))
    later.sell(1, at("2026-05-10T12:00"))
    for moment in ("2026-03-01T12:00", "2026-04-20T12:00", "2026-04-21T12:00"):
        night.sell(1, at(moment))
    body = {"metrics": ["tickets_sold"], "range": {"named": "all"}, "events": [str(later.event_id)]}
    # Thirty days before now it was the evening of the twentieth of April.
    assert ask(night, **body, compareEvent=str(night.event_id)).rows == [(1, 2)]


def test_a_day_that_begins_when_the_clocks_change_begins_with_an_hour_of_its_own(
    night: Night, postgres_url: str
) -> None:
    venue = another_venue(postgres_url, night, "Australia/Lord_Howe", "02:00")
    there = open_night(night.database, night.tenant_id, venue, at("2025-10-06T08:00"))
    there.write([SaleLine("refund", at("2025-10-04T15:40"), 0, -500, "GBP")])
    body = {
        "metrics": ["refunds"],
        "dimensions": ["hour"],
        "range": {"from": "2025-10-05", "to": "2025-10-06"},
    }
    assert some(ask(night, **body, venues=[str(venue)])) == [("15:30", 1)]


def test_an_hour_of_a_clock_that_changes_by_half_an_hour_can_be_filtered_by(
    night: Night, postgres_url: str
) -> None:
    venue = another_venue(postgres_url, night, "Australia/Lord_Howe")
    there = open_night(night.database, night.tenant_id, venue, at("2025-10-06T08:00"))
    there.sell(1, at("2025-10-04T16:10"))  # The hour from 16:00, half an hour after the change.
    body = {
        "metrics": ["orders", "tickets_sold"],
        "range": {"from": "2025-10-04", "to": "2025-10-06"},
        "dimensions": ["channel"],
    }
    hour = {"dimension": "hour", "in": ["2025-10-04T16:00:00+00:00"]}
    assert ask(night, **body, where=hour).rows == [("web", 0, 1)]


@pytest.mark.parametrize("metric", ["entry_rate", "sales_velocity"])
@pytest.mark.parametrize("dimensions", [["hour"], ["event", "hour"], ["hour", "minute"], ["minute", "hour"]])
def test_a_rate_of_several_buckets_together_is_not_known(
    night: Night, metric: str, dimensions: list[str]
) -> None:
    for time in ("16:20", "17:25", "18:40"):
        night.sell(2, at(f"2026-05-20T{time}"))
        night.enter(1, at(f"2026-05-20T{time}"))
    asked = {"metrics": [metric], "dimensions": dimensions, "range": TODAY}
    every = ask(night, **asked)
    top = ask(night, **asked, top={"limit": 1})
    others = [row for row in top.rows if "other" in row]
    assert [row[-1] for row in others] == [None] * len(others)
    assert len(others) >= 1
    alone = [row for row in top.rows if "other" not in row]
    assert {row[:-1] for row in alone} <= {row[:-1] for row in every.rows}


@pytest.mark.parametrize("grain", ["hour", "15min"])
def test_who_is_inside_is_not_asked_of_some_hours_alone(night: Night, grain: str) -> None:
    at_six = {"dimension": grain, "in": ["2026-05-20T18:00:00Z"]}
    for where in (at_six, {"or": [{"dimension": "event", "in": [str(uuid4())]}, at_six]}):
        with pytest.raises(QueryError, match="is a state and cannot be filtered") as refused:
            ask(night, metrics=["inside"], range=TODAY, where=where)
        assert (refused.value.field or "").startswith("where")
        assert ask(night, metrics=["entries"], range=TODAY, where=where).rows is not None
