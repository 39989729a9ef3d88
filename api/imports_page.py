"""/imports: spreadsheets uploaded, looked at, checked, written and taken back, for owners and managers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec
from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from api.forms import Wrong, page, require_our_form
from api.import_form import Choices, asked_layout, choices_of
from api.import_words import KINDS, Shown, shown
from api.imports import errors_file, kind_named, looked_at, read_so
from api.sources_page import zone_of
from data import audit_note, imports
from data.access import Access
from data.imports import Import, NotNow, Status, TooManyImports
from data.permissions import access_of
from data.services import Services
from ingest.files.cells import Unreadable
from ingest.files.columns import suggested
from ingest.files.detect import again
from ingest.files.layout import Layout, from_json, to_json
from ingest.files.upload import LARGEST_FILE, begin, folder_of, receive, require_readable, source_name
from ingest.refusal import Refused

PATH = "/imports"
SHOWN_ERRORS = 10
LISTED = 30
_STEP = 1 << 20
_FORM = 1 << 20
"""Room for the fields beside the file."""


def register(server: Flask, services: Services) -> None:
    """Add /imports, /imports/<id> and what their forms do."""
    views = _Routes(services)
    routes = Blueprint("imports-page", __name__, template_folder="templates")
    one = f"{PATH}/<uuid:import_id>"
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(PATH, "upload", views.upload, methods=["POST"])
    routes.add_url_rule(one, "one", views.one, methods=["GET"])
    routes.add_url_rule(f"{one}/state", "fresh", views.fresh, methods=["GET"])
    routes.add_url_rule(f"{one}/errors", "errors", views.errors, methods=["GET"])
    routes.add_url_rule(f"{one}/layout", "confirm", views.confirm, methods=["POST"])
    steps: dict[str, Status] = {
        "check": "checking",
        "run": "running",
        "cancel": "cancelled",
        "undo": "undoing",
    }
    for name, status in steps.items():
        routes.add_url_rule(f"{one}/{name}", name, views.asking(status), methods=["POST"])
    routes.add_url_rule(f"{one}/remove", "remove", views.remove, methods=["POST"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._services, self._database = services, services.database
        self._folder = folder_of(services.settings.data_dir)

    def show(self) -> Response:
        return self._list()

    def upload(self) -> AnyResponse:
        request.max_content_length = LARGEST_FILE + _FORM
        typed = {name: request.form.get(name, "") for name in ("kind", "source")}
        try:
            require_our_form()
            access, file = access_of(g.person), request.files.get("file")
            if file is None or not file.filename:
                raise Wrong("Choose a file.", 422)
            kind, source = kind_named(typed["kind"]), source_name(typed["source"])
            audit_note.told(kind=kind, source=source)
            made, _ = begin(
                self._database, access, receive(self._folder, file.filename, _parts(file)), kind, source
            )
        except (Refused, Unreadable, TooManyImports) as error:
            detail = error.detail if isinstance(error, Refused) else str(error)
            return self._list(wrong=detail, typed=typed, status=422)
        except Wrong as wrong:
            return self._list(wrong=str(wrong), typed=typed, status=wrong.status)
        audit_note.about(f"import:{made.import_id}")
        return redirect(f"{PATH}/{made.import_id}", 303)

    def one(self, import_id: UUID) -> Response:
        found = self._found(import_id)
        return nothing_here() if found is None else self._page(found)

    def fresh(self, import_id: UUID) -> Response:
        found = self._found(import_id)
        if found is None:
            return nothing_here()
        return page("import_state.html", one=self._shown(found))

    def errors(self, import_id: UUID) -> Response:
        with self._database.tenant(g.person.tenant_id) as tenant:
            found = imports.get(tenant, access_of(g.person), import_id)
            return nothing_here() if found is None else errors_file(tenant, found)

    def confirm(self, import_id: UUID) -> AnyResponse:
        """Read the file as the form says: only to look at it again, or also to check its rows."""

        def read(found: Import) -> None:
            looking = request.form.get("do") == "look"
            layout = asked_layout(from_json(found.layout), looked_at(self._folder, found), request.form)
            if looking:
                layout = self._seen_anew(found, layout)
            else:
                read_so(self._folder, found, layout)
            with self._database.tenant(g.person.tenant_id) as tenant:
                if looking:
                    imports.read_so(tenant, found, to_json(layout))
                else:
                    imports.confirm(tenant, found, to_json(layout), g.person.user_id)
                    imports.ask(tenant, found, "checking")

        return self._done(import_id, read)

    def asking(self, status: Status) -> Callable[[UUID], AnyResponse]:
        """A view that has this done with an import."""

        def ask(found: Import) -> None:
            if status in ("checking", "running"):
                require_readable(from_json(found.layout), found.kind)
            with self._database.tenant(g.person.tenant_id) as tenant:
                imports.ask(tenant, found, status)

        return lambda import_id: self._done(import_id, ask)

    def remove(self, import_id: UUID) -> AnyResponse:
        def forget(found: Import) -> None:
            with self._database.tenant(g.person.tenant_id) as tenant:
                imports.forget(tenant, found, self._folder)

        return self._done(import_id, forget, PATH)

    def _done(self, import_id: UUID, act: Callable[[Import], None], to: str = "") -> AnyResponse:
        """Do it; on to the import, or back to it with the reason why not."""
        found = self._found(import_id)
        if found is None:
            return nothing_here()
        try:
            require_our_form()
            act(found)
        except Refused as refusal:
            return self._page(found, wrong=refusal.detail, status=422)
        except Unreadable as error:
            return self._page(found, wrong=str(error), status=422)
        except NotNow as error:
            return self._page(found, wrong=str(error), status=409)
        except Wrong as wrong:
            return self._page(found, wrong=str(wrong), status=wrong.status)
        return redirect(to or f"{PATH}/{import_id}", 303)

    def _seen_anew(self, found: Import, layout: Layout) -> Layout:
        """A layout to look at: where it gives other headings, columns are suggested for them anew."""
        try:
            headings = again(imports.path_of(self._folder, found.import_id), found.kind, layout).headings
        except FileNotFoundError:
            raise NotNow("The file is not kept any more: upload it again.") from None
        if layout.columns and set(layout.columns) <= set(headings):
            return layout
        return msgspec.structs.replace(layout, columns=suggested(found.kind, headings))

    def _found(self, import_id: UUID) -> Import | None:
        with self._database.tenant(g.person.tenant_id) as tenant:
            return imports.get(tenant, access_of(g.person), import_id)

    def _shown(self, found: Import) -> Shown:
        with self._database.tenant(g.person.tenant_id) as tenant:
            errors = imports.errors(tenant, found.import_id, SHOWN_ERRORS)
        return shown(found, zone_of(self._services), errors)

    def _list(
        self, *, wrong: str | None = None, typed: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        access, zone = access_of(g.person), zone_of(self._services)
        with self._database.tenant(access.tenant_id) as tenant:
            found = imports.list_imports(tenant, access, limit=LISTED)
            sources = imports.sources(tenant)
        return page(
            "imports.html",
            status,
            person=g.person,
            imports=[shown(each, zone, []) for each in found],
            kinds=KINDS,
            sources=sources,
            typed=typed or {},
            wrong=wrong,
            zone=zone.key,
        )

    def _page(self, found: Import, *, wrong: str | None = None, status: int = 200) -> Response:
        access: Access = access_of(g.person)
        choices: Choices | None = None
        proposal = looked_at(self._folder, found)
        path: Path = imports.path_of(self._folder, found.import_id)
        if proposal is not None:
            choices = choices_of(self._services.directory, access, found, proposal, path, request.form)
        with self._database.tenant(access.tenant_id) as tenant:
            same = imports.same_file(tenant, access, found.file_hash)
        return page(
            "import.html",
            status,
            person=g.person,
            one=self._shown(found),
            form=choices,
            same=same if same is not None and same.import_id != found.import_id else None,
            wrong=wrong,
            zone=zone_of(self._services).key,
        )


def _parts(file: FileStorage) -> Iterator[bytes]:
    while part := file.stream.read(_STEP):
        yield part


def nothing_here() -> Response:
    """The page for an import that there is not, or not for this person."""
    return page("import_nothing.html", 404)
