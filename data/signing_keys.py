"""Keys by which services sign their requests, and the words (nonces) that each signed request uses up.

A key's secret is kept sealed under the tenant's own key, as it has to be read to check a signature. Several
keys may be valid at once: a service moves from one to the next without a gap. A nonce is written down in the
transaction that lets its request in; PostgreSQL alone decides, so that an emptied Redis opens no door.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from data import tenant_keys
from data.access import Scope
from data.engine import Database, TenantConnection
from data.tenants import everyone

PREFIX = "hk_"
SECRET_BYTES = 32
_LENGTH = len(PREFIX) + 43
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that is valid now."""

    tenant_id: UUID
    key_id: UUID
    name: str
    scopes: frozenset[Scope]
    secret: bytes = field(repr=False)


def create_signing_key(
    tenant: TenantConnection, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> tuple[str, str]:
    """The `keyid` of a new key and its secret in base64: the only moment at which this can be read."""
    key_id, secret = uuid4(), secrets.token_bytes(SECRET_BYTES)
    tenant.execute(
        "INSERT INTO signing_keys (tenant_id, key_id, name, secret, scopes, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            key_id,
            name,
            tenant_keys.seal(tenant, _purpose(key_id), secret),
            sorted(set(scopes)),
            expires_at,
        ],
    )
    return name_of(tenant.tenant_id, key_id), base64.b64encode(secret).decode()


def list_signing_keys(tenant: TenantConnection) -> list[dict[str, Any]]:
    """key_id, name, scopes, created_at, last_used_at, expires_at and revoked_at of every key, the oldest
    first."""
    return tenant.rows(
        "SELECT key_id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM signing_keys"
        " WHERE tenant_id = %s ORDER BY created_at, key_id",
        [tenant.tenant_id],
    )


def revoke_signing_key(tenant: TenantConnection, key_id: UUID) -> bool:
    """Whether there was such a key to revoke. It is refused from the next request on."""
    cursor = tenant.execute(
        "UPDATE signing_keys SET revoked_at = %s WHERE tenant_id = %s AND key_id = %s AND revoked_at IS NULL",
        [datetime.now(UTC), tenant.tenant_id, key_id],
    )
    return cursor.rowcount == 1


def find_signing_key(tenant: TenantConnection, key_id: UUID) -> SigningKey | None:
    """The key, if it is neither revoked nor expired."""
    row = tenant.execute(
        "SELECT name, scopes, secret FROM signing_keys WHERE tenant_id = %s AND key_id = %s"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        [tenant.tenant_id, key_id],
    ).fetchone()
    if row is None:
        return None
    secret = tenant_keys.unseal(tenant, _purpose(key_id), bytes(row[2]))
    return SigningKey(tenant.tenant_id, key_id, row[0], frozenset(row[1]), secret)


def use_up(tenant: TenantConnection, key_id: UUID, nonce: str, until: datetime) -> bool:
    """Whether the nonce is new for this key; from now to `until` it is not. Also notes the key's use."""
    now = datetime.now(UTC)
    fresh = tenant.execute(
        "INSERT INTO signed_requests (tenant_id, key_id, nonce_hash, expires_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        [tenant.tenant_id, key_id, hashlib.sha256(nonce.encode()).digest(), until],
    ).fetchone()
    if fresh is None:
        return False
    tenant.execute(
        "UPDATE signing_keys SET last_used_at = %(now)s WHERE tenant_id = %(tenant)s AND key_id = %(key)s"
        " AND (last_used_at IS NULL OR last_used_at < %(before)s)",
        {"now": now, "tenant": tenant.tenant_id, "key": key_id, "before": now - _TOUCH_EVERY},
    )
    return True


def expire(database: Database) -> None:
    """Forget the nonces of requests that are too old to be let in again. Raises DatabaseUnavailable."""
    for tenant_id in everyone(database):
        with database.tenant(tenant_id) as tenant:
            tenant.execute(
                "DELETE FROM signed_requests WHERE tenant_id = %s AND expires_at < %s",
                [tenant_id, datetime.now(UTC)],
            )


def name_of(tenant_id: UUID, key_id: UUID) -> str:
    """The `keyid` by which a request names its key: it also tells whose key it is."""
    return PREFIX + base64.urlsafe_b64encode(tenant_id.bytes + key_id.bytes).decode().rstrip("=")


def ids_of(name: str) -> tuple[UUID, UUID] | None:
    """The tenant and the id of a `keyid`; None for what is none."""
    if len(name) != _LENGTH or not name.startswith(PREFIX):
        return None
    try:
        decoded = base64.b64decode(name[len(PREFIX) :] + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=decoded[:16]), UUID(bytes=decoded[16:])


def _purpose(key_id: UUID) -> str:
    return f"signing key {key_id}"
