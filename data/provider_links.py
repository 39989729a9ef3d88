"""Whose sign-in at the OpenID provider opens which accounts.

An identity is what the provider calls somebody, its issuer and subject, kept as a hash. It is bound to a
person at the first sign-in: the account of one tenant that an owner gave the e-mail which the provider has
verified. From then on the identity counts and the e-mail no more, so that whoever gets a former colleague's
address gets nothing else of theirs. A row without an identity says that its person wants no such sign-in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from data.engine import Database, TenantConnection


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in at the provider; `email` only where the provider has verified it, else empty."""

    key: str
    email: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account that an identity opens; `linked` when it has before."""

    tenant_id: UUID
    user_id: UUID
    tenant_name: str
    email: str
    password_hash: str
    linked: bool


@dataclass(frozen=True, slots=True)
class Link:
    """What binds a person to an identity; without `linked_at` the person wants none."""

    linked_at: datetime | None
    last_used_at: datetime | None


def identity_of(issuer: str, subject: str, email: str = "") -> Identity:
    """The identity of this subject. Only plain letters of an e-mail lose their case: there are others that
    would become plain ones, and so another's address."""
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in email.strip())
    key = hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()
    return Identity(key, folded if folded.isprintable() else "")


def accounts_of(database: Database, identity: Identity) -> list[Account]:
    """The accounts that this identity opens, at most one of each tenant, by the tenant's name.

    In a tenant where it is bound to somebody no other account is looked for. Accounts that are bound to
    another identity, whose people want none, that are disabled, and those of a demo are never among them.
    Raises DatabaseUnavailable.
    """
    with database.identified(identity.key) as connection:
        bound = connection.execute(
            "SELECT tenant_id, user_id FROM provider_links WHERE identity = %s", [identity.key]
        ).fetchall()
    named = []
    if identity.email:
        with database.login(identity.email) as connection:
            named = connection.execute(
                "SELECT tenant_id, user_id FROM users WHERE email = %s AND disabled_at IS NULL",
                [identity.email],
            ).fetchall()
    users = dict(named) | dict(bound)
    found = []
    for tenant_id, user_id in users.items():
        with database.tenant(tenant_id) as tenant:
            account = _account(tenant, user_id, identity)
        if account is not None:
            found.append(account)
    return sorted(found, key=lambda account: (account.tenant_name, account.tenant_id))


def _account(tenant: TenantConnection, user_id: UUID, identity: Identity) -> Account | None:
    row = tenant.execute(
        "SELECT t.name, u.email, u.password_hash, l.user_id IS NOT NULL, l.identity FROM users u"
        " JOIN tenants t ON t.tenant_id = u.tenant_id"
        " LEFT JOIN provider_links l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id"
        " WHERE u.tenant_id = %s AND u.user_id = %s AND u.disabled_at IS NULL AND NOT t.demo",
        [tenant.tenant_id, user_id],
    ).fetchone()
    if row is None:
        return None
    tenant_name, email, password_hash, settled, bound = row
    if settled and bound != identity.key:
        return None
    if not settled and email != identity.email:
        return None
    return Account(tenant.tenant_id, user_id, tenant_name, email, password_hash, bool(settled))


def bind(tenant: TenantConnection, user_id: UUID, identity: str) -> bool:
    """Bind the person to the identity, or note that it was used; False when the person is bound to another
    one or wants none, or the identity is another person's."""
    if tenant.execute(
        "SELECT 1 FROM provider_links WHERE tenant_id = %s AND identity = %s AND user_id <> %s",
        [tenant.tenant_id, identity, user_id],
    ).fetchone():
        return False
    row = tenant.execute(
        "INSERT INTO provider_links (tenant_id, user_id, identity, linked_at, last_used_at)"
        " VALUES (%(tenant)s, %(user)s, %(identity)s, now(), now())"
        " ON CONFLICT (tenant_id, user_id) DO UPDATE SET last_used_at = EXCLUDED.last_used_at"
        " WHERE provider_links.identity = EXCLUDED.identity RETURNING 1",
        {"tenant": tenant.tenant_id, "user": user_id, "identity": identity},
    ).fetchone()
    return row is not None


def link(tenant: TenantConnection, user_id: UUID) -> Link | None:
    """What binds the person; None for who has neither signed in so nor said anything about it."""
    row = tenant.execute(
        "SELECT linked_at, last_used_at FROM provider_links WHERE tenant_id = %s AND user_id = %s",
        [tenant.tenant_id, user_id],
    ).fetchone()
    return None if row is None else Link(*row)


def refuse(tenant: TenantConnection, user_id: UUID, *, but: UUID | None = None) -> list[UUID]:
    """The person wants no such sign-in any more; the ids of the sessions that this ended, all that it had
    opened `but` one."""
    tenant.execute(
        "INSERT INTO provider_links (tenant_id, user_id) VALUES (%s, %s) ON CONFLICT (tenant_id, user_id)"
        " DO UPDATE SET identity = NULL, linked_at = NULL, last_used_at = NULL",
        [tenant.tenant_id, user_id],
    )
    return _end(tenant, user_id, but)


def forget(tenant: TenantConnection, user_id: UUID, *, but: UUID | None = None) -> list[UUID]:
    """The next sign-in with the person's verified e-mail binds anew; the ids of the sessions that ended."""
    tenant.execute(
        "DELETE FROM provider_links WHERE tenant_id = %s AND user_id = %s", [tenant.tenant_id, user_id]
    )
    return _end(tenant, user_id, but)


def unlink(tenant: TenantConnection, user_id: UUID) -> list[UUID] | None:
    """Forget the identity that somebody else says is the person's no more; the ids of the sessions that
    ended. None when the person wants no such sign-in: that is theirs to take back."""
    refusal = "SELECT 1 FROM provider_links WHERE tenant_id = %s AND user_id = %s AND identity IS NULL"
    tenant.execute(
        "DELETE FROM provider_links WHERE tenant_id = %s AND user_id = %s AND identity IS NOT NULL",
        [tenant.tenant_id, user_id],
    )
    if tenant.execute(refusal, [tenant.tenant_id, user_id]).fetchone():
        return None
    return _end(tenant, user_id, None)


def _end(tenant: TenantConnection, user_id: UUID, but: UUID | None) -> list[UUID]:
    rows = tenant.execute(
        "DELETE FROM sessions WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND by_provider"
        " AND (%(but)s::uuid IS NULL OR session_id <> %(but)s) RETURNING session_id",
        {"tenant": tenant.tenant_id, "user": user_id, "but": but},
    )
    return [session_id for (session_id,) in rows]
