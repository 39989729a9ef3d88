"""The people of a tenant: to add one, find one, give another password, shut one out."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from data import mails
from data.engine import TenantConnection
from data.passwords import password_hash
from data.sessions import end

LONGEST_EMAIL = 254
"""As mail servers have it (RFC 5321, section 4.5.3)."""
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+")
"""One address and nothing beside it, whoever reads it: a list, a name or a second line is none."""

_ADDRESS = re.compile(r"://|\bwww\.|\w[.\u3002]\w{2}|\d\.\d+\.\d")
"""What mail programs make a link of: a scheme, the name of a host, or its number."""
LIKE_AN_ADDRESS = "A name must not look like a web address. After a dot comes a space."

Role = Literal["owner", "manager", "analyst", "door", "promoter"]


def is_email(text: str) -> bool:
    """Whether this is an e-mail address that mails can go to."""
    return len(text) <= LONGEST_EMAIL and text.isprintable() and _EMAIL.fullmatch(text) is not None


def is_like_an_address(name: str) -> bool:
    """Whether mail programs would make a link of the name of a person, to wherever it says."""
    return _ADDRESS.search(unicodedata.normalize("NFKC", name).casefold()) is not None


def add_user(tenant: TenantConnection, email: str, name: str, role: Role, password: str) -> UUID:
    """The id of a new user; a user with this e-mail is left as it is and its id given back."""
    user_id = uuid4()
    tenant.execute(
        "INSERT INTO users (tenant_id, user_id, email, name, role, password_hash)"
        " VALUES (%s, %s, lower(%s), %s, %s, %s) ON CONFLICT (tenant_id, email) DO NOTHING",
        [tenant.tenant_id, user_id, email, name, role, password_hash(password)],
    )
    found = find_user(tenant, email)
    assert found is not None
    return found


def find_user(tenant: TenantConnection, email: str) -> UUID | None:
    """The id of the tenant's user with this e-mail, disabled or not; None when there is none."""
    row = tenant.execute(
        "SELECT user_id FROM users WHERE tenant_id = %s AND email = lower(%s)", [tenant.tenant_id, email]
    ).fetchone()
    return None if row is None else UUID(str(row[0]))


def list_users(tenant: TenantConnection) -> list[dict[str, Any]]:
    """email, name, role and disabled_at of every user by e-mail."""
    return tenant.rows(
        "SELECT email, name, role, disabled_at FROM users WHERE tenant_id = %s ORDER BY email",
        [tenant.tenant_id],
    )


def set_password(tenant: TenantConnection, user_id: UUID, password: str) -> list[UUID]:
    """Give the user another password, end every session that the old one opened, and every link that would
    set one more; their ids. A mail tells the user."""
    row = tenant.execute(
        "UPDATE users SET password_hash = %s WHERE tenant_id = %s AND user_id = %s RETURNING email, name",
        [password_hash(password), tenant.tenant_id, user_id],
    ).fetchone()
    if row is not None:
        mails.put(tenant, "password-changed", row[0], {"name": row[1]}, datetime.now(UTC))
    _end_resets(tenant, user_id)
    return end(tenant, user_id)


def set_disabled(tenant: TenantConnection, user_id: UUID, disabled: bool) -> None:
    """Shut the user out and end every session, or let the user sign in again."""
    tenant.execute(
        "UPDATE users SET disabled_at = CASE WHEN %s THEN now() END WHERE tenant_id = %s AND user_id = %s",
        [disabled, tenant.tenant_id, user_id],
    )
    if disabled:
        _end_resets(tenant, user_id)
        end(tenant, user_id)


def _end_resets(tenant: TenantConnection, user_id: UUID) -> None:
    """A link that sets another password does so no more, also when the user is let in again."""
    tenant.execute(
        "DELETE FROM password_resets WHERE tenant_id = %s AND user_id = %s", [tenant.tenant_id, user_id]
    )
