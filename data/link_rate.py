"""How often a link may be asked: counted in Redis for all processes, and in this one while Redis is away.

A window is a minute of the clock. A link that many people have open asks three times a minute for each; one
that is hammered shall cost nobody else anything.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

WINDOW_SECONDS = 60
PAGES_A_WINDOW = 300
"""The page of one link, counting those that ask for newer figures: about a hundred people at a time."""
FILES_A_WINDOW = 10
TIMEOUT_SECONDS = 0.3
REST_SECONDS = 1.0
"""How long nobody tries again after Redis failed to answer."""


class LinkRate:
    """Counts what is asked of each link. Safe to use from any thread."""

    def __init__(self, url: str, prefix: str, clock: Callable[[], float] = time.time) -> None:
        self._prefix, self._clock = prefix, clock
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._resting_until = 0.0
        self._window = 0
        self._own: Counter[str] = Counter()
        self._lock = threading.Lock()

    def wait(self, token: str, *, file: bool) -> int:
        """0, or the seconds after which this link may be asked again. Whatever is asked counts, so that no
        database is needed to refuse it; never raises for want of Redis."""
        now = self._clock()
        window = int(now) // WINDOW_SECONDS
        # Not the token itself: who reads Redis shall open nothing.
        name = hashlib.sha256(token.encode()).hexdigest()[:32]
        key = f"{self._prefix}:link:{'file' if file else 'page'}:{name}:{window}"
        if self._count(key, window) <= (FILES_A_WINDOW if file else PAGES_A_WINDOW):
            return 0
        return max(1, math.ceil((window + 1) * WINDOW_SECONDS - now))

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _count(self, key: str, window: int) -> int:
        if time.monotonic() >= self._resting_until:
            try:
                with self._redis.pipeline(transaction=False) as pipeline:
                    pipeline.incr(key)
                    pipeline.expire(key, 2 * WINDOW_SECONDS)
                    return int(pipeline.execute()[0])
            except (RedisError, OSError):
                self._resting_until = time.monotonic() + REST_SECONDS
        with self._lock:
            if window != self._window:
                self._window, self._own = window, Counter()
            self._own[key] += 1
            return self._own[key]
