"""The versions of a board by REST: the history, one of them, naming and restoring."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import answer, asked, page_size
from api.dashboards import PATH, flag, whole
from api.etags import expected_version
from api.viewers import viewers_of
from data import dashboard_versions
from data.board_check import Fault, InvalidDocument
from data.dashboard_versions import Version
from data.instants import iso
from data.metric_query import Frozen
from data.services import Services
from ingest.refusal import printable
from widgets import documents


class NewName(Frozen):
    """What the present state shall be found by."""

    name: str


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/dashboards/<id>/versions."""
    viewers, database = viewers_of(services), services.database
    routes = Blueprint("dashboard_versions", __name__)
    board_problems.register(routes)
    path = f"{PATH}/<uuid:board_id>/versions"

    @routes.get(path)
    def history(board_id: UUID) -> Response:
        access, limit, before = viewers.access(), page_size(), _before()
        with database.tenant(access.tenant_id) as tenant:
            lines = dashboard_versions.history(
                tenant,
                access,
                board_id,
                before=before,
                limit=limit,
                every=flag("every"),
                called=documents.called,
            )
        more = len(lines) == limit and lines[-1].first > 1
        following = str(lines[-1].first) if more else None
        return answer({"versions": [_line(line) for line in lines], "nextCursor": following})

    @routes.post(path)
    def name(board_id: UUID) -> Response:
        access, expected, sent = viewers.access(), expected_version(), asked(NewName)
        with database.tenant(access.tenant_id) as tenant:
            board = dashboard_versions.name_version(
                tenant, access, board_id, sent.name, expected, documents.called
            )
        return whole(board, 201, {"Location": f"{PATH}/{board_id}/versions/{board.version}"})

    @routes.get(f"{path}/<int:number>")
    def read(board_id: UUID, number: int) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            line, document = dashboard_versions.version(tenant, access, board_id, number, documents.called)
        return answer(_line(line) | {"document": document.model_dump(mode="json", by_alias=True)})

    @routes.post(f"{path}/<int:number>/restore")
    def restore(board_id: UUID, number: int) -> Response:
        access, expected = viewers.access(), expected_version()
        with database.tenant(access.tenant_id) as tenant:
            board = dashboard_versions.restore(tenant, access, board_id, number, expected, documents.called)
        return whole(board)

    server.register_blueprint(routes)


def _line(line: Version) -> dict[str, Any]:
    return {
        "version": line.version,
        "first": line.first,
        "name": line.name,
        "summary": line.summary,
        "author": {"id": str(line.author_id), "name": line.author},
        "createdAt": iso(line.created_at),
        "beganAt": iso(line.began_at),
    }


def _before() -> int | None:
    """The version before which a page begins: `before`, or `cursor`, which is the same."""
    name = "cursor" if "cursor" in request.args else "before"
    given = request.args.get(name)
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 9):
        detail = "Send the nextCursor of the page before, or none."
        raise InvalidDocument([Fault(name, printable(given), detail)])
    return int(given)
