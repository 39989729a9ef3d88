"""Each tenant's own keys, in `tenant_keys` under the master key; and secrets kept under them.

`customers` makes customers' hashes: it never changes, and without it no hash leads to anybody. `values` locks
secrets that have to be read again (a pretix token, a second factor, an answer to a repeated request).
"""

from __future__ import annotations

import hmac
from typing import Literal
from uuid import UUID

from data import keys
from data.engine import TenantConnection
from data.keys import MasterKeys

Purpose = Literal["customers", "values"]


def add_keys(tenant: TenantConnection) -> None:
    """Keys for a new tenant; one that is there stays."""
    for purpose in ("customers", "values"):
        add_key(tenant, purpose, keys.new_key())


def customer_key(tenant: TenantConnection) -> bytes:
    """The key of the tenant's customers. Raises LookupError for a tenant that does not exist, Unsealable."""
    row = tenant.execute(
        "SELECT t.customer_key, k.wrapped FROM tenants t"
        " LEFT JOIN (SELECT * FROM tenant_keys WHERE tenant_id = %(tenant)s AND purpose = 'customers') k"
        " ON k.tenant_id = t.tenant_id WHERE t.tenant_id = %(tenant)s",
        {"tenant": tenant.tenant_id},
    ).fetchone()
    if row is None:
        raise LookupError(f"no tenant {tenant.tenant_id}")
    plain, wrapped = row
    if wrapped is not None:
        return _unwrap(tenant, "customers", bytes(wrapped))
    if plain is None:
        raise LookupError(f"tenant {tenant.tenant_id} has no key for its customers any more")
    return bytes(plain)


def digest(key: bytes, content: bytes) -> bytes:
    """Sixteen bytes that stand for a customer under the tenant's key."""
    return hmac.digest(key, content, "sha256")[:16]


def seal(tenant: TenantConnection, purpose: str, plain: bytes) -> bytes:
    """A secret fit to be kept in the tenant's rows; it opens for the same tenant and purpose only."""
    return keys.lock(value_key(tenant), plain, _about(tenant.tenant_id, purpose))


def unseal(tenant: TenantConnection, purpose: str, sealed: bytes) -> bytes:
    """The secret. Raises Unsealable."""
    return keys.unlock(value_key(tenant), sealed, _about(tenant.tenant_id, purpose))


def value_key(tenant: TenantConnection) -> bytes:
    """The key that locks the tenant's secrets, made at its first use. Raises Unsealable."""
    wrapped = _read(tenant, "values")
    if wrapped is None:
        add_key(tenant, "values", keys.new_key())
        wrapped = _read(tenant, "values")
        assert wrapped is not None
    return _unwrap(tenant, "values", wrapped)


def add_key(tenant: TenantConnection, purpose: str, key: bytes) -> None:
    """Keep a data key of the tenant, locked; one that is there stays."""
    tenant.execute(
        "INSERT INTO tenant_keys (tenant_id, purpose, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [tenant.tenant_id, purpose, master(tenant).wrap(key, _about(tenant.tenant_id, purpose))],
    )


def rewrap(tenant: TenantConnection, purpose: str, wrapped: bytes) -> bool:
    """Lock a data key by the present master key; False when it is already. Raises Unsealable."""
    if master(tenant).is_present(wrapped):
        return False
    key = _unwrap(tenant, purpose, wrapped)
    tenant.execute(
        "UPDATE tenant_keys SET wrapped = %s WHERE tenant_id = %s AND purpose = %s",
        [master(tenant).wrap(key, _about(tenant.tenant_id, purpose)), tenant.tenant_id, purpose],
    )
    return True


def _read(tenant: TenantConnection, purpose: Purpose) -> bytes | None:
    row = tenant.execute(
        "SELECT wrapped FROM tenant_keys WHERE tenant_id = %s AND purpose = %s", [tenant.tenant_id, purpose]
    ).fetchone()
    return None if row is None else bytes(row[0])


def _unwrap(tenant: TenantConnection, purpose: str, wrapped: bytes) -> bytes:
    return master(tenant).unwrap(wrapped, _about(tenant.tenant_id, purpose))


def _about(tenant_id: UUID, purpose: str) -> bytes:
    return tenant_id.bytes + purpose.encode()


def master(tenant: TenantConnection) -> MasterKeys:
    """The master keys of this process. Raises Unsealable when it was given none."""
    if tenant.master is None:
        raise keys.Unsealable("this process was given no master key")
    return tenant.master
