"""Notes on the time axis: what happened at a venue or an event at a moment ("Headliner cancelled").

They are for the staff: promoters and doors read none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from data.access import Access
from data.board_check import Fault, InvalidDocument
from data.board_rights import NotAllowed
from data.dashboards import NOBODY, names_of
from data.engine import TenantConnection
from data.permissions import may

LONGEST_TEXT = 500
MOST = 1000
"""Notes of one answer."""
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class NoteNotFound(Exception):
    """There is no such note where this person may look."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note; without an event it is about the whole venue."""

    note_id: UUID
    venue_id: UUID
    event_id: UUID | None
    at: datetime
    text: str
    author_id: UUID
    author: str
    created_at: datetime


def add_note(
    tenant: TenantConnection,
    access: Access,
    *,
    text: str,
    at: datetime,
    venue: UUID | None = None,
    event: UUID | None = None,
) -> Note:
    """A new note at an event, or at a venue as a whole. Raises InvalidDocument, NotAllowed."""
    _require(access)
    note_id = uuid4()
    tenant.execute(
        "INSERT INTO annotations (tenant_id, venue_id, annotation_id, event_id, at, text, author_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            _venue(tenant, access, venue, event),
            note_id,
            event,
            _moment(at),
            _text(text),
            access.user_id or NOBODY,
        ],
    )
    return _note(tenant, access, note_id)


def note(tenant: TenantConnection, access: Access, note_id: UUID) -> Note:
    """One note. Raises NoteNotFound."""
    if not may(access, "see-notes"):
        raise NoteNotFound
    return _note(tenant, access, note_id)


def _note(tenant: TenantConnection, access: Access, note_id: UUID) -> Note:
    """One note, also for a program that may write but not read. Raises NoteNotFound."""
    found = _read(tenant, access, "a.annotation_id = %(id)s", {"id": note_id})
    if not found:
        raise NoteNotFound
    return found[0]


def notes(
    tenant: TenantConnection,
    access: Access,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    venues: Collection[UUID] = (),
    events: Collection[UUID] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int = MOST,
) -> list[Note]:
    """The notes from `start` until before `end`, in the order of time; at most `limit`, the last ones of
    those before the note `before` (its moment and id).

    Of `venues` and `events`, or of all that may be seen; with events also what is about their venues as a
    whole. Empty for promoters and doors.
    """
    if not may(access, "see-notes"):
        return []
    at, last_id = before or (None, None)
    return _read(
        tenant,
        access,
        "(%(before)s::timestamptz IS NULL OR a.at < %(before)s"
        "  OR a.at = %(before)s AND a.annotation_id > %(last)s)"
        " AND (%(start)s::timestamptz IS NULL OR a.at >= %(start)s)"
        " AND (%(end)s::timestamptz IS NULL OR a.at < %(end)s)"
        " AND (%(venues)s::uuid[] IS NULL OR a.venue_id = ANY(%(venues)s))"
        " AND (%(events)s::uuid[] IS NULL OR a.event_id = ANY(%(events)s)"
        "  OR a.event_id IS NULL AND a.venue_id IN (SELECT venue_id FROM events"
        "   WHERE tenant_id = %(tenant)s AND event_id = ANY(%(events)s)))",
        {
            "start": start,
            "end": end,
            "venues": list(venues) or None,
            "events": list(events) or None,
            "before": at,
            "last": last_id,
            "most": limit,
        },
    )


def change_note(
    tenant: TenantConnection,
    access: Access,
    note_id: UUID,
    *,
    text: str | None = None,
    at: datetime | None = None,
) -> Note:
    """The note with another text or moment. Raises InvalidDocument, NotAllowed, NoteNotFound."""
    _require_own(tenant, access, note_id)
    tenant.execute(
        "UPDATE annotations SET text = coalesce(%s, text), at = coalesce(%s, at)"
        " WHERE tenant_id = %s AND annotation_id = %s",
        [
            None if text is None else _text(text),
            None if at is None else _moment(at),
            tenant.tenant_id,
            note_id,
        ],
    )
    return _note(tenant, access, note_id)


