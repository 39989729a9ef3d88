"""Through whose eyes something is read: the part of every question that the asker does not choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from data.users import Role

Scope = Literal["send", "read", "write", "audit", "webhooks", "metrics"]
"""What an API token may: send messages, read figures, change boards and notes, read the audit log, look after
webhooks, read the server's metrics."""


@dataclass(frozen=True, slots=True)
class Access:
    """A tenant, and what of it may be seen. None grants all venues or events; `masked` hides money;
    `linked` is whoever opened a promoter's link.

    A program that asks with a token has its `scopes`; a person has None.
    """

    tenant_id: UUID
    role: Role | None = None
    user_id: UUID | None = None
    venues: frozenset[UUID] | None = None
    events: frozenset[UUID] | None = None
    masked: bool = False
    linked: bool = False
    scopes: frozenset[Scope] | None = None

    def sight(self) -> tuple[object, ...]:
        """What of it an answer depends on: not who looks, but what they may see."""
        venues = None if self.venues is None else tuple(sorted(self.venues))
        return venues, None if self.events is None else tuple(sorted(self.events)), self.masked

    def sees_venue(self, venue_id: UUID) -> bool:
        """Whether this venue may be seen."""
        return self.venues is None or venue_id in self.venues

    def sees_event(self, venue_id: UUID, event_id: UUID) -> bool:
        """Whether this event, at this venue, may be seen."""
        return self.sees_venue(venue_id) and (self.events is None or event_id in self.events)
