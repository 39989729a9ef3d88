"""The sessions of a user: which browsers are signed in, and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from data.engine import TenantConnection


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in; `device` says which, as far as it tells ("Firefox on Android")."""

    session_id: UUID
    device: str
    created_at: datetime
    seen_at: datetime


def sessions(tenant: TenantConnection, user_id: UUID) -> list[Session]:
    """The sessions that have not reached their end, the last used first."""
    rows = tenant.rows(
        "SELECT session_id, device, created_at, seen_at FROM sessions"
        " WHERE tenant_id = %s AND user_id = %s AND expires_at > now() ORDER BY seen_at DESC, session_id",
        [tenant.tenant_id, user_id],
    )
    return [Session(**row) for row in rows]


def end(
    tenant: TenantConnection, user_id: UUID, *, only: UUID | None = None, but: UUID | None = None
) -> list[UUID]:
    """End the user's sessions: all, `only` one, or all `but` one; the ids of those that were ended."""
    rows = tenant.execute(
        "DELETE FROM sessions WHERE tenant_id = %(tenant)s AND user_id = %(user)s"
        " AND (%(only)s::uuid IS NULL OR session_id = %(only)s)"
        " AND (%(but)s::uuid IS NULL OR session_id <> %(but)s) RETURNING session_id",
        {"tenant": tenant.tenant_id, "user": user_id, "only": only, "but": but},
    )
    return [session_id for (session_id,) in rows]
