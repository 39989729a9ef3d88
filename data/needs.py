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
    """Events with times, status, sold, capacity, percent and net revenue; the next ones first."""

    venue: UUID | None = None
    phase: str = "upcoming"
    """`upcoming`, `past` or `all`."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Notes:
    """The annotations of a span of time at a venue or event."""

    query: MetricQuery


Need = MetricQuery | LiveNight | EventList | Notes
