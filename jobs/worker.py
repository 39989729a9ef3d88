"""Work through the queues and keep everything in order, until SIGTERM or SIGINT.

Pings and polls of every pretix, partitions for the coming months, the usual arrivals of coming events,
the roll-ups without events, the demo's next night.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from config import Settings
from data import (
    baselines,
    dashboard_thinning,
    embedded,
    exports,
    idempotency,
    partitions,
    rollup_applier,
)
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.seed import ON_ROLL_OVER, seed_demo
from data.telemetry import Telemetry
from data.tenants import everyone
from ingest.pretix.worker import Connector, run_forever
from processes import Process

log = structlog.stdlib.get_logger("worker")

AWAY_SECONDS = 5.0
"""Pause while PostgreSQL is away."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do again and again, `pause` seconds after it was last done."""

    name: str
    pause: float
    work: Callable[[], object]


TURN_SECONDS = 30.0
"""How long a duty waits for a connection."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do every duty in a thread of its own until a signal; 0 after what was under way is finished."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        # Each connection costs the server some 40 MB, and nobody waits for a duty: they take turns.
        closing(Database(urls.database_url, max_size=2, wait_seconds=TURN_SECONDS)) as database,
        closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
        closing(LivePublisher(database, store, Telemetry())) as live,
    ):
        connector = Connector(settings, database, Directory(database), live)
        duties = _duties(database, urls.database_url, settings)
        duties.append(Duty("exports", 1, lambda: _export(database, stop)))
        duties.append(Duty("pretix", AWAY_SECONDS, lambda: run_forever(connector, stop)))
        threads = [
            threading.Thread(target=_repeat, args=(duty, stop, store), name=duty.name) for duty in duties
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


def _duties(database: Database, owner_url: str, settings: Settings) -> list[Duty]:
    def usual_arrivals() -> None:
        for tenant_id in everyone(database):
            baselines.refresh(database, tenant_id)

    def demo() -> None:
        seed_demo(database, settings.data_dir, datetime.now(UTC), ON_ROLL_OVER)

    folder = settings.data_dir / "exports"
    duties = [
        Duty("old exports", 300, lambda: exports.expire(database, folder)),
        Duty("old keys", 3600, lambda: idempotency.expire(database)),
        Duty("old versions", 3600, lambda: dashboard_thinning.thin(owner_url, everyone(database))),
        Duty("partitions", 3600, lambda: partitions.ensure(owner_url)),
        Duty("usual arrivals", 20, usual_arrivals),
        Duty("roll-ups", 2, lambda: rollup_applier.apply_waiting(database)),
    ]
    if settings.demo:
        duties.append(Duty("demo", 60, demo))
    return duties


def _export(database: Database, stop: threading.Event) -> None:
    """While exports are open, a process of its own that writes them; it ends by itself, and with us."""
    if not exports.open_exports(database):
        return
    process = Process("export", [sys.executable, "-m", "jobs", "export"])
    with process.running():
        while process.exit_code is None and not stop.wait(0.5):
            pass


def _repeat(duty: Duty, stop: threading.Event, store: LiveStore) -> None:
    """The duty, whatever becomes of one attempt, until we are to stop; each is counted for the metrics."""
    while not stop.is_set():
        pause, outcome = duty.pause, "failed"
        try:
            duty.work()
            outcome = "done"
        except DatabaseUnavailable as error:
            log.warning("database away", duty=duty.name, reason=str(error))
            pause, outcome = AWAY_SECONDS, "away"
        except Exception:
            log.exception("duty failed", duty=duty.name)
        store.job_finished(duty.name, outcome)
        stop.wait(pause)
