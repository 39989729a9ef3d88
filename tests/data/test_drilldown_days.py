"""Rows behind figures of days and hours: as many as the figures count, also where the clocks change."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from data.access import Access
from data.buckets import changes_of_clocks, day_begins
from data.directory import Directory
from data.drilldown import rows
from data.drilldown_flow import flow
from data.drilldown_question import Drill
from data.engine import Database
from data.facts import write
from data.messages import Message, SaleLine
from data.metric_query import Between, In, MetricQuery, Named
from data.query import run
from data.query_calendars import long_calendar
from tests.conftest import Tenant

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ZONES = {
    "Europe/London": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
    "Asia/Kathmandu": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
}
"""When clocks change in 2026; in Kathmandu they never do."""
CUT_OFFS = ("00:00", "01:30", "02:30", "05:30")
EVERY = [(zone, starts) for zone in ZONES for starts in CUT_OFFS]


class Hall:
    """A venue and an event whose lines of sales crowd around the changes of clocks and the cut-offs there."""

    def __init__(self, url: str, database: Database, tenant: Tenant, zone: str, starts: str) -> None:
        self.database, self.tenant_id = database, tenant.tenant_id
        self.venue_id, self.event_id = uuid4(), uuid4()
        rng = random.Random(f"{zone} {starts}")
        own, cut_off = ZoneInfo(zone), time.fromisoformat(starts)
        changes = [datetime.fromisoformat(text) for text in ZONES[zone]]
        near = (-3700, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 5400)
        bases = list(changes)
        for change in changes:
            day = change.astimezone(own).date()
            bases += [
                datetime.combine(day + timedelta(days=n), cut_off, tzinfo=own)
                .replace(fold=fold)
                .astimezone(UTC)
                for n in (-1, 0, 1, 2)
                for fold in (0, 1)
            ]
        moments = [
            base + timedelta(seconds=near[rng.randrange(len(near))]) for base in bases for _ in range(5)
        ]
        moments += [
            change + timedelta(minutes=rng.randint(-4000, 4000)) for change in changes for _ in range(20)
        ]
        with psycopg.connect(url) as connection:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(self.tenant_id),))
            connection.execute(
                "INSERT INTO venues (tenant_id, venue_id, name, zone, currency, business_day_starts)"
                " VALUES (%s, %s, 'Hall', %s, 'GBP', %s)",
                (self.tenant_id, self.venue_id, zone, cut_off),
            )
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
                " VALUES (%s, %s, %s, 'Ball', %s)",
                (self.tenant_id, self.venue_id, self.event_id, changes[1] + timedelta(minutes=20)),
            )
        write(database, self.tenant_id, [self._line(number, at) for number, at in enumerate(moments)])
        self.count, self.directory = len(moments), Directory(database)

    def _line(self, number: int, at: datetime) -> Message:
        line = SaleLine("sale", at, 1, 100, "GBP", ticket_id=f"t{number}")
        event = str(self.event_id)
        return Message(uuid4(), "test", "test", self.venue_id, self.event_id, event, at, "{}", (line,))

    def figures(self, dimension: str) -> dict[Any, int]:
        """What the planner counts of every value there is."""
        query = MetricQuery(
            metrics=("tickets_sold",),
            dimensions=(dimension,),
            range=Named(named="all"),
            venues=(self.venue_id,),
            limit=10_000,
        )
        with self.database.tenant(self.tenant_id) as tenant:
            answer = run(tenant, Access(self.tenant_id), [query], NOW)[0]
        return {value: count for value, count in answer.rows if count}

    def drill(self, dimension: str, value: Any, **more: Any) -> Drill:
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        where = In(dimension=dimension, values=(text,))
        return Drill(
            **{"range": Named(named="all"), "venues": (self.venue_id,), "where": where, "limit": 500} | more
        )

    def behind(self, asked: Drill) -> tuple[int, int]:
        """How many rows there are on a page, and in a file."""
        access = Access(self.tenant_id, "manager")
        with self.database.tenant(self.tenant_id, snapshot=True) as tenant:
            page = rows(tenant, self.directory, access, asked, NOW).rows
            return len(page), flow(tenant, self.directory, access, asked, NOW).count


@pytest.mark.parametrize(("zone", "starts"), EVERY)
def test_there_are_as_many_rows_as_the_figure_says(
    postgres_url: str, database: Database, tenant: Tenant, zone: str, starts: str
) -> None:
    hall = Hall(postgres_url, database, tenant, zone, starts)
    for dimension in ("day", "weekday", "days_to_doors", "hour", "week"):
        figures = hall.figures(dimension)
        assert sum(figures.values()) == hall.count
        # Of hours there are many: those in which most was sold, which are those around the changes.
        most = sorted(figures, key=figures.__getitem__, reverse=True)[:14]
        found = {value: hall.behind(hall.drill(dimension, value)) for value in most}
        assert found == {value: (figures[value], figures[value]) for value in most}, dimension


def test_rows_of_a_range_are_those_of_its_days(postgres_url: str, database: Database, tenant: Tenant) -> None:
    hall = Hall(postgres_url, database, tenant, "America/New_York", "02:30")
    figures = hall.figures("day")
    for change in (date(2026, 3, 8), date(2026, 11, 1)):
        week = Between(start=change - timedelta(days=3), end=change + timedelta(days=4))
        for day in (change + timedelta(days=n) for n in range(-3, 4)):
            count = figures.get(day.isoformat(), 0)
            assert hall.behind(hall.drill("day", day, range=week)) == (count, count)


def _days(zone: ZoneInfo, starts: time, first: date, last: date) -> Iterator[tuple[date, int]]:
    while first < last:
        yield first, day_begins(first, zone, starts)
        first += timedelta(days=1)


@pytest.mark.parametrize(("zone", "starts"), EVERY)
def test_a_long_calendar_has_every_day_of_a_century(zone: str, starts: str) -> None:
    own, cut_off = ZoneInfo(zone), time.fromisoformat(starts)
    span = date(1975, 1, 1), date(2075, 1, 1)
    lo, hi = (day_begins(day, own, cut_off) for day in span)
    row = long_calendar(own, cut_off, lo, hi)
    told = [int(datetime.fromisoformat(at).timestamp()) for at in row["since"]]
    assert told[0] == lo
    number = 0
    for day, begins in _days(own, cut_off, *span):
        while number + 1 < len(told) and told[number + 1] <= begins:
            number += 1
        assert (begins - told[number]) % 86_400 == 0
        assert row["days"][number] + timedelta(days=(begins - told[number]) // 86_400) == day


def test_clocks_change_when_they_show_something_else() -> None:
    for name, texts in ZONES.items():
        zone = ZoneInfo(name)
        year = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2027)]
        changes = [int(datetime.fromisoformat(text).timestamp()) for text in texts]
        assert changes_of_clocks(year[0], year[1], zone) == ([] if name == "Asia/Kathmandu" else changes)
