"""Counts that end by themselves: in Redis for all processes, and in this one alone while Redis is away.

Names are hashed with the installation's key: who reads Redis learns no token, e-mail or address.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")
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
