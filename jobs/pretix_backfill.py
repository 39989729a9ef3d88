"""Read all orders and check-ins of a pretix source; repeat it at any time, interrupted or not.

Progress goes to standard error. Nothing is counted twice: what the ledger already says stays.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TextIO

from config import Settings
from data import embedded, tenants
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.keys import MasterKeys, Unsealable
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.pretix import sources
from data.telemetry import Telemetry
from ingest.pretix.backfill import Progress, backfill
from ingest.pretix.client import Away, Forbidden, Missing
from ingest.pretix.documents import Malformed
from ingest.pretix.worker import Connector

BAR = 28
LINE_SECONDS = 10.0
"""Between two lines where no bar can be drawn."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which source."""
    parser.add_argument("--tenant", help="slug or id of the tenant; not needed while there is one only")
    parser.add_argument("--source", required=True, help="the source's short name, as given to pretix-add")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Read it; 1, with a reason, when it had to stop: the next run goes on there."""
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        closing(
            Database(urls.database_url, master=MasterKeys(settings.master_keys()), max_size=2)
        ) as database,
        closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
        closing(LivePublisher(database, store, Telemetry())) as live,
    ):
        tenant_id = tenants.find(database, arguments.tenant)
        if tenant_id is None:
            return _failed("Which tenant? There is none of this name, or more than one.")
        with database.tenant(tenant_id) as tenant:
            source = sources.by_name(tenant, arguments.source)
        if source is None:
            return _failed(f"There is no source named {arguments.source}.")
        try:
            with closing(Connector(settings, database, Directory(database), live).connect(source)) as sync:
                show(backfill(sync), sys.stderr)
        except Unsealable as error:
            return _failed(f"{error}: connect the source again with pretix-add.")
        except (Away, Forbidden, Missing, Malformed, DatabaseUnavailable) as error:
            return _failed(f"Stopped: {error}. Run it again to go on from here.")
        except KeyboardInterrupt:
            return _failed("Stopped. Run it again to go on from here.")
    return 0


def show(progress: Iterator[Progress], stream: TextIO) -> None:
    """Draw progress as a bar with rate and remaining time; plain lines where no bar can be drawn."""
    began = line_at = time.monotonic()
    start: int | None = None
    last: Progress | None = None
    for last in progress:
        start = last.done if start is None else start
        at = time.monotonic()
        if stream.isatty():
            stream.write(f"\r{describe(last, start, at - began)}\x1b[K")
            stream.flush()
        elif at - line_at >= LINE_SECONDS:
            line_at = at
            print(describe(last, start, at - began), file=stream, flush=True)
    if last is not None and start is not None:
        end = "\r" if stream.isatty() else ""
        print(f"{end}{describe(last, start, time.monotonic() - began)}", file=stream)


def describe(progress: Progress, start: int, seconds: float) -> str:
    """One line: bar, counts, objects per second and remaining time; `start` were done before `seconds`."""
    share = progress.done / progress.total if progress.total else 1.0
    filled = round(share * BAR)
    rate = (progress.done - start) / seconds if seconds > 0 else 0.0
    left = (progress.total - progress.done) / rate if rate > 0 else None
    remaining = "–" if left is None else f"{int(left) // 60}:{int(left) % 60:02d}"
    bar = "█" * filled + "·" * (BAR - filled)
    return (
        f"{bar} {share:4.0%}  {progress.done:,}/{progress.total:,}  {rate:,.0f}/s"
        f"  ETA {remaining}  {progress.what}"
    )


def _failed(reason: str) -> int:
    print(f"\n{reason}", file=sys.stderr)
    return 1
