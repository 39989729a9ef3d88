"""Hours and days where clocks change and at the cut-off, in four zones: a ticket every quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from data.access import Access
from data.engine import Database
from data.messages import SaleLine
from data.metric_query import MetricQuery
from data.query import run
from tests.conftest import Tenant
from tests.live.night import Night, open_night

QUARTER = timedelta(minutes=15)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Sell = Callable[[str, str, str, int], Night]


@pytest.fixture
def sold_around(database: Database, postgres_url: str, tenant: Tenant) -> Sell:
    """A venue in this zone with this cut-off that sold a ticket every 15 minutes of a span."""

    def sell(zone: str, starts: str, first: str, count: int) -> Night:
        venue = uuid4()
        with psycopg.connect(postgres_url) as connection:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant.tenant_id),))
            connection.execute(
                "INSERT INTO venues (tenant_id, venue_id, name, zone, currency, business_day_starts)"
                " VALUES (%s, %s, 'There', %s, 'GBP', %s)",
                (tenant.tenant_id, venue, zone, starts),
            )
        night = open_night(database, tenant.tenant_id, venue, moment(first) + timedelta(days=9))
        times = (moment(first) + number * QUARTER for number in range(count))
        night.write(SaleLine("sale", at, 1, 2500, "GBP", channel="web") for at in times)
        return night

    return sell


def counts(night: Night, grain: str, by: str = "") -> list[tuple[Any, ...]]:
    """Rows of tickets by time; with `by` from the facts, which alone know it."""
    body: dict[str, Any] = {
        "metrics": ["tickets_sold"],
        "dimensions": [grain],
        "venues": [str(night.venue_id)],
        "range": {"named": "all"},
    }
    if by:
        body["where"] = {"dimension": "channel", "in": [by]}
    with night.database.tenant(night.tenant_id) as tenant:
        now = night.doors + timedelta(days=30)
        answer = run(tenant, Access(night.tenant_id), [MetricQuery.model_validate(body)], now)[0]
    return [row for row in answer.rows if row[1]]


HOURS = [
    # Spring in London: there is no hour from one to two.
    ("Europe/London", "06:00", "2026-03-29T00:00", 12, ["00:00", "01:00", "02:00"], [4, 4, 4]),
    # Autumn in London: the hour from one to two comes twice, and is two buckets.
    ("Europe/London", "06:00", "2025-10-25T23:00", 16, ["23:00", "00:00", "01:00", "02:00"], [4, 4, 4, 4]),
    # Spring in New York: there is no hour from two to three.
    ("America/New_York", "04:00", "2026-03-08T06:00", 12, ["06:00", "07:00", "08:00"], [4, 4, 4]),
    # Autumn in New York: the hour from one to two comes twice.
    ("America/New_York", "04:00", "2025-11-02T04:00", 16, ["04:00", "05:00", "06:00", "07:00"], [4, 4, 4, 4]),
    # Spring on Lord Howe: at two it is half past two; the hour begins at the change and has 30 minutes.
    ("Australia/Lord_Howe", "06:00", "2025-10-04T14:30", 10, ["14:30", "15:30", "16:00"], [4, 2, 4]),
    # Autumn there: at two it is half past one again; the second half of that hour is a bucket of its own.
    ("Australia/Lord_Howe", "06:00", "2026-04-04T14:00", 10, ["14:00", "15:00", "15:30"], [4, 2, 4]),
    # Kathmandu lies 5:45 ahead: hours begin at a quarter past.
    ("Asia/Kathmandu", "05:37", "2026-01-01T00:00", 6, ["23:15", "00:15", "01:15"], [1, 4, 1]),
]


HALVES = [
    ("Europe/London", "2025-10-26T00:00", ["00:00", "00:30", "01:00", "01:30"], [2, 2, 2, 2]),
    ("America/New_York", "2026-03-08T06:30", ["06:30", "07:00", "07:30", "08:00"], [2, 2, 2, 2]),
    ("Australia/Lord_Howe", "2026-04-04T14:30", ["14:30", "15:00", "15:30", "16:00"], [2, 2, 2, 2]),
    # A quarter past and a quarter to by the clocks of everybody else.
    ("Asia/Kathmandu", "2026-01-01T00:00", ["23:45", "00:15", "00:45", "01:15", "01:45"], [1, 2, 2, 2, 1]),
]


@pytest.mark.parametrize(("zone", "first", "halves", "sold"), HALVES)
def test_half_hours_and_quarters_are_those_of_the_clock_of_the_venue(
    sold_around: Sell, zone: str, first: str, halves: list[str], sold: list[int]
) -> None:
    night = sold_around(zone, "06:00", first, 8)
    rows = counts(night, "30min")
    assert [(row[0].strftime("%H:%M"), row[1]) for row in rows] == list(zip(halves, sold, strict=True))
    assert counts(night, "30min", by="web") == rows
    quarters = [(moment(first) + number * QUARTER, 1) for number in range(8)]
    assert counts(night, "15min") == counts(night, "15min", by="web") == quarters


@pytest.mark.parametrize(("zone", "starts", "first", "count", "hours", "sold"), HOURS)
def test_hours_begin_where_the_clock_of_the_venue_says(
    sold_around: Sell, zone: str, starts: str, first: str, count: int, hours: list[str], sold: list[int]
) -> None:
    night = sold_around(zone, starts, first, count)
    rows = counts(night, "hour")
    assert [(row[0].strftime("%H:%M"), row[1]) for row in rows] == list(zip(hours, sold, strict=True))
    assert counts(night, "hour", by="web") == rows


DAYS = [
    # A day of 25 hours, from six to six.
    (
        "Europe/London",
        "06:00",
        "2025-10-25T04:45",
        102,
        ["2025-10-24", "2025-10-25", "2025-10-26"],
        [1, 100, 1],
    ),
    # A day of 23 hours.
    (
        "Europe/London",
        "06:00",
        "2026-03-28T05:45",
        94,
        ["2026-03-27", "2026-03-28", "2026-03-29"],
        [1, 92, 1],
    ),
    # The cut-off lies in the hour that comes twice: the first of its two half past ones counts.
    ("Europe/London", "01:30", "2025-10-26T00:15", 6, ["2025-10-25", "2025-10-26"], [1, 5]),
    # A day of 23 hours.
    (
        "America/New_York",
        "04:00",
        "2026-03-07T08:45",
        94,
        ["2026-03-06", "2026-03-07", "2026-03-08"],
        [1, 92, 1],
    ),
    # A day of 25 hours, from four to four.
    (
        "America/New_York",
        "04:00",
        "2025-11-01T07:45",
        102,
        ["2025-10-31", "2025-11-01", "2025-11-02"],
        [1, 100, 1],
    ),
    # The first half past one of two, and half past two on a night that has none: it is half past three.
    ("America/New_York", "01:30", "2025-11-02T05:15", 6, ["2025-11-01", "2025-11-02"], [1, 5]),
    ("America/New_York", "02:30", "2026-03-08T07:15", 2, ["2026-03-07", "2026-03-08"], [1, 1]),
    # Days of 23 hours and a half and of 24 and a half.
    (
        "Australia/Lord_Howe",
        "06:00",
        "2025-10-03T19:15",
        96,
        ["2025-10-03", "2025-10-04", "2025-10-05"],
        [1, 94, 1],
    ),
    (
        "Australia/Lord_Howe",
        "06:00",
        "2026-04-03T18:45",
        100,
        ["2026-04-03", "2026-04-04", "2026-04-05"],
        [1, 98, 1],
    ),
    # The cut-off is the very moment at which the clocks go on by half an hour.
    ("Australia/Lord_Howe", "02:00", "2025-10-04T15:15", 2, ["2025-10-04", "2025-10-05"], [1, 1]),
    # … and at which they go back: two o'clock comes at last, half an hour later.
    ("Australia/Lord_Howe", "02:00", "2026-04-04T14:45", 4, ["2026-04-04", "2026-04-05"], [3, 1]),
    # No day is longer than another in Kathmandu, whose six o'clock is a quarter past midnight in London.
    (
        "Asia/Kathmandu",
        "06:00",
        "2026-03-29T00:00",
        98,
        ["2026-03-28", "2026-03-29", "2026-03-30"],
        [1, 96, 1],
    ),
    # 05:37 there is 23:52 in UTC: it lies inside a bucket of five minutes.
    ("Asia/Kathmandu", "05:37", "2025-12-31T23:52", 3, ["2026-01-01"], [3]),
]


@pytest.mark.parametrize(("zone", "starts", "first", "count", "days", "sold"), DAYS)
def test_days_begin_at_the_cut_off(
    sold_around: Sell, zone: str, starts: str, first: str, count: int, days: list[str], sold: list[int]
) -> None:
    night = sold_around(zone, starts, first, count)
    assert counts(night, "day") == list(zip(days, sold, strict=True))
    assert counts(night, "day", by="web") == counts(night, "day")
    by_weekday = sum(row[1] for row in counts(night, "weekday"))
    assert by_weekday == count
