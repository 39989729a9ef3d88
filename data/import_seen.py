"""How often something was in a file so far: counted on disk, for there may be millions of rows."""

from __future__ import annotations

import sqlite3
from uuid import UUID

_COUNT = "INSERT INTO seen VALUES (?, 1) ON CONFLICT (digest) DO UPDATE SET times = times + 1 RETURNING times"


class Seen:
    """Counts digests, in a database without a name that is gone with this object."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def __call__(self, digest: UUID) -> int:
        """How often this digest was counted, this time included."""
        row = self._connection.execute(_COUNT, [digest.bytes]).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Forget it all."""
        self._connection.close()
