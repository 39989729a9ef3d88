"""/audit: owners search the audit log, look at an entry whole, and take what they found away as a file."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from uuid import UUID

from flask import Blueprint, Flask, Response, g, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from api.admin import offered
from api.audit_asked import PATH, Asked, asked
from api.audit_file import MEDIA_TYPES, MOST, written
from api.audit_log import cursor_of
from api.audit_words import DOORS, KINDS, OUTCOMES, action_words, filters_said, ids_of, shown
from api.forms import page
from api.problems import problem
from api.rules import PAGES, action_of, rule_of
from data import audit_note
from data.access import Access
from data.audit_search import everybody, names, search
from data.permissions import access_of
from data.services import Services
from exports.names import disposition
from ingest.refusal import printable

ON_A_PAGE = 50
_NOT_OF_A_RULE = ("locked-out", "forget-old-entries")
BUSY = "Another file of the log is being written. Please try again in a moment."


def register(server: Flask, services: Services) -> None:
    """Add /audit and /audit/file."""
    views = _Routes(server, services)
    routes = Blueprint("audit-page", __name__, template_folder="templates")
    routes.add_url_rule(PATH, "show", views.show, methods=["GET"])
    routes.add_url_rule(f"{PATH}/file", "file", views.file, methods=["GET"])
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, server: Flask, services: Services) -> None:
        self._services = services
        self._room = threading.BoundedSemaphore(1)
        self._actions = cache(lambda: sorted(_actions(server), key=action_words))

    def show(self) -> Response:
        access, found = self._asked()
        return self._page(access, found, 422 if found.wrong else 200)

    def file(self) -> AnyResponse:
        access, found = self._asked()
        kind = request.args.get("format", "")
        if kind not in MOST:
            known = f"Choose one of {', '.join(MOST)}."
            return problem(422, "invalid-format", known, field="format", value=printable(kind))
        if found.wrong:
            return self._page(access, found, 422)
        if not self._room.acquire(blocking=False):
            return self._page(access, found, 503, BUSY)
        try:
            places = self._places(access)
            with self._services.database.tenant(access.tenant_id, snapshot=True) as tenant:
                folder = self._services.settings.data_dir.resolve()
                made = written(tenant, found, kind, g.person.tenant_name, places, folder)
        finally:
            self._room.release()
        audit_note.told(format=kind, rows=made.count, left_out=made.total - made.count)
        answer = send_file(made.content, MEDIA_TYPES[kind])
        answer.headers["Content-Type"] = MEDIA_TYPES[kind]  # Which has its charset; Flask adds one more.
        answer.headers["Content-Disposition"] = disposition(made.name)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def _asked(self) -> tuple[Access, Asked]:
        access = access_of(g.person)
        found = asked(request.args, self._services.directory.venues(access.tenant_id))
        audit_note.told(filters=sorted(found.given))
        return access, found

    def _page(self, access: Access, found: Asked, status: int, busy: str = "") -> Response:
        places = self._places(access)
        offer = offered(self._services, access)
        with self._services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            who = everybody(tenant)
            entries = (
                [] if found.wrong else search(tenant, found.wanted, after=found.place, limit=ON_A_PAGE + 1)
            )
            here = entries[:ON_A_PAGE]
            called = names(tenant, ids_of(here) | {found.wanted.who})
        return page(
            "audit.html",
            status,
            person=g.person,
            asked=found,
            wrong=[*found.wrong, *filter(None, [busy])],
            entries=[shown(each, found, called, places) for each in here],
            older=found.address(cursor=cursor_of(here[-1])) if len(entries) > ON_A_PAGE else None,
            chips=filters_said(found, called, places),
            choices={
                "who": _with(who, found.wanted.who, called),
                "venue": _with(offer["venues"], found.wanted.venue, places),
                "event": _with(offer["events"], found.wanted.event, places),
                "kind": KINDS.items(),
                "door": DOORS.items(),
                "outcome": OUTCOMES.items(),
                "action": [
                    (each, action_words(each))
                    for each in dict.fromkeys((*self._actions(), *filter(None, [found.wanted.action])))
                ],
            },
            most=MOST,
        )

    def _places(self, access: Access) -> dict[UUID, str]:
        directory = self._services.directory
        found = {venue.venue_id: venue.name for venue in directory.venues(access.tenant_id)}
        return found | {event.event_id: event.name for event in directory.events(access.tenant_id)}


def _actions(server: Flask) -> set[str]:
    """As what requests are recorded here, by the rules of all addresses and pages."""
    found: set[str] = {*_NOT_OF_A_RULE, *filter(None, PAGES.values())}
    for address in server.url_map.iter_rules():
        rule = rule_of(address.endpoint)
        for method in (address.methods or set()) - {"HEAD", "OPTIONS"}:
            if rule is not None:
                found.add(action_of(rule, address.endpoint, method))
    return found - {""}


def _with(
    known: Iterable[tuple[UUID, str]], chosen: UUID | None, called: dict[UUID, str]
) -> list[tuple[str, str]]:
    """The choices of a menu, among them what is chosen, whether or not it is offered to everybody."""
    choices = {str(one): name for one, name in known}
    if chosen is not None:
        choices.setdefault(str(chosen), called.get(chosen, str(chosen)))
    return list(choices.items())
