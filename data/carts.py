"""What lies in carts: each customer's latest cart, by its own time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from data import recordset
from data.engine import TenantConnection
from data.messages import CartUpdate, Message

_Key = tuple[UUID, UUID, UUID]
"""(venue_id, event_id, customer)"""

_NEWER = (
    "(tenant_id, venue_id, event_id, customer)"
    " DO UPDATE SET quantity = EXCLUDED.quantity, updated_at = EXCLUDED.updated_at"
    " WHERE (carts.updated_at, carts.quantity) < (EXCLUDED.updated_at, EXCLUDED.quantity)"
)


def keep(tenant: TenantConnection, messages: Sequence[Message]) -> None:
    """Keep the latest cart of every customer in the batch; a cart of nobody known is a fact only.

    The caller holds the events' locks. Of two carts of one moment the fuller one holds.
    """
    latest: dict[_Key, CartUpdate] = {}
    for message in messages:
        for fact in message.facts:
            if isinstance(fact, CartUpdate) and fact.customer is not None:
                key = (message.venue_id, message.event_id, fact.customer)
                if key not in latest or _age(latest[key]) < _age(fact):
                    latest[key] = fact
    if latest:
        rows = [
            {"venue_id": venue, "event_id": event, "customer": customer}
            | {"quantity": cart.quantity, "updated_at": cart.occurred_at}
            for (venue, event, customer), cart in latest.items()
        ]
        columns = ("venue_id", "event_id", "customer", "quantity", "updated_at")
        tenant.execute(
            recordset.insert("carts", columns, _NEWER),
            {"tenant": tenant.tenant_id, "rows": recordset.encode(rows)},
        )


def _age(cart: CartUpdate) -> tuple[datetime, int]:
    return cart.occurred_at, cart.quantity
