"""Event states as `data.live` gives them, for tests of what is drawn from them."""

import json
from pathlib import Path
from typing import Any

_BUSY = (Path(__file__).parents[2] / "widgets" / "sample_night.json").read_text()


def busy_night() -> dict[str, Any]:
    """A night at 19:42 in London: doors 19:00, filling up, one gate stalled, two currencies."""
    state: dict[str, Any] = json.loads(_BUSY)
    return state


def filled_to(inside: int, level: str) -> dict[str, Any]:
    """The same night with `inside` people of 1,600 and its capacity at `level` since 19:40."""
    state = busy_night()
    state["capacity"] |= {"inside": inside, "percent": round(inside / 16, 1), "level": level}
    state["capacity"] |= {"since": "2026-11-20T19:40:00Z"}
    state["attendance"]["inside"] = inside
    return state


def untouched() -> dict[str, Any]:
    """A placeholder event of which nothing is known but its name."""
    state = busy_night()
    unknown = ("doorsAt", "startsAt", "endsAt", "onSaleAt", "targetTickets", "targetMinor")
    state["event"] |= dict.fromkeys(unknown)
    state["event"] |= {"name": "gig-77", "registered": False, "demo": False, "capacity": 0}
    state["event"] |= {"physicalCapacity": 0}
    sales = state["sales"]
    sales |= dict.fromkeys(("sold", "comps", "held", "cancelled", "capacity", "remaining", "soldToday"), 0)
    sales |= dict.fromkeys(("refunds", "transfers", "pending", "inCarts"), 0)
    sales |= {"perMinute": 0, "perFiveMinutes": 0.0, "perHour": 0.0, "perDay": 0, "projectedSellOutAt": None}
    sales |= {"percentSold": None, "milestones": []}
    sales["trend"]["sold"] = [0] * 24
    amounts = (
        "grossMinor",
        "refundedMinor",
        "feesMinor",
        "taxMinor",
        "netMinor",
        "tonightNetMinor",
        "projectedTonightMinor",
    )
    state["revenue"]["currencies"] = [
        {
            "currency": "GBP",
            "exponent": 2,
            **dict.fromkeys(amounts, 0),
            "perMinuteMinor": 0,
            "trend": [0] * 24,
        }
    ]
    attendance = state["attendance"]
    attendance |= dict.fromkeys(("entered", "entries", "exits", "reentries", "inside", "peak", "invalid"), 0)
    attendance |= {"expected": 0, "noShows": 0, "peakAt": None, "gates": [], "moreGates": 0}
    attendance |= {"projectedPeak": None}
    attendance["arrivals"] |= {"from": None, "counts": [], "usual": None, "comparables": 0}
    state["capacity"] |= {"inside": 0, "capacity": 0, "percent": None, "level": "ok", "zones": []}
    state["social"] = {"mentions": 0, "reach": 0, "engagements": 0, "engagementRate": None, "viral": False}
    state["feed"] = []
    return state
