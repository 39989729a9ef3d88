"""API tokens of a tenant: 256 random bits each, of which the database holds only the SHA-256.

A token reads `hc_` and the base64url of the tenant's id and the secret, so its tenant is known
before anything is looked up, and row-level security applies from the first query on.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from data.access import Access, Scope
from data.engine import Database, DatabaseUnavailable, TenantConnection

PREFIX = "hc_"
HELD_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 20.0
_MOST_HELD = 1_024
_SECRET_BYTES = 32
_LENGTH = len(PREFIX) + (16 + _SECRET_BYTES) * 4 // 3
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose token came with a request."""

    tenant_id: UUID
    token_id: UUID
    name: str
    scopes: frozenset[Scope]

    @property
    def access(self) -> Access:
        """What it may see and do: with boards it is as good as an owner, as far as its scopes go."""
        return Access(self.tenant_id, "owner", self.token_id, scopes=self.scopes)


def id_of_subject(tenant_id: UUID, issuer: str, subject: str) -> UUID:
    """The id of a service that another issuer vouches for: always the same, and kept nowhere."""
    return uuid5(tenant_id, f"{issuer} {subject}")


def is_subject(caller: UUID) -> bool:
    """Whether an id is such a service's: those of people, tokens and keys are random."""
    return caller.version == 5


def create_token(
    tenant: TenantConnection, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> str:
    """A new token of the tenant, for some of `data.permissions.SCOPES`: the only moment at which it can be
    read."""
    return add_token(tenant, name, scopes, expires_at)[1]


def add_token(
    tenant: TenantConnection, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> tuple[UUID, str]:
    """The id and the text of a new token: see `create_token`."""
    token_id = uuid4()
    secret = secrets.token_bytes(_SECRET_BYTES)
    tenant.execute(
        "INSERT INTO api_tokens (tenant_id, token_id, name, secret_hash, scopes, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [tenant.tenant_id, token_id, name, _hash(secret), sorted(set(scopes)), expires_at],
    )
    return token_id, PREFIX + base64.urlsafe_b64encode(tenant.tenant_id.bytes + secret).decode()


def list_tokens(tenant: TenantConnection) -> list[dict[str, Any]]:
    """token_id, name, scopes, created_at, last_used_at, expires_at and revoked_at of every token, the oldest
    first."""
    return tenant.rows(
        "SELECT token_id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_tokens"
        " WHERE tenant_id = %s ORDER BY created_at, token_id",
        [tenant.tenant_id],
    )


def revoke_token(tenant: TenantConnection, token_id: UUID) -> bool:
    """Whether there was such a token to revoke. Every process refuses it within 30 seconds."""
    cursor = tenant.execute(
        "UPDATE api_tokens SET revoked_at = %s WHERE tenant_id = %s AND token_id = %s AND revoked_at IS NULL",
        [datetime.now(UTC), tenant.tenant_id, token_id],
    )
    return cursor.rowcount == 1


def token_is_valid(tenant: TenantConnection, token: str) -> bool:
    """Whether this is a token of this tenant that is neither revoked nor expired."""
    parts = _parts(token)
    return parts is not None and parts[0] == tenant.tenant_id and _find(tenant, parts[1]) is not None


class Tokens:
    """Recognises senders; an answer is at most 30 seconds old, so that a busy sender costs no query.

    While PostgreSQL is away a sender seen within those 30 seconds is still known.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[bytes, _Held] = {}
        self._changing = threading.Lock()

    def sender(self, token: str) -> Sender | None:
        """Whose token this is, None for one that is malformed, unknown, expired or revoked. Raises
        DatabaseUnavailable."""
        if len(token) != _LENGTH:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        held = self._held.get(digest)
        now = time.monotonic()
        if held is not None and now < held.ask_again_at:
            return held.sender
        parts = _parts(token)
        if parts is None:
            return None
        if held is not None and now < held.until:
            # One of many requests asks; the others go on with what is known.
            held.ask_again_at = held.until
        try:
            with self._database.tenant(parts[0]) as tenant:
                sender = _find(tenant, parts[1])
        except DatabaseUnavailable:
            if held is not None and now < held.until:
                return held.sender
            raise
        self._hold(digest, sender)
        return sender

    def known(self, token: str) -> Sender | None:
        """Whose token this is, if that was found within the last 30 seconds."""
        held = self._held.get(hashlib.sha256(token.encode()).digest())
        return held.sender if held is not None and time.monotonic() < held.until else None

    def _hold(self, digest: bytes, sender: Sender | None) -> None:
        now = time.monotonic()
        with self._changing:
            if len(self._held) >= _MOST_HELD:
                # Guessed tokens fill the place first: they go first, then the oldest.
                spare = [key for key, held in self._held.items() if held.sender is None]
                for key in spare or list(self._held)[: _MOST_HELD // 2]:
                    del self._held[key]
            self._held.pop(digest, None)
            self._held[digest] = _Held(sender, now + _ASK_AGAIN_SECONDS, now + HELD_SECONDS)


@dataclass(slots=True)
class _Held:
    """An answer; times are monotonic seconds."""

    sender: Sender | None
    ask_again_at: float
    until: float


def _find(tenant: TenantConnection, secret_hash: bytes) -> Sender | None:
    row = tenant.execute(
        "SELECT token_id, name, secret_hash, last_used_at, scopes FROM api_tokens"
        " WHERE tenant_id = %s AND secret_hash = %s AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > now())",
        [tenant.tenant_id, secret_hash],
    ).fetchone()
    if row is None or not hmac.compare_digest(bytes(row[2]), secret_hash):
        return None
    now = datetime.now(UTC)
    if row[3] is None or now - row[3] > _TOUCH_EVERY:
        tenant.execute(
            "UPDATE api_tokens SET last_used_at = %s WHERE tenant_id = %s AND token_id = %s",
            [now, tenant.tenant_id, row[0]],
        )
    return Sender(tenant.tenant_id, row[0], row[1], frozenset(row[4]))


def _parts(token: str) -> tuple[UUID, bytes] | None:
    """The tenant and the hash of the secret."""
    if len(token) != _LENGTH or not token.startswith(PREFIX):
        return None
    try:
        decoded = base64.b64decode(token[len(PREFIX) :], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=decoded[:16]), _hash(decoded[16:])


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
