"""Entries and filters of the audit log in words: for its page, and for the head of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.audit_asked import LABELS, Asked
from data.audit_entry import Kept, Outcome
from data.permissions import PERMISSIONS
from exports.document import moment

KINDS = {
    "person": "Person",
    "token": "API token",
    "link": "Promoter's link",
    "job": "Job",
    "command": "Command",
    "stranger": "Stranger",
}
OUTCOMES: Mapping[Outcome, str] = {"begun": "Begun", "done": "Done", "refused": "Refused", "failed": "Failed"}
MARKS: Mapping[Outcome, str] = {"begun": "", "done": "good", "refused": "warn", "failed": "bad"}
DOORS = {
    "page": "Page",
    "callback": "Part of a page",
    "rest": "REST",
    "socket": "Live socket",
    "export": "Download",
    "link": "Promoter's link",
    "job": "Job",
    "command": "Command",
}
ACTIONS = {
    "download-audit": "Downloads of the audit log",
    "change-begin": "Second factor: begun",
    "change-confirm": "Second factor: set up",
    "change-codes": "Second factor: new recovery codes",
    "change-remove": "Second factor: removed",
}
"""Actions that are no permission and do not say by their name what they are."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an entry's details; `only` is a filter that finds the entries which have the same."""

    label: str
    value: str
    only: tuple[str, str] | None = None
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry on the page: its row, and what it opens to. `kind` is empty of people and of the nameless."""

    id: str
    at: datetime
    who: str
    kind: str
    action: str
    about: str
    where: str
    outcome: str
    mark: str
    facts: Sequence[Fact]


def action_words(action: str) -> str:
    """What was done: a permission by what it is for."""
    for permission, grant in PERMISSIONS.items():
        if permission == action:
            return grant.what
    return ACTIONS.get(action) or action.replace("-", " ").capitalize()


def who_words(kept: Kept, called: Mapping[UUID, str]) -> str:
    """Who did it: by name, else by kind and the beginning of the id."""
    actor = kept.entry.actor
    if actor.id is None:
        name = kept.entry.detail.get("name", "")
        return str(name) or KINDS.get(actor.kind, actor.kind)
    return called.get(actor.id) or f"{KINDS.get(actor.kind, actor.kind)} {str(actor.id)[:8]}"


def ids_of(found: Iterable[Kept]) -> set[UUID | None]:
    """Who did it, and the people, tokens and links that it was done to."""
    ids: set[UUID | None] = set()
    for each in found:
        ids |= {each.entry.actor.id, object_id(each.entry.object)}
    return ids


def object_id(text: str) -> UUID | None:
    """The id of `kind:id`, where it is one."""
    try:
        return UUID(text.partition(":")[2])
    except ValueError:
        return None


def shown(kept: Kept, asked: Asked, called: Mapping[UUID, str], places: Mapping[UUID, str]) -> Shown:
    """An entry for the page, at the local time of what was asked."""
    entry = kept.entry
    kind, _, rest = entry.object.partition(":")
    thing = object_id(entry.object)
    of = called.get(thing) or places.get(thing) or rest[:8] if thing else rest
    where = [place for place in (entry.event_id, entry.venue_id) if place]
    named = entry.actor.id in called
    page = str(entry.detail.get("page", ""))
    return Shown(
        f"{kept.lane}-{kept.seq}",
        kept.recorded_at.astimezone(asked.zone),
        who_words(kept, called),
        KINDS.get(entry.actor.kind, "") if named and entry.actor.kind != "person" else "",
        action_words(entry.action),
        f"{kind.capitalize()} {of}".strip() or page.capitalize(),
        places.get(where[0], str(where[0])[:8]) if where else "",
        OUTCOMES.get(entry.outcome, entry.outcome),
        MARKS.get(entry.outcome, ""),
        [fact for fact in _facts(kept, asked, called, places) if fact.value],
    )


def _facts(
    kept: Kept, asked: Asked, called: Mapping[UUID, str], places: Mapping[UUID, str]
) -> Iterable[Fact]:
    entry, actor = kept.entry, kept.entry.actor
    detail = dict(entry.detail)
    yield Fact("Time", moment(kept.recorded_at, asked.zone.key))
    yield Fact("In UTC", moment(kept.recorded_at, "UTC"))
    only = ("who", str(actor.id)) if actor.id else ("kind", actor.kind)
    yield Fact("Who", f"{who_words(kept, called)} ({KINDS.get(actor.kind, actor.kind)})", only)
    yield Fact("Their id", str(actor.id or ""))
    yield Fact("Session", str(actor.session_id or ""))
    yield Fact("Action", entry.action, ("action", entry.action))
    ended = f"{OUTCOMES.get(entry.outcome, entry.outcome)}"
    status = detail.pop("status", None)
    yield Fact("Ended", ended if status is None else f"{ended}, status {status}", ("outcome", entry.outcome))
    yield Fact("What", entry.object, ("object", entry.object))
    yield Fact("Venue", _place(entry.venue_id, places), ("venue", str(entry.venue_id)))
    yield Fact("Event", _place(entry.event_id, places), ("event", str(entry.event_id)))
    yield Fact("Door", DOORS.get(entry.door, entry.door), ("door", entry.door))
    address = str(detail.pop("address", ""))
    yield Fact("Address", address, ("address", address))
    yield Fact("Request id", entry.request_id, copied=True)
    for name, value in sorted(detail.items()):
        yield Fact(name.capitalize(), said(value))
    yield Fact("Entry", f"number {kept.seq} of lane {kept.lane}")
    yield Fact("Hash", kept.hash.hex())


def said(value: Any) -> str:
    """A detail of an entry as words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def filters_said(
    asked: Asked, called: Mapping[UUID, str], places: Mapping[UUID, str]
) -> list[tuple[str, str, str]]:
    """Name, label and value in words of every filter, in the order of the form."""
    wanted = asked.wanted
    words: dict[str, str] = {
        "since": moment(wanted.since, asked.zone.key) if wanted.since else "",
        "until": moment(wanted.until, asked.zone.key) if wanted.until else "",
        "who": called.get(wanted.who, str(wanted.who)) if wanted.who else "",
        "kind": KINDS.get(wanted.kind or "", ""),
        "action": action_words(wanted.action) if wanted.action else "",
        "object": wanted.object,
        "venue": _place(wanted.venue, places),
        "event": _place(wanted.event, places),
        "door": DOORS.get(wanted.door or "", ""),
        "address": wanted.address,
        "outcome": OUTCOMES[wanted.outcome] if wanted.outcome else "",
    }
    return [(name, label, words[name]) for name, label in LABELS.items() if words[name]]


def _place(place: UUID | None, places: Mapping[UUID, str]) -> str:
    return places.get(place, str(place)) if place else ""
