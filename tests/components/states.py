"""Event states as `data.live` gives them, for tests of what is drawn from them."""

import copy
from typing import Any

EVENT_ID = "0192f0c1-0000-7000-8000-0000000000e1"


def busy_night(**changes: Any) -> dict[str, Any]:
    """A night at 19:42 in London: doors 19:00, filling up, one gate stalled. `changes` replace whole sections."""
    return copy.deepcopy(_BUSY) | changes


def untouched() -> dict[str, Any]:
    """A placeholder event of which nothing is known but its name."""
    state = busy_night()
    state["event"] |= dict.fromkeys(
        ("doorsAt", "startsAt", "endsAt", "onSaleAt", "targetTickets", "targetMinor")
    )
    state["event"] |= {
        "name": "gig-77",
        "registered": False,
        "demo": False,
        "capacity": 0,
        "physicalCapacity": 0,
    }
    state["sales"] |= dict.fromkeys(
        ("sold", "comps", "held", "cancelled", "capacity", "remaining", "soldToday"), 0
    )
    state["sales"] |= {"perMinute": 0.0, "perFiveMinutes": 0.0, "perHour": 0.0, "projectedSellOutAt": None}
    state["sales"] |= {
        "percentSold": None,
        "milestones": [],
        "trend": {**state["sales"]["trend"], "sold": [0] * 24},
    }
    state["revenue"]["currencies"] = [
        {"currency": "GBP", "exponent": 2, "grossMinor": 0, "refundedMinor": 0, "feesMinor": 0, "taxMinor": 0}
        | {"netMinor": 0, "tonightNetMinor": 0, "perMinuteMinor": 0, "trend": [0] * 24}
    ]
    state["attendance"] |= dict.fromkeys(("entered", "entries", "exits", "reentries", "inside", "peak"), 0)
    state["attendance"] |= {"invalid": 0, "expected": 0, "noShows": 0, "peakAt": None, "gates": []}
    state["attendance"] |= {"projectedPeak": None}
    state["attendance"]["arrivals"] = {
        "bucketMinutes": 5,
        "from": None,
        "counts": [],
        "usual": None,
        "comparables": 0,
    }
    state["capacity"] |= {
        "inside": 0,
        "capacity": 0,
        "percent": None,
        "level": "ok",
        "since": None,
        "zones": [],
    }
    state["social"] = {"mentions": 0, "reach": 0, "engagements": 0, "engagementRate": None, "viral": False}
    state["feed"] = []
    return state


def _entry(at: str, kind: str, **known: Any) -> dict[str, Any]:
    fields = ("gate", "ticketType", "quantity", "amountMinor", "currency", "channel", "reason")
    return {"at": f"2026-11-20T{at}Z", "kind": kind} | dict.fromkeys(fields) | known


def _gate(
    gate: str, name: str, zone: str, counts: tuple[int, int, int], pace: float, last: str
) -> dict[str, Any]:
    entries, exits, invalid = counts
    return {
        "gate": gate, "name": name, "zone": zone, "entries": entries, "exits": exits, "invalid": invalid,
        "perMinute": pace, "lastScanAt": f"2026-11-20T{last}Z", "stalled": pace == 0,
    }  # fmt: skip


def _zone(zone: str, name: str, inside: int, capacity: int, percent: float, level: str) -> dict[str, Any]:
    return {
        "zone": zone, "name": name, "inside": inside, "capacity": capacity, "percent": percent, "level": level,
    }  # fmt: skip


