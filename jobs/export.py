"""Write the exports that wait, and end when none has come for a while. The worker starts it for them.

A process of its own: it needs what draws boards and pages, which the worker should not hold in memory.
"""

import argparse
import threading
from contextlib import closing
from pathlib import Path
from uuid import UUID

from config import Settings
from data import embedded
from data.directory import Directory
from data.engine import Database
from data.exports import open_exports
from data.keys import MasterKeys
from jobs.exporting import folder_of, work
from processes import until_signalled

AT_ONCE = 2
"""So that a page does not wait for a million rows."""
PAUSE_SECONDS = 0.5
IDLE_SECONDS = 30.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """How long to wait for more."""
    parser.add_argument(
        "--idle", type=float, default=IDLE_SECONDS, help="seconds without an export after which it ends"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Work through them; a signal ends it, and what is under way is begun again by the next one."""
    stop = until_signalled()
    with (
        embedded.running_or_started(settings.data_dir, settings.database_url, settings.redis_url) as urls,
        closing(
            Database(
                urls.database_url, master=MasterKeys(settings.master_keys()), min_size=0, max_size=3 * AT_ONCE
            )
        ) as database,
    ):
        hands = Hands(database, folder_of(settings.data_dir), stop)
        threads = [threading.Thread(target=hands.work, args=(arguments.idle,)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


class Hands:
    """What the threads have in common."""

    def __init__(self, database: Database, folder: Path, stop: threading.Event) -> None:
        self._database = database
        self._directory = Directory(database)
        self._folder = folder
        self._stop = stop

    def work(self, idle: float) -> None:
        """Do what there is, one after the other, until nothing came for `idle` seconds."""
        quiet = 0.0
        while not self._stop.is_set() and quiet < idle:
            if self._one():
                quiet = 0.0
            else:
                self._stop.wait(PAUSE_SECONDS)
                quiet += PAUSE_SECONDS

    def _one(self) -> bool:
        """Whether one of those that are open was ours to do."""
        return any(self._do(tenant_id, export_id) for tenant_id, export_id in open_exports(self._database))

    def _do(self, tenant_id: UUID, export_id: UUID) -> bool:
        return work(self._database, self._directory, self._folder, tenant_id, export_id, self._stop)
