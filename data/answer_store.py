"""Answers kept in Redis, and the promise that several who ask the same at once let one of them find it out:
in this process by waiting for its flight, in all processes by a claim in Redis.

Nothing here is the truth: what is not there is read from PostgreSQL, and a key names the version of the data
it was read from, so an entry is never wrong, only forgotten.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from uuid import uuid4

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from data.answers import Answer
from data.near_answers import NearAnswers

T = TypeVar("T")
KEPT_SECONDS = 3600
MOST_BYTES = 512_000
"""An answer larger than this is not kept: it would push out hundreds of others."""
MOST_REMEMBERED = 512
TIMEOUT_SECONDS = 0.5
REST_SECONDS = 0.5
"""How long nobody tries again after Redis failed to answer."""
FLIGHT_SECONDS = 25.0
"""How long one waits for another of this process who finds out the same."""
CLAIM_SECONDS = 5.0
"""How long a claim holds, and others wait for it: whoever made it may have died. Longer questions are found
out more than once."""
_LOOK_SECONDS = (0.01, 0.1)
"""Between two looks whether another process has found something out: at first, at last."""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
"""Takes a claim back that is still one's own."""


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
        self._near = NearAnswers()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Answer).decode
        self._resting_until = 0.0
        self._flights: dict[str, Flight] = {}
        self._me = uuid4().hex
        self._lock = threading.Lock()
        self._remembered: OrderedDict[object, object] = OrderedDict()

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of the answers that are there; when Redis is away, those that this process used before."""
        near = self._near.find(keys)
        far = [key for key in keys if key not in near]
        if not far:
            return near
        try:
            return near | self._decoded(far, self._ask(lambda: cast(Any, self._redis.mget(self._names(far)))))
        except (RedisError, OSError, msgspec.MsgspecError):
            return near

    def claim(self, keys: Sequence[str]) -> tuple[list[str], dict[str, Answer]]:
        """Of keys without an answer those that no other process is finding out, which the caller then has to
        `release`, and the answers that have come since. Without Redis everything is the caller's."""
        if not keys:
            return [], {}

        def question() -> list[Any]:
            with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.set(self._claim(key), self._me, nx=True, px=int(CLAIM_SECONDS * 1000))
                pipeline.mget(self._names(keys))
                return pipeline.execute()

        try:
            *claimed, bodies = self._ask(question)
            found = self._decoded(keys, bodies)
        except (RedisError, OSError, msgspec.MsgspecError):
            return list(keys), {}
        own = [key for key, mine in zip(keys, claimed, strict=True) if mine]
        self.release([key for key in own if key in found])
        return [key for key in own if key not in found], found

    def release(self, keys: Sequence[str]) -> None:
        """Let go what was claimed; nothing happens to the claims of others."""
        if not keys:
            return

        def let_go() -> None:
            with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.eval(_RELEASE, 1, self._claim(key), self._me)
                pipeline.execute()

        try:
            self._ask(let_go)
        except (RedisError, OSError):
            return  # It ends by itself.

    def awaited(self, keys: Sequence[str]) -> dict[str, Answer]:
        """The answers that other processes find out, as soon as they have come; without those whose claim
        came to nothing, or that take too long."""
        found: dict[str, Answer] = {}
        waiting, pause, last_moment = list(keys), _LOOK_SECONDS[0], time.monotonic() + CLAIM_SECONDS
        while waiting and time.monotonic() < last_moment:
            time.sleep(pause)
            pause = min(pause * 1.5, _LOOK_SECONDS[1])
            try:
                # The claims first: an answer is kept before its claim is let go.
                claims = self._ask(partial(self._claims, waiting))
            except (RedisError, OSError):
                break
            found |= self.find(waiting)
            held = {key for key, claim in zip(waiting, claims, strict=True) if claim is not None}
            waiting = [key for key in waiting if key in held and key not in found]
        return found

    def _decoded(self, keys: Sequence[str], bodies: Sequence[bytes | None]) -> dict[str, Answer]:
        found = {}
        for key, body in zip(keys, bodies, strict=True):
            if body is not None:
                found[key] = self._decode(body)
                self._near.keep(key, found[key], len(body))
        return found

    def _names(self, keys: Sequence[str]) -> list[str]:
        return [f"{self.prefix}:{key}" for key in keys]

    def _claims(self, keys: Sequence[str]) -> list[bytes | None]:
        return cast(Any, self._redis.mget([*map(self._claim, keys)]))  # type: ignore[no-any-return]

    def _claim(self, key: str) -> str:
        return f"{self.prefix}:{key}:claim"

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
