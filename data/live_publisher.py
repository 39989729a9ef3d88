"""After the commit: changed events become published states, at most ten times a second each.

Doors call `touched` and go on; one thread reads each changed event once and publishes it, at once
when it was quiet before. What nobody listens to is published seldom and with a twentieth of the
thread's time, so that reading in two years of history does not slow the doors. Whatever is lost
here (Redis away, a crash between commit and publication) is found by the sockets' reconciler.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from data import milestones
from data.engine import Database, DatabaseUnavailable
from data.live import read_state
from data.live_redis import HOLD_MILLISECONDS, LiveStore, RedisUnavailable
from data.live_state import EventState
from data.telemetry import Telemetry

log = logging.getLogger(__name__)

WATCHED_INTERVAL = 0.1
UNWATCHED_INTERVAL = HOLD_MILLISECONDS / 1000
UNWATCHED_SHARE = 0.05
RETRY_SECONDS = 0.5

_Key = tuple[UUID, UUID]
"""(tenant_id, event_id)"""


class LivePublisher:
    """The live states of this process's tenants: told what changed, asked what is."""

    def __init__(self, database: Database, store: LiveStore, telemetry: Telemetry) -> None:
        self._database = database
        self.store = store
        self.telemetry = telemetry
        self._wake = threading.Condition()
        self._dirty: dict[_Key, float] = {}
        self._next_at: dict[_Key, float] = {}
        self._unwatched_until = 0.0
        self._unwatched: set[_Key] = set()
        self._closed = False
        self._thread: threading.Thread | None = None

    def touched(self, tenant_id: UUID, versions: Mapping[tuple[UUID, UUID], int]) -> None:
        """Have the states of these (venue, event) pairs published soon. Returns at once, never raises."""
        now = time.monotonic()
        with self._wake:
            if self._closed:
                return
            for _, event_id in versions:
                self._dirty.setdefault((tenant_id, event_id), now)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-publisher", daemon=True)
                self._thread.start()
            self._wake.notify()

    def watched(self, tenant_id: UUID, event_id: UUID) -> None:
        """Somebody has begun to look: publish the event's changes as they come again."""
        with self._wake:
            self._unwatched.discard((tenant_id, event_id))
            self._next_at.pop((tenant_id, event_id), None)
            self._wake.notify()

    def read(self, tenant_id: UUID, event_id: UUID) -> EventState | None:
        """The event's state from Redis, else from PostgreSQL; None for an event that is not there.

        At most two seconds old. Raises DatabaseUnavailable.
        """
        try:
            held = self.store.get(tenant_id, event_id)
        except RedisUnavailable:
            held = None
        if held is not None:
            self.telemetry.cache_hits.labels("live").inc()
            return held
        self.telemetry.cache_misses.labels("live").inc()
        return self.refresh(tenant_id, event_id)

    def refresh(self, tenant_id: UUID, event_id: UUID) -> EventState | None:
        """The event's state from PostgreSQL, published if Redis is there. Raises DatabaseUnavailable."""
        state, at = self._read(tenant_id, event_id)
        if state is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.put(tenant_id, state, at)
        return state

    def close(self) -> None:
        """Stop the thread; what is still to be published is left to the reconcilers."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _read(self, tenant_id: UUID, event_id: UUID) -> tuple[EventState | None, float]:
        """The state with the milestones it has passed, committed, and when it was read."""
        at = datetime.now(UTC)
        with self._database.tenant(tenant_id, snapshot=True) as tenant:
            state = read_state(tenant, event_id, at)
        if state is not None and milestones.due(state):
            with self._database.tenant(tenant_id) as tenant:
                milestones.record(tenant, state)
        return state, at.timestamp()

    def _run(self) -> None:
        while True:
            with self._wake:
                key = self._take()
                while key is None and not self._closed:
                    self._wake.wait(self._patience())
                    key = self._take()
                if self._closed or key is None:
                    return
                since = self._dirty.pop(key)
            self._attempt(key, since)

    def _attempt(self, key: _Key, since: float) -> None:
        started = time.monotonic()
        try:
            state, at = self._read(*key)
            listeners = 0 if state is None else self.store.put(key[0], state, at)
        except (RedisUnavailable, DatabaseUnavailable):
            with self._wake:
                self._dirty.setdefault(key, since)
                self._next_at[key] = time.monotonic() + RETRY_SECONDS
            return
        except Exception:
            log.exception("a changed event could not be published")
            return
        now = time.monotonic()
        self.telemetry.publish_lag.observe(now - since)
        with self._wake:
            if listeners == 0:
                self._unwatched.add(key)
                self._unwatched_until = now + (now - started) * (1 / UNWATCHED_SHARE - 1)
                self._next_at[key] = now + UNWATCHED_INTERVAL
            else:
                self._unwatched.discard(key)
                self._next_at[key] = started + WATCHED_INTERVAL
            if len(self._next_at) > 10_000:
                self._next_at = {k: at for k, at in self._next_at.items() if at > now}
                self._unwatched &= self._next_at.keys()

    def _due(self, key: _Key) -> float:
        due = self._next_at.get(key, 0.0)
        return max(due, self._unwatched_until) if key in self._unwatched else due

    def _take(self) -> _Key | None:
        """The changed event that is due, watched ones first, those waiting longest first."""
        now = time.monotonic()
        due = [key for key in self._dirty if self._due(key) <= now]
        return min(due, key=lambda key: (key in self._unwatched, self._dirty[key]), default=None)

    def _patience(self) -> float | None:
        """Seconds until the next changed event is due; None while nothing has changed."""
        if not self._dirty:
            return None
        return max(0.0, min(map(self._due, self._dirty)) - time.monotonic())
