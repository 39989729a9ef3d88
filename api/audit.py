"""The audit log at the gate: what a request was allowed to see or do is recorded before its answer leaves.

The rule of an address (`api/rules.py`) says as what; so a new address is recorded without a line of its own.
What changes something is recorded before it does, too: whatever ends the process in between, no change is
without its entry. While the log cannot be written no answer with data leaves.
"""

from __future__ import annotations

import logging
from uuid import UUID

from dash._pages import _path_to_page
from flask import Flask, g, request
from werkzeug.wrappers import Response as AnyResponse

from api.browser_session import signed_in
from api.problems import for_programs, request_id, unavailable
from api.rules import PAGES, action_of, rule_of
from data import audit_note
from data.access import Access
from data.audit_entry import STRANGER, Actor, Door, Entry, Outcome, actor_of
from data.audit_log import Trail
from data.audit_note import Note, current, open_note
from data.engine import DatabaseUnavailable
from data.permissions import access_of, may

log = logging.getLogger(__name__)
PAGES_CALLBACK = "_pages_location.pathname"
CALLBACK_PATH = "/_dash-update-component"
_PAGES = ("/", "/<path:path>")


def register(server: Flask, trail: Trail) -> None:
    """Record every request whose rule does not say why there is no entry. Register it last: refusals of
    others come first, and whatever they put on an answer is put on ours as well."""

    def begin() -> AnyResponse | None:
        action = _action()
        if not action or _reads(action):
            return None
        note, who = current(), _who()
        if note is None or who is None:
            return None
        try:
            trail.record(who[0], _entry(note, who[1], action, "begun", None))
        except DatabaseUnavailable as error:
            return unavailable(error)
        note.begun = True
        return None

    def end(response: AnyResponse) -> AnyResponse:
        note, action = current(), _action()
        who = _who()
        if note is None or who is None or not (note.action or action):
            return response
        outcome = note.outcome or _outcome(response.status_code)
        try:
            trail.record(who[0], _entry(note, who[1], note.action or action, outcome, response.status_code))
        except DatabaseUnavailable as error:
            if response.status_code >= 400:
                log.warning("a refusal is not in the audit log: %s", error)
                return response
            response.close()
            return unavailable(error)
        return response

    server.before_request_funcs.setdefault(None, []).insert(0, _open)
    server.before_request(begin)
    server.after_request(end)


def begin_for_stranger(trail: Trail, tenant_id: UUID, subject: str) -> None:
    """Record that somebody without a session is about to change something of a tenant, which only the view
    could tell. Raises DatabaseUnavailable."""
    audit_note.by(tenant_id, STRANGER)
    audit_note.about(subject)
    note = current()
    if note is not None:
        trail.record(tenant_id, _entry(note, STRANGER, _action(), "begun", None))
        note.begun = True


def _open() -> None:
    open_note()


def _action() -> str:
    """As what this request is recorded; empty for what leaves no entry."""
    if request.endpoint in _PAGES:
        return _page_action(request.path)
    if request.path == CALLBACK_PATH:
        return _callback_action()
    rule = rule_of(request.endpoint)
    return "" if rule is None else action_of(rule, request.endpoint or "", request.method)


def _page_action(path: str) -> str:
    page, variables = _path_to_page(path.strip("/"))  # type: ignore[no-untyped-call]
    name = str(page.get("module", "")).rpartition(".")[2]
    permission = PAGES.get(name)
    note = current()
    if permission is None or note is None:
        return ""
    note.detail["page"] = name
    for key, value in (variables or {}).items():
        note.object = note.object or _object(key, value)
    person = signed_in()
    if person is not None and not may(access_of(person), permission):
        note.outcome = "refused"
    return permission


def _callback_action() -> str:
    """The page that is gone to, or what the callback shows (`api/callback_door.py` knows its permission)."""
    action: str | None = g.get("callback_action")
    if action is None and g.get("callback") == PAGES_CALLBACK:
        first = request.get_json()["inputs"][:1]  # Dash goes by the place, whatever name is sent with it.
        value = first[0].get("value") if first and isinstance(first[0], dict) else None
        return _page_action(value) if isinstance(value, str) else ""
    return action or ""


def _who() -> tuple[UUID, Actor] | None:
    """Whose tenant, and who; None for a stranger who was turned away."""
    note = current()
    if note is not None and note.actor is not None and note.tenant_id is not None:
        return note.tenant_id, note.actor
    access: Access | None = g.get("access")
    if access is not None and access.scopes is not None:
        return access.tenant_id, actor_of(access)
    person = g.get("person")
    if person is None and access is not None:
        person = signed_in()
    if person is None:
        return None
    return person.tenant_id, Actor("person", person.user_id, person.session_id)


def _entry(note: Note, actor: Actor, action: str, outcome: Outcome, status: int | None) -> Entry:
    detail = dict(note.detail)
    if request.url_rule is not None and request.endpoint not in (*_PAGES, CALLBACK_PATH):
        detail["address"] = f"{request.method} {request.url_rule.rule}"
    more = _ids()[1:]
    if more:
        detail["more"] = more
    if status is not None:
        detail["status"] = status
    return Entry(
        actor,
        _door(),
        action,
        outcome,
        note.object or _of_address(),
        note.venue_id,
        note.event_id,
        request_id(),
        detail,
    )


def _door() -> Door:
    endpoint = request.endpoint or ""
    if endpoint.startswith("shared-"):
        return "link"
    if endpoint.startswith("exports.") or endpoint == "audit-page.file":
        return "export"
    if request.path == CALLBACK_PATH:
        return "callback"
    if request.url_rule is not None and request.url_rule.websocket:
        return "socket"
    return "rest" if for_programs(request.path) else "page"


def _of_address() -> str:
    """The first id in the address."""
    return next(iter(_ids()), "")


def _ids() -> list[str]:
    found = (_object(name, value) for name, value in (request.view_args or {}).items())
    return [one for one in found if one]


def _object(name: str, value: object) -> str:
    """An id of the address as an object; what is no id stays out, it could be anything."""
    kind = name.removesuffix("_id")
    kind = "dashboard" if kind == "board" else kind
    if isinstance(value, UUID | int):
        return f"{kind}:{value}"
    try:
        return f"{kind}:{UUID(str(value))}"
    except ValueError:
        return ""


def _reads(action: str) -> bool:
    return request.method in ("GET", "HEAD", "OPTIONS") or action.startswith(("see-", "sign-"))


def _outcome(status: int) -> Outcome:
    if status >= 500:
        return "failed"
    return "refused" if status >= 400 else "done"
