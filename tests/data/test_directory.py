"""Senders' names for venues, events and customers."""

from uuid import uuid4, uuid5

import pytest

from data.directory import Directory
from data.engine import Database
from tests.conftest import Tenant


def test_a_venue_is_found_by_its_id_and_by_the_senders_name_but_not_by_another_tenant(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    directory = Directory(database)
    found = directory.venue(tenant.tenant_id, tenant.venue_ref)
    assert found is not None
    assert (
        found
        == directory.venue(tenant.tenant_id, str(tenant.venue_id))
        == directory.only_venue(tenant.tenant_id)
    )
    assert (found.venue_id, str(found.zone), found.currency) == (tenant.venue_id, "Europe/London", "GBP")
    assert directory.venue(other_tenant.tenant_id, str(tenant.venue_id)) is None


def test_an_unknown_event_has_an_id_that_follows_from_its_name_within_the_tenant(
    database: Database, tenant: Tenant
) -> None:
    directory, event_id = Directory(database), uuid4()
    assert directory.event_id(tenant.tenant_id, str(event_id)) == event_id
    assert directory.event_id(tenant.tenant_id, "gala") == uuid5(tenant.tenant_id, "gala")


def test_a_customer_is_the_same_person_within_a_tenant_and_another_outside(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    directory = Directory(database)
    once = directory.customer(tenant.tenant_id, "user-1")
    assert once == directory.customer(tenant.tenant_id, "user-1")
    assert len({once, directory.customer(tenant.tenant_id, "user-2")}) == 2
    assert once != directory.customer(other_tenant.tenant_id, "user-1")


def test_a_new_event_is_seen_at_once_after_forgetting(database: Database, tenant: Tenant) -> None:
    directory, event_id = Directory(database), uuid4()
    assert directory.event(tenant.tenant_id, "gala") is None
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name)"
            " VALUES (%s, %s, %s, 'gala', 'Gala')",
            [tenant.tenant_id, tenant.venue_id, event_id],
        )
    directory.forget(tenant.tenant_id)
    found = directory.event(tenant.tenant_id, "gala")
    assert found is not None
    assert found.event_id == directory.event_id(tenant.tenant_id, "gala") == event_id


def test_a_tenant_that_does_not_exist_is_an_error(database: Database) -> None:
    with pytest.raises(LookupError):
        Directory(database).venue(uuid4(), "hall")
