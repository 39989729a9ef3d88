"""Copies that an erasure has to reach besides its tables: kept answers, those that repeats of requests would
get, and files of exports."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from data.engine import Database

TIMEOUT_SECONDS = 5.0


def drop_answers(redis_url: str, prefix: str, tenant_id: UUID) -> int:
    """Drop a tenant's kept answers from Redis; how many. Raises RedisError: they would end within an hour."""
    gone = 0
    connection: Redis = Redis.from_url(redis_url, socket_timeout=TIMEOUT_SECONDS)
    try:
        for key in connection.scan_iter(f"{prefix}:{tenant_id}:answer:*", count=1_000):
            gone += int(connection.delete(key))
    finally:
        connection.close()
    return gone


def drop_repeats(database: Database, tenant_id: UUID) -> int:
    """Forget the tenant's keys of repeats with the answers they hold, which only their callers can open.

    Those of requests that are under way go, too: their answers may be of before, and are then not kept.
    Returns how many. Raises DatabaseUnavailable.
    """
    with database.tenant(tenant_id) as tenant:
        return tenant.execute("DELETE FROM idempotency_keys WHERE tenant_id = %s", [tenant_id]).rowcount


def drop_exports(database: Database, tenant_id: UUID, folder: Path) -> int:
    """End a tenant's exports and remove their files: which customers are in them only their readers can see.

    Those that wait or run end, too: they may read from a snapshot of before. All can be made again. Returns
    how many. Raises DatabaseUnavailable.
    """
    with database.tenant(tenant_id) as tenant:
        rows = tenant.execute(
            "UPDATE exports SET status = 'expired', expires_at = now() WHERE tenant_id = %s"
            " AND status IN ('waiting', 'running', 'done') RETURNING export_id",
            [tenant_id],
        ).fetchall()
    for (export_id,) in rows:
        for path in folder.glob(f"{export_id}.*"):
            path.unlink(missing_ok=True)
    return len(rows)


__all__ = ["RedisError", "drop_answers", "drop_exports", "drop_repeats"]
