"""The worker: the rounds of every source of every tenant."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

from config import Settings
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.keys import Unsealable
from data.pretix import sources
from data.pretix.sources import Source
from data.services import Live
from ingest.pretix.book import Book
from ingest.pretix.client import Away, Client, Forbidden, Missing, Pace
from ingest.pretix.rounds import Rounds
from ingest.pretix.seal import unseal
from ingest.pretix.sync import UNBOOKABLE, Sync

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.25
ROSTER_SECONDS = 5.0
AWAY_SECONDS = 5.0


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
        with self.database.tenant(source.tenant_id) as tenant:
            token = unseal(tenant, source, self.settings)
        book = Book(self.database, self.directory, self.live, source)
        return Sync(book, Client(source.base_url, source.organizer, token, self.pace, pause))


def run_once(connector: Connector) -> int:
    """Answer every due ping of every source, then poll all of it once; returns the pings answered.

    A source that fails does not keep the others waiting. Raises DatabaseUnavailable.
    """
    answered = 0
    for tenant_id, source_id in sources.everyones(connector.database):
        source = _source(connector, tenant_id, source_id)
        sync = _connect(connector, source, time.sleep) if source else None
        if sync is not None:
            with closing(sync):
                rounds = Rounds(sync)
                answered += rounds.answer_all()
                try:
                    rounds.poll_all()
                except (Away, Forbidden, Missing, *UNBOOKABLE) as error:
                    log.warning("pretix %s: polling: %s", sync.book.source.name, error)
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
            source = _source(connector, tenant_id, source_id)
            if source is None:
                return
            sync = _connect(connector, source, stop.wait)
            if sync is None:
                # Said once: nothing helps but to connect it anew.
                while not stop.wait(ROSTER_SECONDS) and _source(connector, tenant_id, source_id) == source:
                    pass
                continue
            with closing(sync):
                _work(Rounds(sync), stop)
        except DatabaseUnavailable as error:
            log.warning("pretix: database away (%s)", error)
            stop.wait(AWAY_SECONDS)
        except Exception:
            # One odd order must not end the service of all others; its lease brings it back later.
            log.exception("pretix: a round failed")
            stop.wait(AWAY_SECONDS)


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


def _source(connector: Connector, tenant_id: UUID, source_id: UUID) -> Source | None:
    """The source as it is configured now; None when it is disabled."""
    with connector.database.tenant(tenant_id) as tenant:
        return sources.by_id(tenant, source_id)


def _connect(connector: Connector, source: Source, pause: Callable[[float], object]) -> Sync | None:
    """The source with its token opened; None, and a line in the log, when that cannot be."""
    try:
        return connector.connect(source, pause)
    except Unsealable as error:
        log.error("pretix %s: %s", source.name, error)
        return None
