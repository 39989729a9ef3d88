"""The second factor of a sign-in: codes of an authenticator app (TOTP, RFC 6238) and recovery codes.

An app and we share a secret, which is kept sealed. A code is valid for its half minute and, because clocks
differ, for the ones beside it; none is accepted twice. Recovery codes work once each; we keep hashes of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from data import mails
from data.engine import TenantConnection
from data.tenant_keys import seal, unseal

DIGITS = 6
STEP_SECONDS = 30
STEPS_OFF = 1
"""Half minutes that an app's clock may differ from ours, in either direction (RFC 6238, section 5.2)."""
RECOVERY_CODES = 10
CONFIRMED_WITHIN = timedelta(minutes=15)
_SECRET_BYTES = 20
"""As long as an HMAC-SHA-1, which is what apps know (RFC 4226, section 4)."""
_RECOVERY_BYTES = 10
_PURPOSE = "second factor"
_HASH = SHA1()  # noqa: S303 - inside an HMAC, and what every app knows.


class State(NamedTuple):
    """Whether somebody has a second factor, and how many recovery codes are left."""

    on: bool
    codes_left: int


@dataclass(frozen=True, slots=True)
class _Factor:
    secret: bytes
    confirmed: bool
    last_step: int
    begun_at: datetime

    def waits(self, now: datetime) -> bool:
        """Whether it may still be confirmed: who finds the browser open later has to give the password."""
        return not self.confirmed and now - self.begun_at < CONFIRMED_WITHIN


def state(tenant: TenantConnection, user_id: UUID) -> State:
    """What the user has. Raises DatabaseUnavailable."""
    row = tenant.execute(
        "SELECT (SELECT confirmed_at IS NOT NULL FROM second_factors"
        " WHERE tenant_id = %(tenant)s AND user_id = %(user)s),"
        " (SELECT count(*) FROM recovery_codes"
        " WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND used_at IS NULL)",
        {"tenant": tenant.tenant_id, "user": user_id},
    ).fetchone()
    assert row is not None
    return State(bool(row[0]), row[1] if row[0] else 0)


def begin(tenant: TenantConnection, user_id: UUID, now: datetime) -> str | None:
    """A new secret to be put into an app, in base32; it counts for nothing until `confirm`. None for who has
    a second factor already."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    row = tenant.execute(
        "INSERT INTO second_factors (tenant_id, user_id, sealed, begun_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, user_id)"
        " DO UPDATE SET sealed = EXCLUDED.sealed, begun_at = EXCLUDED.begun_at"
        " WHERE second_factors.confirmed_at IS NULL RETURNING 1",
        [tenant.tenant_id, user_id, seal(tenant, _PURPOSE, user_id.bytes + secret), now],
    ).fetchone()
    return None if row is None else _base32(secret)


def pending(tenant: TenantConnection, user_id: UUID, now: datetime) -> str | None:
    """The secret that waits to be confirmed, in base32, if one does."""
    found = _read(tenant, user_id)
    return _base32(found.secret) if found is not None and found.waits(now) else None


def confirm(tenant: TenantConnection, user_id: UUID, code: str, now: datetime) -> list[str] | None:
    """The recovery codes, to be shown this once, when the code is one of the new secret; else None. From then
    on signing in takes a code. As after every change here, a mail tells the user."""
    found = _read(tenant, user_id)
    if found is None or not found.waits(now) or not _accept(tenant, user_id, found, code, now):
        return None
    tenant.execute(
        "UPDATE second_factors SET confirmed_at = %s WHERE tenant_id = %s AND user_id = %s",
        [now, tenant.tenant_id, user_id],
    )
    _tell(tenant, user_id, "on", now)
    return _new_codes(tenant, user_id)


def accept(tenant: TenantConnection, user_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is a code of the user's, of the app or for recovery, that was never accepted before; it
    never will be again."""
    found = _read(tenant, user_id)
    if found is None or not found.confirmed:
        return False
    return _accept(tenant, user_id, found, code, now) or _recover(tenant, user_id, code, now)


def renew_codes(tenant: TenantConnection, user_id: UUID, now: datetime) -> list[str]:
    """Ten recovery codes in place of all earlier ones."""
    _tell(tenant, user_id, "codes", now)
    return _new_codes(tenant, user_id)


