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


def recount(tenant: TenantConnection, event: tuple[UUID, UUID], gone: Sequence[Message]) -> None:
    """Work the carts of an event's customers out again, of whom these messages were taken away. The caller
    holds the event's lock."""
    customers = {f.customer for m in gone for f in m.facts if isinstance(f, CartUpdate) and f.customer}
    if customers:
        key = {
            "tenant": tenant.tenant_id,
            "venue": event[0],
            "event": event[1],
            "customers": sorted(customers),
        }
        tenant.execute(f"DELETE FROM carts WHERE {_THEIRS}", key)
        tenant.execute(_LATEST, key)


_THEIRS = (
    "tenant_id = %(tenant)s AND venue_id = %(venue)s AND event_id = %(event)s"
    " AND customer = ANY(%(customers)s)"
)
_LATEST = f"""
INSERT INTO carts (tenant_id, venue_id, event_id, customer, quantity, updated_at)
SELECT DISTINCT ON (customer) tenant_id, venue_id, event_id, customer, quantity, occurred_at
FROM cart_updates WHERE {_THEIRS} ORDER BY customer, occurred_at DESC, quantity DESC
"""


def _age(cart: CartUpdate) -> tuple[datetime, int]:
    return cart.occurred_at, cart.quantity
