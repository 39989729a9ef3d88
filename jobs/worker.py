"""Work through the queues and keep everything in order, until SIGTERM or SIGINT.

Pings and polls of every pretix, the processes that read queues, import files and write exports, partitions
for the coming months, the usual arrivals of coming events, the roll-ups without events, mails, webhooks,
sinks, the demo's next night.
"""

import argparse
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from config import Settings
from data import (
    audit_retention,
    baselines,
    dashboard_thinning,
    door_counts,
    embedded,
    event_matches,
    event_moves,
    exports,
    idempotency,
    import_work,
    key_rotation,
    letter_jobs,
    partitions,
    queue_sources,
    rollup_applier,
    signing_keys,
    visitor_salts,
)
from data.audit_anchors import Anchors
from data.audit_entry import Keys
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.seed import ON_ROLL_OVER, seed_demo
from data.telemetry import Telemetry
from data.tenants import everyone
from ingest.pretix.worker import Connector, run_forever
from ingest.replaying import Replayer
from jobs.delivering import Delivering
from jobs.mailing import Mailing
from jobs.sinking import Sinking
from processes import Process, until_signalled

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
    stop = until_signalled()
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        # Each connection costs the server some 40 MB, and nobody waits for a duty: they take turns.
        closing(
            Database(
                urls.database_url,
                master=MasterKeys(settings.master_keys()),
                max_size=2,
                wait_seconds=TURN_SECONDS,
            )
        ) as database,
        closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
        closing(LivePublisher(database, store, Telemetry())) as live,
    ):
        connector = Connector(settings, database, Directory(database), live)
        duties = _duties(database, urls.database_url, settings)
        if settings.archive_after_months:
            duties.append(Duty("old facts", 24 * 3600, lambda: _archive(stop)))
        duties.append(Duty("exports", 1, lambda: _export(database, stop)))
        duties.append(Duty("imports", 1, lambda: _import(database, stop)))
        duties.append(Duty("queues", 2, lambda: _consume(database, stop)))
        replayer = Replayer(database, Directory(database), live)
        duties.append(Duty("refused messages", 2, lambda: _handle(database, replayer, stop)))
        duties.append(Duty("matched events", 2, lambda: _move(database, urls.database_url, settings, live)))
        mailing = Mailing(database, settings, stop)
        duties.append(Duty("mails", 2, mailing.work))
        duties.append(Duty("old mails", 3600, mailing.forget))
        delivering = Delivering(database, settings, stop)
        duties.append(Duty("webhooks", 1, delivering.work))
        duties.append(Duty("old webhooks", 3600, delivering.forget))
        duties.append(Duty("sinks", 10, Sinking(database, stop).work))
        duties.append(Duty("pretix", AWAY_SECONDS, lambda: run_forever(connector, stop)))
        threads = [
            threading.Thread(target=_repeat, args=(duty, stop, store), name=duty.name) for duty in duties
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        delivering.settle()
    return 0


def _duties(database: Database, owner_url: str, settings: Settings) -> list[Duty]:
    def usual_arrivals() -> None:
        for tenant_id in everyone(database):
            baselines.refresh(database, tenant_id)

    def demo() -> None:
        seed_demo(database, settings.data_dir, datetime.now(UTC), ON_ROLL_OVER)

    def old_entries() -> None:
        before = audit_retention.first_kept(datetime.now(UTC), settings.audit_months)
        audit_retention.forget(database, owner_url, keys, before)

    folder, keys = settings.data_dir / "exports", Keys(settings.audit_keys())
    uploads = settings.data_dir / "imports"
    duties = [
        Duty("plain keys", 24 * 3600, lambda: key_rotation.wrap_plain(database)),
        Duty("old salts", 3600, lambda: visitor_salts.destroy(database, owner_url, datetime.now(UTC))),
        Duty("audit anchors", 300, Anchors(database, settings.data_dir).write),
        Duty("old audit entries", 6 * 3600, old_entries),
        Duty("old exports", 300, lambda: exports.expire(database, folder)),
        Duty("old imports", 300, lambda: import_work.expire(database, uploads)),
        Duty("old keys", 3600, lambda: idempotency.expire(database)),
        Duty("old signatures", 600, lambda: signing_keys.expire(database)),
        Duty("old versions", 3600, lambda: dashboard_thinning.thin(owner_url, everyone(database))),
        Duty("old counts of doors", 3600, lambda: door_counts.forget_old(database, datetime.now(UTC))),
        Duty("partitions", 3600, lambda: partitions.ensure(owner_url)),
        Duty("usual arrivals", 20, usual_arrivals),
        Duty("roll-ups", 2, lambda: rollup_applier.apply_waiting(database)),
    ]
    if settings.demo:
        duties.append(Duty("demo", 60, demo))
    return duties


def _export(database: Database, stop: threading.Event) -> None:
    """While exports are open, a process that writes them."""
    if exports.open_exports(database):
        _beside(stop, "export")


def _import(database: Database, stop: threading.Event) -> None:
    """While files wait to be imported, a process that does it."""
    if import_work.open_imports(database):
        _beside(stop, "import-uploaded")


def _handle(database: Database, replayer: Replayer, stop: threading.Event) -> None:
    """Replay and discard what somebody asked for, piece by piece, the oldest job first."""
    for tenant_id, job_id in letter_jobs.everyones(database):
        while not stop.is_set() and replayer.work(tenant_id, job_id):
            pass


def _move(database: Database, owner_url: str, settings: Settings, live: LivePublisher) -> None:
    """Move what came for events that were matched, and back where that was undone."""
    master = MasterKeys(settings.master_keys())
    for tenant_id, event_id in event_matches.everyones(database):
        while (versions := event_moves.work(owner_url, master, tenant_id, event_id)) is not None:
            live.touched(tenant_id, versions)


def _consume(database: Database, stop: threading.Event) -> None:
    """While there are queues to read, a process that reads them."""
    if queue_sources.everyones(database):
        _beside(stop, "consume")


def _archive(stop: threading.Event) -> None:
    """A process for the memory that it takes; what is interrupted is gone on with the next time."""
    _beside(stop, "archive", "run", "--as-job")


def _beside(stop: threading.Event, *words: str) -> None:
    """Run a command in a process of its own, which ends by itself, and with us. Raises RuntimeError when it
    fails: the reason is in the log above."""
    process = Process(words[0], [sys.executable, "-m", "jobs", *words])
    with process.running():
        while process.exit_code is None:
            if stop.wait(0.5):
                return
    if process.exit_code:
        raise RuntimeError(f"{words[0]} ended with status {process.exit_code}")


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
