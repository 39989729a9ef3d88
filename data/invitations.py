"""Invitations: who is to be a person of the tenant, with which role and grants, until they accept by a link.

There is no account before that: an invitation opens nothing but its own acceptance, once, within a week. It
holds as long as whoever gave it might still give it; so an account that is shut out, or given less, leaves no
way back in. Sending it again gives it anew, with another link.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from data import mails
from data.access import Access
from data.engine import TenantConnection
from data.eyes_now import eyes_now
from data.grants import Reach, put_grants
from data.mail_links import DeadLink, MailLinks, Token
from data.people import NoSuchPerson, NotChanged, lock, require_gift
from data.users import Role, add_user, find_user

LIFE = timedelta(days=7)
REMEMBERED = timedelta(days=30)
"""How long one that nobody accepted is still in the list after its end."""
MOST_OPEN = 200


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who is invited and not yet in. `mail` is what became of the mail with the link."""

    invitation_id: UUID
    email: str
    name: str
    role: Role
    reach: Reach
    places: frozenset[UUID]
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    mail: mails.Status | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its link opens nothing any more."""
        return self.expires_at <= now


class Taken(NotChanged):
    """The e-mail is somebody's, or invited."""


def invite(
    tenant: TenantConnection,
    access: Access,
    links: MailLinks,
    email: str,
    name: str,
    role: Role,
    reach: Reach,
    places: Collection[UUID],
    now: datetime,
) -> UUID:
    """The id of a new invitation, whose mail is on its way. Raises Taken, NotChanged."""
    lock(tenant)
    reach = require_gift(tenant, access, role, reach, places)
    email = email.lower()
    if find_user(tenant, email) is not None:
        raise Taken("There is somebody with this e-mail already.")
    open_ = [one for one in _read(tenant) if not one.is_over(now)]
    if any(one.email == email for one in open_):
        raise Taken("This e-mail is invited already: send the invitation again from the list.")
    if len(open_) >= MOST_OPEN:
        raise NotChanged(f"{MOST_OPEN} invitations are open: withdraw those that nobody will accept.")
    tenant.execute("DELETE FROM invitations WHERE tenant_id = %s AND email = %s", [tenant.tenant_id, email])
    token = links.new("invitation", tenant.tenant_id, uuid4())
    tenant.execute(
        "INSERT INTO invitations (tenant_id, invitation_id, email, name, role, reach, places, invited_by,"
        " secret_hash, created_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            token.row_id,
            email,
            name,
            role,
            reach,
            sorted(places) if reach != "all" else [],
            access.user_id,
            links.kept(token, email),
            now,
            now + LIFE,
        ],
    )
    _send(tenant, access, links, token, email, name, now)
    return token.row_id


def invitations(tenant: TenantConnection, access: Access) -> list[Invitation]:
    """Those that this person might give, the newest first."""
    return [one for one in _read(tenant) if _may_give(tenant, access, one)]


def resend(
    tenant: TenantConnection, access: Access, links: MailLinks, invitation_id: UUID, now: datetime
) -> str:
    """Give it anew, for another week; the link of before opens nothing. The e-mail it goes to. Raises
    NoSuchPerson."""
    lock(tenant)
    one = _one(tenant, access, invitation_id)
    token = links.new("invitation", tenant.tenant_id, invitation_id)
    tenant.execute(
        "UPDATE invitations SET secret_hash = %s, expires_at = %s, invited_by = %s"
        " WHERE tenant_id = %s AND invitation_id = %s",
        [links.kept(token, one.email), now + LIFE, access.user_id, tenant.tenant_id, invitation_id],
    )
    mails.drop(tenant, invitation_id)
    _send(tenant, access, links, token, one.email, one.name, now)
    return one.email


def withdraw(tenant: TenantConnection, access: Access, invitation_id: UUID) -> None:
    """Its link opens nothing from now on. Raises NoSuchPerson."""
    lock(tenant)
    _remove(tenant, _one(tenant, access, invitation_id))


def opened(tenant: TenantConnection, links: MailLinks, token: Token, now: datetime) -> Invitation:
    """The invitation that this link opens; nothing is changed. Raises DeadLink."""
    rows = tenant.rows(
        "SELECT secret_hash, email FROM invitations WHERE tenant_id = %s AND invitation_id = %s",
        [tenant.tenant_id, token.row_id],
    )
    if not rows or not links.is_kept(bytes(rows[0]["secret_hash"]), token, rows[0]["email"]):
        raise DeadLink
    [one] = _read(tenant, token.row_id)
    giver = eyes_now(tenant, one.invited_by)
    alive = not one.is_over(now) and giver is not None and _may_give(tenant, giver, one)
    if not alive or find_user(tenant, one.email) is not None:
        raise DeadLink
    return one


def accept(tenant: TenantConnection, links: MailLinks, token: Token, password: str, now: datetime) -> UUID:
    """The id of the user who was invited and is one now. Of two who accept at once one does. Raises
    DeadLink."""
    lock(tenant)
    one = opened(tenant, links, token, now)
    user_id = add_user(tenant, one.email, one.name, one.role, password)
    put_grants(tenant, user_id, one.reach, one.places)
    _remove(tenant, one)
    return user_id


def forget(tenant: TenantConnection, now: datetime) -> None:
    """Remove those that ended long ago."""
    tenant.execute(
        "DELETE FROM invitations WHERE tenant_id = %s AND expires_at < %s",
        [tenant.tenant_id, now - REMEMBERED],
    )


def _send(
    tenant: TenantConnection,
    access: Access,
    links: MailLinks,
    token: Token,
    email: str,
    name: str,
    now: datetime,
) -> None:
    giver = tenant.execute(
        "SELECT name FROM users WHERE tenant_id = %s AND user_id = %s", [tenant.tenant_id, access.user_id]
    ).fetchone()
    content = {"name": name, "token": links.text(token), "by": giver[0] if giver else ""}
    mails.put(tenant, "invitation", email, content, now, until=now + LIFE, about=token.row_id)


def _remove(tenant: TenantConnection, one: Invitation) -> None:
    tenant.execute(
        "DELETE FROM invitations WHERE tenant_id = %s AND invitation_id = %s",
        [tenant.tenant_id, one.invitation_id],
    )
    mails.drop(tenant, one.invitation_id)


def _one(tenant: TenantConnection, access: Access, invitation_id: UUID) -> Invitation:
    found = [one for one in _read(tenant, invitation_id) if _may_give(tenant, access, one)]
    if not found:
        raise NoSuchPerson(str(invitation_id))
    return found[0]


def _may_give(tenant: TenantConnection, access: Access, one: Invitation) -> bool:
    try:
        require_gift(tenant, access, one.role, one.reach, one.places)
    except NotChanged:
        return False
    return True


def _read(tenant: TenantConnection, invitation_id: UUID | None = None) -> list[Invitation]:
    rows: list[dict[str, Any]] = tenant.rows(
        "SELECT i.invitation_id, i.email, i.name, i.role, i.reach, i.places, i.invited_by, i.created_at,"
        " i.expires_at, (SELECT m.status FROM mails m WHERE m.tenant_id = %(tenant)s"
        " AND m.about = i.invitation_id ORDER BY m.created_at DESC LIMIT 1) AS mail FROM invitations i"
        " WHERE i.tenant_id = %(tenant)s AND (%(one)s::uuid IS NULL OR i.invitation_id = %(one)s)"
        " ORDER BY i.created_at DESC, i.invitation_id",
        {"tenant": tenant.tenant_id, "one": invitation_id},
    )
    return [Invitation(**row | {"places": frozenset(row["places"])}) for row in rows]
