"""An address in the light of the venues and events there are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from callbacks.looking import looking
from components.filter_bar import Choice
from data.access import Access
from data.directory import Directory
from data.engine import Database
from data.metric_query import In, Last, Named
from tests.conftest import Tenant
from widgets.scope import Scope
from widgets.scope_url import Look, Misread

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
TOKYO, GALA, OLD, LATE = (uuid4() for _ in range(4))


@pytest.fixture
def directory(database: Database, tenant: Tenant) -> Directory:
    """Two venues: The Hall with a gala tonight and an old night, and one in Tokyo with a night to come."""
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, 'Yoyogi', 'Asia/Tokyo', 'JPY') ON CONFLICT DO NOTHING",
            [tenant.tenant_id, TOKYO],
        )
        for venue, event, name, days in [
            (tenant.venue_id, GALA, "Gala", 0),
            (tenant.venue_id, OLD, "Old Night", -400),
            (TOKYO, LATE, "Late Night", 3),
        ]:
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
                " VALUES (%s, %s, %s, %s, %s)",
                [tenant.tenant_id, venue, event, name, NOW + timedelta(days=days, hours=1)],
            )
    return Directory(database)


def test_without_an_address_it_is_all_venues_in_no_one_zone_over_the_usual_range(
    directory: Directory, tenant: Tenant
) -> None:
    found = looking(directory, Access(tenant.tenant_id), {}, now=NOW)
    assert found.look == Look()
    assert found.scope == Scope(now=NOW, zone="", currency="GBP", range=Last(last=30))
    assert found.misread == ()
    assert found.choices.venues == [
        Choice(tenant.venue_id, "The Hall", zone="Europe/London"),
        Choice(TOKYO, "Yoyogi", zone="Asia/Tokyo"),
    ]
    assert found.choices.events == [
        Choice(GALA, "Gala", "Fri 20 Nov, The Hall"),
        Choice(LATE, "Late Night", "Tue 24 Nov, Yoyogi"),
        Choice(OLD, "Old Night", "Thu 16 Oct 2025, The Hall"),
    ]


def test_an_event_brings_the_zone_and_currency_of_its_venue(directory: Directory, tenant: Tenant) -> None:
    query = {"event": str(LATE), "range": "today", "f.channel": ["web", "app"]}
    found = looking(directory, Access(tenant.tenant_id, masked=True), query, now=NOW)
    assert found.scope == Scope(
        now=NOW,
        zone="Asia/Tokyo",
        currency="JPY",
        event=LATE,
        range=Named(named="today"),
        where=In(dimension="channel", values=("web", "app")),
        masked=True,
    )


def test_what_is_not_there_is_left_out_and_named(directory: Directory, tenant: Tenant) -> None:
    nobody = UUID(int=1)
    query = {"venue": str(nobody), "event": str(nobody), "compare": f"event:{nobody}", "range": "5x"}
    found = looking(directory, Access(tenant.tenant_id), query, now=NOW)
    assert found.look == Look()
    assert found.misread == (
        Misread("range", "5x", "it is no span of time"),
        Misread("venue", str(nobody), "there is no such venue"),
        Misread("event", str(nobody), "there is no such event"),
        Misread("compare", f"event:{nobody}", "there is no such event"),
    )


def test_an_event_wins_over_another_venue(directory: Directory, tenant: Tenant) -> None:
    found = looking(directory, Access(tenant.tenant_id), {"venue": str(TOKYO), "event": str(GALA)}, now=NOW)
    assert found.look == Look(event=GALA)
    assert found.misread == (Misread("venue", str(TOKYO), "the event is at another venue"),)


def test_the_events_of_the_chosen_venue_are_offered(directory: Directory, tenant: Tenant) -> None:
    found = looking(directory, Access(tenant.tenant_id), {"venue": str(TOKYO)}, now=NOW)
    assert found.choices.events == [Choice(LATE, "Late Night", "Tue 24 Nov")]


def test_who_is_granted_one_venue_learns_of_no_other(
    directory: Directory, tenant: Tenant, other_tenant: Tenant
) -> None:
    access = Access(tenant.tenant_id, venues=frozenset({tenant.venue_id}), events=frozenset({GALA}))
    found = looking(directory, access, {"event": str(OLD)}, now=NOW)
    assert found.misread == (Misread("event", str(OLD), "there is no such event"),)
    assert found.choices.venues == [Choice(tenant.venue_id, "The Hall", zone="Europe/London")]
    assert found.choices.events == [Choice(GALA, "Gala", "Fri 20 Nov")]
    assert found.scope.zone == "Europe/London"
    stranger = looking(directory, Access(other_tenant.tenant_id), {"event": str(GALA)}, now=NOW)
    assert stranger.misread == (Misread("event", str(GALA), "there is no such event"),)


def test_what_was_clicked_is_called_by_its_name(
    directory: Directory, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO gates (tenant_id, venue_id, gate, name) VALUES (%s, %s, 'g-1', 'North gate')",
            [tenant.tenant_id, tenant.venue_id],
        )
    query = {"f.gate": ["g-1", "g-2"], "f.channel": "web"}
    names = looking(directory, Access(tenant.tenant_id), query, now=NOW).choices.names
    assert names == {"gate": {"g-1": "North gate"}, "channel": {}}


def test_venues_events_and_series_are_called_by_their_names_to_whoever_may_see_them(
    directory: Directory, database: Database, tenant: Tenant
) -> None:
    winter = uuid4()
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO series (tenant_id, venue_id, series_id, name) VALUES (%s, %s, %s, 'Winter season')",
            [tenant.tenant_id, tenant.venue_id, winter],
        )
    query = {"f.series": [str(winter), "no id"], "f.event": [str(GALA), str(LATE)], "f.venue": str(TOKYO)}
    names = looking(directory, Access(tenant.tenant_id), query, now=NOW).choices.names
    assert names == {
        "series": {str(winter): "Winter season"},
        "event": {str(GALA): "Gala", str(LATE): "Late Night"},
        "venue": {str(TOKYO): "Yoyogi"},
    }
    own = Access(tenant.tenant_id, venues=frozenset({tenant.venue_id}))
    names = looking(directory, own, query, now=NOW).choices.names or {}
    assert (names["event"], names["venue"]) == ({str(GALA): "Gala"}, {})


def test_what_nobody_registered_stands_behind_what_comes_and_the_latest_are_kept(
    directory: Directory, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, registered, created_at)"
            " SELECT %s, %s, gen_random_uuid(), 'gig ' || lpad(n::text, 2, '0'), false,"
            " now() + n * interval '1 s' FROM generate_series(1, 20) n",
            [tenant.tenant_id, tenant.venue_id],
        )
    found = looking(directory, Access(tenant.tenant_id), {"venue": str(tenant.venue_id)}, now=NOW)
    gigs = [f"gig {number:02}" for number in range(9, 21)]
    assert [event.name for event in found.choices.events] == ["Gala", *gigs, "Old Night"]
    assert {event.sub for event in found.choices.events if event.name in gigs} == {"Unregistered"}


def test_two_of_the_same_name_and_day_are_told_apart_by_their_time(
    directory: Directory, database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
            " SELECT %s, %s, gen_random_uuid(), 'Matinee', %s + n * interval '4 h'"
            " FROM generate_series(0, 1) n",
            [tenant.tenant_id, tenant.venue_id, NOW - timedelta(hours=4)],
        )
    found = looking(directory, Access(tenant.tenant_id), {"venue": str(tenant.venue_id)}, now=NOW)
    subs = [event.sub for event in found.choices.events if event.name == "Matinee"]
    assert subs == ["Fri 20 Nov, 18:00", "Fri 20 Nov, 14:00"]


def test_what_is_chosen_goes_along_to_other_pages_and_what_is_not_understood_does_not(
    directory: Directory, tenant: Tenant
) -> None:
    query = {
        "event": str(GALA),
        "venue": "x",
        "range": "7d",
        "compare": "soon",
        "f.channel": "web",
        "show": "all",
    }
    found = looking(directory, Access(tenant.tenant_id), query, now=NOW)
    assert found.choices.carried == f"event={GALA}&range=7d"
