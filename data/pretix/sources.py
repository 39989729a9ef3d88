"""The pretix organizers a tenant has connected, and the secrets that go with them."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from data.engine import Database, TenantConnection

SECRET_BYTES = 24
_NO_HASH = b"\0" * 32
_COLUMNS = "source_id, venue_id, name, base_url, organizer, sealed_token, gates"


class NameTaken(Exception):
    """The tenant has another source of this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """One organizer on one pretix. `name` is the tenant's own short name for it and part of every
    id made from it; `gates` maps pretix's gate numbers to names; `sealed_token` is encrypted."""

    tenant_id: UUID
    source_id: UUID
    venue_id: UUID
    name: str
    base_url: str
    organizer: str
    sealed_token: bytes
    gates: dict[str, str]


def new_secret(tenant_id: UUID) -> str:
    """An unguessable path segment that also tells whose it is."""
    raw = tenant_id.bytes + secrets.token_bytes(SECRET_BYTES)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def tenant_of(secret: str) -> UUID | None:
    """The tenant a secret claims to belong to; None for text that is no secret at all."""
    length = 16 + SECRET_BYTES
    try:
        raw = base64.urlsafe_b64decode(secret.encode("ascii") + b"=" * (-len(secret) % 4))
    except ValueError:
        return None
    return UUID(bytes=raw[:16]) if len(raw) == length else None


def add(tenant: TenantConnection, source: Source, secret: str) -> None:
    """Keep a source and the hash of its webhook secret. Raises NameTaken."""
    kept = tenant.execute(
        "INSERT INTO pretix_sources (tenant_id, source_id, venue_id, name, base_url, organizer,"
        " sealed_token, secret_hash, gates) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, name) DO NOTHING",
        [
            tenant.tenant_id,
            source.source_id,
            source.venue_id,
            source.name,
            source.base_url,
            source.organizer,
            source.sealed_token,
            _hash(secret),
            json.dumps(source.gates),
        ],
    )
    if not kept.rowcount:
        raise NameTaken(source.name)


def reseal(tenant: TenantConnection, source: Source, sealed: bytes) -> None:
    """Keep the token sealed anew, unless somebody gave another one meanwhile."""
    tenant.execute(
        "UPDATE pretix_sources SET sealed_token = %s"
        " WHERE tenant_id = %s AND source_id = %s AND sealed_token = %s",
        [sealed, tenant.tenant_id, source.source_id, source.sealed_token],
    )


def authenticate(tenant: TenantConnection, source_id: UUID, secret: str) -> Source | None:
    """The source with this id if the secret is its own; takes the same time for any wrong secret."""
    row = _read(tenant, "source_id = %s", source_id)
    stored = bytes(row["secret_hash"]) if row else _NO_HASH
    if hmac.compare_digest(stored, _hash(secret)) and row:
        return _source(tenant.tenant_id, row)
    return None


def by_id(tenant: TenantConnection, source_id: UUID) -> Source | None:
    """One source that is not disabled."""
    row = _read(tenant, "source_id = %s", source_id)
    return _source(tenant.tenant_id, row) if row else None


def by_name(tenant: TenantConnection, name: str) -> Source | None:
    """The tenant's source with this short name."""
    row = _read(tenant, "name = %s", name)
    return _source(tenant.tenant_id, row) if row else None


def everyones(database: Database) -> list[tuple[UUID, UUID]]:
    """(tenant_id, source_id) of every source that is not disabled: the worker's list of whom to serve."""
    with database.job("pretix_sources") as connection:
        rows = connection.execute(
            "SELECT tenant_id, source_id FROM pretix_sources WHERE disabled_at IS NULL ORDER BY 1, 2"
        )
        return rows.fetchall()


def _read(tenant: TenantConnection, condition: str, value: object) -> dict[str, Any] | None:
    rows = tenant.rows(
        f"SELECT {_COLUMNS}, secret_hash FROM pretix_sources"
        f" WHERE tenant_id = %s AND disabled_at IS NULL AND {condition}",
        [tenant.tenant_id, value],
    )
    return rows[0] if rows else None


def _source(tenant_id: UUID, row: dict[str, Any]) -> Source:
    kept = {name: row[name] for name in _COLUMNS.split(", ")}
    return Source(tenant_id=tenant_id, **kept | {"sealed_token": bytes(row["sealed_token"])})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
