"""Queues of BullMQ in a Redis of the publisher's: its own scripts (`data.bullmq_scripts`), many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

import msgspec

from data import bullmq_scripts
from data.job_options import MqOptions
from data.job_queues import (
    CHECK_MS,
    ENOUGH_BYTES,
    LOCK_MS,
    Call,
    Finished,
    Job,
    JobQueues,
    OtherKind,
    now_ms,
    number,
    raise_first,
    traces_with,
)

_AT_ONCE = 100
"""Jobs that are claimed in one round trip: how long their data is shows only then."""
_KEYS = ("wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc")
_RELEASE_KEYS = (
    "active",
    "wait",
    "stalled",
    "paused",
    "meta",
    "limiter",
    "prioritized",
    "marker",
    "events",
)
# Texts alone: older Redis knows no bytes in them.
_pack = msgspec.msgpack.encode


class BullmqQueues(JobQueues):
    """A connection to some queues of one prefix. For one thread; `close` gives back what is not finished."""

    SCRIPTS: ClassVar = bullmq_scripts.shipped() | {"revive": bullmq_scripts.REVIVE}

    def claim(self, most: int) -> list[Job]:
        """Up to so many waiting jobs of each queue, the next ones first; they are ours from now on.

        Raises BrokerAway, OtherKind.
        """
        claimed: list[Job] = []
        for queue, there in self._waiting().items():
            left, size = min(most, there), 0
            while left > 0 and size < ENOUGH_BYTES:
                some = self._claimed(queue, min(left, _AT_ONCE))
                claimed += some
                size += sum(len(job.data or b"") for job in some)
                left -= len(some)
                if len(some) < _AT_ONCE:
                    break
        return claimed

    def _waiting(self) -> dict[str, int]:
        """How many jobs of each queue could be claimed. Raises BrokerAway, OtherKind."""
        due = (now_ms() + 1) * 0x1000 - 1
        pipeline = self._redis.pipeline(transaction=False)
        for base in self._bases.values():
            pipeline.hmget(f"{base}meta", "paused", "version")
            pipeline.exists(f"{base}id")
            pipeline.llen(f"{base}wait")
            pipeline.zcard(f"{base}prioritized")
            pipeline.zcount(f"{base}delayed", 0, due)
        answers = iter(self._executed(pipeline))
        found = {}
        for queue in self._bases:
            (paused, version), made, *counts = (next(answers) for _ in range(5))
            if made and version is None:
                raise OtherKind(f"{queue} is Bull's")
            found[queue] = 0 if paused is not None else sum(counts)
        return found

    def _claimed(self, queue: str, most: int) -> list[Job]:
        base = self._bases[queue]
        keys: list[str | bytes] = [base + name for name in (*_KEYS, "marker")]
        options = _pack({"token": self.token, "lockDuration": LOCK_MS})
        answers = self._run([Call("claim", keys, (base, now_ms(), options))] * most)
        claimed = [
            self._job(queue, answer[1], answer[0])
            for answer in answers
            if isinstance(answer, list) and isinstance(answer[0], list)
        ]
        self._hold(claimed)
        raise_first(answers)
        return claimed

    def _job(self, queue: str, id_: bytes, flat: Sequence[bytes]) -> Job:
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        data = fields.get(b"data")
        made = max(number(fields.get(name)) for name in (b"atm", b"attemptsMade"))
        return Job(
            queue,
            id_,
            fields.get(b"name"),
            None if data is None else data[: self._longest + 1],
            MqOptions(fields.get(b"opts")),
            fields.get(b"timestamp"),
            made,
            fields.get(b"stacktrace"),
        )

    def finish(self, outcomes: Iterable[Finished]) -> None:
        """Complete jobs (with a word to be kept as the value) or, with a reason, let them fail.

        A job that fails is tried again when its publisher asked for it. What was taken over by another worker
        meanwhile stays as it is. Raises BrokerAway.
        """
        now = now_ms()
        calls = [self._finished(now, *outcome) for outcome in outcomes]
        raise_first(self._run(calls))

    def _finished(self, now: int, job: Job, word: str, reason: str | None) -> Call:
        self._held.pop((job.queue, job.id), None)
        if reason is None:
            return self._ended(now, job, "completed", "returnvalue", f'"{word}"', b"")
        traces = _pack(["failedReason", reason, "stacktrace", traces_with(job, reason).decode()])
        following = job.options.next_attempt(job.attempts_made + 1, now)
        if following == "failed":
            return self._ended(now, job, "failed", "failedReason", reason, traces)
        # Where it goes without a delay it waits there too, and for what follows a pause.
        delay = following - now if isinstance(following, int) else 0
        base = self._bases[job.queue]
        key = partial(str.__add__, base)
        keys: list[str | bytes] = [key(name) for name in ("marker", "active", "prioritized", "delayed")]
        keys += [base.encode() + job.id, *map(key, ("events", "meta", "stalled", "wait", "limiter", "pc"))]
        return Call("delay", keys, (base, now, job.id, self.token, delay, "0", traces, "0"))

    def _ended(self, now: int, job: Job, outcome: str, field: str, value: str, fields: bytes) -> Call:
        base = self._bases[job.queue]
        keys: list[str | bytes] = [base + name for name in (*_KEYS, outcome)]
        keys += [base.encode() + job.id, f"{base}metrics:{outcome}", f"{base}marker"]
        kept = job.options.kept("completed" if outcome == "completed" else "failed")
        keep: dict[str, float] = {"count": int(kept.count)}
        if kept.age:
            # Without a number all of this age are kept.
            keep = {"age": float(kept.age)} | ({} if kept.count == "-1" else keep)
        options = {
            "token": self.token,
            "keepJobs": keep,
            "lockDuration": LOCK_MS,
            "attempts": job.options.attempts,
            "maxMetricsSize": "",
        } | job.options.of_parents()
        arguments = (job.id, now, field, value, outcome, "", base, _pack(options), fields)
        return Call("finish", keys, arguments)

    def extend(self) -> None:
        """Keep what is not finished yet. Raises BrokerAway."""
        calls = []
        for queue, ids in self._ids_held().items():
            base = self._bases[queue]
            arguments = (
                base,
                _pack([self.token] * len(ids)),
                _pack([id_.decode(errors="replace") for id_ in ids]),
                LOCK_MS,
            )
            calls.append(Call("extend", [f"{base}stalled"], arguments))
        raise_first(self._run(calls))

    def look_after(self) -> None:
        """Let jobs wait whose worker is gone; those that are due are found by `claim`. Raises BrokerAway."""
        now = now_ms()
        raise_first(self._run([Call("revive", [base], (now, CHECK_MS)) for base in self._bases.values()]))

    def _release(self) -> None:
        calls = []
        for queue, ids in self._ids_held().items():
            base = self._bases[queue]
            keys: list[str | bytes] = [base + name for name in _RELEASE_KEYS]
            calls += [Call("release", keys, (id_, self.token, base.encode() + id_)) for id_ in reversed(ids)]
        self._run(calls)
