"""What a request turns out to be about, for its entry in the audit log: views say what only they know.

The gate opens a note for each request; where none is open (a job, a test that calls a view straight), what is
said is passed over.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from data.audit_entry import Actor, Outcome, Told

MOST_NAMES = 40
"""Names of one kind in a detail; how many there were besides is said."""


@dataclass(slots=True)
class Note:
    """What is known so far. `tenant_id`, `actor`, `action` and `outcome` override what the rule says."""

    tenant_id: UUID | None = None
    actor: Actor | None = None
    action: str = ""
    outcome: Outcome | None = None
    object: str = ""
    venue_id: UUID | None = None
    event_id: UUID | None = None
    detail: dict[str, Told] = field(default_factory=dict)
    begun: bool = False


_CURRENT: ContextVar[Note | None] = ContextVar("audit note", default=None)


def open_note() -> Note:
    """A new note for the request that begins on this thread."""
    note = Note()
    _CURRENT.set(note)
    return note


def current() -> Note | None:
    """The note of this thread's request."""
    return _CURRENT.get()


def about(object: str = "", *, venue: UUID | None = None, event: UUID | None = None) -> None:  # noqa: A002
    """The request is about this (`kind:id`), at this venue, of this event."""
    note = _CURRENT.get()
    if note is not None:
        note.object = object or note.object
        note.venue_id, note.event_id = venue or note.venue_id, event or note.event_id


def told(**detail: Told) -> None:
    """Names and numbers that say more: no figures, no text that people wrote."""
    note = _CURRENT.get()
    if note is not None:
        note.detail.update({name: _short(value) for name, value in detail.items()})


def by(tenant_id: UUID, actor: Actor) -> None:
    """The request is this one's, who is neither signed in nor has a token."""
    note = _CURRENT.get()
    if note is not None:
        note.tenant_id, note.actor = tenant_id, actor


def is_a(action: str, outcome: Outcome | None = None) -> None:
    """What was done, and how it ended where the status does not say."""
    note = _CURRENT.get()
    if note is not None:
        note.action, note.outcome = action, outcome or note.outcome


def _short(value: Told) -> Told:
    if isinstance(value, list):
        names = sorted(set(value))
        left = len(names) - MOST_NAMES
        return names if left <= 0 else [*names[:MOST_NAMES], f"and {left} more"]
    return value
