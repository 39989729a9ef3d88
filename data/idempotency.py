"""Requests that must not be done twice: each caller's keys of the last day, with the answer each one got.

A key is claimed before anything is done. Should the process die before the answer is kept, the key stays
claimed: whether it was done is then not known, and doing it again could be the second time.

Answers may hold what is shown once only, such as a new link. They are kept encrypted under the caller's key,
of which the table has a hash, together with ours: neither the table nor a copy of it can be read.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data.engine import Database
from data.tenants import list_tenants

KEPT = timedelta(hours=24)
MOST_BYTES = 256_000
"""A larger answer is not kept, and its key is free again."""
_NONCE_BYTES = 12


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
    """A key that its caller has now, for the request with this fingerprint; `seal` encrypts its answer."""

    tenant_id: UUID
    caller: UUID
    key: bytes
    fingerprint: bytes
    seal: bytes = field(repr=False)


def claim_of(tenant_id: UUID, caller: UUID, key: str, ours: str, *request: bytes) -> Claim:
    """The claim of a caller (a user or a token) on a key for a request of these parts; `ours` is the secret
    of the installation."""
    digest = hashlib.sha256()
    for part in request:
        digest.update(len(part).to_bytes(8, "big") + part)
    seal = hmac.new(ours.encode(), b"idempotency " + caller.bytes + key.encode(), hashlib.sha256).digest()
    return Claim(tenant_id, caller, hashlib.sha256(key.encode()).digest(), digest.digest(), seal)


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
    if found is None:  # Given up between the two statements.
        raise InFlight
    if bytes(found[0]) != claim.fingerprint:
        raise KeyReused
    if found[1] is None:
        raise InFlight
    sealed = bytes(found[1])
    try:
        opened = AESGCM(claim.seal).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], claim.fingerprint)
    except InvalidTag:  # Our secret was changed since: it was done, but how it ended cannot be read.
        raise InFlight from None
    return msgspec.msgpack.decode(opened, type=Kept)


def keep(database: Database, claim: Claim, answer: Kept) -> None:
    """Remember what was answered; a very large answer frees the key instead. Raises DatabaseUnavailable."""
    if len(answer.body) > MOST_BYTES:
        drop(database, claim)
        return
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(claim.seal).encrypt(nonce, msgspec.msgpack.encode(answer), claim.fingerprint)
    with database.tenant(claim.tenant_id) as tenant:
        tenant.execute(
            "UPDATE idempotency_keys SET answer = %s"
            " WHERE tenant_id = %s AND caller = %s AND key_hash = %s AND fingerprint = %s",
            [nonce + sealed, claim.tenant_id, claim.caller, claim.key, claim.fingerprint],
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
