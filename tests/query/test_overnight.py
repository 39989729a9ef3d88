"""People inside events that go on when a business day begins: they stay, and others do not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data.answers import Answer
from data.engine import Database
from data.live import read_state
from tests.conftest import Tenant
from tests.live.night import Night, open_night
from tests.query.test_edges import another_venue, ask, at, set_times, some, times

TODAY = {"named": "today"}
MORNING = {"from": "2026-05-21T04:00:00+00:00", "to": "2026-05-21T08:00:00+00:00"}
"""From an hour before London's cut-off to three hours after it."""
HOURS = {"metrics": ["inside"], "dimensions": ["hour"], "range": MORNING, "now": at("2026-05-21T12:00")}


@pytest.fixture
def night(database: Database, tenant: Tenant) -> Night:
    """In London, where a day begins at five by UTC in May."""
    return open_night(database, tenant.tenant_id, tenant.venue_id, at("2026-05-20T18:30"))


def counts(answer: Answer) -> list[int]:
    return [row[-1] for row in answer.rows]


def test_whoever_is_never_scanned_out_does_not_stay_after_the_end(night: Night) -> None:
    night.enter(3, at("2026-05-20T19:00"))
    assert times(ask(night, **HOURS)) == [("04:00", 3), ("05:00", 0), ("06:00", 0), ("07:00", 0)]
    assert ask(night, metrics=["inside"], range=TODAY, now=at("2026-05-21T12:00")).rows == [(0,)]


def test_whoever_is_inside_a_festival_stays_for_all_its_nights_as_the_ledger_has_it(night: Night) -> None:
    set_times(night, at("2026-05-20T09:00"), at("2026-05-23T20:00"))
    night.enter(5, at("2026-05-20T19:00"))
    night.leave(1, at("2026-05-21T19:00"))
    assert counts(ask(night, **HOURS)) == [5, 5, 5, 5]
    week = {"from": "2026-05-20", "to": "2026-05-25"}
    daily = {"metrics": ["inside"], "dimensions": ["day"], "range": week}
    now = at("2026-05-22T12:00")
    assert some(ask(night, **daily, now=now)) == [("2026-05-20", 5), ("2026-05-21", 4), ("2026-05-22", 4)]
    with night.database.tenant(night.tenant_id) as tenant:
        state = read_state(tenant, night.event_id, now)
    assert state is not None
    found = ask(night, metrics=["inside"], range=TODAY, now=now).rows
    assert found == [(state["attendance"]["inside"],)] == [(4,)]
    later = ask(night, **daily, now=at("2026-05-26T12:00"))
    assert some(later) == [("2026-05-20", 5), ("2026-05-21", 4), ("2026-05-22", 4), ("2026-05-23", 4)]


def test_without_a_known_end_people_stay_for_four_hours_from_the_doors_and_while_somebody_moves(
    night: Night,
) -> None:
    set_times(night, at("2026-05-21T01:30"))
    night.enter(5, at("2026-05-21T04:00"))
    assert counts(ask(night, **HOURS)) == [5, 5, 5, 5]
    set_times(night, at("2026-05-21T00:30"))
    assert counts(ask(night, **HOURS)) == [5, 0, 0, 0]
    night.leave(1, at("2026-05-21T07:30"))
    assert counts(ask(night, **HOURS)) == [5, 5, 5, 4]


def test_people_stay_by_event_and_status_and_beside_a_filter(night: Night) -> None:
    set_times(night, at("2026-05-20T18:30"), at("2026-05-21T07:00"))
    over = open_night(night.database, night.tenant_id, night.venue_id, at("2026-05-20T18:30"))
    night.enter(2, at("2026-05-20T19:00"))
    over.enter(3, at("2026-05-20T19:00"))
    own, other = str(night.event_id), str(over.event_id)
    by_event = times(ask(night, **HOURS | {"dimensions": ["event", "hour"]}))
    assert sorted(by_event) == sorted(
        [(own, f"{hour:02}:00", 2) for hour in (4, 5, 6, 7)] + [(other, "04:00", 3)]
    )
    assert counts(ask(night, **HOURS)) == [5, 2, 2, 2]
    assert counts(ask(night, **HOURS, where={"dimension": "event", "in": [other]})) == [3, 0, 0, 0]
    assert counts(ask(night, **HOURS, where={"dimension": "status", "in": ["on_sale"]})) == [5, 2, 2, 2]
    assert counts(ask(night, **HOURS, where={"dimension": "day", "in": ["2026-05-21"]})) == [0, 2, 2, 2]


