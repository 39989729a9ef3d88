"""Who else sees a board, by REST: shares within the tenant, and links for people outside."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, request
from pydantic import Field

from api import board_problems
from api.answers import answer, asked
from api.dashboards import PATH
from api.viewers import viewers_of
from data import audit_note, dashboard_links, dashboard_sharing, dashboards
from data.access import Access
from data.board_check import InvalidDocument
from data.board_filters import KeptFilters
from data.dashboard_links import Link
from data.dashboard_sharing import Share
from data.instants import iso
from data.metric_dimensions import DIMENSIONS
from data.metric_query import Frozen
from data.query_clock import needs_offset
from data.services import Services
from widgets import documents
from widgets.look_words import Pairs, look_words
from widgets.scope_url import read


class Given(Frozen):
    """What somebody may do with a board that is shared with them."""

    may_edit: bool = False


class NewLink(Frozen):
    """A link to be given: its locked filters name a venue or an event."""

    label: str
    filters: KeptFilters = Field(default_factory=dict)
    masked: bool = False
    expires_at: datetime


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/dashboards/<id>/shares, …/candidates and …/links."""
    viewers, database = viewers_of(services), services.database
    routes = Blueprint("dashboard_sharing", __name__)
    board_problems.register(routes)
    shares_path = f"{PATH}/<uuid:board_id>/shares"
    links_path = f"{PATH}/<uuid:board_id>/links"

    def told(access: Access, link: Link) -> dict[str, Any]:
        look, _ = read(link.filters, dimensions=DIMENSIONS)
        return _link(link, look_words(look, services.directory, access))

    @routes.get(shares_path)
    def shares(board_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            return _shares(dashboard_sharing.shares(tenant, access, board_id))

    @routes.put(f"{shares_path}/<grantee>")
    def share(board_id: UUID, grantee: str) -> Response:
        access, given = viewers.access(), asked(Given, empty=True)
        with database.tenant(access.tenant_id) as tenant:
            return _shares(
                dashboard_sharing.share(tenant, access, board_id, grantee, may_edit=given.may_edit)
            )

    @routes.delete(f"{shares_path}/<grantee>")
    def unshare(board_id: UUID, grantee: str) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            return _shares(dashboard_sharing.unshare(tenant, access, board_id, grantee))

    @routes.get(f"{PATH}/<uuid:board_id>/candidates")
    def candidates(board_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            dashboards.get(tenant, access, board_id, "own")
            found = dashboard_sharing.candidates(tenant)
        return answer({"candidates": [asdict(candidate) for candidate in found]})

    @routes.get(links_path)
    def links(board_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            found = dashboard_links.links(tenant, access, board_id)
        return answer({"links": [told(access, link) for link in found]})

    @routes.post(links_path)
    def give_link(board_id: UUID) -> Response:
        access, new = viewers.access(), asked(NewLink)
        if faults := documents.filter_faults(new.filters):
            raise InvalidDocument(faults)
        if new.expires_at.tzinfo is None:
            raise needs_offset(new.expires_at, "expiresAt")
        with database.tenant(access.tenant_id) as tenant:
            link, token = dashboard_links.give_link(
                tenant,
                access,
                board_id,
                new.label,
                filters=new.filters,
                masked=new.masked,
                expires_at=new.expires_at,
            )
        audit_note.told(link=str(link.link_id))
        return answer(told(access, link) | {"url": f"{request.host_url}shared/{token}"}, 201)

    @routes.delete(f"{links_path}/<uuid:link_id>")
    def revoke(board_id: UUID, link_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            link = dashboard_links.revoke_link(tenant, access, board_id, link_id)
        return answer(told(access, link))

    server.register_blueprint(routes)


def _shares(shares: list[Share]) -> Response:
    return answer(
        {
            "shares": [
                {
                    "grantee": share.grantee,
                    "kind": share.kind,
                    "name": share.name,
                    "mayEdit": share.may_edit,
                }
                for share in shares
            ]
        }
    )


def _link(link: Link, locked: Pairs) -> dict[str, Any]:
    return {
        "id": str(link.link_id),
        "label": link.label,
        "filters": link.filters,
        "locked": [{"name": name, "values": values} for name, values in locked],
        "masked": link.masked,
        "state": link.state(datetime.now(UTC)),
        "createdBy": link.created_by,
        "createdAt": iso(link.created_at),
        "expiresAt": iso(link.expires_at),
        "revokedAt": iso(link.revoked_at),
        "views": link.views,
        "lastViewedAt": iso(link.last_viewed_at),
    }