_BUSY: dict[str, Any] = {
    "eventId": EVENT_ID,
    "venueId": "0192f0c1-0000-7000-8000-0000000000a1",
    "seq": 4711,
    "asOf": "2026-11-20T19:42:07Z",
    "event": {
        "name": "Northern Lights Tour",
        "status": "on_sale",
        "doorsAt": "2026-11-20T19:00:00Z",
        "startsAt": "2026-11-20T20:30:00Z",
        "endsAt": "2026-11-20T23:00:00Z",
        "onSaleAt": "2026-08-01T09:00:00Z",
        "venueName": "Riverside Hall",
        "zone": "Europe/London",
        "currency": "GBP",
        "capacity": 1500,
        "physicalCapacity": 1600,
        "registered": True,
        "demo": True,
        "targetTickets": 1400,
        "targetMinor": 5600000,
    },
    "sales": {
        "sold": 1397,
        "comps": 41,
        "held": 20,
        "cancelled": 12,
        "capacity": 1500,
        "remaining": 42,
        "percentSold": 93.1,
        "perMinute": 1.6,
        "perFiveMinutes": 9.0,
        "perHour": 61.0,
        "soldToday": 164,
        "projectedSellOutAt": "2026-11-20T20:24:00Z",
        "milestones": [
            {"measure": "sold_capacity", "percent": 25, "reachedAt": "2026-08-14T10:12:00Z"},
            {"measure": "sold_capacity", "percent": 50, "reachedAt": "2026-10-02T17:40:00Z"},
            {"measure": "sold_capacity", "percent": 75, "reachedAt": "2026-11-12T11:05:00Z"},
            {"measure": "sold_target", "percent": 90, "reachedAt": "2026-11-20T15:05:00Z"},
            {"measure": "sold_capacity", "percent": 90, "reachedAt": "2026-11-20T19:12:00Z"},
        ],
        "trend": {
            "bucketMinutes": 5,
            "from": "2026-11-20T17:45:00Z",
            "sold": [2, 1, 3, 2, 4, 3, 5, 2, 4, 6, 5, 4, 7, 5, 8, 6, 9, 7, 6, 8, 5, 7, 9, 4],
        },
    },
    "revenue": {
        "currencies": [
            {
                "currency": "GBP",
                "exponent": 2,
                "grossMinor": 5294200,
                "refundedMinor": 43600,
                "feesMinor": 209550,
                "taxMinor": 910040,
                "netMinor": 5460150,
                "tonightNetMinor": 641250,
                "perMinuteMinor": 7420,
                "trend": [76, 40, 118, 80, 150, 120, 199, 80, 160, 240, 200, 165, 270, 205, 320, 240, 360, 285, 240, 320,
                          205, 280, 372, 160],
            },
            {
                "currency": "EUR",
                "exponent": 2,
                "grossMinor": 84000,
                "refundedMinor": 0,
                "feesMinor": 0,
                "taxMinor": 0,
                "netMinor": 84000,
                "tonightNetMinor": 12000,
                "perMinuteMinor": 0,
                "trend": [0] * 24,
            },
        ]
    },
    "attendance": {
        "entered": 871,
        "entries": 902,
        "exits": 48,
        "reentries": 31,
        "inside": 854,
        "peak": 856,
        "peakAt": "2026-11-20T19:41:30Z",
        "invalid": 17,
        "expected": 1438,
        "noShows": 567,
        "gates": [
            _gate("A", "Gate A", "Main floor", (402, 21, 6), 14.2, "19:42:05"),
            _gate("B", "Gate B", "Main floor", (318, 15, 4), 11.8, "19:42:02"),
            _gate("C", "Gate C", "Balcony", (121, 9, 5), 0.0, "19:36:41"),
            _gate("V", "VIP door", "VIP boxes", (61, 3, 2), 2.4, "19:41:33"),
        ],
        "arrivals": {
            "bucketMinutes": 5,
            "from": "2026-11-20T18:30:00Z",
            "counts": [0, 0, 2, 4, 9, 18, 64, 92, 104, 118, 126, 121, 109, 82, 22],
            "usual": [0.0, 1.5, 3.0, 5.0, 10.0, 22.0, 58.0, 84.0, 96.0, 108.0, 118.0, 122.0, 120.0, 114.0, 104.0, 96.0,
                      82.0, 66.0, 48.0, 36.0, 28.0, 20.0, 12.0, 8.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.0],
            "comparables": 14,
        },
        "projectedPeak": {"at": "2026-11-20T21:05:00Z", "inside": 1312},
    },
    "capacity": {
        "inside": 854,
        "capacity": 1600,
        "percent": 53.4,
        "level": "ok",
        "amberPercent": 80,
        "redPercent": 95,
        "since": None,
        "zones": [
            _zone("floor", "Main floor", 601, 1000, 60.1, "ok"),
            _zone("balcony", "Balcony", 168, 450, 37.3, "ok"),
            _zone("vip", "VIP boxes", 85, 100, 85.0, "amber"),
        ],
    },
    "social": {"mentions": 128, "reach": 48200, "engagements": 1490, "engagementRate": 0.0309, "viral": True},
    "feed": [
        _entry("19:42:05", "entry", gate="Gate A"),
        _entry("19:42:02", "entry", gate="Gate B"),
        _entry("19:41:58", "sale", ticketType="Standing", quantity=2, amountMinor=8400, currency="GBP", channel="web"),
        _entry("19:41:51", "refused", gate="Gate A", reason="already_used"),
        _entry("19:41:44", "exit", gate="Gate B"),
        _entry("19:41:33", "entry", gate="VIP door"),
        _entry("19:41:20", "comp", ticketType="Guest list", quantity=1, amountMinor=0, currency="GBP", channel="door"),
        _entry("19:40:57", "refund", ticketType="Balcony", quantity=None, amountMinor=-3600, currency="GBP"),
        _entry("19:40:31", "sale", quantity=1, amountMinor=12000, currency="EUR", channel="door"),
        _entry("19:12:00", "milestone", measure="sold_capacity", percent=90),
        _entry("19:05:00", "alert", measure="capacity_amber", percent=80),
        _entry("19:04:12", "fee", amountMinor=150, currency="GBP"),
        _entry("19:02:40", "cancellation", ticketType="Standing", quantity=-1, channel="web"),
    ],
}  # fmt: skip
