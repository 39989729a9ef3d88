"""The zones of an answer's times: one for all, or that of each row's venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.metric_dimensions import DIMENSIONS
from data.time_zones import common_zone

if TYPE_CHECKING:
    from data.query_names import Names
    from data.query_reads import Prepared

EVENT_ZONES = "event_zones"
"""What is looked up beside the names of events: the zones of their venues."""


def zone_of(prepared: Prepared) -> str:
    """The IANA zone of the venues looked at; empty where they have several."""
    return common_zone(str(clock.zone) for clock in prepared.main.clocks.values())


def asks_event_zones(prepared: Prepared) -> bool:
    """Whether rows are moments of events in several zones, and no other column says at which venue."""
    dimensions = prepared.query.dimensions
    return _has_own(prepared) and "event" in dimensions and "venue" not in dimensions


def zones_of(prepared: Prepared, names: Names) -> Names:
    """The dimension that says at which venue a row's moments are → its values → IANA zones; nothing where the
    answer has one zone, no moments, or rows of several venues at once. Takes the zones out of `names`."""
    of_events = names.pop(EVENT_ZONES, None)
    if of_events is not None:
        return {"event": of_events}
    if _has_own(prepared) and "venue" in prepared.query.dimensions:
        return {"venue": {str(v): str(clock.zone) for v, clock in prepared.main.clocks.items()}}
    return {}


def _has_own(prepared: Prepared) -> bool:
    moments = any(DIMENSIONS[name].shape == "instant" for name in prepared.query.dimensions)
    return moments and not zone_of(prepared)
