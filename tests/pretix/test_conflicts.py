"""The pretix writer beside other writers: they take turns, and whoever loses a conflict tries again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.rows import TupleRow

from tests.pretix.conftest import House

Other = psycopg.Connection[TupleRow]


@pytest.fixture
def other(postgres_url: str) -> Iterator[Other]:
    """Somebody else's open transaction; it lets the pretix writer lose, if one of them must."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SET LOCAL deadlock_timeout = '10s'")
        yield connection
        connection.rollback()


@contextmanager
def fetching(slug: str, house: House, other: Other, postgres_url: str) -> Iterator[None]:
    """In the block, a thread that fetches the event waits for the other transaction."""
    thread = threading.Thread(target=house.sync.event, args=[slug])
    thread.start()
    try:
        with psycopg.connect(postgres_url, autocommit=True) as look:
            deadline = time.monotonic() + 60
            blocked = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            while look.execute(blocked, [other.info.backend_pid]).fetchone() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        yield
    finally:
        other.rollback()
        thread.join(60)
    assert not thread.is_alive()


def test_whoever_lost_a_deadlock_tries_again(house: House, other: Other, postgres_url: str) -> None:
    house.sync.event("nordlicht26")
    with house.database.tenant(house.source.tenant_id) as tenant:
        tenant.execute("UPDATE events SET name = 'before' WHERE tenant_id = %s", [tenant.tenant_id])
    other.execute("SELECT 1 FROM events WHERE tenant_id = %s FOR UPDATE", [house.source.tenant_id])

    with fetching("nordlicht26", house, other, postgres_url):
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 20260821))", [str(house.source.source_id)]
        )

    names = house.rows("SELECT name FROM events WHERE tenant_id = %(tenant)s")
    assert names == [{"name": "Nordlicht Live 2026"}]


def test_the_dates_of_a_series_are_taken_in_the_order_of_all_writers(
    house: House, other: Other, postgres_url: str
) -> None:
    house.sync.event("lichterhaus")
    dates = house.rows("SELECT event_id FROM events WHERE tenant_id = %(tenant)s ORDER BY 1")
    first, *rest = [date["event_id"] for date in dates]
    lock = "SELECT 1 FROM events WHERE tenant_id = %s AND event_id = ANY(%s) FOR UPDATE NOWAIT"
    other.execute(lock, [house.source.tenant_id, [first]])

    with fetching("lichterhaus", house, other, postgres_url):
        assert len(other.execute(lock, [house.source.tenant_id, rest]).fetchall()) == len(rest) > 3