def test_a_range_that_begins_after_the_cut_off_has_those_who_stayed(night: Night) -> None:
    set_times(night, at("2026-05-20T18:30"), at("2026-05-21T09:00"))
    night.enter(4, at("2026-05-20T19:00"))
    span = {"from": "2026-05-21T06:07:00+00:00", "to": "2026-05-21T06:25:00+00:00"}
    assert times(ask(night, **HOURS | {"dimensions": ["15min"], "range": span})) == [
        ("06:00", 4),
        ("06:15", 4),
    ]
    # Of a day to come nobody knows yet who stays.
    evening = at("2026-05-20T20:00")
    assert counts(ask(night, **HOURS | {"now": evening})) == [4, 0, 0, 0]


def test_people_stay_at_each_venue_by_its_own_cut_off(night: Night, postgres_url: str) -> None:
    york = another_venue(postgres_url, night, "America/New_York", "02:30")  # Half past six by UTC.
    there = open_night(night.database, night.tenant_id, york, at("2026-05-21T03:00"))
    there.enter(3, at("2026-05-21T04:00"))
    there.leave(1, at("2026-05-21T07:15"))
    night.enter(2, at("2026-05-20T19:00"))
    assert counts(ask(night, **HOURS)) == [5, 3, 3, 2]
    by_venue = ask(night, metrics=["inside"], dimensions=["venue"], range=TODAY, now=at("2026-05-21T12:00"))
    assert dict(by_venue.rows).get(str(york)) == 2


@pytest.mark.parametrize("compare", ["previous_period", "last_week", "last_year"])
def test_people_who_stayed_are_compared_as_well(night: Night, compare: str) -> None:
    back = {
        "previous_period": timedelta(hours=4),
        "last_week": timedelta(weeks=1),
        "last_year": timedelta(days=365),
    }[compare]
    then = open_night(night.database, night.tenant_id, night.venue_id, at("2026-05-20T18:30") - back)
    set_times(then, then.doors, at("2026-05-21T06:30") - back)
    then.enter(7, at("2026-05-21T03:30") - back)
    then.leave(2, at("2026-05-21T07:30") - back)
    assert counts(ask(night, **HOURS, compare=compare)) == [7, 7, 7, 5]


def test_another_event_is_compared_with_those_who_stayed_of_it(night: Night) -> None:
    then = open_night(night.database, night.tenant_id, night.venue_id, night.doors - timedelta(weeks=1))
    for event, count in ((night, 3), (then, 7)):
        set_times(event, event.doors, event.doors + timedelta(hours=13))
        event.enter(count, event.doors + timedelta(hours=9))
    found = ask(night, **HOURS, events=[str(night.event_id)], compareEvent=str(then.event_id))
    assert [row[1:] for row in found.rows] == [(3, 7)] * 4


@pytest.mark.parametrize(
    ("begins", "entered"),
    [
        (datetime.fromisoformat("2026-03-08T07:00Z"), "2026-03-08T06:30"),
        (datetime.fromisoformat("2026-11-01T05:30Z"), "2026-11-01T05:10"),
    ],
)
def test_people_stay_in_the_nights_in_which_the_clocks_change(
    night: Night, postgres_url: str, begins: datetime, entered: str
) -> None:
    """The day begins at two, which is three, and at half past one when the clock first shows it."""
    starts = "02:00" if begins.month == 3 else "01:30"
    york = another_venue(postgres_url, night, "America/New_York", starts)
    event = open_night(night.database, night.tenant_id, york, at(entered) - timedelta(hours=1))
    event.enter(4, at(entered))
    event.leave(3, begins + timedelta(minutes=70))
    span = {
        "from": (begins - timedelta(minutes=15)).isoformat(),
        "to": (begins + timedelta(minutes=90)).isoformat(),
    }
    body = {"metrics": ["inside"], "dimensions": ["15min"], "range": span, "venues": [str(york)]}
    found = ask(night, **body, now=begins + timedelta(days=1))
    assert counts(found) == [4, 4, 4, 4, 4, 1, 1]
