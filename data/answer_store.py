"""Answers kept in Redis, and the promise that several who ask the same at once let one of them find it out.

Nothing here is the truth: what is not there is read from PostgreSQL, and a key names the version of the data
it was read from, so an entry is never wrong, only forgotten.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from data.answers import Answer

T = TypeVar("T")
KEPT_SECONDS = 3600
MOST_BYTES = 512_000
"""An answer larger than this is not kept: it would push out hundreds of others."""
MOST_REMEMBERED = 512
TIMEOUT_SECONDS = 0.5
REST_SECONDS = 0.5
"""How long nobody tries again after Redis failed to answer."""
FLIGHT_SECONDS = 25.0
"""How long one waits for another who finds out the same."""


class Counter(Protocol):
    """What counts hits and misses."""

    def inc(self, amount: float = 1) -> None:
        """Add."""


@dataclass(slots=True)
class Flight:
    """An answer that somebody is finding out; `answer` stays None when it came to nothing."""

    landed: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None


class AnswerStore:
    """Answers by key, for all tenants: the key names the tenant. Safe to use from any thread."""

    def __init__(self, url: str, prefix: str, hits: Counter, misses: Counter) -> None:
        self.prefix, self.hits, self.misses = prefix, hits, misses
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Answer).decode
        self._resting_until = 0.0
        self._flights: dict[str, Flight] = {}
        self._lock = threading.Lock()
        self._remembered: OrderedDict[object, object] = OrderedDict()

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of the answers that are there; none when Redis is away."""
        if not keys:
            return {}
        try:
            names = [f"{self.prefix}:{key}" for key in keys]
            bodies: list[bytes | None] = self._ask(lambda: cast(Any, self._redis.mget(names)))
            found = {key: body for key, body in zip(keys, bodies, strict=True) if body is not None}
            return {key: self._decode(body) for key, body in found.items()}
        except (RedisError, OSError, msgspec.MsgspecError):
            return {}

    def keep(self, answers: dict[str, Answer]) -> None:
        """Keep them for an hour; nothing happens without Redis."""
        bodies = {key: self._encode(answer) for key, answer in answers.items()}
        kept = {key: body for key, body in bodies.items() if len(body) <= MOST_BYTES}
        if not kept:
            return

        def store() -> None:
            with self._redis.pipeline(transaction=False) as pipeline:
                for key, body in kept.items():
                    pipeline.set(f"{self.prefix}:{key}", body, ex=KEPT_SECONDS)
                pipeline.execute()

        try:
            self._ask(store)
        except (RedisError, OSError):
            return

    def board(self, keys: Sequence[str]) -> tuple[list[str], dict[str, Flight]]:
        """Of keys without an answer, those that the caller is the first to want, and the flights of the
        others. The caller has to `land` its own, whatever happens."""
        own, others = [], {}
        with self._lock:
            for key in dict.fromkeys(keys):
                flight = self._flights.get(key)
                if flight is None:
                    self._flights[key] = Flight()
                    own.append(key)
                else:
                    others[key] = flight
        return own, others

    def land(self, own: Sequence[str], answers: dict[str, Answer]) -> None:
        """Hand what was found out to those who wait for it."""
        with self._lock:
            flights = {key: self._flights.pop(key) for key in own}
        for key, flight in flights.items():
            flight.answer = answers.get(key)
            flight.landed.set()

    def remember(self, key: object, value: object) -> None:
        """Keep something small in this process, until much else was."""
        with self._lock:
            self._remembered[key] = value
            self._remembered.move_to_end(key)
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)

    def recall(self, key: object) -> object:
        """What was remembered under a key, else None."""
        with self._lock:
            return self._remembered.get(key)

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _ask(self, question: Callable[[], T]) -> T:
        if time.monotonic() < self._resting_until:
            raise RedisError("Redis did not answer a moment ago")
        try:
            return question()
        except (RedisError, OSError):
            self._resting_until = time.monotonic() + REST_SECONDS
            raise
