"""Counts that end by themselves: in Redis for all processes, and in this one alone while Redis is away.

Names are hashed with the installation's key: who reads Redis learns no token, e-mail or address.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")
Cell = tuple[str, str, float, int, int]
"""kind, who, seconds that a request costs, requests at once, requests wanted now."""
Granted = tuple[int, int, float]
"""Requests granted, requests that would be granted still, seconds until the next one when none was."""

_SPEND = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local answers = {}
for i, key in ipairs(KEYS) do
  local cost, most, wanted = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local paid = math.max(tonumber(redis.call('GET', key) or 0), now)
  local free = math.floor((now + cost * most - paid) / cost + 0.000001)
  local granted = math.max(0, math.min(wanted, free))
  if granted > 0 then
    paid = paid + granted * cost
    redis.call('SET', key, string.format('%.6f', paid), 'PX', math.ceil((paid - now) * 1000) + 1)
  end
  answers[i] = {granted, math.max(0, free - granted), string.format('%.3f', paid + cost - now - cost * most)}
end
return answers
"""
TIMEOUT_SECONDS = 0.3
REST_SECONDS = 1.0
"""How long nobody tries again after Redis failed to answer."""
MOST_OWN = 10_000
"""Counts that one process keeps while Redis is away; beyond it the oldest go."""


class Counters:
    """Named counts and names that are taken for a while. Safe to use from any thread; never raises for want
    of Redis."""

    def __init__(self, url: str, prefix: str, key: str) -> None:
        self._prefix, self._key = prefix, key.encode()
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._spend = self._redis.register_script(_SPEND)
        self._paid: dict[str, float] = {}
        """Name → the monotonic second up to which its requests are paid for, while Redis is away."""
        self._resting_until = 0.0
        self._own: dict[str, tuple[int, float]] = {}
        """Name → count and when it ends, in monotonic seconds."""
        self._lock = threading.Lock()

    def count(self, kind: str, who: str, seconds: int) -> int:
        """How often this was counted, this time included; forgotten `seconds` after the last time."""
        name = self._name(kind, who)

        def together() -> int:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incr(name)
                pipeline.expire(name, seconds)
                return int(pipeline.execute()[0])

        return self._ask(together, lambda: self._own_count(name, 1, seconds))

    def uncount(self, kind: str, who: str) -> None:
        """Take one time back."""
        name = self._name(kind, who)

        def together() -> None:
            # A key that has ended meanwhile would be made anew, without an end.
            if int(self._redis.decr(name)) < 0:
                self._redis.delete(name)

        self._ask(together, lambda: self._own_uncount(name))

    def take(self, kind: str, who: str, seconds: int) -> int:
        """0 when this name was free and is now taken for so long; else the seconds until it is free."""
        name = self._name(kind, who)

        def together() -> int:
            if self._redis.set(name, 1, nx=True, ex=seconds):
                return 0
            return self._left(name)

        return self._ask(together, lambda: self._own_take(name, seconds))

    def taken(self, kind: str, who: str) -> int:
        """The seconds until this name is free; 0 when it is."""
        name = self._name(kind, who)
        return self._ask(lambda: self._left(name), lambda: self._own_left(name))

    def spend(self, cells: Sequence[Cell]) -> list[Granted]:
        """What each of these is granted of what it wants (`data/rates.py`), in one round trip."""
        names = [self._name(kind, who) for kind, who, *_ in cells]

        def together() -> list[Granted]:
            numbers = [number for cell in cells for number in cell[2:]]
            found = self._spend(keys=names, args=numbers)
            return [(int(granted), int(left), float(seconds)) for granted, left, seconds in found]

        def alone() -> list[Granted]:
            return [self._own_spend(name, *cell[2:]) for name, cell in zip(names, cells, strict=True)]

        return self._ask(together, alone)

    def forget(self, *whats: tuple[str, str]) -> None:
        """Free and uncount these (kind, who)."""
        names = [self._name(kind, who) for kind, who in whats]

        def alone() -> None:
            for name in names:
                self._own.pop(name, None)

        self._ask(lambda: self._redis.delete(*names), alone)

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _name(self, kind: str, who: str) -> str:
        digest = hmac.new(self._key, f"{kind} {who}".encode(), hashlib.sha256).hexdigest()[:32]
        return f"{self._prefix}:tally:{kind}:{digest}"

    def _left(self, name: str) -> int:
        return max(0, math.ceil(int(self._redis.pttl(name)) / 1000))

    def _ask(self, together: Callable[[], T], alone: Callable[[], Any]) -> T:
        if time.monotonic() >= self._resting_until:
            try:
                return together()
            except (RedisError, OSError):
                self._resting_until = time.monotonic() + REST_SECONDS
        with self._lock:
            found: T = alone()
            return found

    def _own_count(self, name: str, more: int, seconds: int) -> int:
        now = time.monotonic()
        value, ends = self._own.pop(name, (0, 0.0))
        value = (value if ends > now else 0) + more
        while len(self._own) >= MOST_OWN:
            self._own.pop(next(iter(self._own)))
        self._own[name] = (value, now + seconds)
        return value

    def _own_spend(self, name: str, cost: float, most: int, wanted: int) -> Granted:
        now = time.monotonic()
        paid = max(self._paid.pop(name, 0.0), now)
        free = math.floor((now + cost * most - paid) / cost + 1e-6)
        granted = max(0, min(wanted, free))
        while len(self._paid) >= MOST_OWN:
            self._paid.pop(next(iter(self._paid)))
        self._paid[name] = paid = paid + granted * cost
        return granted, max(0, free - granted), paid + cost - now - cost * most

    def _own_uncount(self, name: str) -> None:
        value, ends = self._own.get(name, (0, 0.0))
        if value > 0:
            self._own[name] = (value - 1, ends)

    def _own_take(self, name: str, seconds: int) -> int:
        left = self._own_left(name)
        if left == 0:
            self._own_count(name, 1, seconds)
        return left

    def _own_left(self, name: str) -> int:
        _, ends = self._own.get(name, (0, 0.0))
        return max(0, math.ceil(ends - time.monotonic()))
