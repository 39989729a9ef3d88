"""How often a promoter's link may be asked.

A window is a minute of the clock. A link that many people have open asks three times a minute for each; one
that is hammered shall cost nobody else anything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from data.counters import Counters

WINDOW_SECONDS = 60
PAGES_A_WINDOW = 300
"""The page of one link, counting those that ask for newer figures: about a hundred people at a time."""
FILES_A_WINDOW = 10


class LinkRate:
    """Counts what is asked of each link. Safe to use from any thread."""

    def __init__(self, counters: Counters, clock: Callable[[], float] = time.time) -> None:
        self._counters, self._clock = counters, clock

    def wait(self, token: str, *, file: bool) -> int:
        """0, or the seconds after which this link may be asked again. Whatever is asked counts, so that no
        database is needed to refuse it; never raises for want of Redis."""
        now = self._clock()
        window = int(now) // WINDOW_SECONDS
        kind = "link-file" if file else "link-page"
        asked = self._counters.count(kind, f"{token} {window}", 2 * WINDOW_SECONDS)
        if asked <= (FILES_A_WINDOW if file else PAGES_A_WINDOW):
            return 0
        return max(1, math.ceil((window + 1) * WINDOW_SECONDS - now))
