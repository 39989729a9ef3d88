"""With whom a board is shared: with everybody of a role, or with one person, to look at or to edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.board_rights import GRANTABLE_ROLES, HAVE_BOARDS
from data.dashboards import get
from data.engine import TenantConnection

_ROLE_NAMES = {"manager": "All managers", "analyst": "All analysts"}


@dataclass(frozen=True, slots=True)
class Share:
    """One right given. `grantee` is `role:<role>` or `user:<id>`, `name` what to call it."""

    grantee: str
    kind: Literal["role", "user"]
    name: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody a board can be shared with."""

    grantee: str
    kind: Literal["role", "user"]
    name: str
    detail: str
    """The e-mail of a person, nothing for a role."""


def shares(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> list[Share]:
    """The rights given to the board, roles first. Raises NotAllowed, BoardNotFound."""
    get(tenant, access, dashboard_id, "own")
    rows = tenant.rows(
        "SELECT grantee, may_edit FROM dashboard_shares WHERE tenant_id = %s AND dashboard_id = %s",
        [tenant.tenant_id, dashboard_id],
    )
    known = {found.grantee: found for found in candidates(tenant)}
    given = [
        Share(
            row["grantee"],
            "role" if row["grantee"].startswith("role:") else "user",
            known[row["grantee"]].name if row["grantee"] in known else "Somebody who left",
            row["may_edit"],
        )
        for row in rows
    ]
    return sorted(given, key=lambda share: (share.kind, share.name, share.grantee))


def candidates(tenant: TenantConnection) -> list[Candidate]:
    """Everybody a board can be shared with: roles, then people by name. Owners see every board anyway."""
    roles = [Candidate(f"role:{role}", "role", name, "") for role, name in _ROLE_NAMES.items()]
    people = tenant.rows(
        "SELECT user_id, name, email FROM users WHERE tenant_id = %s AND disabled_at IS NULL"
        " AND role = ANY(%s) ORDER BY name, email",
        [tenant.tenant_id, sorted(GRANTABLE_ROLES)],
    )
    return roles + [Candidate(f"user:{row['user_id']}", "user", row["name"], row["email"]) for row in people]


def share(
    tenant: TenantConnection, access: Access, dashboard_id: UUID, grantee: str, *, may_edit: bool
) -> list[Share]:
    """All shares, after giving this right or changing it.

    Raises InvalidDocument for somebody a board cannot be shared with, NotAllowed, BoardNotFound.
    """
    get(tenant, access, dashboard_id, "own", lock=True)
    if grantee not in {found.grantee for found in candidates(tenant)}:
        raise InvalidDocument([Fault("grantee", grantee[:80], _refusal(grantee))])
    tenant.execute(
        "INSERT INTO dashboard_shares (tenant_id, dashboard_id, grantee, may_edit) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, dashboard_id, grantee) DO UPDATE SET may_edit = EXCLUDED.may_edit",
        [tenant.tenant_id, dashboard_id, grantee, may_edit],
    )
    return shares(tenant, access, dashboard_id)


def unshare(tenant: TenantConnection, access: Access, dashboard_id: UUID, grantee: str) -> list[Share]:
    """All shares, after taking this right back; whoever had none is left without. Raises NotAllowed,
    BoardNotFound."""
    get(tenant, access, dashboard_id, "own", lock=True)
    tenant.execute(
        "DELETE FROM dashboard_shares WHERE tenant_id = %s AND dashboard_id = %s AND grantee = %s",
        [tenant.tenant_id, dashboard_id, grantee.replace("\0", "")],
    )
    return shares(tenant, access, dashboard_id)


def _refusal(grantee: str) -> str:
    role = grantee.removeprefix("role:")
    if role == "owner":
        return "Owners see every board anyway."
    if grantee.startswith("role:"):
        there = " or ".join(f"role:{name}" for name in sorted(GRANTABLE_ROLES))
        return f"One of {there}; other roles have no dashboards."
    people = "managers and analysts"
    return (
        f"user:<id> of one of the {people}, or role:<role> of {', '.join(sorted(HAVE_BOARDS - {'owner'}))}."
    )
