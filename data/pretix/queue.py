"""The queue of pings: one row for everything of a source that should be looked at again.

Pings about the same order share a row, so that however many arrive, one fetch answers them all
and no two fetches of one order run at once. A claimed row is leased: it comes back by itself when
its worker dies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from data.engine import TenantConnection


@dataclass(frozen=True, slots=True)
class Ping:
    """Something to fetch: `subject` is `order/<code>` or `event`; `pings` had arrived when it was claimed."""

    event: str
    subject: str
    pings: int
    attempts: int


def put(tenant: TenantConnection, source_id: UUID, event: str, subject: str) -> None:
    """Ask for a look at a subject; durable when the transaction commits."""
    tenant.execute(
        "INSERT INTO pretix_pings (tenant_id, source_id, event, subject) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, source_id, event, subject)"
        " DO UPDATE SET pings = pretix_pings.pings + 1",
        [tenant.tenant_id, source_id, event, subject],
    )


def claim(
    tenant: TenantConnection, source_id: UUID, now: datetime, lease: timedelta, limit: int = 1
) -> list[Ping]:
    """The longest due subjects, leased to the caller; rows that others are claiming are skipped."""
    rows = tenant.rows(
        # Materialized: a subquery with LIMIT may be run once for every row of the table, and claim them all.
        "WITH due AS MATERIALIZED ("
        "  SELECT tenant_id, source_id, event, subject FROM pretix_pings"
        "  WHERE tenant_id = %(tenant)s AND source_id = %(source)s AND next_attempt_at <= %(now)s"
        "  ORDER BY next_attempt_at, event, subject LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
        " UPDATE pretix_pings p SET attempts = p.attempts + 1, next_attempt_at = %(until)s"
        " FROM due WHERE p.tenant_id = %(tenant)s AND p.source_id = %(source)s"
        " AND p.event = due.event AND p.subject = due.subject"
        " RETURNING p.event, p.subject, p.pings, p.attempts",
        {
            "tenant": tenant.tenant_id,
            "source": source_id,
            "now": now,
            "until": now + lease,
            "limit": limit,
        },
    )
    return [Ping(**row) for row in rows]


def done(tenant: TenantConnection, source_id: UUID, ping: Ping) -> None:
    """Strike the subject off, or make it due at once if it was pinged again meanwhile.

    Belongs into the transaction that writes what the fetch brought.
    """
    key = [tenant.tenant_id, source_id, ping.event, ping.subject, ping.pings]
    deleted = tenant.execute(
        "DELETE FROM pretix_pings WHERE tenant_id = %s AND source_id = %s AND event = %s"
        " AND subject = %s AND pings = %s",
        key,
    )
    if deleted.rowcount == 0:
        tenant.execute(
            "UPDATE pretix_pings SET attempts = 0, next_attempt_at = now(), last_error = NULL"
            " WHERE tenant_id = %s AND source_id = %s AND event = %s AND subject = %s",
            key[:4],
        )


def retry(tenant: TenantConnection, source_id: UUID, ping: Ping, at: datetime, error: str) -> None:
    """Put a claimed subject back until `at`."""
    tenant.execute(
        "UPDATE pretix_pings SET next_attempt_at = %s, last_error = %s"
        " WHERE tenant_id = %s AND source_id = %s AND event = %s AND subject = %s",
        [at, error[:500], tenant.tenant_id, source_id, ping.event, ping.subject],
    )


def give_up(tenant: TenantConnection, source_id: UUID, ping: Ping) -> None:
    """Strike a subject off unanswered."""
    tenant.execute(
        "DELETE FROM pretix_pings WHERE tenant_id = %s AND source_id = %s AND event = %s AND subject = %s",
        [tenant.tenant_id, source_id, ping.event, ping.subject],
    )


def waiting(tenant: TenantConnection, source_id: UUID) -> int:
    """How many subjects wait, due or not."""
    row = tenant.execute(
        "SELECT count(*) FROM pretix_pings WHERE tenant_id = %s AND source_id = %s",
        [tenant.tenant_id, source_id],
    ).fetchone()
    return int(row[0]) if row else 0
