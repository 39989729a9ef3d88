"""People who sign in: their passwords (Argon2id) and their sessions, which live in PostgreSQL.

The browser holds `<tenant>.<session>.<secret>`; the table holds only a hash of the secret. A
session ends after a time without use, after an absolute time, on signing out, and at once when its
user is disabled.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg.rows import dict_row

from data.engine import Database, TenantConnection
from data.sessions import end

Role = Literal["owner", "manager", "analyst", "door", "promoter"]

# OWASP's second choice for Argon2id: 19 MiB and two passes. Small enough that a burst of sign-ins,
# four at a time, stays under 80 MiB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
# A flood of sign-ins must leave the server's threads to everybody else: few wait, and not for long.
_IN_LINE = threading.BoundedSemaphore(16)
_LONGEST_WAIT_SECONDS = 1.0
_TOUCH_EVERY = timedelta(minutes=1)


class SignInsBusy(Exception):
    """More people sign in at the same moment than passwords can be checked: try again shortly."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking: one user of one tenant, signed in by one session."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    name: str
    email: str
    role: Role
    tenant_name: str
    demo: bool


def password_hash(password: str) -> str:
    """The Argon2id hash to keep in place of the password, with its parameters and salt."""
    with _AT_ONCE:
        return _HASHER.hash(password)


SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
"""The sign-in page reads no more."""
_TELLING = 3
"""A local part shorter than this tells nothing of a password that it happens to stand in."""


