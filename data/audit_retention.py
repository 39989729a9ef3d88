"""Old months of the audit log leave, and what stays can still be verified.

First each lane is told up to where it will end, sealed with the key of the chain so that nobody else can make
an entry too old to keep; then the months are dropped. The application's role can remove nothing, so that is
done as the owner of the tables. When it ends half-way, the next time goes on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
from psycopg import sql

from data.audit_entry import Actor, Entry, Keys
from data.audit_log import write_entries
from data.engine import Database, DatabaseUnavailable, TenantConnection
from data.partitions import LOCK_MILLISECONDS, month_of, months

TABLE = "audit_log"
_BEGINNING = date(2000, 1, 1)

_FLOOR = """
SELECT heads.lane, last.seq, last.hash FROM audit_heads heads CROSS JOIN LATERAL (
  SELECT seq, hash FROM audit_log
  WHERE tenant_id = heads.tenant_id AND lane = heads.lane AND recorded_at < %(before)s
  ORDER BY seq DESC LIMIT 1
) last
WHERE heads.tenant_id = %(tenant)s AND last.seq > heads.floor_seq
"""


def first_kept(now: datetime, months_kept: int) -> datetime:
    """The beginning (UTC) of the oldest month that is kept beside the current one."""
    count = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 - months_kept
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def forget(database: Database, owner_url: str, keys: Keys, before: datetime) -> list[str]:
    """Remove what was recorded before this beginning of a month; the names of the partitions that went.

    A table that somebody reads for long is left for the next time. Raises DatabaseUnavailable.
    """
    with database.job("audit_heads") as connection:
        rows = connection.execute("SELECT DISTINCT tenant_id FROM audit_heads").fetchall()
    for (tenant_id,) in rows:
        with database.tenant(tenant_id) as tenant:
            _set_floors(tenant, tenant_id, keys, before)
    try:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute(sql.SQL("SET lock_timeout = {}").format(LOCK_MILLISECONDS))
            return _drop(owner, before)
    except psycopg.errors.LockNotAvailable:
        return []
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(str(error)) from error


def _set_floors(tenant: TenantConnection, tenant_id: UUID, keys: Keys, before: datetime) -> None:
    floors = tenant.execute(_FLOOR, {"tenant": tenant_id, "before": before}).fetchall()
    for lane, seq, last in floors:
        tenant.execute(
            "UPDATE audit_heads SET floor_seq = %s, floor_hash = %s, floor_seal = %s"
            " WHERE tenant_id = %s AND lane = %s",
            [seq, last, keys.floor(tenant_id, lane, seq, bytes(last)), tenant_id, lane],
        )
    if floors:
        told = {"before": before.date().isoformat()}
        write_entries(tenant, keys, [Entry(Actor("job"), "job", "forget-old-entries", detail=told)])


def _drop(owner: psycopg.Connection, before: datetime) -> list[str]:
    gone = []
    old = {
        f"{TABLE}_{month:%Y_%m}" for month in months(_BEGINNING, before.date()) if month != month_of(before)
    }
    rows = owner.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass ORDER BY c.relname",
        [TABLE],
    ).fetchall()
    for (name,) in rows:
        if name in old:
            owner.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            gone.append(name)
    # Months that nobody prepared; a policy lets the owner reach them, and only there.
    owner.execute(f"DELETE FROM {TABLE}_default WHERE recorded_at < %s", [before])
    return gone
