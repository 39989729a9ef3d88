"""Evenings in real time: each message is posted alone, in the second in which it happens."""

import heapq
import threading
import zlib
from datetime import UTC, datetime, timedelta

from data.demo_house import DemoEvent
from jobs.demo_client import Door
from jobs.demo_messages import Timed, messages
from jobs.demo_progress import Progress

AHEAD = timedelta(hours=1)
BACKLOG = 40
"""With more than this many due (after a pause of the machine), they go as batches."""
LONGEST_WAIT = 0.5
ROUNDING = timedelta(seconds=1)
"""Messages are timed by the second: the last second counts as published only when it is over."""
PLAYED_AFTER = timedelta(hours=3)
"""Nothing happens any more so long after the end of an evening."""


SCANNED_FOR = timedelta(days=180)
"""Of older evenings only the sales are published: two years of scans would be gigabytes of demo."""


def pending(event: DemoEvent, progress: Progress, until: datetime) -> list[Timed]:
    """The evening's messages up to `until` that are not known to be published, by time."""
    since = progress.until(event.ref, event.doors_at)
    return [
        message
        for message in messages(event, sales_only=event.doors_at + SCANNED_FOR < until)
        if message.at <= until and (since is None or message.at > since)
    ]


class Live:
    """Whatever is going on at present: tonight, and the sales of the evenings to come."""

    def __init__(self, door: Door, progress: Progress) -> None:
        self._door = door
        self._progress = progress
        self._loaded: dict[str, tuple[DemoEvent, datetime]] = {}
        self._due: list[tuple[datetime, int, str, bytes]] = []

    def add(self, event: DemoEvent) -> None:
        """Take over an evening from the moment up to which it is published."""
        since = self._progress.until(event.ref, event.doors_at)
        assert since is not None
        self._loaded[event.ref] = (event, since)

    def step(self, stop: threading.Event) -> None:
        """Publish what is due, then wait for what comes next, half a second at most."""
        now = datetime.now(UTC)
        self._load(now)
        due = []
        while self._due and self._due[0][0] <= now:
            due.append(heapq.heappop(self._due))
        if len(due) > BACKLOG:
            self._door.batch([body for _, _, _, body in due])
        else:
            for _, _, _, body in due:
                self._door.single(body)
        for at, _, ref, _ in due:
            self._progress.reached(ref, self._loaded[ref][0].doors_at, at.replace(microsecond=0) - ROUNDING)
        ahead = (self._due[0][0] - datetime.now(UTC)).total_seconds() if self._due else LONGEST_WAIT
        stop.wait(min(max(ahead, 0), LONGEST_WAIT))

    def _load(self, now: datetime) -> None:
        """Keep the next hour of every evening at hand, and let go of those that are over."""
        for ref, (event, loaded) in list(self._loaded.items()):
            if loaded > now + AHEAD / 4:
                continue
            until = now + AHEAD
            for number, message in enumerate(messages(event)):
                if loaded < message.at <= until:
                    # Scans do not come in step with the clock: each gets its own part of the second.
                    at = message.at + timedelta(milliseconds=zlib.crc32(message.body) % 1000)
                    heapq.heappush(self._due, (at, number, ref, message.body))
            self._loaded[ref] = (event, until)
            if now > event.ends_at + PLAYED_AFTER:
                self._progress.reached(ref, event.doors_at, now)
                del self._loaded[ref]