def password_problem(password: str, email: str) -> str | None:
    """Why this person may not have this password, as a sentence; None when it is good enough."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return (
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one {len(password)}."
        )
    local = email.partition("@")[0].lower()
    if len(local) >= _TELLING and local in password.lower():
        return "A password must not contain the name in the e-mail address."
    if "housecount" in password.lower():
        return "A password must not contain the name of this product."
    return None


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
    """Give the user another password, and end every session that the old one opened; their ids."""
    tenant.execute(
        "UPDATE users SET password_hash = %s WHERE tenant_id = %s AND user_id = %s",
        [password_hash(password), tenant.tenant_id, user_id],
    )
    return end(tenant, user_id)


def set_disabled(tenant: TenantConnection, user_id: UUID, disabled: bool) -> None:
    """Shut the user out and end every session, or let the user sign in again."""
    tenant.execute(
        "UPDATE users SET disabled_at = CASE WHEN %s THEN now() END WHERE tenant_id = %s AND user_id = %s",
        [disabled, tenant.tenant_id, user_id],
    )
    if disabled:
        end(tenant, user_id)


class Accounts:
    """Signing in, being recognised, signing out. All methods raise DatabaseUnavailable."""

    def __init__(self, database: Database, *, idle: timedelta, absolute: timedelta) -> None:
        self._database = database
        self._idle = idle
        self._touch_every = min(_TOUCH_EVERY, idle / 4)
        self._absolute = absolute
        # Verified when nobody has the e-mail, so that the time taken does not tell who has an account.
        self._nobody = password_hash(secrets.token_urlsafe())

    def sign_in(self, email: str, password: str, device: str = "") -> str | None:
        """The token of a new session, or None; one answer for a wrong e-mail and a wrong password.

        `device` is what its user will know the session by.

        Raises SignInsBusy, too.
        """
        users = self._users(email.strip().lower())
        if not users:
            _matches(self._nobody, password)
            return None
        for user in users:
            if _matches(user["password_hash"], password):
                return self._open(user["tenant_id"], user["user_id"], device)
        return None

    def change_password(
        self, person: Person, old: str, new: str, device: str = ""
    ) -> tuple[str, list[UUID]] | None:
        """The token of a new session in place of all others, and the ids of those; None when `old` is not the
        password. Raises SignInsBusy, too."""
        with self._database.tenant(person.tenant_id) as tenant:
            row = tenant.execute(
                "SELECT password_hash FROM users WHERE tenant_id = %s AND user_id = %s",
                [person.tenant_id, person.user_id],
            ).fetchone()
        if row is None or not _matches(row[0], old):
            return None
        with self._database.tenant(person.tenant_id) as tenant:
            ended = set_password(tenant, person.user_id, new)
        return self._open(person.tenant_id, person.user_id, device), ended

    def person(self, token: str) -> Person | None:
        """Whose session this is, or None when it never was one or has ended. Counts as use."""
        parts = _parse(token)
        if parts is None:
            return None
        tenant_id, session_id, secret = parts
        with self._database.tenant(tenant_id) as tenant:
            rows = tenant.rows(
                "SELECT s.secret_hash, s.seen_at < now() - %(touch)s AS touch, u.user_id, u.name, u.email,"
                " u.role, t.name AS tenant_name, t.demo FROM sessions s"
                " JOIN users u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id"
                " JOIN tenants t ON t.tenant_id = s.tenant_id"
                " WHERE s.tenant_id = %(tenant)s AND s.session_id = %(session)s AND s.expires_at > now()"
                " AND s.seen_at > now() - %(idle)s AND u.disabled_at IS NULL",
                {"tenant": tenant_id, "session": session_id, "idle": self._idle, "touch": self._touch_every},
            )
            if not rows or not hmac.compare_digest(bytes(rows[0]["secret_hash"]), _digest(secret)):
                return None
            row = rows[0]
            if row["touch"]:  # Now and then is enough to know whether it is idle.
                tenant.execute(
                    "UPDATE sessions SET seen_at = now() WHERE tenant_id = %s AND session_id = %s",
                    [tenant_id, session_id],
                )
        return Person(
            tenant_id,
            row["user_id"],
            session_id,
            row["name"],
            row["email"],
            row["role"],
            row["tenant_name"],
            row["demo"],
        )

    def sign_out(self, token: str) -> None:
        """End the session; nothing happens when it has ended already."""
        parts = _parse(token)
        if parts is None:
            return
        tenant_id, session_id, secret = parts
        with self._database.tenant(tenant_id) as tenant:
            tenant.execute(
                "DELETE FROM sessions WHERE tenant_id = %s AND session_id = %s AND secret_hash = %s",
                [tenant_id, session_id, _digest(secret)],
            )

    def in_demo(self, email: str) -> bool:
        """Whether this e-mail belongs to a demo tenant: only those credentials may be shown to anyone."""
        with self._database.login(email) as connection:
            row = connection.execute("SELECT tenant_id FROM users WHERE email = %s", [email]).fetchone()
        if row is None:
            return False
        with self._database.tenant(row[0]) as tenant:
            found = tenant.execute("SELECT demo FROM tenants WHERE tenant_id = %s", [row[0]]).fetchone()
        return bool(found and found[0])

    def _users(self, email: str) -> list[dict[str, Any]]:
        """Everybody with this e-mail; nobody has one that PostgreSQL cannot even be asked about."""
        if not email.isprintable():
            return []
        with (
            self._database.login(email) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(
                "SELECT tenant_id, user_id, password_hash FROM users"
                " WHERE email = %s AND disabled_at IS NULL ORDER BY created_at",
                [email],
            ).fetchall()

    def _open(self, tenant_id: UUID, user_id: UUID, device: str) -> str:
        session_id, secret = uuid4(), secrets.token_urlsafe(32)
        with self._database.tenant(tenant_id) as tenant:
            tenant.execute(
                "DELETE FROM sessions WHERE tenant_id = %s AND (expires_at < now() OR seen_at < now() - %s)",
                [tenant_id, self._idle],
            )
            tenant.execute(
                "INSERT INTO sessions (tenant_id, session_id, user_id, secret_hash, device, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, now() + %s)",
                [tenant_id, session_id, user_id, _digest(secret), device, self._absolute],
            )
        return f"{tenant_id.hex}.{session_id.hex}.{secret}"


def _matches(stored: str, password: str) -> bool:
    if not _IN_LINE.acquire(blocking=False):
        raise SignInsBusy
    try:
        if not _AT_ONCE.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise SignInsBusy
        try:
            return _HASHER.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            _AT_ONCE.release()
    finally:
        _IN_LINE.release()


def _digest(secret: str) -> bytes:
    """A random 256-bit secret needs no slow hash: nobody can guess it."""
    return hashlib.sha256(secret.encode()).digest()


def _parse(token: str) -> tuple[UUID, UUID, str] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return UUID(hex=parts[0]), UUID(hex=parts[1]), parts[2]
    except ValueError:
        return None
