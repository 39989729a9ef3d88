"""Mails that wait, and what became of them: put here by who changes something, sent by the worker.

A mail is put in the transaction of what it tells, so there is none of a change that did not come about. What
its words are made of is locked under the tenant's key, for a link is in it, and gone once it was sent. A
worker that dies between sending and noting it sends the mail again, under the same Message-ID.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from data.engine import Database, TenantConnection
from data.tenant_keys import seal, unseal

Kind = Literal["invitation", "reset", "password-changed", "factor-changed", "webhook-disabled"]
Status = Literal["waiting", "sent", "written", "failed"]

REMEMBERED = timedelta(days=30)
"""How long a mail that was sent or given up is still told of."""
TOLD_FOR = timedelta(days=2)
"""How long a mail without a link is tried to be sent."""
MOST_AT_ONCE = 50
MOST_TROUBLES = 20
_PURPOSE = "mail"
_BACK_OFF = "least(interval '15 seconds' * power(2, least(attempts, 20)), interval '1 hour')"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is to be sent now, for the `attempts`-th time; `content` is what its words are made of."""

    mail_id: UUID
    kind: Kind
    recipient: str
    attempts: int
    created_at: datetime
    expires_at: datetime
    organisation: str
    content: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mail that could not be sent: given up, or to be tried again at `next_at`."""

    kind: Kind
    recipient: str
    status: Status
    attempts: int
    error: str
    created_at: datetime
    next_at: datetime


def put(
    tenant: TenantConnection,
    kind: Kind,
    recipient: str,
    content: Mapping[str, str],
    now: datetime,
    *,
    until: datetime | None = None,
    about: UUID | None = None,
) -> None:
    """A mail that waits; after `until` it is not worth sending. `about` is whose link is in it."""
    mail_id = uuid4()
    tenant.execute(
        "INSERT INTO mails (tenant_id, mail_id, kind, recipient, about, sealed, created_at, next_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            mail_id,
            kind,
            recipient,
            about,
            seal(tenant, _PURPOSE, mail_id.bytes + json.dumps(dict(content)).encode()),
            now,
            now,
            until or now + TOLD_FOR,
        ],
    )


def drop(tenant: TenantConnection, about: UUID) -> None:
    """Send nothing of what is withdrawn, and tell no more of what was."""
    tenant.execute("DELETE FROM mails WHERE tenant_id = %s AND about = %s", [tenant.tenant_id, about])


def troubles(tenant: TenantConnection) -> list[Trouble]:
    """Mails that were given up or failed to be sent so far, the newest first."""
    rows = tenant.rows(
        "SELECT kind, recipient, status, attempts, error, created_at, next_at FROM mails"
        " WHERE tenant_id = %s AND error IS NOT NULL AND status IN ('waiting', 'failed')"
        " ORDER BY created_at DESC, mail_id LIMIT %s",
        [tenant.tenant_id, MOST_TROUBLES],
    )
    return [Trouble(**row) for row in rows]


# For those who send


def due(database: Database, now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of the mails whose turn it is. Raises DatabaseUnavailable."""
    with database.job("mails") as connection:
        rows = connection.execute(
            "SELECT tenant_id, mail_id FROM mails WHERE status = 'waiting' AND next_at <= %s"
            " ORDER BY next_at, mail_id LIMIT %s",
            [now, MOST_AT_ONCE],
        )
        return [(tenant_id, mail_id) for tenant_id, mail_id in rows]


def claim(tenant: TenantConnection, mail_id: UUID, now: datetime) -> Mail | None:
    """The mail, which nobody else tries for a while: 15 seconds, then twice as long every time, up to an
    hour. None when another process was first, it was withdrawn, or its time is over: then it is given up."""
    rows = tenant.rows(
        "UPDATE mails SET"
        " status = CASE WHEN expires_at > %(now)s THEN 'waiting' ELSE 'failed' END,"
        " sealed = CASE WHEN expires_at > %(now)s THEN sealed END,"
        " finished_at = CASE WHEN expires_at > %(now)s THEN NULL ELSE %(now)s::timestamptz END,"
        " error = CASE WHEN expires_at > %(now)s THEN error"
        " ELSE coalesce(error, 'It was not sent in time.') END,"
        f" attempts = attempts + 1, next_at = %(now)s + {_BACK_OFF}"
        " WHERE tenant_id = %(tenant)s AND mail_id = %(mail)s AND status = 'waiting' AND next_at <= %(now)s"
        " RETURNING mail_id, kind, recipient, attempts, created_at, expires_at, sealed,"
        " (SELECT name FROM tenants WHERE tenant_id = %(tenant)s) AS organisation",
        {"now": now, "tenant": tenant.tenant_id, "mail": mail_id},
    )
    if not rows or rows[0]["sealed"] is None:
        return None
    opened = unseal(tenant, _PURPOSE, bytes(rows[0].pop("sealed")))
    # Words that were copied to another row go to nobody else.
    return Mail(**rows[0], content=json.loads(opened[16:])) if opened[:16] == mail_id.bytes else None


def finish(
    tenant: TenantConnection, mail_id: UUID, status: Status, now: datetime, error: str | None = None
) -> None:
    """It was sent or written, or is given up."""
    tenant.execute(
        "UPDATE mails SET status = %s, error = %s, finished_at = %s, sealed = NULL"
        " WHERE tenant_id = %s AND mail_id = %s AND status = 'waiting'",
        [status, error, now, tenant.tenant_id, mail_id],
    )


def note(tenant: TenantConnection, mail_id: UUID, error: str) -> None:
    """It could not be sent now."""
    tenant.execute(
        "UPDATE mails SET error = %s WHERE tenant_id = %s AND mail_id = %s AND status = 'waiting'",
        [error, tenant.tenant_id, mail_id],
    )


def forget(tenant: TenantConnection, now: datetime) -> None:
    """Remove what was sent or given up long ago."""
    tenant.execute(
        "DELETE FROM mails WHERE tenant_id = %s AND finished_at < %s", [tenant.tenant_id, now - REMEMBERED]
    )
