"""What happens between the commit and the channel: order, pace, and what must not wait."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from redis import Redis

from data.engine import Database
from data.live import read_state
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore, RedisUnavailable
from data.telemetry import Telemetry
from tests.live.night import Night
from tests.live.served import fresh_prefix, until

PATIENCE = 20.0
"""Seconds: speed is measured in bench/, here only whether it happens at all."""


@pytest.fixture
def live(database: Database, redis_url: str) -> Iterator[LivePublisher]:
    store = LiveStore(redis_url, fresh_prefix())
    live = LivePublisher(database, store, Telemetry())
    yield live
    live.close()
    store.close()


class Listener:
    """Hears what is published about a venue."""

    def __init__(self, redis_url: str, live: LivePublisher, night: Night) -> None:
        self._redis = Redis.from_url(redis_url)
        self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._pubsub.subscribe(live.store.channel(night.tenant_id, night.venue_id))
        self._pubsub.get_message(timeout=2)  # The confirmation, which is ignored.

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *error: object) -> None:
        self._pubsub.close()
        self._redis.close()

    def next(self, seconds: float = PATIENCE) -> dict[str, Any] | None:
        """The next published state, None after so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self._pubsub.get_message(timeout=0.05)
            if message is not None:
                state: dict[str, Any] = msgspec.json.decode(message["data"])
                return state
        return None


def state_of(night: Night) -> dict[str, Any]:
    with night.database.tenant(night.tenant_id) as tenant:
        state = read_state(tenant, night.event_id)
    assert state is not None
    return state


def test_a_change_is_published(live: LivePublisher, night: Night, redis_url: str) -> None:
    with Listener(redis_url, live, night) as listener:
        live.touched(night.tenant_id, night.sell(2, datetime.now(UTC)).versions)
        state = listener.next()
    assert state is not None
    assert (state["seq"], state["sales"]["sold"]) == (1, 2)
    assert live.store.get(night.tenant_id, night.event_id) == state


def test_a_busy_event_is_published_ten_times_a_second_and_last_with_its_last_state(
    live: LivePublisher, night: Night, redis_url: str
) -> None:
    with Listener(redis_url, live, night) as listener:
        started = time.monotonic()
        for _ in range(40):
            live.touched(night.tenant_id, night.sell(1, datetime.now(UTC)).versions)
        states: list[dict[str, Any]] = []
        while not states or states[-1]["seq"] < 40:
            state = listener.next()
            assert state is not None
            states.append(state)
        seconds = time.monotonic() - started
    assert len(states) <= seconds / 0.1 + 2
    assert [state["seq"] for state in states] == sorted(state["seq"] for state in states)
    assert states[-1]["sales"]["sold"] == 40


def test_what_nobody_listens_to_is_published_seldom_until_somebody_looks(
    live: LivePublisher, night: Night, redis_url: str
) -> None:
    lag = live.telemetry.publish_lag._sum
    live.touched(night.tenant_id, night.sell(1, datetime.now(UTC)).versions)
    until(lambda: lag.get() > 0, "the first publication")
    live.touched(night.tenant_id, night.sell(1, datetime.now(UTC)).versions)
    with Listener(redis_url, live, night) as listener:
        assert listener.next(0.3) is None
        live.watched(night.tenant_id, night.event_id)
        state = listener.next()
    assert state is not None
    assert state["seq"] == 2


def test_the_figures_of_a_state_are_of_one_instant(
    live: LivePublisher, night: Night, postgres_url: str
) -> None:
    """A writer commits while the state is being read: after the totals, before the money."""
    night.sell(1, datetime.now(UTC))
    key = [night.tenant_id, night.venue_id, night.event_id]
    where = "WHERE tenant_id = %s AND venue_id = %s AND event_id = %s"
    with psycopg.connect(postgres_url) as writer, ThreadPoolExecutor(1) as reader:
        writer.execute("SELECT set_config('app.tenant_id', %s, false)", [str(night.tenant_id)])
        writer.execute("LOCK TABLE event_money IN ACCESS EXCLUSIVE MODE")
        writer.execute(f"UPDATE event_totals SET sold = 2, version = 2 {where}", key)
        writer.execute(f"UPDATE event_money SET gross_minor = 5000 {where}", key)
        reading = reader.submit(live.refresh, night.tenant_id, night.event_id)
        waiting = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'event_money'::regclass AND NOT granted"
        until(lambda: writer.execute(waiting).fetchone() == (True,), "the reader to come to the money")
        writer.commit()
        before = reading.result(PATIENCE)
    after = live.refresh(night.tenant_id, night.event_id)
    for state, sold in ((before, 1), (after, 2)):
        assert state is not None
        money = state["revenue"]["currencies"][0]["grossMinor"]
        assert (state["seq"], state["sales"]["sold"], money) == (sold, sold, 2500 * sold)


def test_an_older_state_never_replaces_a_newer_one(live: LivePublisher, night: Night) -> None:
    now = time.time()
    old = state_of(night)
    night.sell(1, datetime.now(UTC))
    new = state_of(night)
    assert live.store.put(night.tenant_id, new, now) == 0
    assert live.store.put(night.tenant_id, old, now + 5) == -1
    assert live.store.put(night.tenant_id, new, now - 5) == -1
    assert live.store.get(night.tenant_id, night.event_id) == new
    assert live.store.put(night.tenant_id, new, now + 1) == 0


def test_touching_waits_for_nothing_even_without_redis(database: Database, night: Night) -> None:
    store = LiveStore("redis://127.0.0.1:1/0", fresh_prefix())
    live = LivePublisher(database, store, Telemetry())
    written = night.sell(1, datetime.now(UTC))
    for _ in range(1000):
        live.touched(night.tenant_id, written.versions)
    state = live.read(night.tenant_id, night.event_id)
    assert state is not None
    assert state["sales"]["sold"] == 1
    with pytest.raises(RedisUnavailable):
        store.get(night.tenant_id, night.event_id)
    live.close()
    live.touched(night.tenant_id, written.versions)  # After the end: nothing happens.
    store.close()


def test_milestones_are_recorded_although_nobody_listens(live: LivePublisher, night: Night) -> None:
    live.touched(night.tenant_id, night.sell(200, datetime.now(UTC)).versions)
    until(lambda: state_of(night)["sales"]["milestones"], "the milestone")
    assert ("sold_capacity", 25) in [
        (mark["measure"], mark["percent"]) for mark in state_of(night)["sales"]["milestones"]
    ]


def test_one_event_that_cannot_be_read_does_not_stop_the_others(
    live: LivePublisher, night: Night, redis_url: str
) -> None:
    unknown = (night.venue_id, night.venue_id)
    with Listener(redis_url, live, night) as listener:
        live.touched(night.tenant_id, {unknown: 1})
        live.touched(night.tenant_id, night.sell(1, datetime.now(UTC)).versions)
        assert listener.next() is not None


def test_jobs_are_counted_across_processes(live: LivePublisher) -> None:
    live.store.job_finished("pretix", "done")
    live.store.job_finished("pretix", "failed")
    live.store.job_finished("pretix", "done")
    assert live.store.jobs() == {("pretix", "done"): 2, ("pretix", "failed"): 1}
