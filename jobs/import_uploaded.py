"""Work on the files that were uploaded, and end when none came for a while. The worker starts it for them.

A process of its own, so that pages do not wait for a million rows.
"""

import argparse
import threading
from contextlib import closing

import structlog

from config import Settings
from data import embedded
from data.directory import Directory
from data.engine import Database, DatabaseUnavailable
from data.import_work import open_imports
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.telemetry import Telemetry
from ingest.files.upload import folder_of
from jobs.importing import Tools, work
from processes import until_signalled

log = structlog.stdlib.get_logger("imports")

AT_ONCE = 2
"""So that a short list does not wait for a million rows."""
PAUSE_SECONDS = 0.5
IDLE_SECONDS = 30.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """How long to wait for more."""
    parser.add_argument(
        "--idle", type=float, default=IDLE_SECONDS, help="seconds without work after which it ends"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Work through them; a signal ends it, and what is under way is gone on with by the next one."""
    stop = until_signalled()
    master = MasterKeys(settings.master_keys())
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        closing(Database(urls.database_url, master=master, min_size=0, max_size=4 * AT_ONCE)) as database,
        closing(LiveStore(urls.redis_url, settings.redis_prefix)) as store,
        closing(LivePublisher(database, store, Telemetry())) as live,
    ):
        tools = Tools(
            database,
            Directory(database),
            live,
            folder_of(settings.data_dir),
            urls.database_url,
            master,
            stop,
        )
        threads = [threading.Thread(target=_work, args=(tools, arguments.idle)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


def _work(tools: Tools, idle: float) -> None:
    """Do what there is, one after the other, until nothing came for `idle` seconds."""
    assert tools.stop is not None
    quiet = 0.0
    while not tools.stop.is_set() and quiet < idle:
        try:
            done = any(work(tools, *each) for each in open_imports(tools.database))
        except DatabaseUnavailable as error:
            log.warning("database away", reason=str(error))
            done = False
        if done:
            quiet = 0.0
        else:
            tools.stop.wait(PAUSE_SECONDS)
            quiet += PAUSE_SECONDS
