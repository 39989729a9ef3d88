"""Writing the audit log: entries of one tenant, each chained to the one before it in its lane.

A tenant has a few lanes. Whoever writes takes the first one that nobody holds, for as long as its transaction
lasts, so that writers of several processes do not wait for each other; in one process the entries that come
while another transaction is under way share the next one. Nothing is held in memory in between: whatever ends
a process, a lane goes on from its last committed entry. Redis plays no part.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from data.audit_entry import GENESIS, Entry, Kept, Keys, canonical, storable
from data.engine import Database, DatabaseUnavailable, TenantConnection

LANES = 4
MOST_TOGETHER = 500
LONGEST_WAIT_SECONDS = 30.0

_TAKE = (
    "SELECT lane, seq, hash, recorded_at, clock_timestamp() FROM audit_heads"
    " WHERE tenant_id = %(tenant)s AND lane >= %(lane)s ORDER BY lane LIMIT 1 FOR UPDATE"
)
_TAKE_FREE = f"{_TAKE} SKIP LOCKED"
_WRITE = (
    "INSERT INTO audit_log (tenant_id, recorded_at, lane, seq, actor_kind, actor_id, session_id, door,"
    " action, outcome, object, venue_id, event_id, request_id, detail, key_id, previous, hash)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)"
)
_WRITE_LAST = (
    f"WITH written AS ({_WRITE})"
    " UPDATE audit_heads SET seq = %s, hash = %s, recorded_at = %s WHERE tenant_id = %s AND lane = %s"
)


class Trail(Protocol):
    """Where entries go."""

    def record(self, tenant_id: UUID, entry: Entry) -> None:
        """Keep the entry; it is committed on return. Raises DatabaseUnavailable."""
        ...


def write_entries(tenant: TenantConnection, keys: Keys, entries: Sequence[Entry]) -> None:
    """Write entries in the open transaction, and hold their lane until its end: make it the last thing there.

    Raises DatabaseUnavailable when the transaction's connection is lost.
    """
    lane, seq, previous, recorded_at = _lane(tenant)
    rows: list[list[object]] = []
    for entry in entries:
        seq += 1
        kept = Kept(tenant.tenant_id, lane, seq, recorded_at, storable(entry), previous, keys.current)
        made = keys.hash(kept)
        assert made is not None
        rows.append(_row(replace(kept, hash=made)))
        previous = made
    if rows[:-1]:
        with tenant.cursor() as cursor:
            cursor.executemany(_WRITE, rows[:-1])
    tenant.execute(_WRITE_LAST, [*rows[-1], seq, previous, recorded_at, tenant.tenant_id, lane])


def _lane(tenant: TenantConnection) -> tuple[int, int, bytes, datetime]:
    """A lane that is ours until the transaction ends: its number, how many entries it has, the hash of the
    last one, and a time that is not before it."""
    values = {"tenant": tenant.tenant_id, "lane": 0}
    found = tenant.execute(_TAKE_FREE, values).fetchone()
    if found is None:
        tenant.execute(
            "INSERT INTO audit_heads (tenant_id, lane, hash) SELECT %s, lane, %s"
            " FROM generate_series(0, %s) lane ON CONFLICT DO NOTHING",
            [tenant.tenant_id, GENESIS, LANES - 1],
        )
        found = tenant.execute(_TAKE_FREE, values).fetchone()
    if found is None:  # All are held: whoever else comes stands in the last one's line.
        found = tenant.execute(_TAKE, values | {"lane": LANES - 1}).fetchone()
    assert found is not None
    lane, seq, last, recorded_at, now = found
    return lane, seq, bytes(last), max(now, recorded_at)


def _row(kept: Kept) -> list[object]:
    entry = kept.entry
    return [
        kept.tenant_id,
        kept.recorded_at,
        kept.lane,
        kept.seq,
        entry.actor.kind,
        entry.actor.id,
        entry.actor.session_id,
        entry.door,
        entry.action,
        entry.outcome,
        entry.object,
        entry.venue_id,
        entry.event_id,
        entry.request_id,
        canonical(entry.detail),
        kept.key_id,
        kept.previous,
        kept.hash,
    ]


class AuditLog:
    """Writes entries from any thread; those that come together share a transaction."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database, self._keys = database, keys
        self._lock = threading.Lock()
        self._lines: dict[UUID, deque[_Waiting]] = {}
        """A tenant is here while one of its threads writes: the others queue."""

    def record(self, tenant_id: UUID, entry: Entry) -> None:
        """Keep the entry; it is committed on return. Raises DatabaseUnavailable."""
        own = _Waiting(entry)
        with self._lock:
            line = self._lines.get(tenant_id)
            leads = line is None
            if line is None:
                line = self._lines[tenant_id] = deque()
            line.append(own)
        if not leads and not own.turn.wait(LONGEST_WAIT_SECONDS):
            self._give_up(line, own)
        if not own.settled:
            self._write(tenant_id, line)
        if own.error is not None:
            if isinstance(own.error, DatabaseUnavailable):
                raise DatabaseUnavailable(str(own.error)) from own.error
            raise RuntimeError("the audit log could not be written") from own.error

    def _give_up(self, line: deque[_Waiting], own: _Waiting) -> None:
        """Leave the queue, unless the turn has come at the last moment."""
        with self._lock:
            if own.turn.is_set():
                return
            if own in line:
                line.remove(own)
        raise DatabaseUnavailable("the audit log is not written in time")

    def _write(self, tenant_id: UUID, line: deque[_Waiting]) -> None:
        """Write what waits, this thread's entry among it, and hand the pen to the next."""
        with self._lock:
            group = [line.popleft() for _ in range(min(MOST_TOGETHER, len(line)))]
        error: Exception | None = None
        try:
            with self._database.tenant(tenant_id) as tenant:
                write_entries(tenant, self._keys, [waiting.entry for waiting in group])
        except Exception as problem:
            error = problem
        with self._lock:
            if line:
                line[0].turn.set()
            else:
                del self._lines[tenant_id]
        for waiting in group:
            waiting.settle(error)


class _Waiting:
    """An entry and the thread that waits for it: until it is written, or this thread's turn to write."""

    __slots__ = ("entry", "error", "settled", "turn")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.turn = threading.Event()
        self.settled = False
        self.error: Exception | None = None

    def settle(self, error: Exception | None) -> None:
        self.error, self.settled = error, True
        self.turn.set()
