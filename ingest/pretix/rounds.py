"""One source's duties: answering its pings, and polling for what pretix never pings about."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from data import dead_letters
from data.dead_letters import DeadLetter
from data.engine import REFUSALS
from data.pretix import queue, snapshots, sources
from data.pretix.queue import Ping
from ingest.pretix.client import Away, Forbidden, Missing
from ingest.pretix.documents import Event, EventDocument, Malformed, Subevent
from ingest.pretix.sync import UNBOOKABLE, Sync, now

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a claimed ping is its worker's: longer than the most patient fetch."""
LISTED_SECONDS = 5.0
ORDERS_SECONDS = 60.0
EVENTS_SECONDS = 900.0
DOOR_SECONDS = 20.0
SWEEP_SECONDS = 600.0
QUIET_SWEEP_SECONDS = 6 * 3600.0
RECHECK = timedelta(days=1)
NIGHT_BEFORE, NIGHT_AFTER = timedelta(hours=4), timedelta(hours=12)
LATE_UPLOADS = timedelta(days=7)
FIRST_RETRY, LONGEST_RETRY = 5.0, 900.0
POISON_ATTEMPTS = 8
DONE = object()
LAST_ATTEMPT = 300
"""About three days of trying, as long as pretix itself repeats a webhook."""


class Rounds:
    """One source's duties, one after another; remembers when each is due again."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._source = sync.book.source
        self._database = sync.book.database
        self._due: dict[str, float] = {}
        self._quiet_until = 0.0
        self._recheck: Iterator[None] | None = None
        self._listed: list[tuple[str, EventDocument]] | None = None

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
                self._quiet_until = time.monotonic() + max(away.after, 0.25)
                self._put_off(ping, f"away: {away}", away.after, LAST_ATTEMPT)
            except Forbidden as refused:
                self._put_off(ping, f"forbidden: {refused}", 0.0, LAST_ATTEMPT)
            except (Malformed, Missing) as poison:
                self._put_off(ping, f"malformed: {poison}", 0.0, POISON_ATTEMPTS)
            except REFUSALS as poison:
                self._put_off(ping, f"not storable: {type(poison).__name__}", 0.0, POISON_ATTEMPTS)
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
        self._listed = None
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
        return self._recheck_a_page()

    def _recheck_a_page(self) -> bool:
        """Go on reading all orders of an event again, a page between two pings; once a day each."""
        if self._recheck is None and self._is_due("rechecks", ORDERS_SECONDS):
            for slug, document in self._events():
                if phase(document, now()) != "over" and self._claim_recheck(slug):
                    self._recheck = self._sync.recheck_orders(slug)
                    break
        if self._recheck is None:
            return False
        recheck, self._recheck = self._recheck, None

        def read() -> None:
            if next(recheck, DONE) is not DONE:
                self._recheck = recheck

        return self._poll("all orders", read)

    def _claim_recheck(self, slug: str) -> bool:
        """Whether a day has passed since the last time (or since the event was first seen)."""
        resource = f"recheck/{slug}"
        with self._database.tenant(self._source.tenant_id) as tenant:
            last = snapshots.cursor(tenant, self._source.source_id, resource)
            due = last is not None and datetime.fromisoformat(last) + RECHECK <= now()
            if due or last is None:
                snapshots.move_cursor(tenant, self._source.source_id, resource, now().isoformat())
        return due

    def _poll(self, what: str, work: Callable[[], object]) -> bool:
        """Run one poll; what fails is tried again when it is due next."""
        try:
            work()
        except Away as away:
            self._quiet_until = time.monotonic() + max(away.after, FIRST_RETRY)
            log.warning("pretix %s: polling %s: away (%s)", self._source.name, what, away)
        except (Forbidden, Missing, *UNBOOKABLE) as refused:
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
        """The events with their descriptions, at most a few seconds old."""
        if self._listed is None or self._is_due("list", LISTED_SECONDS):
            with self._database.tenant(self._source.tenant_id) as tenant:
                slugs = snapshots.events(tenant, self._source.source_id)
            self._listed = [(slug, found) for slug in slugs if (found := self._sync.book.event(slug))]
        return self._listed

    def _refresh_events(self, past: bool) -> None:
        for event in self._sync.events():
            if (
                past
                or phase(event, now()) in {"coming", "night"}
                or self._sync.book.event(event.slug) is None
            ):
                try:
                    self._sync.event(event.slug)
                except (Missing, *UNBOOKABLE) as odd:
                    log.warning("pretix %s: event %s: %s", self._source.name, event.slug, odd)

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
