"""Notes on the time axis by REST."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.viewers import viewers_of
from data import audit_note
from data import notes as kept
from data.board_check import Fault, InvalidDocument
from data.instants import iso
from data.metric_query import Frozen
from data.notes import Note
from data.services import Services
from ingest.refusal import printable

PATH = "/api/v1/annotations"


class NewNote(Frozen):
    """A note to be written, at an event or at a venue as a whole."""

    text: str
    at: datetime
    venue_id: UUID | None = None
    event_id: UUID | None = None


class ChangedNote(Frozen):
    """What of a note shall be different."""

    text: str | None = None
    at: datetime | None = None


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/annotations and /api/v1/annotations/<id>."""
    viewers, database = viewers_of(services), services.database
    routes = Blueprint("notes", __name__)
    board_problems.register(routes)

    @routes.get(PATH)
    def find() -> Response:
        access, limit = viewers.access(), page_size(kept.MOST, most=kept.MOST)
        with database.tenant(access.tenant_id) as tenant:
            found = kept.notes(
                tenant,
                access,
                asked_moment("from"),
                asked_moment("to"),
                venues=_ids("venue_id"),
                events=_ids("event_id"),
                before=cursor(),
                limit=limit + 1,
            )
        page = found[-limit:]
        following = cursor_of(page[0].at, page[0].note_id) if len(found) > limit else None
        return answer({"annotations": [_shown(note) for note in page], "nextCursor": following})

    @routes.post(PATH)
    def add() -> Response:
        access, new = viewers.access(), asked(NewNote)
        with database.tenant(access.tenant_id) as tenant:
            note = kept.add_note(
                tenant, access, text=new.text, at=new.at, venue=new.venue_id, event=new.event_id
            )
        audit_note.about(f"note:{note.note_id}", venue=new.venue_id, event=new.event_id)
        return answer(_shown(note), 201, {"Location": f"{PATH}/{note.note_id}"})

    @routes.get(f"{PATH}/<uuid:note_id>")
    def read(note_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            return answer(_shown(kept.note(tenant, access, note_id)))

    @routes.patch(f"{PATH}/<uuid:note_id>")
    def change(note_id: UUID) -> Response:
        access, sent = viewers.access(), asked(ChangedNote)
        with database.tenant(access.tenant_id) as tenant:
            return answer(_shown(kept.change_note(tenant, access, note_id, text=sent.text, at=sent.at)))

    @routes.delete(f"{PATH}/<uuid:note_id>")
    def remove(note_id: UUID) -> Response:
        access = viewers.access()
        with database.tenant(access.tenant_id) as tenant:
            kept.remove_note(tenant, access, note_id)
        return Response(status=204)

    server.register_blueprint(routes)


def _shown(note: Note) -> dict[str, Any]:
    return {
        "id": str(note.note_id),
        "venueId": str(note.venue_id),
        "eventId": None if note.event_id is None else str(note.event_id),
        "at": iso(note.at),
        "text": note.text,
        "author": {"id": str(note.author_id), "name": note.author},
        "createdAt": iso(note.created_at),
    }


def asked_moment(name: str) -> datetime | None:
    """The parameter of this name as a moment with its zone. Raises InvalidDocument."""
    given = request.args.get(name)
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given[:40])
    except ValueError:
        found = None
    # From the edges of the calendar no moment can be moved into another zone.
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 2199:
        raise InvalidDocument([Fault(name, printable(given), "A moment with its offset, 1970 to 2199.")])
    return found


def _ids(name: str) -> list[UUID]:
    try:
        return [UUID(given) for given in request.args.getlist(name)[:100]]
    except ValueError:
        shown = ", ".join(request.args.getlist(name))
        raise InvalidDocument([Fault(name, printable(shown), "An id.")]) from None
