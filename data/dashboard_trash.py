"""The trash of dashboards: out of sight, back again, or gone for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from data.access import Access
from data.board_rights import NotAllowed
from data.dashboards import Board, get
from data.engine import TenantConnection


def trash(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> Board:
    """The board, out of everybody's sight; its links answer no more. Nothing happens to one in the trash."""
    return _move(tenant, access, dashboard_id, datetime.now(UTC))


def untrash(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> Board:
    """The board, back where it was, with its shares and links."""
    return _move(tenant, access, dashboard_id, None)


def purge(tenant: TenantConnection, access: Access, dashboard_id: UUID) -> None:
    """Remove a board in the trash for good, with its shares and links. Raises NotAllowed for any other.

    Its versions stay in their table, where the application's role may not remove anything, until the worker
    removes them within the hour (`dashboard_thinning`); no function leads to them meanwhile.
    """
    board = get(tenant, access, dashboard_id, "own", lock=True)
    if board.trashed_at is None:
        raise NotAllowed("Only a board in the trash can be removed for good: move it there first.")
    for table in ("dashboard_links", "dashboard_shares", "dashboards"):
        tenant.execute(
            f"DELETE FROM {table} WHERE tenant_id = %s AND dashboard_id = %s",
            [tenant.tenant_id, dashboard_id],
        )


def _move(tenant: TenantConnection, access: Access, dashboard_id: UUID, trashed_at: datetime | None) -> Board:
    board = get(tenant, access, dashboard_id, "own", lock=True)
    if (board.trashed_at is None) == (trashed_at is None):
        return board
    tenant.execute(
        "UPDATE dashboards SET trashed_at = %s WHERE tenant_id = %s AND dashboard_id = %s",
        [trashed_at, tenant.tenant_id, dashboard_id],
    )
    return replace(board, trashed_at=trashed_at)
