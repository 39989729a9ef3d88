"""Who may do what with dashboards: the one place that decides it.

| role | boards it has a right to | links for promoters |
|---|---|---|
| owner | every board of the tenant, as if it were their own | yes |
| manager | their own, and those shared with them or with managers | of boards they may edit |
| analyst | their own, and those shared with them or with analysts | no |
| door, promoter | none, whatever is shared | no |

An API token acts as an owner. `view` shows a board, its versions and notes; `edit` also saves, renames,
restores and names versions; `own` also shares, trashes and purges.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from data.access import Access
from data.permissions import roles_with
from data.users import Role

Right = Literal["view", "edit", "own"]
_RANK: dict[Right | None, int] = {None: 0, "view": 1, "edit": 2, "own": 3}

HAVE_BOARDS = roles_with("see-boards")
"""Who works with boards at all."""
GRANTABLE_ROLES: frozenset[Role] = frozenset({"manager", "analyst"})
"""With whom a board can be shared as a role; owners see it anyway."""


class BoardNotFound(Exception):
    """There is no such board, or none that this person may know of: one answer for both."""


class NotAllowed(Exception):
    """The person sees the board, but may not do this; the text says what it takes."""


def right_on(access: Access, owner_id: UUID, shared: bool | None) -> Right | None:
    """The right to a board of `owner_id`; `shared` is whether its shares let this person edit, None for
    no share at all."""
    if access.role not in HAVE_BOARDS:
        return None
    if access.role == "owner" or (access.user_id is not None and access.user_id == owner_id):
        return "own"
    if shared is None:
        return None
    return "edit" if shared else "view"


def holds(right: Right | None, needed: Right) -> bool:
    """Whether `right` is as much as `needed`, or more."""
    return _RANK[right] >= _RANK[needed]


def require(right: Right, needed: Right) -> None:
    """Raises NotAllowed when the right to a board does not reach."""
    if not holds(right, needed):
        raise NotAllowed(_REFUSALS[needed])


_REFUSALS: dict[Right, str] = {
    "view": "This board is not shared with you.",
    "edit": "You may look at this board, but not change it. Ask its owner, or make a copy of your own.",
    "own": "Only the owner of this board may do this.",
}


def require_boards(access: Access) -> None:
    """Raises NotAllowed for roles that have no boards of their own."""
    if access.role not in HAVE_BOARDS:
        raise NotAllowed("Your role has no dashboards.")


def may_link(access: Access, right: Right) -> bool:
    """Whether this person may show the board to people outside."""
    return access.role in roles_with("give-links") and holds(right, "edit")


def may_see_links(access: Access, right: Right) -> bool:
    """Whether this person may see and revoke the links to a board: those who may give some, and whoever
    owns it, whoever gave them."""
    return may_link(access, right) or holds(right, "own")


def grantees(access: Access) -> list[str]:
    """Under which names shares reach this person: their role and themselves."""
    if access.role not in HAVE_BOARDS:
        return []
    return [f"role:{access.role}"] + ([f"user:{access.user_id}"] if access.user_id is not None else [])
