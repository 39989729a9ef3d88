"""Of which venues and events the rows of an import may be: asked again whenever somebody works on it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from data.engine import TenantConnection
from data.export_access import CreatorGone, both
from data.eyes_now import eyes_now
from data.imports import Import
from data.permissions import roles_with

OPERATOR = UUID(int=0)
"""Stands for whoever imports by command."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Venues and events whose rows are taken; None for all."""

    venues: frozenset[UUID] | None
    events: frozenset[UUID] | None

    def holds(self, venue_id: UUID, event_id: UUID | None = None) -> bool:
        """Whether a row of this venue, and of this event, may be taken."""
        if self.venues is not None and venue_id not in self.venues:
            return False
        return event_id is None or self.events is None or event_id in self.events


def reach_of(tenant: TenantConnection, found: Import) -> Reach:
    """What whoever asked for it was granted when they did, and is granted still. Raises CreatorGone."""
    if found.created_by == OPERATOR:
        return Reach(None, None)
    now = eyes_now(tenant, found.created_by)
    if now is None or now.role not in roles_with("import-files"):
        raise CreatorGone("Whoever asked for it may not import files any more.")
    kept = found.eyes
    return Reach(both(_ids(kept["venues"]), now.venues), both(_ids(kept["events"]), now.events))


def _ids(kept: list[str] | None) -> frozenset[UUID] | None:
    return None if kept is None else frozenset(map(UUID, kept))
