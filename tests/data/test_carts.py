"""Carts: the latest of each customer by its own time, whatever order they arrive in."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from data import facts
from data.engine import Database
from data.messages import CartUpdate, Message, message_key
from tests.conftest import Tenant, new_tenant

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)


def test_the_latest_cart_of_each_customer_holds_in_any_order(database: Database, postgres_url: str) -> None:
    stated = [
        CartUpdate(NOON, 4, 100, "GBP", ANNA),
        CartUpdate(NOON + timedelta(minutes=2), 1, 100, "GBP", ANNA),
        CartUpdate(NOON + timedelta(minutes=1), 3, 100, "GBP", BEN),
        CartUpdate(NOON + timedelta(minutes=3), 9, 100, "GBP", None),
    ]
    for order in itertools.permutations(range(4)):
        tenant, event_id = new_tenant(postgres_url), uuid4()
        for size in (1, 3):
            batch = [message(tenant, event_id, number, stated[number]) for number in order[:size]]
            facts.write(database, tenant.tenant_id, batch)
            order = order[size:]
        with database.tenant(tenant.tenant_id) as connection:
            carts = connection.execute(
                "SELECT customer, quantity, updated_at FROM carts WHERE tenant_id = %s ORDER BY customer",
                [tenant.tenant_id],
            ).fetchall()
        assert carts == [(ANNA, 1, NOON + timedelta(minutes=2)), (BEN, 3, NOON + timedelta(minutes=1))]


def message(tenant: Tenant, event_id: UUID, number: int, cart: CartUpdate) -> Message:
    """One cart update as a message of its own."""
    key = message_key("test", str(number))
    return Message(
        key, "cart-update", "test", tenant.venue_id, event_id, "x", cart.occurred_at, "{}", (cart,)
    )
