"""Sinks: other databases that a tenant's ledger is copied to, and how far each copy is.

A sink has a position in the order in which messages came (`received_at`, then their key). It moves on once
what was read is there, so a copy that broke off goes on with what it had read last; what is sent twice means
the same twice.

Writers stamp messages before they commit, and may commit late. So a sink reads up to a moment only of which
every transaction is over that was under way then: `mark` notes the moment and the next transaction's number,
and counts once all before that number have ended. A minute is left for clocks that differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from data.engine import Database, TenantConnection
from data.tenant_keys import seal, unseal

Kind = Literal["influxdb", "mongodb"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MARGIN = timedelta(minutes=1)
"""By how much the clocks of writers and of PostgreSQL may differ."""
CLAIMED_FOR = timedelta(minutes=5)
"""After which another process takes over; if the first still writes, both write the same."""
FIRST_KEY = UUID(int=0)
LONGEST_ERROR = 300
_WAIT = "least(interval '10 seconds' * power(2, least(failures, 20)), interval '10 minutes')"


class NameTaken(Exception):
    """The tenant has another sink of this name."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink, how far it is, and up to when messages can be read. `secret` is how it is reached; `place` is
    where things go there: organisation and bucket, or database and collection."""

    sink_id: UUID
    kind: Kind
    name: str
    place: Mapping[str, str]
    secret: Mapping[str, str] = field(repr=False)
    at: datetime
    at_key: UUID
    ready_until: datetime


def add(
    tenant: TenantConnection,
    kind: Kind,
    name: str,
    place: Mapping[str, str],
    secret: Mapping[str, str],
    since: datetime,
) -> UUID:
    """Copy what came since this moment to a new sink; returns its id. Raises NameTaken."""
    sink_id = uuid4()
    kept = tenant.execute(
        "INSERT INTO sinks (tenant_id, sink_id, kind, name, place, sealed, at, at_key, ready_until)"
        " VALUES (%(tenant)s, %(sink)s, %(kind)s, %(name)s, %(place)s, %(sealed)s, %(since)s, %(key)s,"
        " %(since)s) ON CONFLICT (tenant_id, name) DO NOTHING",
        {
            "tenant": tenant.tenant_id,
            "sink": sink_id,
            "kind": kind,
            "name": name,
            "place": Jsonb(dict(place)),
            "sealed": seal(tenant, _purpose(sink_id), json.dumps(dict(secret)).encode()),
            "since": since,
            "key": FIRST_KEY,
        },
    )
    if not kept.rowcount:
        raise NameTaken(name)
    return sink_id


def remove(tenant: TenantConnection, name: str) -> UUID | None:
    """Copy no more, and forget how the sink is reached; None when there is none of this name."""
    row = tenant.execute(
        "DELETE FROM sinks WHERE tenant_id = %s AND name = %s RETURNING sink_id", [tenant.tenant_id, name]
    ).fetchone()
    return None if row is None else row[0]


def rewind(tenant: TenantConnection, name: str, since: datetime) -> UUID | None:
    """Copy again what came since this moment; None when there is no sink of this name."""
    row = tenant.execute(
        "UPDATE sinks SET at = %s, at_key = %s, retry_at = NULL, failures = 0"
        " WHERE tenant_id = %s AND name = %s RETURNING sink_id",
        [since, FIRST_KEY, tenant.tenant_id, name],
    ).fetchone()
    return None if row is None else row[0]


def listed(tenant: TenantConnection) -> list[dict[str, Any]]:
    """name, kind, place, at, sent, sent_at, last_error and last_error_at of every sink, by name."""
    return tenant.rows(
        "SELECT name, kind, place, at, sent, sent_at, last_error, last_error_at FROM sinks"
        " WHERE tenant_id = %s ORDER BY name",
        [tenant.tenant_id],
    )


# For those who copy


def due(database: Database) -> list[tuple[UUID, UUID]]:
    """Tenant and id of every sink that is not left alone for the moment. Raises DatabaseUnavailable."""
    with database.job("sinks") as connection:
        rows = connection.execute(
            "SELECT tenant_id, sink_id FROM sinks WHERE retry_at IS NULL OR retry_at <= now() ORDER BY 1, 2"
        )
        return rows.fetchall()


def claim(tenant: TenantConnection, sink_id: UUID) -> bool:
    """Whether this process is now the one that copies to the sink, for so long or until it lets go."""
    cursor = tenant.execute(
        "UPDATE sinks SET retry_at = now() + %s WHERE tenant_id = %s AND sink_id = %s"
        " AND (retry_at IS NULL OR retry_at <= now())",
        [CLAIMED_FOR, tenant.tenant_id, sink_id],
    )
    return cursor.rowcount == 1


def release(tenant: TenantConnection, sink_id: UUID) -> None:
    """Let go of it."""
    tenant.execute(
        "UPDATE sinks SET retry_at = NULL WHERE tenant_id = %s AND sink_id = %s",
        [tenant.tenant_id, sink_id],
    )


def mark(tenant: TenantConnection, sink_id: UUID) -> None:
    """Note the present moment, if all that was under way at the one noted before is over; that one counts."""
    tenant.execute(
        "UPDATE sinks SET ready_until = CASE WHEN mark_at IS NULL THEN ready_until"
        " ELSE greatest(ready_until, mark_at - %(margin)s::interval) END,"
        " mark_at = %(now)s, mark_number = pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        " WHERE tenant_id = %(tenant)s AND sink_id = %(sink)s AND (mark_at IS NULL"
        "  OR pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= mark_number)",
        {"now": datetime.now(UTC), "margin": MARGIN, "tenant": tenant.tenant_id, "sink": sink_id},
    )


def get(tenant: TenantConnection, sink_id: UUID) -> Sink | None:
    """One sink. Raises Unsealable."""
    rows = tenant.rows(
        "SELECT sink_id, kind, name, place, sealed, at, at_key, ready_until FROM sinks"
        " WHERE tenant_id = %s AND sink_id = %s",
        [tenant.tenant_id, sink_id],
    )
    if not rows:
        return None
    secret = json.loads(unseal(tenant, _purpose(sink_id), bytes(rows[0].pop("sealed"))))
    return Sink(**rows[0], secret=secret)


def moved(tenant: TenantConnection, sink: Sink, at: datetime, at_key: UUID, sent: int) -> bool:
    """Note that all up to there has arrived; whether the sink still stood where this was read from."""
    cursor = tenant.execute(
        "UPDATE sinks SET at = %s, at_key = %s, sent = sent + %s, sent_at = now(), failures = 0"
        " WHERE tenant_id = %s AND sink_id = %s AND at = %s AND at_key = %s",
        [at, at_key, sent, tenant.tenant_id, sink.sink_id, sink.at, sink.at_key],
    )
    return cursor.rowcount == 1


def failed(tenant: TenantConnection, sink_id: UUID, error: str) -> None:
    """Note what went wrong, and leave the sink alone: for 10 seconds, doubled each time, up to 10 minutes."""
    tenant.execute(
        "UPDATE sinks SET last_error = %s, last_error_at = now(), failures = failures + 1,"
        f" retry_at = now() + {_WAIT} WHERE tenant_id = %s AND sink_id = %s",
        [error[:LONGEST_ERROR], tenant.tenant_id, sink_id],
    )


def _purpose(sink_id: UUID) -> str:
    return f"sink {sink_id}"
