"""What every message type has in common, and how one is described."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from data.directory import Venue
from data.messages import Fact
from ingest.fields import Fields


class Stated(msgspec.Struct):
    """What is known about a message besides its own fields."""

    at: datetime
    venue: Venue
    has_event: bool
    received_at: datetime
    metadata: str | None
    """JSON text of the fields this type does not know, None without any."""


@dataclass(frozen=True)
class Kind:
    """One message type: the spellings of its fields and how they become facts."""

    type: str
    names: Mapping[str, str]
    """Accepted spelling → canonical name."""
    facts: Callable[[Fields, Stated], tuple[Fact, ...]]
    times: tuple[str, ...] = ("occurred_at",)
    """Canonical names of the fields that may hold its time, the best first."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Canonical name of a field that names a person → the name under which its keyed hash is kept."""
    prepare: Callable[[dict[str, Any]], None] | None = None
    """Changes the fields before anything else reads them, e.g. to drop what may not be kept."""
    event_needed: bool = True
    free: tuple[str, ...] = ()
    """Canonical names of the fields in which people write what they like."""
    happens_once: Callable[[Fields], bool] = lambda _: False
    """Whether the same content sent twice without id and time can only be a repetition."""


def spelt(*names: str, **aliases: str) -> dict[str, str]:
    """Spelling → canonical name: each name in snake_case and camelCase, and `canonical="alias …"`.

    One text may list several names. Every message knows its id, source, type, event, venue and
    time as well.
    """
    others = _COMMON | {name: "" for listed in names for name in listed.split()} | aliases
    return {
        form: name
        for name, other in others.items()
        for snake in (name, *other.split())
        for form in (snake, camel(snake))
    }


def said(raw: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether a message has one of these fields, with something in it."""
    return any(raw.get(name) not in (None, "") for name in names)


def camel(name: str) -> str:
    """`ticket_id` → `ticketId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_COMMON = {
    "message_id": "id event_message_id",
    "type": "message_type event_type",
    "source": "",
    "event_id": "",
    "venue_id": "",
    "occurred_at": "timestamp",
}
