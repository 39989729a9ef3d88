"""Senders' names for venues, events and customers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import UUID, uuid4, uuid5

import pytest

from data.directory import Directory
from data.engine import Database, TenantConnection
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


def test_an_event_younger_than_what_is_held_is_found_by_asking(database: Database, tenant: Tenant) -> None:
    directory = Directory(database)
    assert directory.event_now(tenant.tenant_id, "gala") is None
    event_id = directory.event_id(tenant.tenant_id, "gala")
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, registered)"
            " VALUES (%s, %s, %s, 'gala', 'gala', false)",
            [tenant.tenant_id, tenant.venue_id, event_id],
        )
    assert directory.event(tenant.tenant_id, "gala") is None
    found = directory.event_now(tenant.tenant_id, "gala")
    assert found is not None
    assert (found.event_id, found.venue_id) == (event_id, tenant.venue_id)
    assert directory.event(tenant.tenant_id, "gala") == found


def test_of_many_names_that_nobody_knows_postgresql_is_asked_of_few(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, asked = Directory(database), list[str]()

    def event_now(_: UUID, ref: str) -> None:
        asked.append(ref)

    monkeypatch.setattr(directory, "event_now", event_now)
    names = [str(number) for number in range(100)]
    assert {directory.find_event(tenant.tenant_id, name) for name in ["\ud800", *names]} == {None}
    assert asked == names[:4]
    time.sleep(1.1)
    assert directory.find_event(tenant.tenant_id, "later") is None
    assert asked[4:] == ["later"]


class Slow(Database):
    """A pool on which one tenant has to wait."""

    def __init__(self, url: str, waits: UUID) -> None:
        super().__init__(url, max_size=2)
        self.waits = waits
        self.asked, self.go_on = threading.Event(), threading.Event()

    @contextmanager
    def tenant(self, tenant_id: UUID, *, snapshot: bool = False) -> Iterator[TenantConnection]:
        if tenant_id == self.waits:
            self.asked.set()
            assert self.go_on.wait(20)
        with super().tenant(tenant_id, snapshot=snapshot) as connection:
            yield connection


def test_a_tenant_whose_rows_take_long_does_not_hold_up_another(
    postgres_url: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    slow = Slow(postgres_url, tenant.tenant_id)
    directory = Directory(slow)
    with closing(slow), ThreadPoolExecutor(2) as threads:
        first = threads.submit(directory.venue, tenant.tenant_id, "hall")
        assert slow.asked.wait(10)
        other = threads.submit(directory.venue, other_tenant.tenant_id, "hall")
        try:
            found = other.result(10)
        finally:
            slow.go_on.set()
        assert found is not None
        assert first.result() != found


def test_a_tenant_that_does_not_exist_is_an_error(database: Database) -> None:
    with pytest.raises(LookupError):
        Directory(database).venue(uuid4(), "hall")
