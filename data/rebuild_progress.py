"""How far a rebuild is, for whoever waits for it: a start that upgrades much history takes minutes."""

import logging
import time
from collections.abc import Callable

EVERY_SECONDS = 5.0

Told = Callable[[str, int, int], None]
"""Takes what is worked out anew ("events", "days", "sums of customers"), how many are done, of how many."""

log = logging.getLogger(__name__)


def nobody(what: str, done: int, of: int) -> None:
    """For those who wait for nothing."""


class Logged:
    """Says in the log what is begun, how far it is every few seconds, and what is done; `whose` is in each
    line."""

    def __init__(self, whose: str, every: float = EVERY_SECONDS) -> None:
        self._whose, self._every = whose, every
        self._what, self._due = "", 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if what == self._what and done < of and now < self._due:
            return
        self._what, self._due = what, now + self._every
        log.info("rebuilding the roll-ups of %s: %s of %s %s", self._whose, f"{done:,}", f"{of:,}", what)
