"""Through whose eyes something is shown that was asked for or given before: the asker's, as they are now."""

from __future__ import annotations

from uuid import UUID

from data.access import Access
from data.engine import TenantConnection
from data.grants import granted, reach_of
from data.permissions import roles_with
from data.tokens import is_subject


def eyes_now(tenant: TenantConnection, caller: UUID) -> Access | None:
    """What a person or a program may see by now; None for one that is shut out or was revoked. Programs act
    as owners. Of another issuer's services nothing is kept to ask: they were let in before."""
    row = tenant.execute(
        "SELECT role, reach FROM users"
        " WHERE tenant_id = %(tenant)s AND user_id = %(id)s AND disabled_at IS NULL"
        " UNION ALL SELECT 'owner', 'all' FROM api_tokens"
        " WHERE tenant_id = %(tenant)s AND token_id = %(id)s AND revoked_at IS NULL"
        " UNION ALL SELECT 'owner', 'all' FROM signing_keys"
        " WHERE tenant_id = %(tenant)s AND key_id = %(id)s AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > now())"
        " UNION ALL SELECT 'owner', 'all' WHERE %(subject)s",
        {"tenant": tenant.tenant_id, "id": caller, "subject": is_subject(caller)},
    ).fetchone()
    if row is None:
        return None
    seen = granted(tenant, caller, reach_of(*row))
    masked = row[0] not in roles_with("see-money")
    return Access(tenant.tenant_id, row[0], caller, seen.venues, seen.events, masked=masked)
