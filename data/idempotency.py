"""Requests that must not be done twice: each caller's keys of the last day, with the answer each one got.

A key is claimed before anything is done. Should the process die before the answer is kept, the key stays
claimed: whether it was done is then not known, and doing it again could be the second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from data.engine import Database
from data.tenants import list_tenants

KEPT = timedelta(hours=24)
MOST_BYTES = 1_000_000
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
    """A key that its caller has now, for the request with this fingerprint."""

    tenant_id: UUID
    caller: UUID
    key: bytes
    fingerprint: bytes


def claim_of(tenant_id: UUID, caller: UUID, key: str, *request: bytes) -> Claim:
    """The claim of a caller (a user or a token) on a key for a request of these parts."""
    digest = hashlib.sha256()
    for part in request:
        digest.update(len(part).to_bytes(8, "big") + part)
    return Claim(tenant_id, caller, hashlib.sha256(key.encode()).digest(), digest.digest())


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
            " claimed_at = EXCLUDED.claimed_at, status = NULL, headers = NULL, body = NULL"
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
            "SELECT fingerprint, status, headers, body FROM idempotency_keys"
            " WHERE tenant_id = %s AND caller = %s AND key_hash = %s",
            [claim.tenant_id, claim.caller, claim.key],
        ).fetchone()
    if found is None:  # Given up between the two statements.
        raise InFlight
    if bytes(found[0]) != claim.fingerprint:
        raise KeyReused
    if found[1] is None:
        raise InFlight
    return Kept(found[1], msgspec.json.decode(bytes(found[2]), type=dict[str, str]), bytes(found[3]))


def keep(database: Database, claim: Claim, answer: Kept) -> None:
    """Remember what was answered; a very large answer frees the key instead. Raises DatabaseUnavailable."""
    if len(answer.body) > MOST_BYTES:
        drop(database, claim)
        return
    with database.tenant(claim.tenant_id) as tenant:
        tenant.execute(
            "UPDATE idempotency_keys SET status = %s, headers = %s, body = %s"
            " WHERE tenant_id = %s AND caller = %s AND key_hash = %s AND fingerprint = %s",
            [
                answer.status,
                msgspec.json.encode(answer.headers),
                answer.body,
                claim.tenant_id,
                claim.caller,
                claim.key,
                claim.fingerprint,
            ],
        )


def drop(database: Database, claim: Claim) -> None:
    """Nothing was done: the key is free again. Raises DatabaseUnavailable."""
    with database.tenant(claim.tenant_id) as tenant:
        tenant.execute(
            "DELETE FROM idempotency_keys WHERE tenant_id = %s AND caller = %s AND key_hash = %s"
            " AND fingerprint = %s AND status IS NULL",
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
