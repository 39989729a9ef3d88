"""Imports by REST: a file uploaded, how it is read confirmed, its rows checked, written and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args
from uuid import UUID

import msgspec
from flask import Blueprint, Flask, Response, request
from pydantic import Field

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.bodies import parts_of_body
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, imports
from data.access import Access
from data.engine import TenantConnection
from data.imports import Import, Kind, NotNow, Status, TooManyImports
from data.instants import iso
from data.metric_query import Frozen
from data.services import Services
from exports.names import disposition
from exports.row_errors import written
from ingest.files.cells import Unreadable, plain
from ingest.files.detect import Proposal, again
from ingest.files.layout import Dates, Layout, from_json, to_json
from ingest.files.layout import Decimal as DecimalMark
from ingest.files.upload import LARGEST_FILE, begin, folder_of, receive, require_readable, source_name
from ingest.refusal import Refused

PATH = "/api/v1/imports"


class NewLayout(Frozen):
    """How a file is read. What is not said stays as it was found out; nothing is unsure after it."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header: int | None = Field(None, ge=1, le=1_000_000)
    decimal: DecimalMark | None = None
    dates: Dates | None = None
    columns: dict[str, str] | None = None
    constants: dict[str, str] | None = None


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/imports, …/<id> and what can be done with one."""
    views = _Routes(services)
    routes = Blueprint("imports", __name__)
    board_problems.register(routes)
    routes.register_error_handler(
        Unreadable, lambda error: problem(422, error.code, str(error), field="file")
    )
    routes.register_error_handler(NotNow, lambda error: problem(409, "not-now", str(error)))
    routes.register_error_handler(TooManyImports, _too_many)
    one = f"{PATH}/<uuid:import_id>"
    for method, path, view in (
        ("POST", PATH, views.create),
        ("GET", PATH, views.list_imports),
        ("GET", one, views.read),
        ("DELETE", one, views.remove),
        ("PUT", f"{one}/layout", views.confirm),
        ("POST", f"{one}/check", views.asking("checking")),
        ("POST", f"{one}/run", views.asking("running")),
        ("POST", f"{one}/cancel", views.asking("cancelled")),
        ("POST", f"{one}/undo", views.asking("undoing")),
        ("GET", f"{one}/errors", views.errors),
    ):
        routes.add_url_rule(path, f"{method}{path}", view, methods=[method])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._viewers = viewers_of(services)
        self._database = services.database
        self._folder = folder_of(services.settings.data_dir)

    def create(self) -> Response:
        access = self._viewers.access()
        kind, source = kind_named(request.args.get("kind", "")), source_name(request.args.get("source", ""))
        audit_note.told(kind=kind, source=source)
        file = receive(
            self._folder, request.args.get("name", "file"), parts_of_body(request.environ, LARGEST_FILE)
        )
        found, proposal = begin(self._database, access, file, kind, source)
        audit_note.about(f"import:{found.import_id}")
        with self._database.tenant(access.tenant_id) as tenant:
            same = imports.same_file(tenant, access, found.file_hash)
        location = {"Location": f"{PATH}/{found.import_id}"}
        return answer(shown(found, proposal, same), 201, location)

    def list_imports(self) -> Response:
        access, limit, after = self._viewers.access(), page_size(), cursor()
        with self._database.tenant(access.tenant_id) as tenant:
            found = imports.list_imports(tenant, access, after=after, limit=limit + 1)
        page = found[:limit]
        following = cursor_of(page[-1].created_at, page[-1].import_id) if len(found) > limit else None
        return answer({"imports": [shown(each) for each in page], "nextCursor": following})

    def read(self, import_id: UUID) -> Response:
        found = self._found(self._viewers.access(), import_id)
        return _not_there() if found is None else answer(shown(found, self._proposal(found)))

    def remove(self, import_id: UUID) -> Response:
        access = self._viewers.access()
        with self._database.tenant(access.tenant_id) as tenant:
            found = imports.get(tenant, access, import_id)
            if found is None:
                return _not_there()
            imports.forget(tenant, found, self._folder)
        return Response(status=204)

    def confirm(self, import_id: UUID) -> Response:
        access, said = self._viewers.access(), asked(NewLayout)
        found = self._found(access, import_id)
        if found is None:
            return _not_there()
        given = {name: value for name, value in said.model_dump().items() if value is not None}
        layout = msgspec.structs.replace(from_json(found.layout), unsure=(), **given)
        proposal = read_so(self._folder, found, layout)
        with self._database.tenant(access.tenant_id) as tenant:
            imports.confirm(tenant, found, to_json(layout), access.user_id or UUID(int=0))
        changed = self._found(access, import_id) or found
        return answer(shown(changed, proposal))

    def asking(self, status: Status) -> Callable[[UUID], Response]:
        """A view that has this done with an import."""

        def ask(import_id: UUID) -> Response:
            access = self._viewers.access()
            with self._database.tenant(access.tenant_id) as tenant:
                found = imports.get(tenant, access, import_id)
                if found is None:
                    return _not_there()
                if status in ("checking", "running"):
                    require_readable(from_json(found.layout), found.kind)
                imports.ask(tenant, found, status)
                now = imports.get(tenant, access, import_id) or found
            return answer(shown(now), 202)

        return ask

    def errors(self, import_id: UUID) -> Response:
        access = self._viewers.access()
        with self._database.tenant(access.tenant_id) as tenant:
            found = imports.get(tenant, access, import_id)
            return _not_there() if found is None else errors_file(tenant, found)

    def _found(self, access: Access, import_id: UUID) -> Import | None:
        with self._database.tenant(access.tenant_id) as tenant:
            return imports.get(tenant, access, import_id)

    def _proposal(self, found: Import) -> Proposal | None:
        return looked_at(self._folder, found)


def kind_named(given: str) -> Kind:
    """What rows are. Raises Refused."""
    if given not in get_args(Kind):
        raise Refused("not-a-choice", f"One of: {', '.join(get_args(Kind))}.", "kind", given)
    return cast(Kind, given)


def looked_at(folder: Any, found: Import) -> Proposal | None:
    """Headings and first rows of a file that is not read yet; None where it cannot be looked at."""
    if found.status not in ("draft", "checked", "failed") or found.rows_done:
        return None
    try:
        return again(imports.path_of(folder, found.import_id), found.kind, from_json(found.layout))
    except (OSError, Unreadable, msgspec.ValidationError):
        return None


def read_so(folder: Any, found: Import, layout: Layout) -> Proposal:
    """What the file shows when it is read so. Raises Unreadable, Refused, NotNow."""
    if layout.format == "csv":  # Before anything is read by it.
        require_readable(layout, found.kind)
    try:
        proposal = again(imports.path_of(folder, found.import_id), found.kind, layout)
    except FileNotFoundError:
        raise NotNow("The file is not kept any more: upload it again.") from None
    require_readable(layout, found.kind, proposal.headings)
    return proposal


def errors_file(tenant: TenantConnection, found: Import) -> Response:
    """The rows that are refused, as a CSV file."""
    errors = imports.errors(tenant, found.import_id)
    refused = found.rejected if found.rows_done else found.checked_rejected
    body = written(
        ((error.row, error.field, error.value, error.detail) for error in errors), refused - len(errors)
    )
    response = Response(body, mimetype="text/csv")
    stem = found.file_name.rpartition(".")[0] or found.file_name
    response.headers["Content-Disposition"] = disposition(f"{stem} - rows to correct.csv")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def shown(found: Import, proposal: Proposal | None = None, same: Import | None = None) -> dict[str, Any]:
    """An import for its answer."""
    layout = msgspec.structs.asdict(from_json(found.layout))
    return {
        "id": str(found.import_id),
        "kind": found.kind,
        "source": found.source,
        "fileName": found.file_name,
        "bytes": found.bytes,
        "status": found.status,
        "progress": found.progress / 100,
        "layout": layout,
        "headings": proposal and proposal.headings,
        "sample": proposal and [[plain(cell) for cell in cells] for _, cells in proposal.rows],
        "sameFileAs": same and str(same.import_id),
        "checkedRows": found.checked_rows,
        "checkedNew": found.checked_new,
        "checkedKnown": found.checked_known,
        "checkedRepeated": found.checked_repeated,
        "checkedRejected": found.checked_rejected,
        "rowsDone": found.rows_done,
        "accepted": found.accepted,
        "duplicates": found.duplicates,
        "rejected": found.rejected,
        "undone": found.undone,
        "error": found.error,
        "createdAt": iso(found.created_at),
        "startedAt": found.started_at and iso(found.started_at),
        "finishedAt": found.finished_at and iso(found.finished_at),
    }


def _too_many(error: TooManyImports) -> Response:
    return problem(429, "too-many-imports", str(error), headers={"Retry-After": "60"})


def _not_there() -> Response:
    return problem(404, "import-not-found", "There is no such import for you.")
