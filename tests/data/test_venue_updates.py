"""Updates of venues and events: the latest by its own time holds, in whatever order they come."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from data import facts
from data.engine import Database
from data.messages import NO_EVENT, Message, VenueUpdate, message_key
from tests.conftest import Tenant, new_tenant

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_latest_capacity_holds_in_any_order_of_arrival(database: Database, postgres_url: str) -> None:
    for order in itertools.permutations(range(3)):
        tenant, event_id = new_tenant(postgres_url), uuid4()
        for minute in order:
            at = NOON + timedelta(minutes=minute)
            update = VenueUpdate(at, "capacity", str(500 + minute))
            facts.write(
                database,
                tenant.tenant_id,
                [
                    Message(
                        message_key("test", f"{target} {minute}"),
                        "venue-update",
                        "test",
                        tenant.venue_id,
                        target,
                        str(target),
                        at,
                        "{}",
                        (update,),
                    )
                    for target in (NO_EVENT, event_id)
                ],
            )
        with database.tenant(tenant.tenant_id) as connection:
            capacities = connection.execute(
                "SELECT v.capacity, e.sellable_capacity FROM venues v JOIN events e"
                " USING (tenant_id, venue_id) WHERE v.tenant_id = %s",
                [tenant.tenant_id],
            ).fetchall()
        assert capacities == [(502, 502)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capacity", '"many"'),
        ("capacity", "-1"),
        ("capacity", "2147483648"),
        ("status", '"open"'),
        ("doorsAt", '"2026-11-20T19:00:00"'),
        ("colour", '"blue"'),
    ],
)
def test_a_value_that_cannot_hold_is_kept_as_a_fact_and_changes_nothing(
    database: Database, tenant: Tenant, field: str, value: str
) -> None:
    event_id = uuid4()
    update = VenueUpdate(NOON, field, value)
    message = Message(
        message_key("test", "one"),
        "venue-update",
        "test",
        tenant.venue_id,
        event_id,
        "x",
        NOON,
        "{}",
        (update,),
    )
    assert facts.write(database, tenant.tenant_id, [message]).verdicts == ["accepted"]
    with database.tenant(tenant.tenant_id) as connection:
        event = connection.execute(
            "SELECT sellable_capacity, status, doors_at FROM events WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
        kept = connection.execute(
            "SELECT count(*) FROM venue_updates WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    assert (event, kept) == ((None, "scheduled", None), (1,))
