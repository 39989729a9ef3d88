"""Requests that must not be done twice: each caller's keys of the last day, with the answer each one got.

A key is claimed before anything is done. Should the process die before the answer is kept, the key stays
claimed: whether it was done is then not known, and doing it again could be the second time.

Answers may hold what is shown once only, such as a new link. They are kept encrypted under the caller's key,
of which the table has a hash, together with the tenant's: neither the table nor a copy of it can be read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from data import keys
from data.engine import Database, TenantConnection
from data.keys import Unsealable
from data.tenant_keys import value_key
from data.tenants import list_tenants

KEPT = timedelta(hours=24)
MOST_BYTES = 256_000
"""A larger answer is not kept, and its key is free again."""


class BadKey(Exception):
    """What was sent is no key."""


class KeyReused(Exception):
    """The key came with another request before."""


class InFlight(Exception):
    """The same request is being done, or nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that its caller has now, for the request with this fingerprint; `secret` is the key itself."""

    tenant_id: UUID
    caller: UUID
    key: bytes
    fingerprint: bytes
    secret: str = field(repr=False)


def claim_of(tenant_id: UUID, caller: UUID, key: str, *request: bytes) -> Claim:
    """The claim of a caller (a user or a token) on a key for a request of these parts."""
    digest = hashlib.sha256()
    for part in request:
        digest.update(len(part).to_bytes(8, "big") + part)
    return Claim(tenant_id, caller, hashlib.sha256(key.encode()).digest(), digest.digest(), key)


def begin(database: Database, claim: Claim) -> Kept | None:
    """The answer that this request got before; None when it is to be done now, and `keep` or `drop` told.

    Raises KeyReused, InFlight, DatabaseUnavailable.
    """
    now = datetime.now(UTC)
    with database.tenant(claim.tenant_id) as tenant:
        fresh = tenant.execute(
            "INSERT INTO idempotency_keys (tenant_id, caller, key_hash, fingerprint, claimed_at)"
            " VALUES (%(tenant)s, %(caller)s, %(key)s, %(fingerprint)s, %(now)s)"
            " ON CONFLICT (tenant_id, caller, key_hash) DO UPDATE SET fingerprint = EXCLUDED.fingerprint,"
            " claimed_at = EXCLUDED.claimed_at, answer = NULL"
            " WHERE idempotency_keys.claimed_at < %(before)s RETURNING 1",
            {
                "tenant": claim.tenant_id,
                "caller": claim.caller,
                "key": claim.key,
                "fingerprint": claim.fingerprint,
                "now": now,
                "before": now - KEPT,
            },
        ).fetchone()
        if fresh is not None:
            return None
        found = tenant.execute(
            "SELECT fingerprint, answer FROM idempotency_keys"
            " WHERE tenant_id = %s AND caller = %s AND key_hash = %s",
            [claim.tenant_id, claim.caller, claim.key],
        ).fetchone()
        sealing = _sealing(tenant, claim) if found is not None and found[1] is not None else None
    if found is None:  # Given up between the two statements.
        raise InFlight
    if bytes(found[0]) != claim.fingerprint:
        raise KeyReused
    if found[1] is None or sealing is None:
        raise InFlight
    try:
        opened = keys.unlock(sealing, bytes(found[1]), claim.fingerprint)
    except Unsealable:  # Of an older version: it was done, but how it ended cannot be read.
        raise InFlight from None
    return msgspec.msgpack.decode(opened, type=Kept)


def keep(database: Database, claim: Claim, answer: Kept) -> None:
    """Remember what was answered; a very large answer frees the key instead. Raises DatabaseUnavailable."""
    if len(answer.body) > MOST_BYTES:
        drop(database, claim)
        return
    with database.tenant(claim.tenant_id) as tenant:
        sealed = keys.lock(_sealing(tenant, claim), msgspec.msgpack.encode(answer), claim.fingerprint)
        tenant.execute(
            "UPDATE idempotency_keys SET answer = %s"
            " WHERE tenant_id = %s AND caller = %s AND key_hash = %s AND fingerprint = %s",
            [sealed, claim.tenant_id, claim.caller, claim.key, claim.fingerprint],
        )


def _sealing(tenant: TenantConnection, claim: Claim) -> bytes:
    """The key of this claim's answer, from the tenant's and the caller's."""
    return hmac.digest(
        value_key(tenant), b"idempotency " + claim.caller.bytes + claim.secret.encode(), "sha256"
    )


def drop(database: Database, claim: Claim) -> None:
    """Nothing was done: the key is free again. Raises DatabaseUnavailable."""
    with database.tenant(claim.tenant_id) as tenant:
        tenant.execute(
            "DELETE FROM idempotency_keys WHERE tenant_id = %s AND caller = %s AND key_hash = %s"
            " AND fingerprint = %s AND answer IS NULL",
            [claim.tenant_id, claim.caller, claim.key, claim.fingerprint],
        )


def expire(database: Database) -> int:
    """Forget the keys that are older than a day; how many. Raises DatabaseUnavailable."""
    gone = 0
    for known in list_tenants(database):
        with database.tenant(known["tenant_id"]) as tenant:
            gone += tenant.execute(
                "DELETE FROM idempotency_keys WHERE tenant_id = %s AND claimed_at < %s",
                [tenant.tenant_id, datetime.now(UTC) - KEPT],
            ).rowcount
    return gone
