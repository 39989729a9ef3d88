"""Who may do what: the one table that every address, page, callback, socket, export and job asks.

People have a role, programs the scopes of their token. Of which venues and events, grants say
(`data/grants.py`): a promoter reads those events that were granted, and nothing else. A right to one board
comes on top of it (`data/board_rights.py`), and of which tenant it all is, PostgreSQL's policies decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from data.access import Access, Scope
from data.accounts import Person
from data.users import Role

Permission = Literal[
    "send-messages",
    "import-files",
    "see-night",
    "see-money",
    "see-figures",
    "see-rows",
    "see-boards",
    "change-boards",
    "see-notes",
    "write-notes",
    "give-links",
    "export",
    "all-exports",
    "see-sources",
    "handle-letters",
    "match-events",
    "see-audit",
    "manage-webhooks",
    "read-metrics",
    "manage-people",
    "administer",
]


class Grant(NamedTuple):
    """Who has a permission. `what` is what it is for, as the beginning of a sentence."""

    what: str
    roles: frozenset[Role]
    scope: Scope | None
    """None for what no token may."""


_NOBODY: frozenset[Role] = frozenset()
_NIGHT: frozenset[Role] = frozenset({"owner", "manager", "analyst", "door", "promoter"})
_READERS: frozenset[Role] = frozenset({"owner", "manager", "analyst", "promoter"})
_FIGURES: frozenset[Role] = frozenset({"owner", "manager", "analyst"})
_LINKS: frozenset[Role] = frozenset({"owner", "manager"})
_OWNERS: frozenset[Role] = frozenset({"owner"})

PERMISSIONS: Mapping[Permission, Grant] = {
    "send-messages": Grant("Sending messages", _NOBODY, "send"),
    "import-files": Grant("Importing files, and undoing it", _LINKS, "send"),
    "see-night": Grant("The live figures of a night", _NIGHT, "read"),
    "see-money": Grant("Amounts of money", _READERS, "read"),
    "see-figures": Grant("Figures and widgets", _READERS, "read"),
    "see-rows": Grant("Single sales and scans", _FIGURES, "read"),
    "see-boards": Grant("Dashboards", _FIGURES, "read"),
    "change-boards": Grant("Changes of dashboards", _FIGURES, "write"),
    "see-notes": Grant("Notes", _FIGURES, "read"),
    "write-notes": Grant("Writing notes", _FIGURES, "write"),
    "give-links": Grant("Links for people outside", _LINKS, "write"),
    "export": Grant("Downloads", _FIGURES, "read"),
    "all-exports": Grant("Downloads that others asked for, and removing them", _OWNERS, "write"),
    "see-sources": Grant("Doors and what was refused at them", _LINKS, "read"),
    "handle-letters": Grant("Replaying and discarding what was refused", _LINKS, "write"),
    "match-events": Grant("Saying which event an unregistered one is", _LINKS, "write"),
    "see-audit": Grant("The audit log", _OWNERS, "audit"),
    "manage-webhooks": Grant("Webhooks to other services", _OWNERS, "webhooks"),
    "read-metrics": Grant("The server's own metrics", _NOBODY, "metrics"),
    "manage-people": Grant("Looking after people", _LINKS, None),
    "administer": Grant("API tokens, and what everybody needs to sign in", _OWNERS, None),
}
SCOPES: tuple[Scope, ...] = get_args(Scope)


class NotPermitted(Exception):
    """Signed in, or known by a token, but not for this; the text says what it is not for."""


def access_of(person: Person) -> Access:
    """The eyes of a signed-in person: of their tenant what they were granted, without money where their role
    may not see it. What their role may open, `PERMISSIONS` says."""
    venues, events = person.venues, person.events
    if person.role == "promoter" and events is None:  # Never all of it, whatever was read.
        venues = events = frozenset()
    masked = person.role not in roles_with("see-money")
    return Access(person.tenant_id, person.role, person.user_id, venues, events, masked=masked)


def may(access: Access, permission: Permission) -> bool:
    """Whether whoever asks has the permission: a program by its scopes, a person by the role."""
    grant = PERMISSIONS[permission]
    if access.scopes is not None:
        return grant.scope in access.scopes
    return access.role in grant.roles


def require(access: Access, permission: Permission) -> None:
    """Raises NotPermitted unless whoever asks has the permission."""
    if not may(access, permission):
        grant = PERMISSIONS[permission]
        if access.scopes is None:
            raise NotPermitted(f"{grant.what}: not part of your role.")
        raise NotPermitted(
            f"{grant.what}: not part of what this token may ({', '.join(sorted(access.scopes))})."
        )


def sees_everything(access: Access) -> bool:
    """Whether nothing of the tenant is kept from whoever asks."""
    return access.venues is None and access.events is None


def require_everything(access: Access, permission: Permission) -> None:
    """Raises NotPermitted for whoever was granted but some venues or events: of what has the permission, it
    cannot be said where it belongs."""
    if not sees_everything(access):
        raise NotPermitted(f"{PERMISSIONS[permission].what}: only for those who see every venue and event.")


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that have the permission."""
    return PERMISSIONS[permission].roles
