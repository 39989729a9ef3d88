"""The roll-up tables: locked per event, then increased by what one transaction really inserted."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from data import recordset, rollups
from data.engine import TenantConnection
from data.rollups import EventKey


def lock(tenant: TenantConnection, events: Iterable[EventKey]) -> None:
    """Hold the totals of the batch's events until the transaction ends, in sorted order."""
    wanted = sorted(events)
    lock = (
        "SELECT t.event_id FROM event_totals t JOIN json_to_recordset(%(rows)s::json)"
        " AS r (venue_id uuid, event_id uuid) USING (venue_id, event_id)"
        " WHERE t.tenant_id = %(tenant)s ORDER BY t.venue_id, t.event_id FOR UPDATE OF t"
    )
    rows = [{"venue_id": venue, "event_id": event} for venue, event in wanted]
    parameters = {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)}
    if len(tenant.execute(lock, parameters).fetchall()) < len(wanted):
        tenant.execute(recordset.insert("event_totals", ("venue_id", "event_id")), parameters)
        tenant.execute(lock, parameters)


def add(tenant: TenantConnection, increments: rollups.Increments) -> dict[EventKey, int]:
    """Add the batch's sums to every roll-up; returns the events' new versions."""
    calendar = _calendars(tenant, {venue for venue, _ in increments.totals})
    minutes = increments.analytics(calendar.__getitem__)
    batches: list[tuple[str, list[dict[str, object]]]] = [
        (
            "venue_analytics",
            [
                {"venue_id": venue, "grain": grain, "bucket": rollups.instant(start), "event_id": event}
                | {"currency": currency}
                | dict.fromkeys(rollups.COUNTS + rollups.MONEY, 0)
                | sums
                for (venue, grain, start, event, currency), sums in sorted(minutes.items())
            ],
        ),
        (
            "gate_analytics",
            [
                {"venue_id": venue, "event_id": event, "gate": gate, "bucket": rollups.instant(minute)}
                | {"entries": sums["entries"], "exits": sums["exits"], "invalid": sums["invalid"]}
                for ((venue, event), gate, minute), sums in sorted(increments.gates.items())
            ],
        ),
        (
            "event_money",
            [
                {"venue_id": venue, "event_id": event, "currency": currency}
                | {name: sums[name] for name in rollups.MONEY}
                for ((venue, event), currency), sums in sorted(increments.money.items())
            ],
        ),
        (
            "zone_totals",
            [
                {"venue_id": venue, "event_id": event, "zone": zone, "inside": change}
                for ((venue, event), zone), change in sorted(increments.zones.items())
                if change
            ],
        ),
    ]
    with tenant.connection.pipeline():
        for table, rows in batches:
            if rows:
                tenant.execute(
                    recordset.increment(table), {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)}
                )
    return _add_totals(tenant, increments)


def _add_totals(tenant: TenantConnection, increments: rollups.Increments) -> dict[EventKey, int]:
    sums = ", ".join(f"{name} = t.{name} + r.{name}" for name in rollups.TOTALS)
    columns = recordset.definition("event_totals", ("venue_id", "event_id", *rollups.TOTALS))
    rows = [
        {"venue_id": venue, "event_id": event} | {name: sums[name] for name in rollups.TOTALS}
        for (venue, event), sums in sorted(increments.totals.items())
    ]
    cursor = tenant.execute(
        f"UPDATE event_totals t SET version = t.version + 1, updated_at = %(now)s, {sums}"
        f" FROM json_to_recordset(%(rows)s::json) AS r ({columns})"
        " WHERE t.tenant_id = %(tenant)s AND t.venue_id = r.venue_id AND t.event_id = r.event_id"
        " RETURNING t.venue_id, t.event_id, t.version",
        {"tenant": tenant.tenant_id, "now": datetime.now(UTC), "rows": recordset.encode(rows)},
    )
    return {(venue, event): version for venue, event, version in cursor.fetchall()}


def _calendars(tenant: TenantConnection, venues: Iterable[UUID]) -> dict[UUID, tuple[ZoneInfo, time]]:
    rows = tenant.execute(
        "SELECT venue_id, zone, business_day_starts FROM venues WHERE tenant_id = %s AND venue_id = ANY(%s)",
        [tenant.tenant_id, list(venues)],
    )
    return {venue: (ZoneInfo(zone), day_starts) for venue, zone, day_starts in rows.fetchall()}
