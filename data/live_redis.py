"""Redis as the live path uses it: each event's latest state for two seconds, and one channel per venue.

Nothing here is the truth: a state that is not in Redis is read from PostgreSQL, and one that is can
be at most two seconds older than its last publication, however Redis was restarted or flushed.
Every name begins with the installation's prefix and the tenant.
"""

import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from data.live_state import EventState

HOLD_MILLISECONDS = 2000
TIMEOUT_SECONDS = 0.5
REST_SECONDS = 0.5
"""How long nobody tries again after Redis failed to answer, so that requests do not queue up for it."""

# A slower publisher must not overwrite a newer state. Versions first, then time: rates change without
# a version. Returns how many subscribers the channel has, or -1 when what is held is newer.
_PUT = """
local held = redis.call('HMGET', KEYS[1], 'seq', 'at')
if held[1] then
  local seq, at = tonumber(held[1]), tonumber(held[2])
  if seq > tonumber(ARGV[1]) or (seq == tonumber(ARGV[1]) and at > tonumber(ARGV[2])) then return -1 end
end
redis.call('HSET', KEYS[1], 'seq', ARGV[1], 'at', ARGV[2], 'state', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return redis.call('PUBLISH', KEYS[2], ARGV[3])
"""


class RedisUnavailable(Exception):
    """Redis does not answer; whatever was asked can be had from PostgreSQL."""


class LiveStore:
    """The states and channels of every tenant. Safe to use from any thread."""

    def __init__(self, url: str, prefix: str) -> None:
        self.url = url
        self._prefix = prefix
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._put = self._redis.register_script(_PUT)
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def channel(self, tenant_id: UUID, venue_id: UUID) -> str:
        """The channel on which a venue's states are published."""
        return f"{self._prefix}:{tenant_id}:live:venue:{venue_id}"

    def key(self, tenant_id: UUID, event_id: UUID) -> str:
        """The key of an event's state."""
        return f"{self._prefix}:{tenant_id}:live:state:{event_id}"

    def get(self, tenant_id: UUID, event_id: UUID) -> EventState | None:
        """The state published within the last two seconds, else None. Raises RedisUnavailable."""
        body = self._ask(lambda: self._redis.hget(self.key(tenant_id, event_id), "state"))
        return None if body is None else msgspec.json.decode(body)

    def put(self, tenant_id: UUID, state: EventState, at: float) -> int:
        """Keep a state read at `at` (seconds since 1970) and publish it to its venue's channel.

        Returns how many processes listen, or −1 when a newer state is there already and nothing was
        done. Raises RedisUnavailable.
        """
        keys = [
            self.key(tenant_id, UUID(state["eventId"])),
            self.channel(tenant_id, UUID(state["venueId"])),
        ]
        arguments = [state["seq"], f"{at:.6f}", msgspec.json.encode(state), HOLD_MILLISECONDS]
        return int(self._ask(lambda: self._put(keys=keys, args=arguments)))

    def job_finished(self, job: str, outcome: str) -> None:
        """Count a finished job for the metrics, whatever process ran it; nothing happens without Redis."""
        try:
            self._ask(lambda: self._redis.hincrby(f"{self._prefix}:jobs", f"{job}:{outcome}", 1))
        except RedisUnavailable:
            return

    def jobs(self) -> dict[tuple[str, str], int]:
        """(job, outcome) → how often since the counters began. Raises RedisUnavailable."""
        counted = self._ask(lambda: self._redis.hgetall(f"{self._prefix}:jobs"))
        pairs = ((name.decode().rpartition(":"), int(count)) for name, count in counted.items())
        return {(job, outcome): count for (job, _, outcome), count in pairs}

    def count_queue(self, amounts: Mapping[str, int]) -> None:
        """Add to what readers of queues count for the metrics; nothing happens without Redis."""
        try:
            for name, amount in amounts.items():
                self._ask(partial(self._redis.hincrby, f"{self._prefix}:queues", name, amount))
        except RedisUnavailable:
            return

    def queues(self) -> dict[str, int]:
        """What readers of queues counted since the counters began. Raises RedisUnavailable."""
        counted = self._ask(lambda: self._redis.hgetall(f"{self._prefix}:queues"))
        return {name.decode(): int(count) for name, count in counted.items()}

    def ping(self) -> float:
        """Seconds until Redis answered. Raises RedisUnavailable."""
        started = time.perf_counter()
        self._ask(self._redis.ping)
        return time.perf_counter() - started

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _ask(self, question: Any) -> Any:
        if time.monotonic() < self._resting_until:
            raise RedisUnavailable("Redis did not answer a moment ago")
        try:
            return question()
        except (RedisError, OSError) as error:
            with self._lock:
                self._resting_until = time.monotonic() + REST_SECONDS
            raise RedisUnavailable(str(error)) from error
