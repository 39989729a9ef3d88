"""The usual arrivals of a coming night, from the past nights of its venue."""

from datetime import UTC, datetime, timedelta
from typing import Any

from data.baselines import refresh
from data.engine import Database
from tests.conftest import Tenant
from tests.live.night import Night, open_night

FRIDAY = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def past_night(database: Database, tenant: Tenant, doors: datetime, per_bucket: tuple[int, ...]) -> Night:
    night = open_night(database, tenant.tenant_id, tenant.venue_id, doors)
    for bucket, count in enumerate(per_bucket):
        night.enter(count, doors + timedelta(minutes=5 * bucket + 1))
    return night


def stored(night: Night) -> dict[str, Any] | None:
    with night.database.tenant(night.tenant_id) as tenant:
        rows = tenant.rows(
            "SELECT bucket_minutes, first_offset_minutes, shares, peak_offset_minutes, peak_share,"
            " comparables, computed_at FROM usual_arrivals WHERE tenant_id = %s AND event_id = %s",
            [night.tenant_id, night.event_id],
        )
    return rows[0] if rows else None


def test_the_curve_is_the_median_of_the_past_nights(database: Database, tenant: Tenant) -> None:
    first = past_night(database, tenant, FRIDAY - 2 * WEEK, (5, 10, 5))
    second = past_night(database, tenant, FRIDAY - WEEK, (10, 20, 10))
    tonight = open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    assert refresh(database, tenant.tenant_id, FRIDAY) == 1
    assert stored(tonight) == {
        "bucket_minutes": 5,
        "first_offset_minutes": 0,
        "shares": [0.25, 0.75, 1.0],
        "peak_offset_minutes": 15,
        "peak_share": 1.0,
        "comparables": [second.event_id, first.event_id],
        "computed_at": FRIDAY,
    }


def test_nights_of_the_same_weekday_come_first_and_twelve_are_enough(
    database: Database, tenant: Tenant
) -> None:
    fridays = [past_night(database, tenant, FRIDAY - k * WEEK, (20,)) for k in range(1, 4)]
    others = [
        past_night(database, tenant, FRIDAY - timedelta(days=day), (20,))
        for day in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11)
    ]
    tonight = open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    refresh(database, tenant.tenant_id, FRIDAY)
    kept = stored(tonight)
    assert kept is not None
    assert kept["comparables"] == [night.event_id for night in fridays + others[:9]]


def test_a_small_night_and_a_night_under_way_are_not_comparable(database: Database, tenant: Tenant) -> None:
    past_night(database, tenant, FRIDAY - WEEK, (19,))
    past_night(database, tenant, FRIDAY - timedelta(hours=2), (50,))
    tonight = open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    assert refresh(database, tenant.tenant_id, FRIDAY) == 0
    assert stored(tonight) is None


def test_a_fresh_curve_stays_and_an_old_one_is_made_anew(database: Database, tenant: Tenant) -> None:
    for week in range(1, 13):
        past_night(database, tenant, FRIDAY - week * WEEK, (20, 20))
    tonight = open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    assert refresh(database, tenant.tenant_id, FRIDAY - timedelta(days=2)) == 1
    assert refresh(database, tenant.tenant_id, FRIDAY - timedelta(days=2, hours=-5)) == 0
    later = FRIDAY - timedelta(days=2, hours=-7)
    assert refresh(database, tenant.tenant_id, later) == 1
    kept = stored(tonight)
    assert kept is not None
    assert kept["computed_at"] == later


def test_a_curve_of_few_nights_is_made_anew_while_history_comes_in(
    database: Database, tenant: Tenant
) -> None:
    first = past_night(database, tenant, FRIDAY - WEEK, (20, 20))
    tonight = open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    assert refresh(database, tenant.tenant_id, FRIDAY) == 1
    second = past_night(database, tenant, FRIDAY - 2 * WEEK, (20, 20))
    assert refresh(database, tenant.tenant_id, FRIDAY + timedelta(seconds=30)) == 0
    assert refresh(database, tenant.tenant_id, FRIDAY + timedelta(seconds=90)) == 1
    kept = stored(tonight)
    assert kept is not None
    assert kept["comparables"] == [first.event_id, second.event_id]


def test_another_tenants_nights_are_never_comparable(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    past_night(database, other_tenant, FRIDAY - WEEK, (50,))
    open_night(database, tenant.tenant_id, tenant.venue_id, FRIDAY)
    assert refresh(database, tenant.tenant_id, FRIDAY) == 0
