"""The worker: answers the pings of every source and polls for what pretix never pings about."""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from config import Settings
from data import dead_letters
from data.dead_letters import DeadLetter
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.pretix import queue, snapshots, sources
from data.pretix.queue import Ping
from data.pretix.sources import Source
from data.services import Live
from ingest.pretix.book import Book
from ingest.pretix.client import Away, Client, Forbidden, Missing, Pace
from ingest.pretix.documents import Event, EventDocument, Malformed, Subevent
from ingest.pretix.seal import Unsealable, unseal
from ingest.pretix.sync import Sync, now

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a claimed ping is its worker's: longer than the most patient fetch."""
IDLE_SECONDS = 0.25
ROSTER_SECONDS = 5.0
ORDERS_SECONDS = 60.0
EVENTS_SECONDS = 900.0
DOOR_SECONDS = 20.0
SWEEP_SECONDS = 600.0
QUIET_SWEEP_SECONDS = 6 * 3600.0
NIGHT_BEFORE, NIGHT_AFTER = timedelta(hours=4), timedelta(hours=12)
LATE_UPLOADS = timedelta(days=7)
FIRST_RETRY, LONGEST_RETRY = 5.0, 900.0
POISON_ATTEMPTS = 8
LAST_ATTEMPT = 300
"""About three days of trying, as long as pretix itself repeats a webhook."""


@dataclass(frozen=True)
class Connector:
    """What the worker works with."""

    settings: Settings
    database: Database
    directory: Directory
    live: Live
    pace: Pace = field(default_factory=Pace)

    def connect(self, source: Source, pause: Callable[[float], object] = time.sleep) -> Sync:
        """A source with its token opened. Raises Unsealable."""
        token = unseal(self.settings, source.sealed_token)
        book = Book(self.database, self.directory, self.live, source)
        return Sync(book, Client(source.base_url, source.organizer, token, self.pace, pause))


