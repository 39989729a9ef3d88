"""Queues of Bull in a Redis of the publisher's: many jobs in one script (`data.bull_scripts`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from data import bull_scripts
from data.job_options import Options
from data.job_queues import (
    CHECK_MS,
    ENOUGH_BYTES,
    LOCK_MS,
    Call,
    Finished,
    Job,
    JobQueues,
    now_ms,
    number,
    raise_first,
    traces_with,
)


class BullQueues(JobQueues):
    """A connection to some queues of one prefix. For one thread; `close` gives back what is not finished."""

    SCRIPTS: ClassVar = {
        name: getattr(bull_scripts, name.upper())
        for name in ("claim", "finish", "attempt", "release", "extend", "revive", "promote")
    }

    def claim(self, most: int) -> list[Job]:
        """Up to so many waiting jobs of each queue, the next ones first; they are ours from now on.

        Raises BrokerAway, OtherKind.
        """
        arguments = (self.token, LOCK_MS, now_ms(), most, ENOUGH_BYTES, self._longest)
        answers = self._run([Call("claim", [base], arguments) for base in self._bases.values()])
        claimed = [
            Job(queue, id_, name, data, Options(opts), timestamp, number(made), traces)
            for queue, answer in zip(self._bases, answers, strict=True)
            if not isinstance(answer, Exception)
            for id_, name, data, opts, timestamp, made, traces in answer
        ]
        self._hold(claimed)
        raise_first(answers)
        return claimed

    def finish(self, outcomes: Iterable[Finished]) -> None:
        """Complete jobs or, where there is a reason, let them fail.

        A job that fails is tried again when its publisher asked for it. What was taken over by another worker
        meanwhile stays as it is. Raises BrokerAway.
        """
        now = now_ms()
        completed: dict[str, list[str | bytes | int]] = {}
        failed: dict[str, list[str | bytes | int]] = {}
        attempts: dict[str, list[str | bytes | int]] = {}
        for job, word, reason in outcomes:
            self._held.pop((job.queue, job.id), None)
            if reason is None:
                kept = job.options.kept("completed")
                completed.setdefault(job.queue, []).extend((job.id, f'"{word}"', kept.count, kept.age))
                continue
            made = job.attempts_made + 1
            following = job.options.next_attempt(made, now)
            attempts.setdefault(job.queue, []).extend(
                (job.id, reason, made, traces_with(job, reason), following)
            )
            if following == "failed":
                kept = job.options.kept("failed")
                failed.setdefault(job.queue, []).extend((job.id, reason, kept.count, kept.age))
        calls = [self._call("finish", q, "completed", self.token, now, *a) for q, a in completed.items()]
        calls += [self._call("attempt", q, self.token, *a) for q, a in attempts.items()]
        calls += [self._call("finish", q, "failed", self.token, now, *a) for q, a in failed.items()]
        raise_first(self._run(calls))

    def extend(self) -> None:
        """Keep what is not finished yet. Raises BrokerAway."""
        held = self._ids_held().items()
        raise_first(self._run([self._call("extend", q, self.token, LOCK_MS, *ids) for q, ids in held]))

    def look_after(self) -> None:
        """Let jobs wait whose time has come, or whose worker is gone. Raises BrokerAway."""
        now = now_ms()
        calls = [self._call("promote", queue, self.token, now) for queue in self._bases]
        calls += [self._call("revive", queue, now, CHECK_MS) for queue in self._bases]
        raise_first(self._run(calls))

    def _release(self) -> None:
        self._run([self._call("release", queue, self.token, *ids) for queue, ids in self._ids_held().items()])

    def _call(self, script: str, queue: str, *arguments: str | bytes | int) -> Call:
        return Call(script, [self._bases[queue]], arguments)
