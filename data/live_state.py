"""One event's live state, the document that the board, the sockets and the REST routes all show.

`compose` is pure: rows as `data.live_rows` reads them → one JSON-ready dict. Times are ISO 8601 in
UTC with a `Z`, money is in minor units of its currency, percentages have one decimal.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from analytics.buzz import viral
from analytics.crowd import level, percent_full, reached_since
from analytics.velocity import projected_sell_out, projected_total, sliding_sum
from data.currencies import EXPONENTS
from data.instants import iso
from data.live_doors import arrivals, gates
from data.live_feed import feed
from data.live_rows import LiveRows, Row

EventState = dict[str, Any]

DAY = timedelta(days=1)
FIVE_MINUTES = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
TREND_BUCKETS = 24
FEWEST_SOLD = 10
"""Tickets of the last 24 hours without which nobody can tell when the last one goes."""
MINUTES_KEPT = 62
TALK_BUCKETS = 46


def compose(rows: LiveRows) -> EventState:
    """The event's state as of `rows.now`: sections event, sales, revenue, attendance, capacity,
    social and feed, and in `seq` the number of the last committed change.

    `tonightNetMinor` and `soldToday` are those of the venue's running business day; rates slide.
    """
    head = rows.head
    return {
        "eventId": str(head["event_id"]),
        "venueId": str(head["venue_id"]),
        "seq": head["version"],
        "asOf": iso(rows.now),
        "event": _event(rows),
        "sales": _sales(rows),
        "revenue": _revenue(rows),
        "attendance": _attendance(rows),
        "capacity": _capacity(rows),
        "social": _social(rows),
        "feed": feed(rows),
    }


def sellable(head: Row) -> int:
    """Tickets that can be sold: as set for the event, else for its ticket types, else its places."""
    return head["sellable_capacity"] or head["types_capacity"] or physical(head)


def physical(head: Row) -> int:
    """People that may be inside: as set for the event, else for the venue; 0 when nobody said."""
    return head["physical_capacity"] or head["venue_capacity"] or 0


def _event(rows: LiveRows) -> Row:
    head = rows.head
    return {
        "name": head["name"],
        "status": head["status"],
        "doorsAt": iso(head["doors_at"]),
        "startsAt": iso(head["starts_at"]),
        "endsAt": iso(head["ends_at"]),
        "onSaleAt": iso(head["on_sale_at"]),
        "venueName": head["venue_name"],
        "zone": head["zone"],
        "currency": head["currency"],
        "capacity": sellable(head),
        "physicalCapacity": physical(head),
        "registered": head["registered"],
        "demo": head["demo"],
        "targetTickets": head["target_tickets"],
        "targetMinor": head["target_minor"],
    }


def _sales(rows: LiveRows) -> Row:
    head, now = rows.head, rows.now
    capacity = sellable(head)
    minutes = _per_minute(rows, (row for row in rows.minutes if row["currency"] == ""), "sold")
    fives = _trend(rows, (row for row in rows.fives if row["currency"] == ""), "sold")
    return {
        "sold": head["sold"],
        "comps": head["comps"],
        "held": head["held"],
        "cancelled": head["cancelled"],
        "refunds": head["refunds"],
        "transfers": head["transfers"],
        "pending": rows.unpaid[0]["pending"],
        "inCarts": rows.unpaid[0]["in_carts"],
        "capacity": capacity,
        "remaining": _remaining(head),
        "percentSold": percent_full(head["sold"], capacity),
        "perMinute": rows.last_minute[0]["sold"],
        "perFiveMinutes": round(sliding_sum(minutes, 5, now.second), 1),
        "perHour": round(sliding_sum(minutes, 60, now.second), 1),
        "perDay": _since_days(rows, "hourly", "", "sold"),
        "soldToday": _since_days(rows, "daily", "", "sold"),
        "projectedSellOutAt": iso(_sell_out(rows)),
        "milestones": [
            {"measure": row["measure"], "percent": row["percent"], "reachedAt": iso(row["reached_at"])}
            for row in rows.milestones
        ],
        "trend": {"bucketMinutes": 5, "from": iso(_trend_start(now)), "sold": fives},
    }


def _remaining(head: Row) -> int:
    return max(0, sellable(head) - int(head["sold"] + head["comps"] + head["held"]))


def _sale_ends(head: Row) -> datetime | None:
    ends: datetime | None = head["starts_at"] or head["doors_at"]
    return ends


def _sell_out(rows: LiveRows) -> datetime | None:
    minutes = _per_minute(rows, (row for row in rows.minutes if row["currency"] == ""), "sold")
    last_hour = sliding_sum(minutes, 60, rows.now.second)
    last_day = _since_days(rows, "hourly", "", "sold")
    if last_day < FEWEST_SOLD:
        return None
    return projected_sell_out(rows.now, _remaining(rows.head), last_hour, last_day, _sale_ends(rows.head))


def _since_days(rows: LiveRows, grain: str, currency: str, column: str) -> int:
    """The sum over the business day (`daily`) or the last 24 hours (`hourly`)."""
    days = (row for row in rows.days if row["grain"] == grain and row["currency"] == currency)
    return sum(int(row[column]) for row in days)


def _revenue(rows: LiveRows) -> Row:
    own = rows.head["currency"]
    by_currency = {row["currency"]: row for row in rows.money}
    codes = [own, *sorted(by_currency.keys() - {own})]
    return {"currencies": [_money(rows, code, by_currency.get(code)) for code in codes]}


def _money(rows: LiveRows, code: str, totals: Row | None) -> Row:
    sums = totals or dict.fromkeys(("gross_minor", "refunded_minor", "fees_minor", "tax_minor"), 0)
    minutes = _per_minute(rows, (row for row in rows.minutes if row["currency"] == code), "net_minor")
    tonight = _since_days(rows, "daily", code, "net_minor")
    last_day = _since_days(rows, "hourly", code, "net_minor")
    last_hour = sliding_sum(minutes, 60, rows.now.second)
    ends = (rows.day + DAY, _sale_ends(rows.head), _sell_out(rows))
    return {
        "currency": code,
        "exponent": EXPONENTS.get(code, 2),
        "grossMinor": sums["gross_minor"],
        "refundedMinor": sums["refunded_minor"],
        "feesMinor": sums["fees_minor"],
        "taxMinor": sums["tax_minor"],
        "netMinor": sums["gross_minor"] + sums["fees_minor"] - sums["refunded_minor"],
        "tonightNetMinor": tonight,
        "projectedTonightMinor": projected_total(rows.now, tonight, last_hour, last_day, ends),
        "perMinuteMinor": round(sliding_sum(minutes, 5, rows.now.second) / 5),
        "trend": _trend(rows, (row for row in rows.fives if row["currency"] == code), "net_minor"),
    }


def _attendance(rows: LiveRows) -> Row:
    head = rows.head
    expected = head["sold"] + head["comps"]
    curve, peak = arrivals(rows, expected)
    listed, more = gates(rows)
    return {
        "entered": head["entered"],
        "entries": head["entries"],
        "exits": head["exits"],
        "reentries": head["reentries"],
        "inside": head["inside"],
        "peak": head["peak"],
        "peakAt": iso(head["peak_at"]),
        "invalid": head["invalid"],
        "expected": expected,
        "noShows": max(0, expected - head["entered"]),
        "gates": listed,
        "moreGates": more,
        "arrivals": curve,
        "projectedPeak": peak,
    }


def _capacity(rows: LiveRows) -> Row:
    head = rows.head
    inside, places = head["inside"], physical(head)
    amber, red = head["amber_percent"], head["red_percent"]
    now = level(inside, places, amber, red)
    from_people = {"ok": 0.0, "amber": amber * places / 100, "red": red * places / 100, "over": places + 1.0}
    changes = [(row["minute"], row["change"]) for row in rows.changes]
    return {
        "inside": inside,
        "capacity": places,
        "percent": percent_full(inside, places),
        "level": now,
        "amberPercent": amber,
        "redPercent": red,
        "since": None if now == "ok" else iso(reached_since(inside, changes, from_people[now])),
        "zones": [
            {
                "zone": row["zone"],
                "name": row["name"],
                "inside": row["inside"],
                "capacity": row["capacity"],
                "percent": percent_full(row["inside"], row["capacity"]),
                "level": level(row["inside"], row["capacity"], amber, red),
            }
            for row in _zones(rows)
        ],
    }


def _zones(rows: LiveRows) -> list[Row]:
    """The venue's zones and, so that they add up to the house, who came in by a door of none of them."""
    elsewhere = rows.head["inside"] - sum(row["inside"] for row in rows.zones)
    if not rows.zones or elsewhere <= 0:
        return rows.zones
    return [*rows.zones, {"zone": None, "name": "Elsewhere", "inside": elsewhere, "capacity": 0}]


