"""The audit log by REST, newest entries first, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import answer, page_size
from api.viewers import viewers_of
from data.audit_entry import Door, Kept, Kind, Outcome
from data.audit_search import Place, Wanted, names, search
from data.board_check import Fault, InvalidDocument
from data.instants import iso
from data.services import Services
from ingest.refusal import printable

PATH = "/api/v1/audit"
LONGEST = 200
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "door": get_args(Door),
    "outcome": get_args(Outcome),
}
_MOMENTS, _IDS, _WORDS = ("since", "until"), ("who", "venue", "event"), ("action", "object", "address")
FILTERS = (*_MOMENTS, *_IDS, *_WORDS, *_ONE_OF)
_PARAMETERS = {*FILTERS, "limit", "cursor"}


def register(server: Flask, services: Services) -> None:
    """Add GET /api/v1/audit."""
    viewers = viewers_of(services)
    routes = Blueprint("audit-log", __name__)
    board_problems.register(routes)

    @routes.get(PATH)
    def read() -> Response:
        access, wanted, limit = viewers.access(), wanted_of(request.args), page_size()
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = search(tenant, wanted, after=place_of(request.args.get("cursor", "")), limit=limit + 1)
            page = found[:limit]
            called = names(tenant, (each.entry.actor.id for each in page))
        following = cursor_of(page[-1]) if len(found) > limit else None
        return answer({"entries": [shown(each, called) for each in page], "nextCursor": following})

    server.register_blueprint(routes)


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """The parameters as what is looked for. Raises InvalidDocument for each that is none."""
    faults = [
        Fault(printable(name), printable(value), "There is no such parameter.")
        for name, value in given.items()
        if name not in _PARAMETERS
    ]
    found: dict[str, Any] = {}
    for name, value in given.items():
        try:
            if name in _MOMENTS and value:
                found[name] = moment(value)
            elif name in _IDS and value:
                found[name] = UUID(value)
            elif name in _ONE_OF and value:
                found[name] = _ONE_OF[name][_ONE_OF[name].index(value)]
            elif name in _WORDS:
                found[name] = _word(value)
        except ValueError:
            faults.append(Fault(name, printable(value), _expected(name)))
    if faults:
        raise InvalidDocument(faults)
    return Wanted(**found)


def shown(found: Kept, called: Mapping[UUID, str]) -> dict[str, Any]:
    """An entry as JSON."""
    entry = found.entry
    return {
        "id": f"{found.lane}-{found.seq}",
        "at": iso(found.recorded_at),
        "who": {
            "kind": entry.actor.kind,
            "id": entry.actor.id,
            "name": called.get(entry.actor.id) if entry.actor.id else None,
            "sessionId": entry.actor.session_id,
        },
        "door": entry.door,
        "action": entry.action,
        "outcome": entry.outcome,
        "object": entry.object or None,
        "venueId": entry.venue_id,
        "eventId": entry.event_id,
        "requestId": entry.request_id or None,
        "detail": entry.detail,
        "hash": found.hash.hex(),
    }


def cursor_of(last: Kept) -> str:
    """Where the next page begins, as a word that only we read."""
    text = f"{last.recorded_at.isoformat()} {last.lane} {last.seq}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place | None:
    """What `cursor_of` wrote. Raises InvalidDocument."""
    if not cursor:
        return None
    try:
        padded = cursor[:200] + "=" * (-len(cursor) % 4)
        at, lane, seq = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(" ")
        if not (lane.isdecimal() and seq.isdecimal() and len(lane) < 5 and len(seq) < 18):
            raise ValueError
        return moment(at), int(lane), int(seq)
    except (binascii.Error, ValueError):
        detail = "Send the nextCursor of the page before, or none."
        raise InvalidDocument([Fault("cursor", printable(cursor), detail)]) from None


def moment(text: str) -> datetime:
    """A moment with its zone, of years that every zone knows. Raises ValueError."""
    found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    if found.tzinfo is None or not 1970 < found.year < 3000:
        raise ValueError
    return found


def _word(text: str) -> str:
    if len(text) > LONGEST or not text.isprintable() or "%" in text:
        raise ValueError
    return text


def _expected(name: str) -> str:
    if name in _MOMENTS:
        return "A moment with its zone, like 2026-11-26T20:00:00Z."
    if name in _IDS:
        return "An id."
    if name in _ONE_OF:
        return f"One of {', '.join(_ONE_OF[name])}."
    return f"At most {LONGEST} printable characters, without %."
