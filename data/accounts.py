"""People who sign in, and being recognised by sessions, which live in PostgreSQL.

The browser holds `<tenant>.<session>.<secret>`; the table holds only a hash of the secret. A
session ends after a time without use, after an absolute time, on signing out, and at once when its
user is disabled.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from config import Settings
from data import provider_links, second_factor
from data.engine import Database
from data.grants import granted, reach_of
from data.passwords import hash_of_nobody, is_outdated, matches, password_hash
from data.provider_links import Account
from data.sessions import end
from data.users import Role, set_password

_TOUCH_EVERY = timedelta(minutes=1)


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
    venues: frozenset[UUID] | None = None
    """Those that may be seen, None for all; `events` likewise."""
    events: frozenset[UUID] | None = None
    held: bool = False
    """Has to set up a second factor before anything else: the tenant requires one."""
    by_provider: bool = False
    """Signed in by the OpenID provider."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Somebody is known to be this user and now needs a code."""

    email: str
    tenant_id: UUID
    user_id: UUID
    proof: str
    """Of the password that was right: with another one set meanwhile the step leads nowhere."""
    identity: str = ""
    """By which the OpenID provider vouched for them, in place of a password."""


class Accounts:
    """Signing in, being recognised, signing out. All methods raise DatabaseUnavailable."""

    def __init__(
        self,
        database: Database,
        *,
        idle: timedelta,
        absolute: timedelta,
        provider_checks_factor: bool = False,
    ) -> None:
        """With `provider_checks_factor` the OpenID provider's sign-in needs no second factor of ours."""
        self._database = database
        self._provider_checks_factor = provider_checks_factor
        self._idle = idle
        self._touch_every = min(_TOUCH_EVERY, idle / 4)
        self._absolute = absolute
        self._nobody = hash_of_nobody()

    @classmethod
    def of(cls, database: Database, settings: Settings) -> Accounts:
        """With the lengths of sessions that are set."""
        return cls(
            database,
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_absolute_hours),
            provider_checks_factor=settings.oidc_second_factor,
        )

    def sign_in(
        self, email: str, password: str, device: str = "", code: str = "", now: datetime | None = None
    ) -> str | None:
        """The token of a new session, or None: one answer for a wrong e-mail, a wrong password, and a code
        that is wrong or missing where there is a second factor. Only the right password spends a code.

        `device` is what its user will know the session by. Raises SignInsBusy, too.
        """
        users = self._users(email.strip().lower())
        if not users:
            matches(self._nobody, password)
        for user in users:
            if matches(user["password_hash"], password):
                self._keep_up(user, password)
                step = _step(email, user)
                if self._has_factor(step.tenant_id, step.user_id):
                    return self.second_step(step, code, now or datetime.now(UTC), device)
                return self._open(step.tenant_id, step.user_id, device)
        return None

    def second_step(self, step: SecondStep, code: str, now: datetime, device: str = "") -> str | None:
        """The token of a new session when the code, too, is right; else None."""
        try:
            with self._database.tenant(step.tenant_id) as tenant:
                accepted = second_factor.accept(tenant, step.user_id, code, now)
                row = tenant.execute(
                    "SELECT password_hash FROM users"
                    " WHERE tenant_id = %s AND user_id = %s AND disabled_at IS NULL",
                    [step.tenant_id, step.user_id],
                ).fetchone()
                known = row is not None and hmac.compare_digest(_proof(row[0]), step.proof)
                if not (accepted and known):
                    raise _NotIn  # And nothing is counted as used.
        except _NotIn:
            return None
        return self._enter(step.tenant_id, step.user_id, device, step.identity)

    def by_provider(self, account: Account, identity: str, device: str = "") -> str | SecondStep | None:
        """The token of a new session of somebody for whom the OpenID provider vouches; of who has a second
        factor what `second_step` needs; None when the account was bound to another identity meanwhile."""
        if not self._provider_checks_factor and self._has_factor(account.tenant_id, account.user_id):
            proof = _proof(account.password_hash)
            return SecondStep(account.email, account.tenant_id, account.user_id, proof, identity)
        return self._enter(account.tenant_id, account.user_id, device, identity)

    def proven(self, tenant_id: UUID, user_id: UUID, device: str = "") -> str | SecondStep:
        """The token of a new session of who has just set the password that this user has, or what
        `second_step` needs."""
        with self._database.tenant(tenant_id) as tenant:
            [user] = tenant.rows(
                "SELECT tenant_id, user_id, email, password_hash FROM users"
                " WHERE tenant_id = %s AND user_id = %s",
                [tenant_id, user_id],
            )
        if self._has_factor(tenant_id, user_id):
            return _step(user["email"], user)
        return self._open(tenant_id, user_id, device)

    def is_password(self, person: Person, password: str) -> bool:
        """Whether this is the person's password. Raises SignInsBusy, too."""
        with self._database.tenant(person.tenant_id) as tenant:
            row = tenant.execute(
                "SELECT password_hash FROM users WHERE tenant_id = %s AND user_id = %s",
                [person.tenant_id, person.user_id],
            ).fetchone()
        return row is not None and matches(row[0], password)

    def renew(self, person: Person, device: str = "") -> tuple[str, list[UUID]]:
        """The token of a new session in place of all that the person has, and the ids of those."""
        with self._database.tenant(person.tenant_id) as tenant:
            ended = end(tenant, person.user_id)
        return self._open(person.tenant_id, person.user_id, device), ended

    def change_password(
        self, person: Person, old: str, new: str, device: str = ""
    ) -> tuple[str, list[UUID]] | None:
        """The token of a new session in place of all others, and the ids of those; None when `old` is not the
        password. Raises SignInsBusy, too."""
        if not self.is_password(person, old):
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
                " u.role, u.reach, t.name AS tenant_name, t.demo,"
                " s.by_provider, t.second_factor_required AND f.confirmed_at IS NULL"
                " AND NOT (s.by_provider AND %(factor)s) AS held FROM sessions s"
                " JOIN users u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id"
                " JOIN tenants t ON t.tenant_id = s.tenant_id"
                " LEFT JOIN second_factors f ON f.tenant_id = s.tenant_id AND f.user_id = s.user_id"
                " WHERE s.tenant_id = %(tenant)s AND s.session_id = %(session)s AND s.expires_at > now()"
                " AND s.seen_at > now() - %(idle)s AND u.disabled_at IS NULL",
                {
                    "tenant": tenant_id,
                    "session": session_id,
                    "idle": self._idle,
                    "touch": self._touch_every,
                    "factor": self._provider_checks_factor,
                },
            )
            if not rows or not hmac.compare_digest(bytes(rows[0]["secret_hash"]), _digest(secret)):
                return None
            row = rows[0]
            seen = granted(tenant, row["user_id"], reach_of(row["role"], row["reach"]))
            if row["touch"]:  # Now and then is enough to know whether it is idle.
                tenant.execute(
                    "UPDATE sessions SET seen_at = now() WHERE tenant_id = %s AND session_id = %s",
                    [tenant_id, session_id],
                )
        own = {name: row[name] for name in ("user_id", "name", "email", "role", "tenant_name", "demo")}
        own |= {"held": row["held"], "by_provider": row["by_provider"]}
        return Person(
            tenant_id=tenant_id, session_id=session_id, venues=seen.venues, events=seen.events, **own
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

    def whose(self, email: str) -> tuple[UUID, UUID] | None:
        """The tenant and id of the user who would be signed in with this e-mail; None when there is none."""
        users = self._users(email.strip().lower())
        return (users[0]["tenant_id"], users[0]["user_id"]) if users else None

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

    def _has_factor(self, tenant_id: UUID, user_id: UUID) -> bool:
        with self._database.tenant(tenant_id) as tenant:
            return second_factor.state(tenant, user_id).on

    def _keep_up(self, user: dict[str, Any], password: str) -> None:
        """Hash the password anew when its hash is of a time with other parameters: only now it is known."""
        if not is_outdated(user["password_hash"]):
            return
        fresh = password_hash(password)
        with self._database.tenant(user["tenant_id"]) as tenant:  # Unless it was changed meanwhile.
            tenant.execute(
                "UPDATE users SET password_hash = %s"
                " WHERE tenant_id = %s AND user_id = %s AND password_hash = %s",
                [fresh, user["tenant_id"], user["user_id"], user["password_hash"]],
            )

    def _enter(self, tenant_id: UUID, user_id: UUID, device: str, identity: str) -> str | None:
        """A new session; with an identity only when the person is, or now becomes, bound to it."""
        try:
            return self._open(tenant_id, user_id, device, identity)
        except _NotIn:
            return None

    def _open(self, tenant_id: UUID, user_id: UUID, device: str, identity: str = "") -> str:
        session_id, secret = uuid4(), secrets.token_urlsafe(32)
        with self._database.tenant(tenant_id) as tenant:
            if identity and not provider_links.bind(tenant, user_id, identity):
                raise _NotIn
            tenant.execute(
                "DELETE FROM sessions WHERE tenant_id = %s AND (expires_at < now() OR seen_at < now() - %s)",
                [tenant_id, self._idle],
            )
            tenant.execute(
                "INSERT INTO sessions"
                " (tenant_id, session_id, user_id, secret_hash, device, by_provider, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, now() + %s)",
                [tenant_id, session_id, user_id, _digest(secret), device, bool(identity), self._absolute],
            )
        return f"{tenant_id.hex}.{session_id.hex}.{secret}"


class _NotIn(Exception):
    """Not signed in: the transaction is rolled back."""


def _step(email: str, user: dict[str, Any]) -> SecondStep:
    return SecondStep(email, user["tenant_id"], user["user_id"], _proof(user["password_hash"]))


def _proof(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()


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
