"""The documents of boards as their versions keep them."""

from __future__ import annotations

from uuid import UUID

from data.board_document import BoardDocument
from data.board_layout import apart
from data.board_rights import BoardNotFound
from data.engine import TenantConnection


class VersionNotFound(BoardNotFound):
    """The board is there for this person, but not in this version: it never was, or has been thinned out."""


def document_of(tenant: TenantConnection, dashboard_id: UUID, version: int) -> BoardDocument:
    """The document of one version; of one kept when widgets could overlap they stand as boards show them.

    Raises VersionNotFound."""
    row = tenant.execute(
        "SELECT document FROM dashboard_versions WHERE tenant_id = %s AND dashboard_id = %s AND version = %s",
        [tenant.tenant_id, dashboard_id, version],
    ).fetchone()
    if row is None:
        raise VersionNotFound(version)
    return apart(BoardDocument.model_validate(row[0]))
