"""What comes through each door, counted by the minute: how much, how late, and how much of it was refused.

A door must not wait for its own count, and every message of a busy one would change the same row. So a
process counts by itself, and one thread adds it up in PostgreSQL every second. A process that is killed takes
the count of its last second with it: figures of what was sent come from the ledger, these say how a door is.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from data import recordset
from data.engine import Database, DatabaseUnavailable, TenantConnection
from data.tenants import everyone

log = logging.getLogger(__name__)

KEPT = timedelta(hours=25)
"""How long minutes are kept: a day, and an hour for whoever looks while it ends."""
MOST_WAITING = 10_000
"""Minutes of doors that wait while PostgreSQL is away; those of what comes then are not counted."""
_EVERY_SECONDS = 1.0

_Minute = tuple[UUID, str, datetime]
"""(tenant, door, start of the minute)"""


@dataclass(slots=True)
class Counted:
    """What came through a door within a minute; `lag_ms` is the longest that any of it took."""

    statuses: Counter[str] = field(default_factory=Counter)
    lag_ms: int = 0
    last_message_at: datetime | None = None
    last_refused_at: datetime | None = None

    def add(self, statuses: Mapping[str, int], at: datetime, lag_seconds: float) -> None:
        """Count messages by what became of them."""
        self.statuses.update(statuses)
        self.lag_ms = max(self.lag_ms, round(lag_seconds * 1000))
        if statuses.get("accepted") or statuses.get("duplicate"):
            self.last_message_at = at
        if statuses.get("rejected"):
            self.last_refused_at = at


class DoorCounts:
    """Counts for the doors of this process. `add` may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[_Minute, Counted] = {}
        self._changed = threading.Condition()
        self._writing = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, tenant_id: UUID, door: str, statuses: Iterable[str], lag_seconds: float) -> None:
        """Messages came through a door; the last of them was committed so long after it came. Returns at
        once."""
        now = datetime.now(UTC)
        key = (tenant_id, door, now.replace(second=0, microsecond=0))
        many = Counter(statuses)
        with self._changed:
            counted = self._waiting.get(key)
            if counted is None:
                if len(self._waiting) >= MOST_WAITING:
                    return
                counted = self._waiting[key] = Counted()
            counted.add(many, now, lag_seconds)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="door-counts", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write what was counted. Raises DatabaseUnavailable; then it waits for the next time."""
        with self._changed:
            self._changed.wait_for(lambda: not self._writing)
            waiting, self._waiting, self._writing = self._waiting, {}, True
        try:
            for tenant_id in sorted({tenant_id for tenant_id, _, _ in waiting}):
                keys = [key for key in waiting if key[0] == tenant_id]
                own = [(minute, door, waiting[tenant_id, door, minute]) for _, door, minute in keys]
                with self._database.tenant(tenant_id) as tenant:
                    _write(tenant, own)
                for minute, door, _ in own:
                    del waiting[tenant_id, door, minute]
        except psycopg.Error:
            log.exception("what came through the doors could not be counted")
            waiting = {}
        finally:
            with self._changed:
                for key, counted in waiting.items():
                    _merge(self._waiting.setdefault(key, Counted()), counted)
                self._writing = False
                self._changed.notify_all()

    def close(self) -> None:
        """Write what was counted, if PostgreSQL lets us, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                ended = self._changed.wait_for(lambda: self._closed, _EVERY_SECONDS)
                idle = not self._waiting
            if not idle:
                with suppress(DatabaseUnavailable):
                    self.flush()
            if ended:
                return


def add_within(tenant: TenantConnection, door: str, statuses: Iterable[str], at: datetime) -> None:
    """Count messages in the transaction that writes them, for a door whose messages come one after the
    other."""
    counted = Counted()
    counted.add(Counter(statuses), at, 0.0)
    _write(tenant, [(at.replace(second=0, microsecond=0), door, counted)])


def forget_old(database: Database, now: datetime) -> None:
    """Remove the minutes that nobody asks for any more. Raises DatabaseUnavailable."""
    for tenant_id in everyone(database):
        with database.tenant(tenant_id) as tenant:
            tenant.execute(
                "DELETE FROM door_minutes WHERE tenant_id = %s AND minute < %s", [tenant_id, now - KEPT]
            )


def _merge(into: Counted, other: Counted) -> None:
    into.statuses.update(other.statuses)
    into.lag_ms = max(into.lag_ms, other.lag_ms)
    into.last_message_at = into.last_message_at or other.last_message_at
    into.last_refused_at = into.last_refused_at or other.last_refused_at


def _write(tenant: TenantConnection, counted: Iterable[tuple[datetime, str, Counted]]) -> None:
    """Add these to what is there: rows are taken in the order of their keys, so nobody waits in circles."""
    rows = [
        {
            "minute": minute.astimezone(UTC),
            "door": door,
            "accepted": one.statuses["accepted"],
            "duplicates": one.statuses["duplicate"],
            "rejected": one.statuses["rejected"],
            "lag_ms": one.lag_ms,
            "last_message_at": one.last_message_at,
            "last_refused_at": one.last_refused_at,
        }
        for minute, door, one in sorted(counted, key=lambda each: (each[1], each[0]))
    ]
    tenant.execute(_ADD, {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)})


_SUMS = ("accepted", "duplicates", "rejected")
_ADD = f"""
WITH came AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS r (minute timestamptz, door text, accepted bigint,
        duplicates bigint, rejected bigint, lag_ms bigint, last_message_at timestamptz, last_refused_at
        timestamptz)
), of_doors AS (
    INSERT INTO doors (tenant_id, door, first_at, last_message_at, last_refused_at, {", ".join(_SUMS)})
    SELECT %(tenant)s, door, min(minute), max(last_message_at), max(last_refused_at),
           {", ".join(f"sum({name})" for name in _SUMS)}
    FROM came GROUP BY door ORDER BY door
    ON CONFLICT (tenant_id, door) DO UPDATE SET
        {", ".join(f"{name} = doors.{name} + EXCLUDED.{name}" for name in _SUMS)},
        last_message_at = greatest(doors.last_message_at, EXCLUDED.last_message_at),
        last_refused_at = greatest(doors.last_refused_at, EXCLUDED.last_refused_at)
)
INSERT INTO door_minutes (tenant_id, minute, door, lag_ms, {", ".join(_SUMS)})
SELECT %(tenant)s, minute, door, lag_ms, {", ".join(_SUMS)} FROM came ORDER BY door, minute
ON CONFLICT (tenant_id, minute, door) DO UPDATE SET
    {", ".join(f"{name} = door_minutes.{name} + EXCLUDED.{name}" for name in _SUMS)},
    lag_ms = greatest(door_minutes.lag_ms, EXCLUDED.lag_ms)
"""
