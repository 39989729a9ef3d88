"""A database of a test's own, and commands and processes that work on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from data.engine import Database
from data.folder import Urls
from data.keys import MasterKeys
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.queues.reading import sold

ROOT = Path(__file__).parents[2]


class House:
    """A database of its own, and the command line on it."""

    def __init__(self, urls: Urls, url: str, folder: Path) -> None:
        self.tenant: Tenant = new_tenant(url)
        self.database = Database(url, master=MasterKeys([MASTER_KEY]), max_size=2)
        self._environment = os.environ | {
            "DATABASE_URL": url,
            "REDIS_URL": urls.redis_url,
            "REDIS_PREFIX": f"test-{self.tenant.tenant_id}",
            "DATA_DIR": str(folder),
            "DEMO": "false",
        }

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str]:
        """The exit status, and what was said on either output."""
        done = subprocess.run(
            [sys.executable, "-m", "jobs", *words],
            cwd=ROOT,
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def process(self, command: str = "consume", module: str = "jobs") -> Iterator[subprocess.Popen[bytes]]:
        """A process of this command."""
        running = subprocess.Popen([sys.executable, "-m", module, command], cwd=ROOT, env=self._environment)
        try:
            yield running
        finally:
            running.kill()
            running.wait()

    def lines(self) -> int:
        """Tickets in the ledger."""
        return sold(self.database, self.tenant.tenant_id)[0]


@contextmanager
def house_of(urls: Urls, folder: Path) -> Iterator[House]:
    """One for the length of the block."""
    with fresh_database(urls.database_url) as url:
        made = House(urls, url, folder)
        with closing(made.database):
            yield made
