"""A pass that comes twice is two visits of one person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from data import facts, series
from data.access import Access
from data.engine import Database
from data.messages import Message, Scan, message_key
from data.series import SeriesAttendance
from tests.conftest import Tenant

EVENING = datetime(2026, 11, 20, 19, tzinfo=UTC)


def test_a_series_counts_visits_and_people_apart(database: Database, tenant: Tenant) -> None:
    series_id, first, second = uuid4(), uuid4(), uuid4()
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            "INSERT INTO series (tenant_id, venue_id, series_id, name) VALUES (%s, %s, %s, 'Winter')",
            [tenant.tenant_id, tenant.venue_id, series_id],
        )
        for event_id in (first, second):
            connection.execute(
                "INSERT INTO events (tenant_id, venue_id, event_id, series_id, name)"
                " VALUES (%s, %s, %s, %s, 'x')",
                [tenant.tenant_id, tenant.venue_id, event_id, series_id],
            )

    def scan(event_id: UUID, ticket: str, direction: str = "entry", minute: int = 0) -> Message:
        at = EVENING + timedelta(minutes=minute)
        fact = Scan(at, ticket, direction)  # type: ignore[arg-type]
        key = message_key("test", f"{event_id} {ticket} {direction}")
        return Message(key, "ticket-scan", "test", tenant.venue_id, event_id, "x", at, "{}", (fact,))

    facts.write(
        database,
        tenant.tenant_id,
        [
            scan(first, "pass-1"),
            scan(first, "pass-1", "exit", 90),
            scan(second, "pass-1"),
            scan(second, "pass-2"),
            scan(second, "lost", "exit"),
        ],
    )
    with database.tenant(tenant.tenant_id) as connection:
        everything = Access(tenant.tenant_id, "owner")
        found = series.attendance(connection, everything, series_id)
        assert found == SeriesAttendance(visits=3, people=2, inside=2)
        assert series.attendance(connection, everything, uuid4()) is None
        one_night = replace(everything, venues=frozenset([tenant.venue_id]), events=frozenset([first]))
        found = series.attendance(connection, one_night, series_id)
        assert found == SeriesAttendance(visits=1, people=1, inside=0)
        elsewhere = replace(everything, venues=frozenset([uuid4()]))
        assert series.attendance(connection, elsewhere, series_id) is None
