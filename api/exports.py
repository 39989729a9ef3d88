"""Exports by REST: asked for, watched, listed, downloaded, cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, send_file
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.looks import look_of
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, dashboards, exports
from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.board_document import Placed
from data.board_filters import Filters
from data.board_layout import settled
from data.drilldown_question import Drill
from data.drilldown_sql import refuse_strangers
from data.engine import TenantConnection
from data.export_request import ExportRequest
from data.exports import Export, NotExportable, TooManyExports
from data.instants import iso
from data.metric_query import MetricQuery
from data.query import run
from data.query_error import QueryError
from data.services import Services
from data.time_zones import common_zone
from exports.names import disposition, file_name
from widgets.draw import complaints, needs, read_settings
from widgets.figures_pages import EXPORTED, Fixed
from widgets.look_words import question_words
from widgets.registry import get
from widgets.scope import Scope
from widgets.scope_words import of_its_own, range_words

PATH = "/api/v1/exports"
AT_ONCE = 2
"""Small exports written in this process at the same time; the others wait for the worker."""
MEDIA_TYPES = {
    "csv": "text/csv",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}

Work = Callable[[UUID, UUID], bool]
"""Writes the export of a tenant, if nobody else does."""


def register(server: Flask, services: Services, work: Work) -> None:
    """Add /api/v1/exports, …/<id> and …/<id>/file; `work` is done at once for what is small."""
    views = _Routes(services, work)
    routes = Blueprint("exports", __name__)
    board_problems.register(routes)
    routes.register_error_handler(QueryError, lambda error: board_problems.unanswerable(error, "query"))
    routes.register_error_handler(NotExportable, lambda error: problem(403, "not-permitted", str(error)))
    routes.register_error_handler(TooManyExports, _too_many)
    one = f"{PATH}/<uuid:export_id>"
    for method, path, view in (
        ("POST", PATH, views.create),
        ("GET", PATH, views.list_exports),
        ("GET", one, views.read),
        ("DELETE", one, views.remove),
        ("GET", f"{one}/file", views.download),
    ):
        routes.add_url_rule(path, f"{method}{path}", view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services, work: Work) -> None:
        self._viewers = viewers_of(services)
        self._services = services
        self._work = work
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def create(self) -> Response:
        access, what = self._viewers.access(), _order()
        exports.require_exporter(access)
        audit_note.told(format=what.format, of=_thing(what))
        now = datetime.now(UTC)
        with self._services.database.tenant(access.tenant_id) as tenant:
            words, zone = self._checked(tenant, access, what, now)
            name = file_name(words, now, zone, what.format)
            keep = timedelta(hours=self._services.settings.export_hours)
            export = exports.create(tenant, access, what, name, keep)
        audit_note.about(f"export:{export.export_id}")
        if what.is_small and self._room.acquire(blocking=False):
            try:
                self._work(access.tenant_id, export.export_id)
            finally:
                self._room.release()
            export = self._found(access, export.export_id) or export
        status = 201 if export.status == "done" else 202
        return answer(shown(export), status, {"Location": f"{PATH}/{export.export_id}"})

    def list_exports(self) -> Response:
        access, limit, after = self._viewers.access(), page_size(), cursor()
        with self._services.database.tenant(access.tenant_id) as tenant:
            found = exports.list_exports(tenant, access, after=after, limit=limit + 1)
        page = found[:limit]
        more = len(found) > limit
        following = cursor_of(page[-1].created_at, page[-1].export_id) if more else None
        return answer({"exports": [shown(export) for export in page], "nextCursor": following})

    def read(self, export_id: UUID) -> Response:
        export = self._found(self._viewers.access(), export_id)
        return _not_there() if export is None else answer(shown(export))

    def remove(self, export_id: UUID) -> Response:
        access = self._viewers.access()
        with self._services.database.tenant(access.tenant_id) as tenant:
            there = exports.cancel(tenant, access, export_id, self._folder)
        return Response(status=204) if there else _not_there()

    def download(self, export_id: UUID) -> AnyResponse:
        export = self._found(self._viewers.access(), export_id)
        if export is None:
            return _not_there()
        path = exports.path_of(self._folder, export)
        past = export.expires_at <= datetime.now(UTC)
        if export.status == "expired" or (export.status == "done" and (past or not path.exists())):
            return problem(410, "export-expired", "The file is not kept any more. Ask for it again.")
        if export.status != "done":
            return problem(409, "export-not-done", f"There is no file: the export is {export.status}.")
        response = send_file(path, MEDIA_TYPES[export.file_name.rpartition(".")[2]], conditional=True)
        response.headers["Content-Disposition"] = disposition(export.file_name)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @property
    def _folder(self) -> Path:
        return self._services.settings.data_dir.resolve() / "exports"

    def _found(self, access: Access, export_id: UUID) -> Export | None:
        with self._services.database.tenant(access.tenant_id) as tenant:
            return exports.get(tenant, access, export_id)

    def _checked(
        self, tenant: TenantConnection, access: Access, what: ExportRequest, now: datetime
    ) -> tuple[list[str], str]:
        """The words of the file's name and its zone. Raises what tells the asker that it cannot be made:
        InvalidDocument, BoardNotFound, QueryError."""
        words, base, alone = _subject(tenant, access, what, now)
        look = look_of(self._services.directory, access, what.filters, base=base, under="filters")
        rows = what.rows
        if what.query is not None:
            run(tenant, access, [what.query.model_copy(update={"limit": 1})], now)
            zone = self._zone(access, what.query.venues, what.query.events)
            return [*(words or ["query"]), *self._told(access, what.query, zone)], zone
        if rows is not None:
            refuse_strangers(rows)
            zone = self._zone(access, rows.venues, rows.events)
            return [*words, rows.kind, *self._told(access, rows, zone)], zone
        if what.table is not None:
            refuse_strangers(Drill(kind=what.table, where=look.where()))
            words.append(what.table)
        zone = self._zone(access, [look.venue] if look.venue else [], [look.event] if look.event else [])
        if what.page == "tonight":
            event = self._services.directory.event(access.tenant_id, str(look.event)) if look.event else None
            return [*words, *([event.name] if event else [])], zone
        scope = Scope(now=now, zone=zone, venue=look.venue, event=look.event)
        scope = replace(scope, range=look.range or scope.range)
        asks = needs(alone, scope).values() if alone is not None else ()
        own = dict(of_its_own([*asks], scope))
        return [*words, own.get("Range", range_words(scope.range, zone))], zone

    def _told(self, access: Access, asked: MetricQuery | Drill, zone: str) -> list[str]:
        """What a question looks at: two of different filters have different names."""
        told = question_words(asked, self._services.directory, access, zone)
        return [" ".join(values) for _, values in told]

    def _zone(self, access: Access, venues: Sequence[UUID], events: Sequence[UUID]) -> str:
        """The zone of these events, else of these venues, else of all that may be seen."""
        directory, tenant_id = self._services.directory, access.tenant_id
        found = (directory.event(tenant_id, str(event)) for event in events)
        places = {event.venue_id for event in found if event is not None} or set(venues)
        return common_zone(
            venue.zone.key
            for venue in directory.venues(tenant_id)
            if access.sees_venue(venue.venue_id) and (not places or venue.venue_id in places)
        )


def shown(export: Export) -> dict[str, Any]:
    """An export for JSON. `progress` is 0…1, or null while nobody knows how much there is."""
    progress = None
    if export.status == "done":
        progress = 1.0
    elif export.rows_total:
        progress = round(min(export.rows_done / export.rows_total, 1.0), 4)
    return {
        "id": str(export.export_id),
        "format": export.format,
        "status": export.status,
        "fileName": export.file_name,
        "rowsDone": export.rows_done,
        "rowsTotal": export.rows_total,
        "progress": progress,
        "bytes": export.bytes,
        "error": export.error,
        "createdAt": iso(export.created_at),
        "startedAt": iso(export.started_at),
        "finishedAt": iso(export.finished_at),
        "expiresAt": iso(export.expires_at),
        "file": f"{PATH}/{export.export_id}/file" if export.status == "done" else None,
    }


def _subject(
    tenant: TenantConnection, access: Access, what: ExportRequest, now: datetime
) -> tuple[list[str], Filters | None, Placed | None]:
    """What it is of, in words, the look that its filters are read over, and the widget if it is one alone."""
    for index, placed in enumerate(what.widgets):
        _check(placed, f"widgets[{index}].settings")
    if what.widget is not None:
        placed = Placed(id="widget", widget=what.widget, title=what.title, settings=what.settings)
        _check(placed, "settings")
        return [_title(placed, now)], None, placed
    if what.dashboard is not None:
        board = dashboards.get(tenant, access, what.dashboard)
        words, widgets, base = [board.name], board.document.widgets, dict(board.document.filters)
    elif what.page is not None:
        page = _page(what.page)
        words, widgets, base = [page.title], settled(page.widgets), dict(page.base)
    else:
        return [what.title] if what.title else [], None, None
    alone = None if what.placed is None else _placed(widgets, what.placed)
    if alone is not None:
        words.append(_title(alone, now))
    return words, base, alone


def _thing(what: ExportRequest) -> str:
    """What it is of, without a name that people gave."""
    if what.dashboard is not None:
        return f"dashboard:{what.dashboard}"
    if what.page is not None or what.widget is not None:
        return f"page:{what.page}" if what.page is not None else f"widget:{what.widget}"
    if what.table is not None or what.rows is not None:
        return f"rows:{what.table or (what.rows and what.rows.kind)}"
    return "query" if what.query is not None else "widgets"


def _order() -> ExportRequest:
    """What is asked for. Raises Refused, InvalidDocument."""
    try:
        return asked(ExportRequest)
    except InvalidDocument as error:
        faults = [
            replace(fault, path="what") if fault.path == "document" else fault for fault in error.faults
        ]
        raise InvalidDocument(faults) from None


def _page(name: str) -> Fixed:
    if name not in EXPORTED:
        known = ", ".join(EXPORTED)
        raise InvalidDocument([Fault("page", name, f"There is no such page; there are {known}.")])
    return EXPORTED[name]


def _placed(widgets: tuple[Placed, ...], wanted: str) -> Placed:
    found = next((placed for placed in widgets if placed.id == wanted), None)
    if found is None:
        raise InvalidDocument([Fault("placed", wanted, "The dashboard has no widget of this id.")])
    return found


def _check(placed: Placed, field: str) -> None:
    """Raises InvalidDocument for a widget that is not there, or settings it does not take."""
    try:
        read_settings(placed)
    except KeyError as error:
        text = str(error.args[0])
        raise InvalidDocument([Fault("widget", placed.widget, f"{text[:1].upper()}{text[1:]}.")]) from None
    except ValidationError as error:
        raise InvalidDocument([Fault(field, "", complaints(error, get(placed.widget)))]) from None


def _title(placed: Placed, now: datetime) -> str:
    """What the frame says above the widget, as far as it can be told without figures."""
    try:
        widget, settings = read_settings(placed)
    except (KeyError, ValidationError):
        return placed.title or placed.widget
    own = widget.title(settings, Scope(now=now)) if widget.title else ""
    return placed.title or own or widget.label


def _not_there() -> Response:
    return problem(404, "export-not-found", "There is no such export for you.")


def _too_many(error: Exception) -> Response:
    detail = f"{error} Wait for one to end, or cancel it."
    return problem(429, "too-many-exports", detail, headers={"Retry-After": "5"})