class Rounds:
    """One source's duties, one after another; remembers when each is due again."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._source = sync.book.source
        self._database = sync.book.database
        self._due: dict[str, float] = {}
        self._quiet_until = 0.0

    def is_current(self) -> bool:
        """Whether the source is still configured as it was."""
        with self._database.tenant(self._source.tenant_id) as tenant:
            return sources.by_id(tenant, self._source.source_id) == self._source

    def step(self) -> bool:
        """Do the most urgent thing; False when nothing is due. Raises DatabaseUnavailable."""
        if time.monotonic() < self._quiet_until:
            return False
        return self.answer_one() or self._poll_one()

    def answer_one(self) -> bool:
        """Answer the ping that waited longest; False when none is due."""
        with self._database.tenant(self._source.tenant_id) as tenant:
            claimed = queue.claim(tenant, self._source.source_id, now(), LEASE)
        for ping in claimed:
            try:
                self._sync.answer(ping)
            except Away as away:
                self._quiet_until = time.monotonic() + max(away.after, IDLE_SECONDS)
                self._put_off(ping, f"away: {away}", away.after, LAST_ATTEMPT)
            except Forbidden as refused:
                self._put_off(ping, f"forbidden: {refused}", 0.0, LAST_ATTEMPT)
            except (Malformed, Missing) as poison:
                self._put_off(ping, f"malformed: {poison}", 0.0, POISON_ATTEMPTS)
        return bool(claimed)

    def answer_all(self) -> int:
        """Answer every ping that is due; how many there were."""
        answered = 0
        while self.answer_one():
            answered += 1
        return answered

    def poll_all(self) -> None:
        """Everything a ping may have missed, now: new events, changed orders, every check-in."""
        self._refresh_events(past=True)
        self._sync.poll_orders()
        for slug, _ in self._events():
            self._sync.poll_checkins(slug, everything=True)

    def _poll_one(self) -> bool:
        if self._is_due("orders", ORDERS_SECONDS):
            return self._poll("orders", self._sync.poll_orders)
        if self._is_due("events", EVENTS_SECONDS):
            return self._poll("events", lambda: self._refresh_events(past=False))
        for slug, document in self._events():
            if phase(document, now()) == "night":
                if self._is_due(f"sweep {slug}", SWEEP_SECONDS):
                    self._due[f"door {slug}"] = time.monotonic() + DOOR_SECONDS
                    return self._poll(slug, lambda: self._sync.poll_checkins(slug, everything=True))  # noqa: B023
                if self._is_due(f"door {slug}", DOOR_SECONDS):
                    return self._poll(slug, lambda: self._sync.poll_checkins(slug))  # noqa: B023
            elif phase(document, now()) == "late" and self._is_due(f"sweep {slug}", QUIET_SWEEP_SECONDS):
                return self._poll(slug, lambda: self._sync.poll_checkins(slug, everything=True))  # noqa: B023
        return False

    def _poll(self, what: str, work: Callable[[], object]) -> bool:
        """Run one poll; what fails is tried again when it is due next."""
        try:
            work()
        except Away as away:
            self._quiet_until = time.monotonic() + max(away.after, FIRST_RETRY)
            log.warning("pretix %s: polling %s: away (%s)", self._source.name, what, away)
        except (Forbidden, Missing, Malformed) as refused:
            log.warning("pretix %s: polling %s: %s", self._source.name, what, refused)
        return True

    def _is_due(self, duty: str, seconds: float) -> bool:
        """Whether a duty is due; then it is due again `seconds` from now."""
        at = time.monotonic()
        if self._due.get(duty, 0.0) > at:
            return False
        self._due[duty] = at + seconds
        return True

    def _events(self) -> list[tuple[str, EventDocument]]:
        with self._database.tenant(self._source.tenant_id) as tenant:
            slugs = snapshots.events(tenant, self._source.source_id)
        return [(slug, document) for slug in slugs if (document := self._sync.book.event(slug))]

    def _refresh_events(self, past: bool) -> None:
        for event in self._sync.events():
            if (
                past
                or phase(event, now()) in {"coming", "night"}
                or self._sync.book.event(event.slug) is None
            ):
                self._sync.event(event.slug)

    def _put_off(self, ping: Ping, error: str, after: float, last: int) -> None:
        growing = min(FIRST_RETRY * 2 ** min(ping.attempts - 1, 16), LONGEST_RETRY) * random.uniform(0.8, 1.2)
        with self._database.tenant(self._source.tenant_id) as tenant:
            if ping.attempts < last:
                at = now() + timedelta(seconds=max(after, growing))
                queue.retry(tenant, self._source.source_id, ping, at, error)
                return
            payload = f'{{"event": "{ping.event}", "subject": "{ping.subject}"}}'
            letter = DeadLetter(now(), f"pretix:{self._source.name}", "pretix-ping", None, error, payload)
            dead_letters.keep(tenant, [letter])
            queue.give_up(tenant, self._source.source_id, ping)
        log.warning("pretix %s: gave up on %s %s: %s", self._source.name, ping.event, ping.subject, error)


def phase(found: EventDocument | Event, moment: datetime) -> str:
    """Where an event stands: `coming`, `night` (doors open or nearly), `late` (uploads may come), `over`."""
    dates: list[Event | Subevent] = [found] if isinstance(found, Event) else [found.event]
    if isinstance(found, EventDocument) and found.subevents:
        dates = list(found.subevents)
    starts = [date.date_admission or date.date_from for date in dates]
    ends = [date.date_to or date.date_from for date in dates]
    if any(
        start - NIGHT_BEFORE <= moment <= end + NIGHT_AFTER for start, end in zip(starts, ends, strict=True)
    ):
        return "night"
    if moment < max(starts):
        return "coming"
    return "late" if moment <= max(ends) + LATE_UPLOADS else "over"


def run_once(connector: Connector) -> int:
    """Answer every due ping of every source, then poll all of it once; returns the pings answered.

    Raises DatabaseUnavailable, and what a poll of `Client` raises.
    """
    answered = 0
    for tenant_id, source_id in sources.everyones(connector.database):
        sync = _connect(connector, tenant_id, source_id, time.sleep)
        if sync is not None:
            with closing(sync):
                rounds = Rounds(sync)
                answered += rounds.answer_all()
                rounds.poll_all()
                answered += rounds.answer_all()
    return answered


def run_forever(connector: Connector, stop: threading.Event) -> None:
    """Serve every source in a thread of its own until `stop` is set; sources may come and go."""
    serving: dict[tuple[UUID, UUID], threading.Thread] = {}
    while not stop.is_set():
        try:
            for key in sources.everyones(connector.database):
                thread = serving.get(key)
                if thread is None or not thread.is_alive():
                    name = f"pretix {key[1]}"
                    serving[key] = threading.Thread(
                        target=_serve, args=(connector, *key, stop), name=name, daemon=True
                    )
                    serving[key].start()
        except DatabaseUnavailable as error:
            log.warning("pretix: database away (%s)", error)
        stop.wait(ROSTER_SECONDS)
    for thread in serving.values():
        thread.join()


def _serve(connector: Connector, tenant_id: UUID, source_id: UUID, stop: threading.Event) -> None:
    """One source's rounds until `stop`, or until the source is disabled."""
    while not stop.is_set():
        try:
            sync = _connect(connector, tenant_id, source_id, stop.wait)
            if sync is None:
                return
            with closing(sync):
                _work(Rounds(sync), stop)
        except DatabaseUnavailable as error:
            log.warning("pretix: database away (%s)", error)
            stop.wait(FIRST_RETRY)
        except Exception:
            # One odd order must not end the service of all others; its lease brings it back later.
            log.exception("pretix: a round failed")
            stop.wait(FIRST_RETRY)


def _work(rounds: Rounds, stop: threading.Event) -> None:
    """Steps until `stop`, or until the source is configured otherwise."""
    look_at = time.monotonic() + ROSTER_SECONDS
    while not stop.is_set():
        if time.monotonic() > look_at:
            look_at = time.monotonic() + ROSTER_SECONDS
            if not rounds.is_current():
                return
        if not rounds.step():
            stop.wait(IDLE_SECONDS)


def _connect(
    connector: Connector, tenant_id: UUID, source_id: UUID, pause: Callable[[float], object]
) -> Sync | None:
    """The source as it is configured now; None when it is disabled or its token cannot be opened."""
    with connector.database.tenant(tenant_id) as tenant:
        source = sources.by_id(tenant, source_id)
    if source is None:
        return None
    try:
        return connector.connect(source, pause)
    except Unsealable as error:
        log.error("pretix %s: %s", source.name, error)
        return None
