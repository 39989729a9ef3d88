"""Queues of jobs in a Redis of the publisher's, whichever library made them: what readers of them share.

Jobs are claimed and finished many at a time. What other workers of the same queue see and do, and the tools
that look at it, is as with a worker of the library itself. A claimed job is ours while its lock is extended.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.connection import parse_url
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.retry import Retry

from data.job_options import Options

LOCK_MS = 10_000
"""How long a job of a process that was killed is still taken for worked on."""
EXTEND_SECONDS = 3.0
CHECK_MS = 5_000
TIMEOUT_SECONDS = 5.0
ENOUGH_BYTES = 4_000_000
"""Of the data of jobs that are claimed together."""


class BrokerAway(Exception):
    """Redis does not answer, or not as it should; the text says why, without address and password."""


class OtherKind(Exception):
    """A queue is another library's, and nothing was done to it; the text says which."""


@dataclass(slots=True)
class Job:
    """One claimed job, as it is kept; `data` is cut one byte after the longest that is read."""

    queue: str
    id: bytes
    name: bytes | None
    data: bytes | None
    options: Options
    timestamp: bytes | None
    attempts_made: int
    traces: bytes | None

    @property
    def is_last_try(self) -> bool:
        """Whether no attempt follows if this one fails."""
        return self.options.next_attempt(self.attempts_made + 1, 0) == "failed"


Finished = tuple[Job, str, str | None]
"""A job, a word to be kept as its value, and why it fails if it does."""


class Call(NamedTuple):
    """A script by its name, with keys and arguments."""

    script: str
    keys: Sequence[str | bytes]
    arguments: Sequence[str | bytes | int]


class JobQueues(ABC):
    """A connection to some queues of one prefix. For one thread; `close` gives back what is not finished."""

    SCRIPTS: ClassVar[Mapping[str, str]]

    def __init__(self, url: str, prefix: str, queues: Sequence[str], longest_data: int) -> None:
        self.token = uuid4().hex
        self._bases = {queue: f"{prefix}:{queue}:" for queue in queues}
        self._longest = longest_data
        self._held: dict[tuple[str, bytes], Job] = {}
        self._redis = connection(url)
        try:
            self._hashes = {
                name: asked(lambda text=text: self._redis.script_load(text))  # type: ignore[misc]
                for name, text in self.SCRIPTS.items()
            }
        except BaseException:
            self._redis.close()
            raise

    @abstractmethod
    def claim(self, most: int) -> list[Job]:
        """Up to so many waiting jobs of each queue, the next ones first; they are ours from now on.

        Raises BrokerAway, OtherKind.
        """

    @abstractmethod
    def finish(self, outcomes: Iterable[Finished]) -> None:
        """Complete jobs or, where there is a reason, let them fail.

        A job that fails is tried again when its publisher asked for it. What was taken over by another worker
        meanwhile stays as it is. Raises BrokerAway.
        """

    @abstractmethod
    def extend(self) -> None:
        """Keep what is not finished yet. Raises BrokerAway."""

    @abstractmethod
    def look_after(self) -> None:
        """Let jobs wait whose time has come, or whose worker is gone. Raises BrokerAway."""

    @abstractmethod
    def _release(self) -> None:
        """Give back what is not finished. Raises BrokerAway."""

    def close(self) -> None:
        """Give back what is not finished, as far as Redis answers, and end the connection."""
        try:
            self._release()
        except BrokerAway:
            pass  # Their locks run out.
        finally:
            self._redis.close()

    def _hold(self, jobs: Iterable[Job]) -> None:
        self._held.update({(job.queue, job.id): job for job in jobs})

    def _ids_held(self) -> Mapping[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for queue, id_ in self._held:
            found.setdefault(queue, []).append(id_)
        return found

    def _run(self, calls: Sequence[Call]) -> list[Any]:
        """What each script answers, or the error it ended with. Raises BrokerAway."""
        if not calls:
            return []
        pipeline = self._redis.pipeline(transaction=False)
        for script, keys, arguments in calls:
            pipeline.evalsha(self._hashes[script], len(keys), *keys, *arguments)
        return self._executed(pipeline)

    def _executed(self, pipeline: Pipeline) -> list[Any]:
        answers: list[Any] = asked(lambda: pipeline.execute(raise_on_error=False))
        return answers


def connection(url: str) -> Redis:
    """A connection that tries nothing twice: what was claimed and not heard of would be claimed again."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        client_name="housecount",
    )


def advice(url: str) -> list[str]:
    """What of the Redis at this address puts jobs at risk, in sentences. Raises BrokerAway."""
    redis = connection(url)
    try:
        told: dict[str, Any] = asked(redis.info)
    finally:
        redis.close()
    found = []
    if told.get("maxmemory_policy") not in (None, "noeviction"):
        found.append(
            f"maxmemory-policy is {told['maxmemory_policy']}: when memory is short, jobs are dropped."
        )
    if told.get("aof_enabled") == 0:
        found.append("appendonly is off: jobs since the last snapshot are lost when it stops.")
    return found


def kind_of(url: str, prefix: str, queue: str) -> Literal["bull", "bullmq"] | None:
    """Which library made this queue; None before there is one. Raises BrokerAway."""
    redis = connection(url)
    try:
        version: bytes | None = asked(lambda: redis.hget(f"{prefix}:{queue}:meta", "version"))
        if version is not None and version.startswith(b"bullmq"):
            return "bullmq"
        return "bull" if asked(lambda: redis.exists(f"{prefix}:{queue}:id")) else None
    finally:
        redis.close()


def is_encrypted_or_near(url: str, near: Iterable[str]) -> bool:
    """Whether jobs and password go to such an address over TLS, to this machine, or to one of these hosts."""
    parts = urlsplit(url)
    return parts.scheme == "rediss" or (parts.hostname or "") in set(near)


def parsed(url: str) -> None:
    """Raises ValueError for what is no address of a Redis."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError(url)
    parse_url(url)  # type: ignore[no-untyped-call]


def asked(question: Callable[[], Any]) -> Any:
    """The answer. Raises BrokerAway."""
    try:
        return question()
    except (RedisError, OSError) as error:
        raise BrokerAway(reason(error)) from None


def raise_first(answers: Iterable[object]) -> None:
    """Raises BrokerAway or OtherKind when one of the answers is an error."""
    for answer in answers:
        if isinstance(answer, ResponseError) and str(answer).startswith("OTHERKIND"):
            raise OtherKind(str(answer).partition(" ")[2])
        if isinstance(answer, Exception):
            raise BrokerAway(reason(answer))


def reason(error: BaseException) -> str:
    """What went wrong, for people; no address and no password."""
    if isinstance(error, AuthenticationError):
        return "Redis refuses this name and password"
    if isinstance(error, NoPermissionError):
        return "Redis does not permit this user what a worker does"
    if isinstance(error, ResponseError):
        return f"Redis: {error}"
    if isinstance(error, RedisTimeout):
        return "Redis does not answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return f"Redis has gone away ({type(error).__name__})"


def traces_with(job: Job, reason: str) -> bytes:
    """JSON of why attempts failed, this one last."""
    try:
        earlier = msgspec.json.decode(job.traces or b"[]")
    except (msgspec.DecodeError, ValueError, RecursionError):
        earlier = []
    kept = earlier if isinstance(earlier, list) else []
    return msgspec.json.encode([*kept, reason][-job.options.most_traces :])


def number(text: bytes | None) -> int:
    """The number in a field; 0 where there is none."""
    return int(text) if text is not None and text.isdigit() else 0


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
