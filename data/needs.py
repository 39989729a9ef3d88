"""What a widget can ask for beside metrics, and the answers to everything a board needs in one go."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from data.metric_query import MetricQuery


@dataclass(frozen=True, slots=True)
class LiveNight:
    """The live state of an event (`data.live_state.compose`); without one, of the one on at `venue`."""

    event: UUID | None = None
    venue: UUID | None = None


@dataclass(frozen=True, slots=True)
class EventList:
    """Events as dicts, the next ones first: eventId, name, venueName, zone, status, phase (live, next, over),
    doorsAt, startsAt (ISO 8601), sold, comps, capacity, percentSold, and `revenue`, a list of {currency,
    netMinor}: one for each currency, none for those who may not see money."""

    venue: UUID | None = None
    phase: str = "upcoming"
    """`upcoming`, `past` or `all`."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Notes:
    """The annotations of a span of time at a venue or event."""

    query: MetricQuery


Need = MetricQuery | LiveNight | EventList | Notes
