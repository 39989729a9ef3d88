"""The roll-up tables: locked per event, then increased by what one transaction really inserted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from data import day_increments, recordset, rollup_queue, rollups
from data.day_increments import Calendar
from data.engine import TenantConnection
from data.messages import Message
from data.rollups import EventKey, Increments, instant


def lock(tenant: TenantConnection, events: Collection[EventKey]) -> set[UUID]:
    """Hold the totals of the batch's events until the transaction ends, in sorted order.

    Returns the venues that have an event among them of which nothing was counted before.
    """
    wanted = sorted(events)
    lock = (
        "SELECT t.venue_id, t.event_id FROM event_totals t JOIN json_to_recordset(%(rows)s::json)"
        " AS r (venue_id uuid, event_id uuid) USING (venue_id, event_id)"
        " WHERE t.tenant_id = %(tenant)s ORDER BY t.venue_id, t.event_id FOR UPDATE OF t"
    )
    rows = [{"venue_id": venue, "event_id": event} for venue, event in wanted]
    parameters = {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)}
    found = tenant.execute(lock, parameters).fetchall()
    if len(found) < len(wanted):
        tenant.execute(recordset.insert("event_totals", ("venue_id", "event_id")), parameters)
        tenant.execute(lock, parameters)
    return {venue for venue, _ in set(wanted) - set(found)}


def add(
    tenant: TenantConnection,
    events: recordset.Events,
    messages: Sequence[Message],
    increments: Increments,
    changed: Iterable[UUID],
    *,
    taken_back: bool = False,
) -> dict[EventKey, int]:
    """Add the batch's sums to every roll-up; returns the events' new versions.

    `changed` are venues whose programme changed otherwise than by a message's update. Of messages that are
    `taken_back` the increments are negative already.
    """
    of_venues = calendars(tenant, {message.venue_id for message in messages})
    days = _days(messages, of_venues, taken_back)
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for (venue, event), own in sorted(increments.items(), key=itemgetter(0)):
        key: dict[str, object] = {"e": events.number(venue, event)}
        for (grain, start, currency), sums in sorted(own.grains(*of_venues[venue]).items()):
            bucket = {"grain": grain, "bucket": instant(start), "currency": currency}
            rows["venue_analytics"].append({**key, **bucket, **sums})
            if grain == "daily":
                days[venue].total(start, currency, sums)
        for (gate, minute), sums in sorted(own.gates.items()):
            rows["gate_analytics"].append({**key, "gate": gate, "bucket": instant(minute), **sums})
        for currency, sums in sorted(own.money.items()):
            rows["event_money"].append({**key, "currency": currency, **sums})
        for zone, change in sorted(own.zones.items()):
            if change:
                rows["zone_totals"].append({**key, "zone": zone, "inside": change})
    for venue in changed:
        days[venue].number(day_increments.STRUCTURE_DAY)
    for table, changes in rows.items():
        tenant.execute(recordset.increment(table), events.parameters(tenant.tenant_id, changes))
    for venue, own_days in days.items():
        rollup_queue.put(tenant, venue, own_days)
    return _add_totals(tenant, increments)


def _days(
    messages: Sequence[Message], of_venues: dict[UUID, Calendar], taken_back: bool
) -> dict[UUID, day_increments.VenueDays]:
    days = day_increments.of(messages, of_venues)
    if taken_back:
        for own in days.values():
            own.negate()
    return days


def touch(tenant: TenantConnection, events: Iterable[EventKey]) -> dict[EventKey, int]:
    """Raise the version of events of which something changed that no roll-up counts; returns the new ones."""
    wanted: Increments = {event: rollups.EventIncrements() for event in events}
    if not wanted:
        return {}
    lock(tenant, wanted)
    rollup_queue.put_structure(tenant, {venue for venue, _ in wanted})
    return _add_totals(tenant, wanted)


def _add_totals(tenant: TenantConnection, increments: Increments) -> dict[EventKey, int]:
    sums = ", ".join(f"{name} = t.{name} + r.{name}" for name in rollups.TOTALS)
    columns = recordset.definition("event_totals", ("venue_id", "event_id", *rollups.TOTALS))
    rows = [
        {"venue_id": venue, "event_id": event} | {name: own.totals[name] for name in rollups.TOTALS}
        for (venue, event), own in sorted(increments.items(), key=itemgetter(0))
    ]
    cursor = tenant.execute(
        f"UPDATE event_totals t SET version = t.version + 1, updated_at = %(now)s, {sums}"
        f" FROM json_to_recordset(%(rows)s::json) AS r ({columns})"
        " WHERE t.tenant_id = %(tenant)s AND t.venue_id = r.venue_id AND t.event_id = r.event_id"
        " RETURNING t.venue_id, t.event_id, t.version",
        {"tenant": tenant.tenant_id, "now": datetime.now(UTC), "rows": recordset.encode(rows)},
    )
    return {(venue, event): version for venue, event, version in cursor.fetchall()}


def calendars(tenant: TenantConnection, venues: Iterable[UUID]) -> dict[UUID, Calendar]:
    """Venue → its zone and the local time at which its business day starts."""
    rows = tenant.execute(
        "SELECT venue_id, zone, business_day_starts FROM venues WHERE tenant_id = %s AND venue_id = ANY(%s)",
        [tenant.tenant_id, list(venues)],
    )
    return {venue: (ZoneInfo(zone), day_starts) for venue, zone, day_starts in rows.fetchall()}
