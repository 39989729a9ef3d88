"""What a reader of a queue tells about itself: gathered in its threads, written by another a little later."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from data.queue_sources import LONGEST_ERROR, Seen, State


class Report:
    """The state of one reader, what came since it was last taken, and what is counted for the metrics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = Seen("new")
        self._changed = True
        self._counts: Counter[str] = Counter()

    @property
    def state(self) -> State:
        """How it is now."""
        return self._seen.state

    def is_now(self, state: State) -> None:
        """It is in another state."""
        with self._lock:
            if state != self._seen.state:
                self._seen, self._changed = replace(self._seen, state=state), True

    def failed(self, state: State, reason: str) -> None:
        """Something went wrong, and that is how it is now."""
        with self._lock:
            self._seen = replace(
                self._seen,
                state=state,
                last_error=reason[:LONGEST_ERROR].replace("\0", ""),
                last_error_at=datetime.now(UTC),
            )
            self._changed = True
            self._counts["errors"] += 1

    def settled(self, statuses: Iterable[str], lag_seconds: float) -> None:
        """A batch is committed and acknowledged, so long after it came."""
        many = Counter(statuses)
        with self._lock:
            self._seen = replace(
                self._seen,
                accepted=self._seen.accepted + many["accepted"],
                duplicates=self._seen.duplicates + many["duplicate"],
                rejected=self._seen.rejected + many["rejected"],
                last_message_at=datetime.now(UTC),
            )
            self._changed = True
            self._counts.update(
                accepted=many["accepted"],
                duplicates=many["duplicate"],
                rejected=many["rejected"],
                batches=1,
                lag_milliseconds=round(lag_seconds * 1000),
            )

    def take(self) -> tuple[Seen, bool]:
        """What was seen since the last time, and whether there is anything new in it."""
        with self._lock:
            seen, changed = self._seen, self._changed
            self._seen, self._changed = Seen(seen.state), False
            return seen, changed

    def put_back(self, seen: Seen) -> None:
        """It could not be written: it counts the next time."""
        with self._lock:
            now = self._seen
            self._seen = Seen(
                now.state,
                now.accepted + seen.accepted,
                now.duplicates + seen.duplicates,
                now.rejected + seen.rejected,
                now.last_message_at or seen.last_message_at,
                now.last_error or seen.last_error,
                now.last_error_at or seen.last_error_at,
            )
            self._changed = True

    def take_counts(self) -> dict[str, int]:
        """What is to be added to the metrics."""
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
            return counts