def remove_note(tenant: TenantConnection, access: Access, note_id: UUID) -> None:
    """Take a note away. Raises NotAllowed, NoteNotFound."""
    _require_own(tenant, access, note_id)
    tenant.execute(
        "DELETE FROM annotations WHERE tenant_id = %s AND annotation_id = %s",
        [tenant.tenant_id, note_id],
    )


def _read(tenant: TenantConnection, access: Access, condition: str, parameters: dict[str, Any]) -> list[Note]:
    rows = tenant.rows(
        "SELECT a.annotation_id AS note_id, a.venue_id, a.event_id, a.at, a.text, a.author_id, a.created_at"
        f" FROM annotations a WHERE a.tenant_id = %(tenant)s AND {condition}"
        " AND (%(seen_venues)s::uuid[] IS NULL OR a.venue_id = ANY(%(seen_venues)s))"
        " AND (%(seen_events)s::uuid[] IS NULL OR a.event_id IS NULL OR a.event_id = ANY(%(seen_events)s))"
        " ORDER BY a.at DESC, a.annotation_id LIMIT %(most)s",
        {"most": MOST}
        | parameters
        | {
            "tenant": tenant.tenant_id,
            "seen_venues": None if access.venues is None else list(access.venues),
            "seen_events": None if access.events is None else list(access.events),
        },
    )
    names = names_of(tenant, {row["author_id"] for row in rows})
    return [Note(**row, author=names[row["author_id"]]) for row in reversed(rows)]


def _venue(tenant: TenantConnection, access: Access, venue: UUID | None, event: UUID | None) -> UUID:
    """The venue of the note. Raises InvalidDocument for places that are not there or not to be seen."""
    if event is not None:
        row = tenant.execute(
            "SELECT venue_id FROM events WHERE tenant_id = %s AND event_id = %s", [tenant.tenant_id, event]
        ).fetchone()
        hidden = access.events is not None and event not in access.events
        if row is None or hidden or venue not in (None, row[0]):
            raise InvalidDocument([Fault("eventId", str(event), "There is no such event at that venue.")])
    else:
        row = tenant.execute(
            "SELECT venue_id FROM venues WHERE tenant_id = %s AND venue_id = %s", [tenant.tenant_id, venue]
        ).fetchone()
    found: UUID | None = None if row is None else row[0]
    if found is None or (access.venues is not None and found not in access.venues):
        raise InvalidDocument([Fault("venueId", str(venue or ""), "There is no such venue.")])
    return found


def _text(text: str) -> str:
    text = text.strip()
    plain = all(character.isprintable() or character == "\n" for character in text)
    if not text or len(text) > LONGEST_TEXT or not plain:
        detail = f"A note has 1 to {LONGEST_TEXT} characters, all printable."
        raise InvalidDocument([Fault("text", text[:80].encode("unicode_escape").decode(), detail)])
    return text


def _moment(at: datetime) -> datetime:
    if at.tzinfo is None or not _EARLIEST <= at < _LATEST:
        detail = "A moment with its offset, from 1970 until 2199."
        raise InvalidDocument([Fault("at", at.isoformat(), detail)])
    return at


def _require(access: Access) -> None:
    if not may(access, "write-notes"):
        raise NotAllowed("Your role writes no notes.")


def _require_own(tenant: TenantConnection, access: Access, note_id: UUID) -> None:
    """Owners and managers may tidy up after everybody, others after themselves. Raises NotAllowed, and
    NoteNotFound to whoever could not know of it."""
    if not may(access, "write-notes"):
        raise NoteNotFound
    found = _note(tenant, access, note_id)
    if access.role not in ("owner", "manager") and access.user_id != found.author_id:
        raise NotAllowed("Only its author, a manager or an owner changes a note.")
