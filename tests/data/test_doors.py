"""What doors are told of: counted without waiting, exactly once where PostgreSQL is there, by minutes of a
day."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data import door_counts, queue_sources, sites
from data.door_counts import DoorCounts, add_within, forget_old
from data.doors import Door, doors
from data.embedded import postgres_server
from data.engine import Database, DatabaseUnavailable
from data.migrations import run
from data.queue_sources import Seen as Told
from data.tokens import create_token
from tests.conftest import Tenant, new_tenant

NOW = datetime(2026, 11, 27, 20, 30, 30, tzinfo=UTC)
RABBIT = {"exchange": "platform.events", "queue": "analytics.ingest", "dead_exchange": "analytics.dlx"}


def came(database: Database, tenant: Tenant, door: str, ago: timedelta, *statuses: str) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        add_within(connection, door, statuses, NOW - ago)


def seen(database: Database, tenant: Tenant, now: datetime = NOW) -> dict[str, Door]:
    with database.tenant(tenant.tenant_id) as connection:
        return {door.door: door for door in doors(connection, now)}


def test_a_tenant_without_doors_has_none_and_one_with_a_token_has_rest(
    database: Database, tenant: Tenant
) -> None:
    assert seen(database, tenant) == {}
    with database.tenant(tenant.tenant_id) as connection:
        create_token(connection, "reader", ["read"])
        assert doors(connection, NOW) == []
        create_token(connection, "box office", ["send"])
    assert {door: found.state for door, found in seen(database, tenant).items()} == {"rest": "unused"}


def test_rates_lag_and_refusals_are_those_of_their_minutes(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    came(database, tenant, "rest", timedelta(0), *["accepted"] * 6, "duplicate", "rejected")
    came(database, tenant, "rest", timedelta(minutes=4), "accepted", "accepted")
    came(database, tenant, "rest", timedelta(minutes=6), *["accepted"] * 11)
    came(database, tenant, "rest", timedelta(hours=3), "accepted", "rejected")
    came(database, tenant, "rest", timedelta(hours=25), *["rejected"] * 9)
    came(database, other_tenant, "rest", timedelta(0), *["accepted"] * 100)
    found = seen(database, tenant)["rest"]
    assert found.state == "receiving"
    assert (found.seen.lately, round(found.seen.per_minute, 3)) == (9, 2.0), "of four minutes and a half"
    assert round(found.seen.per_minute_of_hour, 3) == round(20 / 59.5, 3)
    assert found.seen.refused_in_a_day == 2
    assert found.seen.last_message_at == NOW
    assert (found.seen.accepted, found.seen.duplicates, found.seen.rejected) == (20, 1, 11)


@pytest.mark.parametrize(
    ("ago", "statuses", "state"),
    [
        (timedelta(minutes=1), ("accepted",), "receiving"),
        (timedelta(minutes=1), ("duplicate", "rejected"), "receiving"),
        (timedelta(minutes=1), ("rejected",), "refusing"),
        (timedelta(minutes=20), ("accepted",), "quiet"),
        (timedelta(minutes=20), ("rejected",), "unused"),
    ],
)
def test_a_door_is_how_its_last_minutes_were(
    database: Database, tenant: Tenant, ago: timedelta, statuses: tuple[str, ...], state: str
) -> None:
    came(database, tenant, "cloudevents", ago, *statuses)
    assert seen(database, tenant)["cloudevents"].state == state


def test_what_takes_long_is_behind(database: Database, tenant: Tenant) -> None:
    with closing(DoorCounts(database)) as counts:
        counts.add(tenant.tenant_id, "rest", ["accepted"], 31.5)
        counts.add(tenant.tenant_id, "rest", ["accepted"], 0.2)
        counts.flush()
    found = seen(database, tenant, datetime.now(UTC))["rest"]
    assert (found.state, found.seen.lag_seconds) == ("behind", 31.5)


@pytest.mark.parametrize(
    ("told", "silent", "state"),
    [
        ("consuming", 0, "quiet"),
        ("connecting", 0, "connecting"),
        ("broker-away", 0, "cannot-connect"),
        ("database-away", 0, "database-away"),
        ("stopped", 0, "stopped"),
        ("consuming", 21, "not-running"),
    ],
)
def test_a_queue_is_how_its_reader_says_it_is_while_it_says_anything(
    database: Database, tenant: Tenant, told: queue_sources.State, silent: int, state: str
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        source = queue_sources.add(connection, "rabbitmq", "shop", "amqp://127.0.0.1/", RABBIT)
        assert doors(connection, datetime.now(UTC))[0].state == "not-running"
        queue_sources.tell(connection, source, Told(told, last_error="no route", last_error_at=NOW))
    came(database, tenant, "rabbitmq:shop", timedelta(days=2), "accepted")
    found = seen(database, tenant, datetime.now(UTC) + timedelta(seconds=silent))["rabbitmq:shop"]
    assert found.state == state
    assert found.error == ("" if state in ("quiet", "connecting") else "no route")


def test_a_removed_website_is_told_of_for_a_day_after_its_last_message(
    database: Database, tenant: Tenant
) -> None:
    with database.tenant(tenant.tenant_id) as connection:
        sites.add(connection, tenant.venue_id, "shop", ["https://shop.example"])
    came(database, tenant, "site:shop", timedelta(minutes=1), "accepted")
    assert seen(database, tenant)["site:shop"].state == "receiving"
    with database.tenant(tenant.tenant_id) as connection:
        sites.remove(connection, "shop")
    assert seen(database, tenant)["site:shop"].state == "removed"
    assert "site:shop" not in seen(database, tenant, NOW + timedelta(days=2))


def test_many_threads_and_processes_count_every_message(database: Database, tenant: Tenant) -> None:
    boxes = [DoorCounts(database), DoorCounts(database)]

    def send(box: DoorCounts) -> None:
        for number in range(200):
            box.add(tenant.tenant_id, f"site:{number % 3}", ["accepted", "rejected"], 0.01)
            if number % 50 == 0:
                box.flush()

    threads = [threading.Thread(target=send, args=(box,)) for box in boxes for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for box in boxes:
        box.close()
        box.flush()
    found = seen(database, tenant, datetime.now(UTC))
    assert sum(door.seen.accepted for door in found.values()) == 1200
    assert sum(door.seen.rejected for door in found.values()) == 1200


def test_what_is_counted_while_the_server_is_away_is_written_when_it_is_back(tmp_path: Path) -> None:
    server = postgres_server(tmp_path)
    server.start()
    run.upgrade(server.url)
    tenant = new_tenant(server.url)
    database = Database(server.url)
    counts = DoorCounts(database)
    try:
        server.stop()
        counts.add(tenant.tenant_id, "rest", ["accepted"], 0.1)
        with pytest.raises(DatabaseUnavailable):
            counts.flush()
        counts.add(tenant.tenant_id, "rest", ["accepted", "duplicate"], 0.4)
        server.start()
        counts.flush()
        found = seen(database, tenant, datetime.now(UTC))["rest"].seen
        assert (found.accepted, found.duplicates, found.lag_seconds) == (2, 1, 0.4)
    finally:
        counts.close()
        database.close()
        server.stop()


def test_a_flood_of_doors_is_bounded(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_counts, "MOST_WAITING", 2)
    monkeypatch.setattr(door_counts, "_EVERY_SECONDS", 60)
    with closing(DoorCounts(database)) as counts:
        for number in range(9):
            counts.add(tenant.tenant_id, f"site:{number}", ["accepted"], 0.0)
    assert sorted(seen(database, tenant, datetime.now(UTC))) == ["site:0", "site:1"]


def test_old_minutes_go_and_totals_stay(database: Database, tenant: Tenant) -> None:
    came(database, tenant, "rest", timedelta(hours=26), "accepted")
    came(database, tenant, "rest", timedelta(hours=24), "accepted")
    forget_old(database, NOW)
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute("SELECT minute FROM door_minutes WHERE tenant_id = %s", [tenant.tenant_id])
        assert [at for (at,) in rows] == [(NOW - timedelta(hours=24)).replace(second=0)]
    assert seen(database, tenant)["rest"].seen.accepted == 2
