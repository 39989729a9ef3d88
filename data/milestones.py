"""The marks an event has passed, each with the moment at which it did, not at which we noticed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from analytics.milestones import MARKS, crossed_at, passed
from data.engine import TenantConnection
from data.instants import iso
from data.live_feed import milestone_item, newest_first
from data.live_rows import Row
from data.live_state import EventState
from data.webhook_events import CapacityReached, MilestoneReached, SoldOut, WebhookEvent
from data.webhook_outbox import put

NIGHT_AFTER = timedelta(hours=6)
MINUTE = timedelta(minutes=1)


class _Mark(NamedTuple):
    """A mark that `value` has reached: `percent` of `whole`."""

    measure: str
    percent: int
    value: int
    whole: int


def due(state: EventState) -> bool:
    """Whether `state` has passed a mark that it does not list: there is something to record."""
    return bool(_new(state))


def record(tenant: TenantConnection, state: EventState) -> list[Row]:
    """Keep every mark that `state` has passed for the first time, add them to it, and return them.

    Two processes may try at once: the first to commit has reached it, the other gets nothing back.
    A milestone stays when tickets are given back later. History that is read in after the event
    passes none: nobody wants to hear of it.
    """
    new = _new(state)
    if not new:
        return []
    moments = _moments(tenant, state, new, datetime.fromisoformat(state["asOf"]))
    inserted = tenant.rows(
        "INSERT INTO milestones (tenant_id, venue_id, event_id, measure, percent, reached_at, value)"
        " SELECT %s, %s, %s, m, p, r, v"
        " FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::bigint[]) AS new (m, p, r, v)"
        " ON CONFLICT DO NOTHING RETURNING measure, percent, reached_at, value",
        [
            tenant.tenant_id,
            UUID(state["venueId"]),
            UUID(state["eventId"]),
            [mark.measure for mark in new],
            [mark.percent for mark in new],
            moments,
            [mark.value for mark in new],
        ],
    )
    inserted.sort(key=lambda row: (row["reached_at"], row["measure"], row["percent"]))
    put(tenant, [_told(state, row) for row in inserted], datetime.fromisoformat(state["asOf"]))
    added = [
        {"measure": row["measure"], "percent": row["percent"], "reachedAt": iso(row["reached_at"])}
        for row in inserted
    ]
    state["sales"]["milestones"].extend(added)
    state["sales"]["milestones"].sort(key=lambda mark: (mark["reachedAt"], mark["measure"], mark["percent"]))
    items = [milestone_item(row["measure"], row["percent"], row["reached_at"]) for row in inserted]
    state["feed"] = newest_first(state["feed"] + items, datetime.fromisoformat(state["asOf"]))
    return added


def _told(state: EventState, row: Mapping[str, Any]) -> WebhookEvent:
    """What webhooks tell of a mark."""
    of = {
        "venue_id": UUID(state["venueId"]),
        "event_id": UUID(state["eventId"]),
        "event_name": state["event"]["name"],
        "reached_at": row["reached_at"],
    }
    measure, percent, value = row["measure"], row["percent"], row["value"]
    if measure.startswith("capacity_"):
        level = measure.removeprefix("capacity_")
        return CapacityReached(level=level, percent=percent, inside=value, **of)
    if (measure, percent) == ("sold_capacity", 100):
        return SoldOut(sold=value, **of)
    return MilestoneReached(measure=measure, percent=percent, value=value, **of)


def _new(state: EventState) -> list[_Mark]:
    ends_at = state["event"]["endsAt"]
    now = datetime.fromisoformat(state["asOf"])
    if ends_at is not None and now > datetime.fromisoformat(ends_at) + NIGHT_AFTER:
        return []
    known = {(m["measure"], m["percent"]) for m in state["sales"]["milestones"]}
    return [mark for mark in _reached(state) if (mark.measure, mark.percent) not in known]


def _reached(state: EventState) -> Iterable[_Mark]:
    sales, event, capacity = state["sales"], state["event"], state["capacity"]
    net = next(
        (m["netMinor"] for m in state["revenue"]["currencies"] if m["currency"] == event["currency"]), 0
    )
    for measure, value, whole, marks in (
        ("sold_capacity", sales["sold"], sales["capacity"], MARKS),
        ("sold_target", sales["sold"], event["targetTickets"], MARKS),
        ("revenue_target", net, event["targetMinor"], MARKS),
        ("capacity_amber", capacity["inside"], capacity["capacity"], [capacity["amberPercent"]]),
        ("capacity_red", capacity["inside"], capacity["capacity"], [capacity["redPercent"]]),
    ):
        for mark in passed(value, whole, marks):
            yield _Mark(measure, mark, value, whole)
    if capacity["level"] == "over":
        yield _Mark("capacity_over", 100, capacity["inside"], capacity["capacity"] + 1)


def _moments(
    tenant: TenantConnection, state: EventState, marks: Sequence[_Mark], now: datetime
) -> list[datetime]:
    """When each mark was reached, to the minute; `now` within the running minute."""
    key = [tenant.tenant_id, UUID(state["venueId"]), UUID(state["eventId"])]
    sums = tenant.rows(
        "SELECT bucket, sum(sold) AS sold, sum(CASE WHEN currency = %s"
        " THEN gross_minor + fees_minor - refunded_minor ELSE 0 END) AS net_minor"
        " FROM venue_analytics WHERE tenant_id = %s AND venue_id = %s AND event_id = %s AND grain = '1min'"
        " GROUP BY bucket ORDER BY bucket",
        [state["event"]["currency"], *key],
    )
    people = tenant.execute(
        "SELECT minute, change FROM house_count_minutes WHERE tenant_id = %s AND venue_id = %s"
        " AND event_id = %s ORDER BY minute",
        key,
    ).fetchall()
    sold = [(row["bucket"], int(row["sold"])) for row in sums]
    net = [(row["bucket"], int(row["net_minor"])) for row in sums]
    moments = []
    for mark in marks:
        changes = people if mark.measure.startswith("capacity_") else net
        changes = sold if mark.measure.startswith("sold_") else changes
        minute = crossed_at(changes, mark.whole * mark.percent / 100)
        moments.append(now if minute is None or now - minute < MINUTE else minute)
    return moments
