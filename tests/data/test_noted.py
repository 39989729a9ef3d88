"""Where notes fall: within the range by the clock of their venue, on its business day, before the doors."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from data.access import Access
from data.engine import Database
from data.metric_query import Between, DaysToDoors, MetricQuery
from data.needs import LiveNight, Notes, answer
from data.noted import Noted
from data.notes import add_note
from tests.conftest import Tenant
from tests.data.boards import People
from tests.live.night import open_night

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def people(database: Database, tenant: Tenant) -> People:
    return People(database, tenant)


@pytest.fixture
def ada(people: People) -> Access:
    return people.hire("manager", "Ada")


def venue(people: People, zone: str, starts: time) -> UUID:
    venue_id = uuid4()
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency, business_day_starts)"
            " VALUES (%s, %s, %s, %s, 'USD', %s)",
            [people.tenant.tenant_id, venue_id, zone, zone, starts],
        )
    return venue_id


def write(people: People, access: Access, text: str, at: datetime, **place: UUID) -> None:
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        add_note(tenant, access, text=text, at=at, **place)


def found(people: People, access: Access, day: date, days: int = 1, **more: Any) -> list[tuple[str, date]]:
    span = Between(start=day, end=day + timedelta(days=days))
    return [(note.text, note.day) for note in asked(people, access, span, **more)]


def asked(people: People, access: Access, span: Any, **more: Any) -> list[Noted]:
    need = Notes(MetricQuery(metrics=("tickets_sold",), range=span, **more))
    with people.database.tenant(people.tenant.tenant_id, snapshot=True) as tenant:
        [notes] = answer(tenant, access, [need], NOW)
    assert isinstance(notes, list)
    return notes


def test_a_note_after_midnight_belongs_to_the_business_day_before(people: People, ada: Access) -> None:
    club = venue(people, "America/New_York", time(6))
    write(people, ada, "Encore", datetime(2026, 11, 20, 8, 30, tzinfo=UTC), venue=club)  # 03:30 there.
    assert found(people, ada, date(2026, 11, 19)) == [("Encore", date(2026, 11, 19))]
    assert found(people, ada, date(2026, 11, 20)) == []


def test_a_day_is_that_of_each_venue(people: People, ada: Access) -> None:
    club, hall = venue(people, "America/New_York", time(0)), venue(people, "Asia/Kathmandu", time(0))
    at = datetime(2026, 11, 20, 2, tzinfo=UTC)
    write(people, ada, "Club", at, venue=club)
    write(people, ada, "Hall", at, venue=hall)
    assert found(people, ada, date(2026, 11, 20)) == [("Hall", date(2026, 11, 20))]
    assert found(people, ada, date(2026, 11, 19)) == [("Club", date(2026, 11, 19))]
    assert found(people, ada, date(2026, 11, 19), venues=(hall,)) == []


def test_before_the_doors_of_one_event_a_note_is_so_many_business_days(people: People, ada: Access) -> None:
    tenant_id, venue_id = people.tenant.tenant_id, people.tenant.venue_id
    gala, other = (open_night(people.database, tenant_id, venue_id, NOW) for _ in range(2))
    write(people, ada, "Poster", NOW - timedelta(days=10), event=gala.event_id)
    write(people, ada, "Radio", NOW - timedelta(days=3), venue=venue_id)
    write(people, ada, "Other", NOW - timedelta(days=3), event=other.event_id)
    write(people, ada, "Long ago", NOW - timedelta(days=40), event=gala.event_id)
    span = DaysToDoors(first=30, last=0)
    notes = asked(people, ada, span, events=(gala.event_id,))
    assert [(note.text, note.days_to_doors) for note in notes] == [("Poster", 10), ("Radio", 3)]
    both = asked(people, ada, span, events=(gala.event_id, other.event_id))
    assert {note.days_to_doors for note in both} == {None}


def test_around_a_night_stand_its_notes_and_those_of_its_venue(people: People, ada: Access) -> None:
    tenant_id, venue_id = people.tenant.tenant_id, people.tenant.venue_id
    night = open_night(people.database, tenant_id, venue_id, NOW - timedelta(hours=1))
    write(people, ada, "Fire alarm", NOW, event=night.event_id)
    write(people, ada, "Rain", NOW - timedelta(hours=2), venue=venue_id)
    write(people, ada, "Yesterday's news", NOW - timedelta(hours=40), venue=venue_id)
    need = LiveNight(event=night.event_id)
    with people.database.tenant(tenant_id, snapshot=True) as tenant:
        _, notes = answer(tenant, ada, [need, Notes(need)], NOW)
        nobody, none = answer(tenant, ada, [LiveNight(event=uuid4()), Notes(LiveNight(event=uuid4()))], NOW)
    assert isinstance(notes, list)
    assert [note.text for note in notes] == ["Rain", "Fire alarm"]
    assert (nobody, none) == (None, [])


@pytest.mark.parametrize("role", ["door", "promoter"])
def test_doors_and_promoters_have_none(people: People, ada: Access, role: Any) -> None:
    write(people, ada, "Fire alarm", NOW, venue=people.tenant.venue_id)
    assert found(people, ada, NOW.date()) == [("Fire alarm", NOW.date())]
    assert found(people, people.hire(role), NOW.date()) == []


def test_a_range_without_an_answer_has_none(people: People, ada: Access) -> None:
    assert asked(people, ada, Between(start=NOW.date(), end=NOW.date()), venues=(uuid4(),)) == []
