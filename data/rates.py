"""How many requests somebody may make: a steady rate with a burst, counted for all processes together.

The generic cell rate algorithm: of each name one instant is kept, up to which its requests are paid for. A
process takes a few requests from Redis at a time and grants them by itself, so that most cost no round trip.
While Redis is away each process holds everybody to the same rate by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from data.counters import MOST_OWN, Counters

SHARE = 50
"""A process takes so small a part of a burst at a time."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, at once or one after the other. `kind` is what it is kept for."""

    kind: str
    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands: `left` requests at once, `seconds` until another one when there are none."""

    rate: Rate
    left: int
    seconds: float = 0.0


class TooManyRequests(Exception):
    """Somebody asks more often than they may."""

    def __init__(self, standing: Standing) -> None:
        rate = standing.rate
        super().__init__(
            f"At most {rate.requests:,} requests in {rate.seconds} seconds for each {rate.kind}."
        )
        self.standing = standing


@dataclass(slots=True)
class _Held:
    granted: int
    left: int


class Rates:
    """Counts requests. Safe to use from any thread; never raises for want of Redis."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], _Held] = {}

    def spend(self, *whats: tuple[Rate, str]) -> Standing | None:
        """The tightest standing after one request of each name, in at most one round trip; None when no rate
        is set. A rate of 0 is none. Raises TooManyRequests."""
        tightest: Standing | None = None
        wanted = [(rate, who) for rate, who in whats if rate.requests]
        lacking = [what for what in wanted if not self._take(what)]
        if lacking:
            self._ask(lacking)
        for rate, who in wanted:
            held = self._held.get((rate.kind, who))
            left = held.left if held is not None else 0
            if tightest is None or left * tightest.rate.requests < tightest.left * rate.requests:
                tightest = Standing(rate, left)
        return tightest

    def _take(self, what: tuple[Rate, str]) -> bool:
        """Whether one of those that are held was granted."""
        with self._lock:
            held = self._held.get((what[0].kind, what[1]))
            if held is None or held.granted <= 0:
                return False
            held.granted -= 1
            held.left -= 1
            return True

    def _ask(self, lacking: Sequence[tuple[Rate, str]]) -> None:
        """Take some for each of these. Raises TooManyRequests for the first that has none left."""
        cells = [
            (rate.kind, who, rate.seconds / rate.requests, rate.requests, max(1, rate.requests // SHARE))
            for rate, who in lacking
        ]
        answers = self._counters.spend(cells)
        refused: TooManyRequests | None = None
        with self._lock:
            while len(self._held) >= MOST_OWN:
                self._held.pop(next(iter(self._held)))
            for (rate, who), (granted, left, seconds) in zip(lacking, answers, strict=True):
                if granted == 0:
                    refused = refused or TooManyRequests(Standing(rate, 0, seconds))
                    continue
                self._held[rate.kind, who] = _Held(granted - 1, left + granted - 1)
        if refused is not None:
            raise refused
