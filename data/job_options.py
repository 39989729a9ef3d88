"""What the publisher of a job wishes: when to try again, and how many finished jobs to keep.

Options are whatever the publisher wrote; what cannot be read counts as not said, as for the workers of Bull.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

import msgspec

_ALL = "-1"
MOST_DELAY_MS = 2**40
"""Some 35 years: times in milliseconds stay exact with the bits that keep their order."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many finished jobs to keep ("-1": all, "0": not even this one), of what age in s ("": of any)."""

    count: str = _ALL
    age: str = ""


EVERYTHING = Kept()
_THIS_NEITHER = Kept("0")

Again = Literal["failed", "LPUSH", "RPUSH"]
"""No more attempts; or to wait behind the others; or, of jobs that asked to be the next, in front."""


class Options:
    """The options of one job, read when they are asked for."""

    __slots__ = ("_text", "_values")

    def __init__(self, text: bytes | None) -> None:
        self._text = text or b""
        self._values: dict[str, Any] | None = None

    def kept(self, outcome: Literal["completed", "failed"]) -> Kept:
        """What of the jobs with this outcome is kept once this one has it too."""
        name = "removeOnComplete" if outcome == "completed" else "removeOnFail"
        if (
            name.encode() not in self._text
        ):  # Most have nothing of the kind, and to look is quicker than to parse.
            return EVERYTHING
        wish = self._get(name)
        if wish is True:
            return _THIS_NEITHER
        if isinstance(wish, dict):
            count, age = wish.get("count"), wish.get("age")
            return Kept(_whole(count), f"{age}" if _is_number(age) else "")
        return Kept(_whole(wish))

    def next_attempt(self, made: int, now_ms: int) -> Again | int:
        """What follows so many failed attempts: until when (ms since 1970) it waits, or where it goes."""
        attempts, backoff = self._get("attempts"), self._get("backoff")
        if not _is_number(attempts) or made >= attempts:
            return "failed"
        delay = self._delay(backoff, made)
        if delay is None:
            return "failed"
        if delay > 0:
            return now_ms + round(min(delay, MOST_DELAY_MS))
        return "RPUSH" if self._get("lifo") else "LPUSH"

    @property
    def most_traces(self) -> int:
        """How many reasons of earlier attempts are kept."""
        limit = self._get("stackTraceLimit")
        return max(1, int(limit)) if _is_number(limit) else 10

    @property
    def attempts(self) -> int:
        """How often it is tried at most."""
        given = self._get("attempts")
        return int(given) if _is_number(given) else 1

    def of_parents(self) -> dict[str, bool]:
        """What becomes of the job that waits for this one when this one fails, by BullMQ's short names."""
        if not any(name.encode() in self._text for name in _OF_PARENTS):
            return dict.fromkeys(_OF_PARENTS, False)
        return {name: bool(self._get(name)) for name in _OF_PARENTS}

    def _delay(self, backoff: Any, made: int) -> float | None:
        """Milliseconds until the next attempt; None for a strategy that only the publisher's workers know."""
        if not isinstance(backoff, dict):
            return float(backoff) if _is_number(backoff) else 0.0
        given = backoff.get("delay")
        delay = float(given) if _is_number(given) else 0.0
        if backoff.get("type") == "fixed":
            return delay
        if backoff.get("type") == "exponential":
            return min(self._times(min(made, 60)) * delay, float(MOST_DELAY_MS))
        return None

    def _times(self, made: int) -> float:
        """How often the first pause an exponential one is."""
        return 2.0**made - 1

    def _get(self, name: str) -> Any:
        if self._values is None:
            try:
                found = msgspec.json.decode(self._text)
            except (msgspec.DecodeError, ValueError, RecursionError):
                found = None
            self._values = found if isinstance(found, dict) else {}
        return self._values.get(name)


class MqOptions(Options):
    """The options of a job of BullMQ."""

    __slots__ = ()

    def _delay(self, backoff: Any, made: int) -> float | None:
        delay = super()._delay(backoff, made)
        jitter = backoff.get("jitter") if isinstance(backoff, dict) else None
        if delay is None or not _is_number(jitter):
            return delay
        return delay * (1 - random.random() * min(max(jitter, 0), 1))

    def _times(self, made: int) -> float:
        return 2.0 ** (made - 1)


_OF_PARENTS = ("fpof", "cpof", "idof", "rdof")


def _whole(value: Any) -> str:
    return str(max(-1, int(value))) if _is_number(value) else _ALL


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
