"""Which night the page shows, and what its bar says: the address in the light of what is on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from callbacks.tonight import night
from components.board import Night
from components.markup import markup
from data.accounts import Person
from data.engine import Database
from data.services import Services
from data.users import Role
from tests.api.door import build
from tests.conftest import Tenant
from widgets.readings import readings

CLUB = uuid4()
GALA, BALL, LATE = uuid4(), uuid4(), uuid4()


def person(tenant: Tenant, role: Role = "manager") -> Person:
    return Person(tenant.tenant_id, uuid4(), uuid4(), "Ada", "ada@example.org", role, "Test", False)


@pytest.fixture(scope="module")
def services(database: Database, redis_url: str, redis_prefix: str) -> Iterator[Services]:
    house = build(database, redis_url, f"{redis_prefix}-tonight")
    yield house.services
    house.close()


@pytest.fixture
def house(database: Database, tenant: Tenant, services: Services) -> Tenant:
    """The Hall with a gala under way and a ball in two days, a club with a late night tomorrow."""
    add_venue(database, tenant, CLUB, "The Club")
    for venue, event, name, opens in (
        (tenant.venue_id, GALA, "Gala", -timedelta(hours=1)),
        (tenant.venue_id, BALL, "Ball", timedelta(days=2)),
        (CLUB, LATE, "Late Night", timedelta(days=1)),
    ):
        add_event(database, tenant, venue, event, name, opens)
    services.directory.forget(tenant.tenant_id)
    return tenant


def add_venue(database: Database, tenant: Tenant, venue: UUID, name: str) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, %s, 'Europe/Berlin', 'EUR')",
            [tenant.tenant_id, venue, name],
        )


def add_event(
    database: Database, tenant: Tenant, venue: UUID, event: UUID, name: str, opens: timedelta
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name, doors_at)"
            " VALUES (%s, %s, %s, %s, now() + %s)",
            [tenant.tenant_id, venue, event, name, opens],
        )


def said(found: Night) -> list[str]:
    return re.findall(r'<summary title="[^"]*" aria-label="([^"]*)"', markup(found.bar))


def shown(found: Night) -> str | None:
    return found.state["event"]["name"] if found.state is not None else found.problem


def test_without_a_choice_it_is_the_event_that_is_on(services: Services, house: Tenant) -> None:
    found = night(services, person(house), {})
    assert (shown(found), said(found)) == ("Gala", ["Venue: All venues", "Event: Gala"])
    assert found.carried == ""


def test_a_venue_shows_what_is_on_there_and_next_without_it(services: Services, house: Tenant) -> None:
    found = night(services, person(house), {"venue": str(CLUB)})
    assert (shown(found), said(found)) == ("Late Night", ["Venue: The Club", "Event: Late Night"])
    assert found.carried == f"venue={CLUB}"


def test_what_was_chosen_elsewhere_is_looked_at_and_goes_on_from_here(
    services: Services, house: Tenant
) -> None:
    query = {"event": str(BALL), "range": "90d", "compare": "none", "f.channel": "web", "edit": "1"}
    found = night(services, person(house), query)
    assert (shown(found), said(found)) == ("Ball", ["Venue: All venues", "Event: Ball"])
    assert found.carried == f"event={BALL}&range=90d&compare=none"
    bar = markup(found.bar)
    # Another event is looked at here; the range waits for the pages that have one.
    assert f'href="/?event={GALA}&amp;range=90d"' in bar
    assert "f.channel" not in bar
    assert "data-filters" not in bar


@pytest.mark.parametrize("event", ["6f0b9a3e-2f6c-4f3e-9a7d-0c1b2a394857", "somebody-elses"])
def test_an_unknown_event_is_said_and_another_one_can_be_chosen(
    services: Services, house: Tenant, event: str
) -> None:
    found = night(services, person(house), {"event": event, "venue": str(CLUB)})
    assert (shown(found), said(found)) == ("unknown-event", ["Venue: The Club", "Event: Not here"])
    assert found.carried == f"venue={CLUB}"
    assert "Left out of this address" not in markup(found.bar)


def test_an_unknown_venue_is_left_out_and_named(services: Services, house: Tenant) -> None:
    found = night(services, person(house), {"venue": str(UUID(int=1))})
    assert shown(found) == "Gala"
    assert "Left out of this address: venue=" in markup(found.bar)
    assert found.carried == ""


def test_the_event_of_another_organisation_is_unknown(
    services: Services, house: Tenant, other_tenant: Tenant
) -> None:
    found = night(services, person(other_tenant), {"event": str(GALA)})
    assert (shown(found), said(found)) == ("unknown-event", ["Event: Not here"])
    assert "Gala" not in markup(found.bar)


def test_an_organisation_without_events_has_its_bar_and_is_told_how_they_come(
    services: Services, tenant: Tenant
) -> None:
    found = night(services, person(tenant), {})
    assert (shown(found), said(found), found.venue) == ("no-event", ["Event: No event yet"], "The Hall")


def test_an_event_is_there_as_soon_as_its_first_message_was_taken(
    services: Services, house: Tenant, database: Database
) -> None:
    night(services, person(house), {})  # The directory holds what there was.
    fresh = uuid4()
    add_event(database, house, house.venue_id, fresh, "Just in", timedelta(hours=1))
    assert shown(night(services, person(house), {"event": str(fresh)})) == "Just in"


def test_a_promoter_learns_of_no_event_but_those_that_were_granted(services: Services, house: Tenant) -> None:
    found = night(services, person(house, "promoter"), {"event": str(GALA)})
    assert shown(found) == "unknown-event"
    assert "Gala" not in markup(found.bar)
    own = replace(person(house, "promoter"), venues=frozenset([house.venue_id]), events=frozenset([GALA]))
    assert shown(night(services, own, {})) == "Gala"


def test_a_steward_sees_the_night_without_money(services: Services, house: Tenant) -> None:
    shown_to = {role: night(services, person(house, role), {}).state for role in ("door", "analyst")}
    steward, analyst = shown_to["door"], shown_to["analyst"]
    assert steward is not None
    assert analyst is not None
    assert steward["masked"] is True
    assert "masked" not in analyst
    assert readings(steward)["revenue"].text == "•••"
    assert readings(steward)["revenue-note"].text == "Amounts are not part of your role"
    assert readings(analyst)["revenue"].text != "•••"


def test_a_steward_at_the_door_has_the_same_bar(services: Services, house: Tenant) -> None:
    assert said(night(services, person(house, "door"), {})) == ["Venue: All venues", "Event: Gala"]
