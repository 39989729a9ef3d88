"""Attendance of a series, where one pass may come to many of its events."""

from dataclasses import dataclass
from uuid import UUID

from data.access import Access
from data.engine import TenantConnection


@dataclass(frozen=True, slots=True)
class SeriesAttendance:
    """`visits` counts every event a ticket came to; `people` each ticket once; `inside` those there now."""

    visits: int
    people: int
    inside: int


def attendance(tenant: TenantConnection, access: Access, series_id: UUID) -> SeriesAttendance | None:
    """Visits and unique people over the events of a series that may be seen; None for an unknown series, and
    for one of another venue."""
    row = tenant.execute(
        "SELECT count(p.*) FILTER (WHERE p.first_entry_at IS NOT NULL),"
        " count(DISTINCT p.ticket_id) FILTER (WHERE p.first_entry_at IS NOT NULL),"
        " count(DISTINCT p.ticket_id) FILTER (WHERE p.inside)"
        " FROM series s"
        " LEFT JOIN events e ON e.tenant_id = s.tenant_id AND e.venue_id = s.venue_id"
        " AND e.series_id = s.series_id"
        " AND (%(events)s::uuid[] IS NULL OR e.event_id = ANY(%(events)s))"
        " LEFT JOIN presence p ON p.tenant_id = e.tenant_id AND p.venue_id = e.venue_id"
        " AND p.event_id = e.event_id"
        " WHERE s.tenant_id = %(tenant)s AND s.series_id = %(series)s"
        " AND (%(venues)s::uuid[] IS NULL OR s.venue_id = ANY(%(venues)s)) GROUP BY s.series_id",
        {
            "tenant": tenant.tenant_id,
            "series": series_id,
            "venues": None if access.venues is None else list(access.venues),
            "events": None if access.events is None else list(access.events),
        },
    ).fetchone()
    return SeriesAttendance(*row) if row else None
