"""The people of a tenant as those see them who look after them: who there is, and what they may see and do.

Owners look after everybody, managers after those below them, as far as they reach themselves. The last owner
who can sign in stays one. Whatever is changed holds at once: it ends the sessions of whom it is about.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from data import provider_links, second_factor
from data.access import Access
from data.engine import TenantConnection
from data.grants import Grants, NoSuchPlace, Reach, granted, grants_of, put_grants, reach_of
from data.sessions import end
from data.users import Role, set_disabled

_RANK: dict[Role, int] = {"owner": 3, "manager": 2, "analyst": 1, "door": 1, "promoter": 1}
_PROMOTED = "A promoter sees one event: choose it."


class NoSuchPerson(Exception):
    """There is nobody of this id, or nobody whom this person looks after: one answer for both."""


class NotChanged(Exception):
    """What was asked of a person cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the tenant. `sessions` is how many have not ended, `seen_at` the last use of any."""

    user_id: UUID
    email: str
    name: str
    role: Role
    reach: Reach
    grants: Grants
    disabled_at: datetime | None
    seen_at: datetime | None
    sessions: int
    second_factor: bool
    linked_at: datetime | None
    """Since when the OpenID provider signs this person in, if it does."""

    @property
    def places(self) -> frozenset[UUID]:
        """The venues or events that were granted, whichever the reach says."""
        granted = self.grants.events if self.reach == "events" else self.grants.venues
        return granted or frozenset()


def people(tenant: TenantConnection, access: Access) -> list[Colleague]:
    """Everybody whom this person looks after, by name. Raises DatabaseUnavailable."""
    return [colleague for colleague in _read(tenant) if _looks_after(access, colleague)]


def colleague(tenant: TenantConnection, access: Access, user_id: UUID) -> Colleague:
    """One of them. Raises NoSuchPerson."""
    found = [one for one in _read(tenant, user_id) if _looks_after(access, one)]
    if not found:
        raise NoSuchPerson(str(user_id))
    return found[0]


def roles_to_give(access: Access) -> tuple[Role, ...]:
    """The roles that this person may give: an owner all, a manager those below."""
    roles: tuple[Role, ...] = get_args(Role)
    return tuple(role for role in roles if _below(access, role))


def change_access(
    tenant: TenantConnection,
    access: Access,
    user_id: UUID,
    role: Role,
    reach: Reach,
    places: Collection[UUID],
) -> list[UUID]:
    """Give a person another role and other grants; the ids of the sessions that this ended, all of theirs.

    Exports that they asked for are gone: they may hold what is no longer granted. Raises NoSuchPerson,
    NotChanged.
    """
    lock(tenant)
    before = colleague(tenant, access, user_id)
    if before.role == "owner" and role != "owner":
        _keep_an_owner(tenant, user_id)
    tenant.execute(
        "UPDATE users SET role = %s WHERE tenant_id = %s AND user_id = %s", [role, tenant.tenant_id, user_id]
    )
    give(tenant, access, user_id, role, reach, places)
    tenant.execute(
        "UPDATE exports SET status = 'expired' WHERE tenant_id = %s AND created_by = %s"
        " AND status IN ('waiting', 'running', 'done')",
        [tenant.tenant_id, user_id],
    )
    return end(tenant, user_id)


def give(
    tenant: TenantConnection,
    access: Access,
    user_id: UUID,
    role: Role,
    reach: Reach,
    places: Collection[UUID],
) -> None:
    """Let the user of this role see these places, if this person may give that. Raises NotChanged."""
    put_grants(tenant, user_id, require_gift(tenant, access, role, reach, places), places)


def require_gift(
    tenant: TenantConnection, access: Access, role: Role, reach: Reach, places: Collection[UUID]
) -> Reach:
    """How far the role reaches with these places, if this person may give that. Raises NotChanged."""
    reach = reach_of(role, reach)
    if not _below(access, role):
        raise NotChanged("Only an owner gives this role.")
    if role == "promoter" and len(places) != 1:
        raise NotChanged(_PROMOTED)
    try:
        grants = grants_of(tenant, reach, places)
    except NoSuchPlace:
        raise NotChanged("There is no such venue or event.") from None
    if not _covers(access, grants):
        raise NotChanged("You can give only what you see yourself.")
    return reach


def shut_out(tenant: TenantConnection, access: Access, user_id: UUID, disabled: bool) -> list[UUID]:
    """Disable somebody, or let them sign in again; the ids of the sessions that ended. Raises NoSuchPerson,
    NotChanged."""
    lock(tenant)
    if colleague(tenant, access, user_id).role == "owner" and disabled:
        _keep_an_owner(tenant, user_id)
    if disabled and user_id == access.user_id:
        raise NotChanged("Nobody shuts themselves out: let another owner do it.")
    ended = end(tenant, user_id)
    set_disabled(tenant, user_id, disabled)
    return ended


def sign_out(tenant: TenantConnection, access: Access, user_id: UUID) -> list[UUID]:
    """End every session of a person; their ids. Raises NoSuchPerson."""
    colleague(tenant, access, user_id)
    return end(tenant, user_id)


def reset_second_factor(tenant: TenantConnection, access: Access, user_id: UUID) -> list[UUID]:
    """Take a person's second factor away, who has lost it; the ids of the sessions that this ended. Not one's
    own: that takes the password and a code, which whoever finds a browser open lacks. Raises NoSuchPerson,
    NotChanged."""
    colleague(tenant, access, user_id)
    if user_id == access.user_id:
        raise NotChanged("Your own second factor goes with your password and a code, in your account.")
    second_factor.remove(tenant, user_id, datetime.now(UTC), by_other=True)
    return end(tenant, user_id)


def unlink_provider(tenant: TenantConnection, access: Access, user_id: UUID) -> list[UUID]:
    """Forget what the OpenID provider calls a person, who has another account there now; the ids of the
    sessions that this ended. Raises NoSuchPerson, and NotChanged for who wants no such sign-in."""
    colleague(tenant, access, user_id)
    ended = provider_links.unlink(tenant, user_id)
    if ended is None:
        raise NotChanged("They want no such sign-in. Only they themselves can allow it again.")
    return ended


def second_factor_required(tenant: TenantConnection) -> bool:
    """Whether everybody of the tenant has to have a second factor."""
    row = tenant.execute(
        "SELECT second_factor_required FROM tenants WHERE tenant_id = %s", [tenant.tenant_id]
    ).fetchone()
    return row is not None and bool(row[0])


def require_second_factor(tenant: TenantConnection, required: bool) -> None:
    """Let nobody of the tenant do anything without a second factor, or take that back."""
    tenant.execute(
        "UPDATE tenants SET second_factor_required = %s WHERE tenant_id = %s", [required, tenant.tenant_id]
    )


def lock(tenant: TenantConnection) -> None:
    """One change at a time: of two owners who remove each other one stays."""
    tenant.execute("SELECT 1 FROM tenants WHERE tenant_id = %s FOR UPDATE", [tenant.tenant_id])


def _keep_an_owner(tenant: TenantConnection, user_id: UUID) -> None:
    others = tenant.execute(
        "SELECT 1 FROM users WHERE tenant_id = %s AND user_id <> %s AND role = 'owner'"
        " AND disabled_at IS NULL LIMIT 1",
        [tenant.tenant_id, user_id],
    ).fetchone()
    if others is None:
        raise NotChanged("This is the last owner who can sign in: make somebody else an owner first.")


def _looks_after(access: Access, other: Colleague) -> bool:
    return _below(access, other.role) and _covers(access, other.grants)


def _below(access: Access, role: Role) -> bool:
    own: Any = access.role
    return own == "owner" or (own == "manager" and _RANK[role] < _RANK[own])


def _covers(access: Access, grants: Grants) -> bool:
    """Whether everything that is granted is something that this person sees."""
    for own, theirs in ((access.venues, grants.venues), (access.events, grants.events)):
        if own is not None and (theirs is None or not theirs <= own):
            return False
    return True


def _read(tenant: TenantConnection, user_id: UUID | None = None) -> list[Colleague]:
    rows = tenant.rows(
        "SELECT u.user_id, u.email, u.name, u.role, u.reach, u.disabled_at, max(s.seen_at) AS seen_at,"
        " count(s.session_id) AS sessions, bool_or(f.confirmed_at IS NOT NULL) AS second_factor,"
        " max(l.linked_at) AS linked_at FROM users u"
        " LEFT JOIN provider_links l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id"
        " LEFT JOIN second_factors f ON f.tenant_id = u.tenant_id AND f.user_id = u.user_id"
        " LEFT JOIN (SELECT tenant_id, user_id, session_id, seen_at FROM sessions WHERE expires_at > now()) s"
        " ON s.tenant_id = u.tenant_id AND s.user_id = u.user_id"
        " WHERE u.tenant_id = %(tenant)s AND (%(user)s::uuid IS NULL OR u.user_id = %(user)s)"
        " GROUP BY u.user_id, u.email, u.name, u.role, u.reach, u.disabled_at ORDER BY u.name, u.email",
        {"tenant": tenant.tenant_id, "user": user_id},
    )
    found = []
    for row in rows:
        reach = reach_of(row["role"], row["reach"])
        grants = granted(tenant, row["user_id"], reach)
        found.append(Colleague(**row | {"reach": reach, "grants": grants}))
    return found
