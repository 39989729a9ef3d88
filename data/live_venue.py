"""A venue's evening as one answer: the states of its events side by side and what may be added up."""

from collections.abc import Iterable, Sequence
from typing import Any

from analytics.crowd import level, percent_full
from data.directory import Venue
from data.live_state import EventState

Sums = dict[str, Any]

_SALES = ("sold", "comps", "held", "cancelled", "refunds", "transfers", "pending", "inCarts")
_PLACES = ("capacity", "remaining")
_PACE = ("perMinute", "perFiveMinutes", "perHour", "perDay", "soldToday")
_MONEY = (
    "grossMinor",
    "refundedMinor",
    "feesMinor",
    "taxMinor",
    "netMinor",
    "tonightNetMinor",
    "projectedTonightMinor",
    "perMinuteMinor",
)
_ATTENDANCE = ("entered", "entries", "exits", "reentries", "inside", "invalid", "expected", "noShows")


def venue_state(venue: Venue, section: str, states: Sequence[EventState]) -> dict[str, Any]:
    """{"venueId", "asOf", "events", section: sums} for one of sales, revenue, attendance, capacity.

    `asOf` is that of the oldest state, None without events. Peaks are not added up: they need not
    have been at the same time. Currencies stand side by side.
    """
    sums = {"sales": _sales, "revenue": _revenue, "attendance": _attendance}
    total = _capacity(venue, states) if section == "capacity" else sums[section](states)
    return {
        "venueId": str(venue.venue_id),
        "asOf": min((state["asOf"] for state in states), default=None),
        section: total,
        "events": [
            {
                "eventId": state["eventId"],
                "name": state["event"]["name"],
                "seq": state["seq"],
                "asOf": state["asOf"],
                section: state[section],
            }
            for state in states
        ],
    }


def _sales(states: Sequence[EventState]) -> Sums:
    total = _added((state["sales"] for state in states), _SALES + _PLACES + _PACE)
    return total | {"percentSold": percent_full(total["sold"], total["capacity"])}


def _revenue(states: Sequence[EventState]) -> Sums:
    amounts = [money for state in states for money in state["revenue"]["currencies"]]
    exponents = {money["currency"]: money["exponent"] for money in amounts}
    return {
        "currencies": [
            {"currency": code, "exponent": exponent}
            | _added((money for money in amounts if money["currency"] == code), _MONEY)
            for code, exponent in sorted(exponents.items())
        ]
    }


def _attendance(states: Sequence[EventState]) -> Sums:
    return _added((state["attendance"] for state in states), _ATTENDANCE)


def _capacity(venue: Venue, states: Sequence[EventState]) -> Sums:
    """Everybody in the house against what the house holds."""
    inside = sum(state["capacity"]["inside"] for state in states)
    return {
        "inside": inside,
        "capacity": venue.capacity,
        "percent": percent_full(inside, venue.capacity),
        "level": level(inside, venue.capacity, venue.amber_percent, venue.red_percent),
        "amberPercent": venue.amber_percent,
        "redPercent": venue.red_percent,
    }


def _added(sections: Iterable[Sums], names: Sequence[str]) -> Sums:
    kept = list(sections)
    return {name: round(sum(section[name] for section in kept), 1) for name in names}
