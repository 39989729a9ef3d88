"""Publish what happens in the demo venues, through the REST door like any ticketing system.

First tonight up to this minute, then the evenings on sale; then the two years before them in the
background, newest first and gently; meanwhile tonight goes on in real time. The pages are told how far it is.
"""

import argparse
import queue
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from config import Settings
from data.demo_handover import HANDOVER, Demo, read_handover
from data.demo_house import HALL, VENUES, DemoEvent
from data.demo_programme import rebuilt
from jobs.demo_client import Door, Refused, Stopped
from jobs.demo_live import PLAYED_AFTER, Live, pending
from jobs.demo_progress import History, Progress
from processes import until_signalled

log = structlog.stdlib.get_logger("simulator")

BATCH = 500
BEFORE_DOORS = timedelta(hours=12)
AS_GOOD_AS_NOW = timedelta(days=1)
"""An evening on sale that lacks less than this is not called missing: it was there before a restart."""
SAVE_SECONDS = 5.0
LOOK_AGAIN = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and how hard."""
    parser.add_argument("--url", help="base address of the server; default: the configured host and port")
    parser.add_argument(
        "--load",
        type=int,
        metavar="PERCENT",
        help="share of one core for history; default: DEMO_LOAD_PERCENT",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Publish until SIGTERM or SIGINT; 0."""
    stop = until_signalled()
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104
    url = arguments.url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    Simulation(url, settings.data_dir, arguments.load or settings.demo_load_percent, stop).run()
    return 0


class Simulation:
    """The demo venues' ticketing system."""

    def __init__(self, url: str, data_dir: Path, load_percent: int, stop: threading.Event) -> None:
        self._url = url
        self._data_dir = data_dir
        self._load = load_percent
        self._stop = stop

    def run(self) -> None:
        """Play what was handed over, and play anew when another programme is."""
        while not self._stop.is_set():
            demo = read_handover(self._data_dir)
            if demo is None:
                self._stop.wait(LOOK_AGAIN)
                continue
            try:
                self._play(demo)
            except Stopped:
                return
            except Refused as refusal:
                log.error("publishing refused", reason=str(refusal))
                self._stop.wait(5 * LOOK_AGAIN)

    def _play(self, demo: Demo) -> None:
        """One programme, until it changes or we stop. Raises Refused and Stopped."""
        handed_over = self._handover_time()
        progress = Progress(self._data_dir, demo.token)
        now = datetime.now(UTC)
        tonight, upcoming, past = _in_order(demo, progress, now)
        behind = [event.ref for event in (*tonight, *upcoming) if _lacks(event, progress, now)]
        evenings = sum(len(events) for events in demo.events.values())
        history = History(self._data_dir, evenings, [*behind, *(event.ref for event in past)])
        door = Door(self._url, self._stop)
        door.token = demo.token
        live = Live(door, progress)
        ended = threading.Event()
        caught_up: queue.SimpleQueue[DemoEvent] = queue.SimpleQueue()
        background = threading.Thread(
            target=self._others, args=(demo, upcoming, past, progress, history, caught_up, ended)
        )
        try:
            for event in tonight:
                self._catch_up(door, event, progress)
                history.published(event.ref)
                live.add(event)
            log.info("tonight is published", evenings=[event.ref for event in tonight])
            background.start()
            saved = time.monotonic()
            while not self._stop.is_set():
                while not caught_up.empty():
                    live.add(caught_up.get())
                live.step(self._stop)
                if time.monotonic() - saved > SAVE_SECONDS:
                    progress.save()
                    saved = time.monotonic()
                    if self._handover_time() != handed_over:
                        return
        finally:
            ended.set()
            if background.is_alive():
                background.join()
            progress.save()
            door.close()

    def _others(
        self,
        demo: Demo,
        upcoming: Sequence[DemoEvent],
        past: Sequence[DemoEvent],
        progress: Progress,
        history: History,
        caught_up: "queue.SimpleQueue[DemoEvent]",
        ended: threading.Event,
    ) -> None:
        """Everything but tonight: those on sale at once, and passed on to the live part; the past gently."""
        door = Door(self._url, ended)
        door.token = demo.token
        try:
            for event in upcoming:
                self._catch_up(door, event, progress, ended, gently=False)
                history.published(event.ref)
                caught_up.put(event)
            log.info("evenings on sale are published", evenings=len(upcoming))
            for event in past:
                self._catch_up(door, event, progress, ended)
                history.published(event.ref)
            log.info("history is published", evenings=len(past))
        except Stopped:
            pass
        except Refused as refusal:
            log.error("publishing refused", reason=str(refusal))
        finally:
            door.close()

    def _catch_up(
        self,
        door: Door,
        event: DemoEvent,
        progress: Progress,
        ended: threading.Event | None = None,
        *,
        gently: bool = True,
    ) -> None:
        """Publish an evening up to now; with `ended`, until that is set and resting between the batches."""
        now = datetime.now(UTC)
        began = time.monotonic()
        messages = pending(event, progress, now)
        for batch in (messages[start : start + BATCH] for start in range(0, len(messages), BATCH)):
            door.batch([message.body for message in batch])
            progress.reached(event.ref, event.doors_at, batch[-1].at - timedelta(seconds=1))
            if ended is not None:
                busy = time.monotonic() - began if gently else 0.0
                if ended.wait(busy * (100 / self._load - 1)):
                    raise Stopped
                began = time.monotonic()
        progress.reached(event.ref, event.doors_at, now)

    def _handover_time(self) -> float:
        try:
            return (self._data_dir / HANDOVER).stat().st_mtime
        except FileNotFoundError:
            return 0.0


def _in_order(
    demo: Demo, progress: Progress, now: datetime
) -> tuple[list[DemoEvent], list[DemoEvent], list[DemoEvent]]:
    """Tonight's evenings, the main hall first; those on sale by nearness; those over that have something left
    to publish, newest first, as tonight is compared with the last ones."""
    tonight, past, upcoming = [], [], []
    for venue in VENUES:
        for ref, doors_at in demo.events.get(venue.ref, {}).items():
            event = rebuilt(venue, ref, doors_at)
            if event.doors_at > now + BEFORE_DOORS:
                upcoming.append(event)
            elif event.ends_at + PLAYED_AFTER > now:
                tonight.append(event)
            elif (progress.until(ref, doors_at) or event.on_sale_at) <= event.ends_at + PLAYED_AFTER:
                past.append(event)
    tonight.sort(key=lambda event: (event.venue != HALL.ref, event.doors_at))
    upcoming.sort(key=lambda event: event.doors_at)
    past.sort(key=lambda event: event.doors_at, reverse=True)
    return tonight, upcoming, past


def _lacks(event: DemoEvent, progress: Progress, now: datetime) -> bool:
    """Whether so much of an evening that is not over is unpublished that its figures mislead."""
    until = progress.until(event.ref, event.doors_at)
    return event.on_sale_at < now and (until is None or until < now - AS_GOOD_AS_NOW)
