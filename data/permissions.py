"""Who may do what: the one table that every address, page, callback, socket, export and job asks.

People have a role, programs the scopes of their token. A right to one board comes on top of it
(`data/board_rights.py`), and of which tenant it all is, PostgreSQL's policies decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from data.access import Access, Scope
from data.accounts import Role

Permission = Literal[
    "send-messages",
    "see-night",
    "see-figures",
    "see-rows",
    "see-boards",
    "change-boards",
    "see-notes",
    "write-notes",
    "give-links",
    "export",
    "read-metrics",
]


class Grant(NamedTuple):
    """Who has a permission. `what` is what it is for, as the beginning of a sentence."""

    what: str
    roles: frozenset[Role]
    scope: Scope


_NOBODY: frozenset[Role] = frozenset()
_NIGHT: frozenset[Role] = frozenset({"owner", "manager", "analyst", "door"})
_FIGURES: frozenset[Role] = frozenset({"owner", "manager", "analyst"})
_LINKS: frozenset[Role] = frozenset({"owner", "manager"})

PERMISSIONS: Mapping[Permission, Grant] = {
    "send-messages": Grant("Sending messages", _NOBODY, "send"),
    "see-night": Grant("The live figures of a night", _NIGHT, "read"),
    "see-figures": Grant("Figures and widgets", _FIGURES, "read"),
    "see-rows": Grant("Single sales and scans", _FIGURES, "read"),
    "see-boards": Grant("Dashboards", _FIGURES, "read"),
    "change-boards": Grant("Changes of dashboards", _FIGURES, "write"),
    "see-notes": Grant("Notes", _FIGURES, "read"),
    "write-notes": Grant("Writing notes", _FIGURES, "write"),
    "give-links": Grant("Links for people outside", _LINKS, "write"),
    "export": Grant("Downloads", _FIGURES, "read"),
    "read-metrics": Grant("The server's own metrics", _NOBODY, "metrics"),
}
SCOPES: tuple[Scope, ...] = get_args(Scope)


class NotPermitted(Exception):
    """Signed in, or known by a token, but not for this; the text says what it is not for."""


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


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that have the permission."""
    return PERMISSIONS[permission].roles
