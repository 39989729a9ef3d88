"""What webhooks tell of: every type of event with what it carries, and the words that are sent.

A type is one class here; its documentation and its example are part of it (`data/webhook_document.py`).
What is told is about the house: no customer is in it, not even as a hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from data.instants import iso
from data.metric_query import Frozen

_VENUE = UUID("019ab3a0-0000-7000-8000-000000000001")
_EVENT = UUID("019ab3a0-0000-7000-8000-000000000002")
_AT = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


class WebhookEvent(Frozen):
    """Something that happened. `key` tells it from every other: under it, it is told of once."""

    type: ClassVar[str]
    example: ClassVar[Mapping[str, Any]]

    def key(self) -> str | None:
        """What makes a repetition known; None where each is another one."""
        return None


class _OfEvent(WebhookEvent):
    venue_id: UUID
    event_id: UUID
    event_name: str


class SoldOut(_OfEvent):
    """The last ticket of an event's capacity was sold. It is told of once, also when tickets come back."""

    type = "event.sold_out"
    sold: int
    reached_at: datetime
    example: ClassVar = {
        "venue_id": _VENUE,
        "event_id": _EVENT,
        "event_name": "Ada Quartet",
        "sold": 1200,
        "reached_at": _AT,
    }

    def key(self) -> str:
        """Once an event."""
        return f"{self.type} {self.event_id}"


class MilestoneReached(_OfEvent):
    """Sales passed a quarter, a half, three quarters, nine tenths or all of a capacity or target. `value` is
    tickets, or of `revenue_target` minor units of the event's currency."""

    type = "event.milestone_reached"
    measure: Literal["sold_capacity", "sold_target", "revenue_target"]
    percent: int
    value: int
    reached_at: datetime
    example: ClassVar = {
        "venue_id": _VENUE,
        "event_id": _EVENT,
        "event_name": "Ada Quartet",
        "measure": "sold_target",
        "percent": 75,
        "value": 900,
        "reached_at": _AT,
    }

    def key(self) -> str:
        """Once an event, measure and mark."""
        return f"{self.type} {self.event_id} {self.measure} {self.percent}"


class CapacityReached(_OfEvent):
    """So many people are inside that a line was crossed for the first time: amber, red, or more than fit."""

    type = "capacity.reached"
    level: Literal["amber", "red", "over"]
    percent: int
    inside: int
    reached_at: datetime
    example: ClassVar = {
        "venue_id": _VENUE,
        "event_id": _EVENT,
        "event_name": "Ada Quartet",
        "level": "amber",
        "percent": 80,
        "inside": 960,
        "reached_at": _AT,
    }

    def key(self) -> str:
        """Once an event, line and share."""
        return f"{self.type} {self.event_id} {self.level} {self.percent}"


class EventUnregistered(WebhookEvent):
    """A message came for an event that nobody has registered: a placeholder holds what is sold meanwhile."""

    type = "event.unregistered"
    venue_id: UUID
    event_id: UUID
    external_id: str | None
    example: ClassVar = {"venue_id": _VENUE, "event_id": _EVENT, "external_id": "ada-2026-11-20"}

    def key(self) -> str:
        """Once an event."""
        return f"{self.type} {self.event_id}"


class ExportReady(WebhookEvent):
    """A file that somebody asked for is there. It is downloaded by `GET /api/v1/exports/{exportId}/file`."""

    type = "export.ready"
    export_id: UUID
    format: str
    file_name: str
    bytes: int
    example: ClassVar = {
        "export_id": UUID("019ab3a0-0000-7000-8000-000000000003"),
        "format": "xlsx",
        "file_name": "sales-2026-11-20.xlsx",
        "bytes": 48_213,
    }


class ExportFailed(WebhookEvent):
    """A file that somebody asked for could not be made."""

    type = "export.failed"
    export_id: UUID
    format: str
    file_name: str
    error: str
    example: ClassVar = {
        "export_id": UUID("019ab3a0-0000-7000-8000-000000000003"),
        "format": "xlsx",
        "file_name": "sales-2026-11-20.xlsx",
        "error": "There is no room left on the server's disk.",
    }


class ImportFinished(WebhookEvent):
    """A file that was uploaded is read in to its end, or came to nothing. Rows that were refused can be
    downloaded with their reasons."""

    type = "import.finished"
    import_id: UUID
    kind: str
    file_name: str
    status: Literal["done", "failed"]
    accepted: int
    duplicates: int
    rejected: int
    example: ClassVar = {
        "import_id": UUID("019ab3a0-0000-7000-8000-000000000005"),
        "kind": "sales",
        "file_name": "till-2026-11-20.csv",
        "status": "done",
        "accepted": 812,
        "duplicates": 3,
        "rejected": 1,
    }


class MessagesRefused(WebhookEvent):
    """A sender's message was refused and lies among the dead letters. It is told of once an hour for each
    sender and reason, however many there are."""

    type = "messages.refused"
    source: str
    code: str
    field: str | None
    first_at: datetime
    example: ClassVar = {
        "source": "token:Box office",
        "code": "unknown-venue",
        "field": "venueId",
        "first_at": _AT,
    }

    def key(self) -> str:
        """Once an hour for each sender and reason."""
        return f"{self.type} {self.first_at.astimezone(UTC):%Y-%m-%dT%H} {self.code} {self.source}"


class Test(WebhookEvent):
    """Sent by an owner to try a webhook; it goes to that one alone, whatever types it is for."""

    type = "webhook.test"
    webhook_id: UUID
    text: str = "This is a test. If you can read it, the webhook works."
    example: ClassVar = {"webhook_id": UUID("019ab3a0-0000-7000-8000-000000000004")}


CATALOGUE: Mapping[str, type[WebhookEvent]] = {
    kind.type: kind
    for kind in (
        SoldOut,
        MilestoneReached,
        CapacityReached,
        EventUnregistered,
        ExportReady,
        ExportFailed,
        ImportFinished,
        MessagesRefused,
        Test,
    )
}
CHOICES: Sequence[str] = tuple(name for name in CATALOGUE if name != Test.type)
"""The types that a webhook may be for."""


def written(event: WebhookEvent, now: datetime) -> str:
    """The body that is sent: `type`, `timestamp` and `data`, as Standard Webhooks has it."""
    data = event.model_dump(mode="json", by_alias=True)
    return json.dumps({"type": event.type, "timestamp": iso(now), "data": data}, separators=(",", ":"))


def summed_up(name: str) -> str:
    """The first sentence of that."""
    return explained(name).partition(". ")[0].removesuffix(".") + "."


def explained(name: str) -> str:
    """What an event of this type is, in one line."""
    return " ".join((CATALOGUE[name].__doc__ or "").split())
