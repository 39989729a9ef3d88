"""How often links were opened: counted in memory, written at most once in ten seconds for each link.

A link that goes round a mailing list is opened thousands of times in a minute; each opening an update of
the same row would make them queue for it. What a process counted and did not write when it was killed is
lost, which a figure for orientation may bear.
"""

from __future__ import annotations

import contextlib
import threading
import time
from uuid import UUID

from data.engine import Database, DatabaseUnavailable

WRITE_SECONDS = 10.0

Key = tuple[UUID, UUID]
"""(tenant_id, link_id)"""


class LinkViews:
    """The views of this process that are not written yet."""

    def __init__(self, database: Database, *, every_seconds: float = WRITE_SECONDS) -> None:
        self._database = database
        self._every = every_seconds
        self._waiting: dict[Key, int] = {}
        self._written: dict[Key, float] = {}
        self._changing = threading.Lock()
        self._later: threading.Timer | None = None

    def seen(self, tenant_id: UUID, link_id: UUID) -> None:
        """Count one view. The first of a while is written at once. Never raises for want of the database."""
        key, now = (tenant_id, link_id), time.monotonic()
        with self._changing:
            self._waiting[key] = self._waiting.get(key, 0) + 1
            if now - self._written.get(key, -self._every) < self._every:
                self._remember_to_write()
                return
            self._written[key] = now
            count = self._waiting.pop(key)
        self._write(key, count)

    def close(self) -> None:
        """Write what waits."""
        self._cancel()
        self._write_all()
        self._cancel()  # PostgreSQL was away: what could not be written now is not tried again.

    def _cancel(self) -> None:
        with self._changing:
            if self._later is not None:
                self._later.cancel()
                self._later = None

    def _remember_to_write(self) -> None:
        if self._later is None:
            self._later = threading.Timer(self._every, self._write_all)
            self._later.daemon = True
            self._later.start()

    def _write_all(self) -> None:
        now = time.monotonic()
        with self._changing:
            self._later = None
            waiting, self._waiting = self._waiting, {}
            recent = {key: at for key, at in self._written.items() if now - at < self._every}
            self._written = recent | dict.fromkeys(waiting, now)
        for key, count in waiting.items():
            self._write(key, count)

    def _write(self, key: Key, count: int) -> None:
        try:
            with self._database.tenant(key[0]) as tenant:
                tenant.execute(
                    "UPDATE dashboard_links SET views = views + %s, last_viewed_at = clock_timestamp()"
                    " WHERE tenant_id = %s AND link_id = %s",
                    [count, *key],
                )
        except DatabaseUnavailable:
            with contextlib.suppress(RuntimeError), self._changing:
                self._waiting[key] = self._waiting.get(key, 0) + count
                self._remember_to_write()
