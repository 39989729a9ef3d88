"""Local hours and business days around changes of clocks, in zones that are not easy."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from data.buckets import days_between, hour_and_day, month_start


@pytest.mark.parametrize(
    ("zone", "moment", "hour", "day"),
    [
        # Autumn in London: the hour from one to two comes twice and is two buckets.
        ("Europe/London", "2026-10-25T00:40Z", "2026-10-25T01:00+01:00", "2026-10-24T06:00+01:00"),
        ("Europe/London", "2026-10-25T01:40Z", "2026-10-25T01:00+00:00", "2026-10-24T06:00+01:00"),
        ("Europe/London", "2026-10-25T06:00Z", "2026-10-25T06:00+00:00", "2026-10-25T06:00+00:00"),
        # Spring in New York: two o'clock does not exist.
        ("America/New_York", "2026-03-08T06:59Z", "2026-03-08T01:00-05:00", "2026-03-07T06:00-05:00"),
        ("America/New_York", "2026-03-08T07:01Z", "2026-03-08T03:00-04:00", "2026-03-07T06:00-05:00"),
        # Lord Howe moves by half an hour: the repeated half hour is a bucket of its own.
        ("Australia/Lord_Howe", "2026-04-04T14:45Z", "2026-04-05T01:00+11:00", "2026-04-04T06:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:15Z", "2026-04-05T01:30+10:30", "2026-04-04T06:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:45Z", "2026-04-05T02:00+10:30", "2026-04-04T06:00+11:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:40Z", "2026-10-04T02:30+11:00", "2026-10-03T06:00+10:30"),
        # Kathmandu's hours start at a quarter past ours.
        ("Asia/Kathmandu", "2026-11-20T00:20Z", "2026-11-20T06:00+05:45", "2026-11-20T06:00+05:45"),
        ("Asia/Kathmandu", "2026-11-20T00:14Z", "2026-11-20T05:00+05:45", "2026-11-19T06:00+05:45"),
    ],
)
def test_a_moment_belongs_to_its_local_hour_and_business_day(
    zone: str, moment: str, hour: str, day: str
) -> None:
    second = int(datetime.fromisoformat(moment).timestamp())
    starts = hour_and_day(second, ZoneInfo(zone), time(6))
    assert [datetime.fromtimestamp(start, UTC) for start in starts] == [
        datetime.fromisoformat(hour),
        datetime.fromisoformat(day),
    ]


def test_a_day_that_starts_in_the_repeated_hour_starts_once() -> None:
    zone, starts_at = ZoneInfo("Europe/London"), time(1, 30)
    start = datetime.fromisoformat("2026-10-25T01:30+01:00").timestamp()
    for moment in ("2026-10-25T00:30Z", "2026-10-25T01:10Z", "2026-10-25T01:50Z"):
        second = int(datetime.fromisoformat(moment).timestamp())
        assert hour_and_day(second, zone, starts_at)[1] == start


def test_a_month_starts_with_its_first_business_day() -> None:
    london, starts = ZoneInfo("Europe/London"), time(6)
    april = datetime(2026, 4, 1, 6, tzinfo=london)
    # The night of 30 April belongs to April, and so does the early morning of 1 May.
    _, day = hour_and_day(int(datetime(2026, 5, 1, 5, 59, tzinfo=london).timestamp()), london, starts)
    assert month_start(day, london, starts) == int(april.timestamp())
    _, day = hour_and_day(int(datetime(2026, 5, 1, 6, tzinfo=london).timestamp()), london, starts)
    assert month_start(day, london, starts) == day


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
def test_the_days_between_two_moments_are_those_that_hold_the_moments_between(zone: str) -> None:
    starts_at = time(1, 30)
    first = int(datetime(2011, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime(2012, 1, 5, tzinfo=UTC).timestamp())
    days = days_between(first, last, ZoneInfo(zone), starts_at)
    moments = [*range(first, last, 3600), last]
    assert days == sorted({hour_and_day(moment, ZoneInfo(zone), starts_at)[1] for moment in moments})