def _social(rows: LiveRows) -> Row:
    head, now = rows.head, rows.now
    recent = sliding_sum(_per_minute(rows, rows.minutes, "mentions"), 5, now.second)
    by_bucket = {row["bucket"]: row["mentions"] for row in rows.fives if row["currency"] == ""}
    # The running bucket and the one before it overlap with the last five minutes.
    newest = _five(now) - 2 * FIVE_MINUTES
    baseline = [by_bucket.get(newest - k * FIVE_MINUTES, 0) for k in range(TALK_BUCKETS)]
    return {
        "mentions": head["mentions"],
        "reach": head["reach"],
        "engagements": head["engagements"],
        "engagementRate": round(head["engagements"] / head["reach"], 4) if head["reach"] else None,
        "viral": viral(recent, baseline),
    }


def _per_minute(rows: LiveRows, minutes: Iterable[Row], column: str) -> list[int]:
    """The last 62 minutes of a column, oldest first, the running minute last."""
    running = rows.now.replace(second=0, microsecond=0)
    counts = [0] * MINUTES_KEPT
    for row in minutes:
        age = (running - row["bucket"]) // MINUTE
        if 0 <= age < MINUTES_KEPT:
            counts[MINUTES_KEPT - 1 - age] += row[column]
    return counts


def _five(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def _trend_start(now: datetime) -> datetime:
    return _five(now) - (TREND_BUCKETS - 1) * FIVE_MINUTES


def _trend(rows: LiveRows, fives: Iterable[Row], column: str) -> list[int]:
    start = _trend_start(rows.now)
    counts = [0] * TREND_BUCKETS
    for row in fives:
        index = (row["bucket"] - start) // FIVE_MINUTES
        if 0 <= index < TREND_BUCKETS:
            counts[index] += row[column]
    return counts
