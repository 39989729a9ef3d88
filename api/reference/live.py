"""The live figures: of an event, a venue or a series, and the socket that tells changes."""

from typing import Any

from api.reference.operation import TEXT, UUID, Codes, Operation, Parameter, Subject
from api.reference.problems import AWAY, NOBODY, joined
from api.shapes.live import (
    EventAttendance,
    EventCapacity,
    EventRevenue,
    EventSales,
    EventSocial,
    LiveState,
    SeriesAttendance,
    VenueAttendance,
    VenueCapacity,
    VenueRevenue,
    VenueSales,
)

_NO_EVENT: Codes = {404: ("event-not-found",)}
_OF_EVENT: dict[str, Any] = {
    "sales": EventSales,
    "attendance": EventAttendance,
    "revenue": EventRevenue,
    "social": EventSocial,
    "capacity": EventCapacity,
    "state": LiveState,
}
_OF_VENUE: dict[str, tuple[Any, ...]] = {
    "sales": (EventSales, VenueSales),
    "revenue": (EventRevenue, VenueRevenue),
    "attendance": (EventAttendance, VenueAttendance, SeriesAttendance),
    "capacity": (EventCapacity, VenueCapacity),
}
_MONEY = "realtime./api/v1/realtime/revenue/<ref>"
_REF = Parameter("ref", TEXT, "The id of an event, or the sender's own name of it.", "path", True)
_EVENT = Parameter("event_id", TEXT, "The id of an event, or the sender's own name of it.")
_VENUE = Parameter("venue_id", TEXT, "The id of a venue, or its external id: its evening.")
_SERIES = Parameter("series_id", UUID, "The id of a series.")


def _by_path(section: str) -> Operation:
    whole = section == "state"
    return Operation(
        "GET",
        f"/api/v1/realtime/{section}/<ref>",
        f"getLive{section.title()}",
        "Everything live about an event" if whole else f"The live {section} of an event",
        {200: _OF_EVENT[section]},
        rule=_MONEY if section == "revenue" else "",
        parameters=(_REF,),
        problems=_NO_EVENT,
        aliases=(f"/api/realtime/{section}/<ref>",),
    )


def _by_parameter(section: str) -> Operation:
    series = (_SERIES,) if section == "attendance" else ()
    missing = ("event-not-found", "venue-not-found", *(("series-not-found",) if series else ()))
    return Operation(
        "GET",
        f"/api/v1/analytics/real-time/{section}",
        f"findLive{section.title()}",
        f"The live {section} of an event or of a venue's evening" + (", or of a series" if series else ""),
        {200: _OF_VENUE[section]},
        "Name exactly one of them.",
        rule=_MONEY if section == "revenue" else "",
        parameters=(_EVENT, _VENUE, *series),
        problems={400: ("bad-parameters",), 404: missing},
        aliases=(f"/api/analytics/real-time/{section}",),
    )


LIVE = Subject(
    "Live figures",
    "For those who ask instead of listening.",
    "realtime",
    (*map(_by_path, _OF_EVENT), *map(_by_parameter, _OF_VENUE)),
)

STREAM = Subject(
    "Live socket",
    "A WebSocket that tells changes as they happen; its messages are in docs/streaming.md.",
    "/api/v1/analytics/real-time/stream",
    (
        Operation(
            "GET",
            "/api/v1/analytics/real-time/stream",
            "openStream",
            "Open the live socket",
            {101: None},
            "A program sends its token in Authorization, or offers the subprotocol `bearer.<token>`; a page "
            "of ours has its session.",
            problems=joined(
                NOBODY,
                AWAY,
                {
                    400: ("bad-request",),
                    403: ("foreign-origin", "not-permitted"),
                    501: ("no-sockets",),
                    503: ("live-unavailable", "too-many-sockets"),
                },
            ),
            aliases=("/api/analytics/real-time/stream",),
        ),
    ),
)
