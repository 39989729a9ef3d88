"""Dashboards by REST: make, list, read, save, rename, trash and copy them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.etags import etag, expected_version, seen_already
from api.viewers import viewers_of
from data import audit_note, board_check, dashboard_trash, dashboard_versions, dashboards
from data.board_check import Fault, InvalidDocument
from data.board_templates import template
from data.dashboards import Board, Listed
from data.instants import iso
from data.metric_query import Frozen
from data.services import Services
from widgets import documents

PATH = "/api/v1/dashboards"


class NewBoard(Frozen):
    """A board to be made: of a document, of a template, or empty."""

    name: str | None = None
    document: dict[str, Any] | None = None
    template: str | None = None


class SavedBoard(Frozen):
    """A board as it shall be."""

    document: dict[str, Any]
    name: str | None = None
    version_name: str | None = None


class ChangedBoard(Frozen):
    """What of a board shall be different."""

    name: str | None = None
    version_name: str | None = None
    trashed: bool | None = None


class Copy(Frozen):
    """How a copy is called; of the original's name when nothing is said."""

    name: str | None = None


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/dashboards, /api/v1/dashboards/<id> and …/duplicate."""
    views = _Routes(services)
    routes = Blueprint("dashboards", __name__)
    board_problems.register(routes)
    one = f"{PATH}/<uuid:board_id>"
    for method, path, view in (
        ("GET", PATH, views.list_boards),
        ("POST", PATH, views.create),
        ("GET", one, views.read),
        ("PUT", one, views.save),
        ("PATCH", one, views.change),
        ("DELETE", one, views.remove),
        ("POST", f"{one}/duplicate", views.duplicate),
    ):
        routes.add_url_rule(path, f"{method}{path}", view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    """The views; each reads its request before it takes a connection."""

    def __init__(self, services: Services) -> None:
        self._viewers = viewers_of(services)
        self._database = services.database

    def list_boards(self) -> Response:
        access, limit, after, trashed = self._viewers.access(), page_size(), cursor(), flag("trashed")
        with self._database.tenant(access.tenant_id) as tenant:
            found = dashboards.list_boards(tenant, access, trashed=trashed, after=after, limit=limit + 1)
        page = found[:limit]
        more = len(found) > limit
        following = cursor_of(page[-1].created_at, page[-1].dashboard_id) if more else None
        return answer({"dashboards": [listed(board) for board in page], "nextCursor": following})

    def create(self) -> Response:
        access, new = self._viewers.access(), asked(NewBoard)
        if new.document is not None and new.template is not None:
            raise InvalidDocument([Fault("template", new.template, "Send a document or a template.")])
        name, document, origin = new.name, None, "Empty"
        if new.template is not None:
            chosen = template(new.template)
            name, document, origin = name or chosen.label, chosen.document, f"Template {chosen.label}"
        elif new.document is not None:
            document, origin = documents.parse(new.document), "By the API"
        if name is None:
            raise InvalidDocument([Fault("name", "", "A new dashboard needs a name.")])
        with self._database.tenant(access.tenant_id) as tenant:
            board = dashboards.create(tenant, access, name, document, origin=origin)
        audit_note.about(f"dashboard:{board.dashboard_id}")
        return _made(board)

    def read(self, board_id: UUID) -> Response:
        access = self._viewers.access()
        with self._database.tenant(access.tenant_id) as tenant:
            board = dashboards.get(tenant, access, board_id)
        if seen_already(board.version):
            return Response(status=304, headers=etag(board.version))
        return whole(board)

    def save(self, board_id: UUID) -> Response:
        access, expected, sent = self._viewers.access(), expected_version(), asked(SavedBoard)
        document = board_check.parse(sent.document)
        with self._database.tenant(access.tenant_id) as tenant:
            kept = dashboards.get(tenant, access, board_id, "edit")
            documents.check(document, kept.document)
            board = dashboards.save(
                tenant,
                access,
                board_id,
                document,
                expected,
                name=sent.name,
                version_name=sent.version_name,
                called=documents.called,
            )
        return whole(board)

    def change(self, board_id: UUID) -> Response:
        access, expected, sent = self._viewers.access(), expected_version(), asked(ChangedBoard)
        with self._database.tenant(access.tenant_id) as tenant:
            board = dashboards.get(tenant, access, board_id, lock=True)
            dashboards.require_current(tenant, board, expected, documents.called)
            if sent.trashed is not None:
                move = dashboard_trash.trash if sent.trashed else dashboard_trash.untrash
                board = move(tenant, access, board_id)
            if sent.name is not None:
                board = dashboards.rename(
                    tenant, access, board_id, sent.name, board.version, documents.called
                )
            if sent.version_name is not None:
                board = dashboard_versions.name_version(
                    tenant, access, board_id, sent.version_name, board.version, documents.called
                )
        return whole(board)

    def remove(self, board_id: UUID) -> Response:
        access, expected = self._viewers.access(), expected_version()
        with self._database.tenant(access.tenant_id) as tenant:
            board = dashboards.get(tenant, access, board_id, "own", lock=True)
            dashboards.require_current(tenant, board, expected, documents.called)
            if flag("purge"):
                dashboard_trash.purge(tenant, access, board_id)
            else:
                dashboard_trash.trash(tenant, access, board_id)
        return Response(status=204)

    def duplicate(self, board_id: UUID) -> Response:
        access, copy = self._viewers.access(), asked(Copy, empty=True)
        with self._database.tenant(access.tenant_id) as tenant:
            board = dashboards.duplicate(tenant, access, board_id, copy.name)
        return _made(board)


def listed(board: Listed) -> dict[str, Any]:
    """A board in a list, for JSON."""
    return {
        "id": str(board.dashboard_id),
        "name": board.name,
        "version": board.version,
        "right": board.right,
        "owner": {"id": str(board.owner_id), "name": board.owner},
        "shared": board.shared,
        "savedBy": board.author,
        "createdAt": iso(board.created_at),
        "updatedAt": iso(board.updated_at),
        "trashedAt": iso(board.trashed_at),
        "outline": [
            {"widget": widget, "x": x, "y": y, "w": w, "h": h} for widget, x, y, w, h in board.outline
        ],
    }


def whole(board: Board, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A board with its document and its version as ETag."""
    body = listed(board) | {"document": board.document.model_dump(mode="json", by_alias=True)}
    del body["outline"]
    kept = {"Cache-Control": "private, no-cache"}  # To be asked for again, with If-None-Match.
    return answer(body, status, kept | etag(board.version) | (headers or {}))


def _made(board: Board) -> Response:
    return whole(board, 201, {"Location": f"{PATH}/{board.dashboard_id}"})


def flag(name: str) -> bool:
    """The parameter `name`, 1 or 0. Raises InvalidDocument."""
    given = request.args.get(name, "0")
    if given not in ("0", "1", "false", "true"):
        raise InvalidDocument([Fault(name, given[:80], "1 or 0.")])
    return given in ("1", "true")
