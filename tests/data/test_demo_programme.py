"""The demo's calendar: it stands still on the same night and rolls forward on a later day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from data.demo_house import CLUB, HALL, VENUES, DemoEvent, DemoVenue
from data.demo_programme import AFTERGLOW, schedule

NOW = datetime(2026, 11, 21, 4, 12, 37, tzinfo=UTC)
ON_START = timedelta(minutes=-50)
ON_ROLL_OVER = timedelta(minutes=15)


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.ref)
def test_a_new_demo_has_two_years_a_night_under_way_and_evenings_on_sale(venue: DemoVenue) -> None:
    events = schedule(venue, {}, NOW, ON_START).values()
    past = [event for event in events if event.ends_at < NOW]
    tonight = [event for event in events if event.doors_at <= NOW < event.ends_at]
    upcoming = [event for event in events if event.doors_at > NOW]
    yearly = {HALL.ref: (100, 120), CLUB.ref: (50, 70)}[venue.ref]
    assert 2 * yearly[0] <= len(past) <= 2 * yearly[1]
    assert [event.doors_at for event in tonight] == [datetime(2026, 11, 21, 3, 20, tzinfo=UTC)]
    assert len(upcoming) == {HALL.ref: 13, CLUB.ref: 7}[venue.ref]


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.ref)
def test_no_two_evenings_share_the_house_whenever_it_is_started(venue: DemoVenue) -> None:
    for hours in range(0, 15 * 24, 5):
        alone(schedule(venue, {}, NOW + timedelta(hours=hours), ON_START))


@pytest.mark.parametrize("ahead", [ON_START, ON_ROLL_OVER], ids=["on start", "on roll-over"])
@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.ref)
def test_no_two_evenings_share_the_house_as_time_goes_by(venue: DemoVenue, ahead: timedelta) -> None:
    now, known = NOW, dict[str, datetime]()
    for minutes in (0, 7, 271, 33, 61, 400, 29, 30, 1, 1300, 700, 5000, 17, 240, 20000, 77):
        now += timedelta(minutes=minutes)
        events = schedule(venue, known, now, ahead)
        known = {event.ref: event.doors_at for event in events.values()}
        alone(events)
        assert any(
            event.doors_at <= max(now, now + ahead) and now < event.ends_at + AFTERGLOW
            for event in events.values()
        )


def alone(events: dict[str, DemoEvent]) -> None:
    """Fail unless every evening is over before the next one opens."""
    evenings = sorted(events.values(), key=lambda event: event.doors_at)
    for before, after in pairwise(evenings):
        assert before.ends_at <= after.doors_at, (before.ref, after.ref)


def test_a_start_during_the_night_changes_nothing() -> None:
    first = schedule(HALL, {}, NOW, ON_START)
    known = {event.ref: event.doors_at for event in first.values()}
    assert schedule(HALL, known, NOW + timedelta(hours=2), ON_START) == first


def test_after_the_night_the_next_one_opens_soon_and_the_first_keeps_its_times() -> None:
    first = schedule(HALL, {}, NOW, ON_START)
    known = {event.ref: event.doors_at for event in first.values()}
    tonight = next(event for event in first.values() if event.doors_at <= NOW < event.ends_at)
    later = tonight.ends_at + AFTERGLOW
    second = schedule(HALL, known, later, ON_ROLL_OVER)
    new = [event for ref, event in second.items() if ref not in first]
    assert [event.doors_at for event in new] == [datetime(2026, 11, 21, 7, 55, tzinfo=UTC)]
    assert second[tonight.ref] == tonight


def test_an_evening_planned_for_today_becomes_tonight_instead_of_a_second_one() -> None:
    first = schedule(HALL, {}, NOW, ON_START)
    known = {event.ref: event.doors_at for event in first.values()}
    planned = min((event for event in first.values() if event.doors_at > NOW), key=lambda e: e.doors_at)
    morning = planned.doors_at - timedelta(hours=8)
    second = schedule(HALL, known, morning, ON_START)
    tonight = [event for event in second.values() if event.doors_at <= morning < event.ends_at]
    assert [event.ref for event in tonight] == [planned.ref]
    assert tonight[0].on_sale_at == planned.on_sale_at
    assert tonight[0].name == planned.name