def _new_codes(tenant: TenantConnection, user_id: UUID) -> list[str]:
    of = [tenant.tenant_id, user_id]
    tenant.execute("DELETE FROM recovery_codes WHERE tenant_id = %s AND user_id = %s", of)
    codes = [_base32(secrets.token_bytes(_RECOVERY_BYTES)).lower() for _ in range(RECOVERY_CODES)]
    for code in codes:
        tenant.execute(
            "INSERT INTO recovery_codes (tenant_id, user_id, code_hash) VALUES (%s, %s, %s)",
            [*of, _hash(user_id, code)],
        )
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def remove(tenant: TenantConnection, user_id: UUID, now: datetime, *, by_other: bool = False) -> None:
    """Take the second factor and its recovery codes away; `by_other` when its owner does not do it."""
    of = [tenant.tenant_id, user_id]
    gone = tenant.execute("DELETE FROM second_factors WHERE tenant_id = %s AND user_id = %s", of)
    tenant.execute("DELETE FROM recovery_codes WHERE tenant_id = %s AND user_id = %s", of)
    if gone.rowcount:
        _tell(tenant, user_id, "reset" if by_other else "off", now)


def _tell(
    tenant: TenantConnection, user_id: UUID, change: Literal["on", "off", "reset", "codes"], now: datetime
) -> None:
    row = tenant.execute(
        "SELECT email, name FROM users WHERE tenant_id = %s AND user_id = %s", [tenant.tenant_id, user_id]
    ).fetchone()
    if row is not None:
        mails.put(tenant, "factor-changed", row[0], {"name": row[1], "change": change}, now)


def code_of(secret: str, step: int) -> str:
    """The code of a base32 secret in the half minute number `step` since 1970."""
    return HOTP(base64.b32decode(secret), DIGITS, _HASH).generate(step).decode()


def app_uri(secret: str, email: str) -> str:
    """What an app reads from the picture."""
    totp = TOTP(base64.b32decode(secret), DIGITS, _HASH, STEP_SECONDS)
    return totp.get_provisioning_uri(email, "Housecount")


def _read(tenant: TenantConnection, user_id: UUID) -> _Factor | None:
    row = tenant.execute(
        "SELECT sealed, confirmed_at IS NOT NULL, last_step, begun_at FROM second_factors"
        " WHERE tenant_id = %s AND user_id = %s",
        [tenant.tenant_id, user_id],
    ).fetchone()
    if row is None:
        return None
    opened = unseal(tenant, _PURPOSE, bytes(row[0]))
    # A row that was copied to somebody else opens nothing for them.
    return _Factor(opened[16:], *row[1:]) if opened[:16] == user_id.bytes else None


def _accept(tenant: TenantConnection, user_id: UUID, found: _Factor, code: str, now: datetime) -> bool:
    code, present = code.replace(" ", ""), int(now.timestamp()) // STEP_SECONDS
    matching = [
        step
        for step in range(present - STEPS_OFF, present + STEPS_OFF + 1)
        if hmac.compare_digest(code_of(_base32(found.secret), step).encode(), code.encode())
        and step > found.last_step
    ]
    if not matching:
        return False
    taken = tenant.execute(  # Of two who send the same code at once one is in.
        "UPDATE second_factors SET last_step = %(step)s"
        " WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND last_step < %(step)s",
        {"step": matching[0], "tenant": tenant.tenant_id, "user": user_id},
    )
    return taken.rowcount == 1


def _recover(tenant: TenantConnection, user_id: UUID, code: str, now: datetime) -> bool:
    used = tenant.execute(
        "UPDATE recovery_codes SET used_at = %s"
        " WHERE tenant_id = %s AND user_id = %s AND code_hash = %s AND used_at IS NULL",
        [now, tenant.tenant_id, user_id, _hash(user_id, code)],
    )
    return used.rowcount == 1


def _hash(user_id: UUID, code: str) -> bytes:
    """80 random bits need no slow hash: nobody can guess them."""
    plain = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(user_id.bytes + plain.encode()).digest()


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode()
