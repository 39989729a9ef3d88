"""What the ledger says about an order: the sums of its lines, which any new line has to start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from data.archived import Wanted, missing
from data.engine import TenantConnection


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of all lines of one ticket, or of one fee, with the same particulars.

    `fee` is pretix's number of a fee, None for a ticket. Money in minor units, the sum of sales,
    refunds and fees. `voids` counts cancellations less restorations of the right of entry.
    """

    event_id: UUID
    ticket_id: str | None
    fee: str | None
    ticket_type: str | None
    comp: bool
    admission: bool
    currency: str
    tax_rate: str
    quantity: int
    amount_minor: int
    tax_minor: int
    voids: int


def is_whole(tenant: TenantConnection, since: datetime) -> bool:
    """Whether all lines of an order that was placed then can be read: none of its months is archived."""
    return not missing(tenant, [Wanted("ticket_sales", since, datetime.now(UTC))])


def balances(
    tenant: TenantConnection, venue_id: UUID, order_id: str, ticket_ids: Sequence[str]
) -> list[Balance]:
    """The balances of one order (its id starts with `pretix:`), and of these tickets in whatever
    order they have been; settled ones too."""
    rows = tenant.rows(
        "SELECT event_id, ticket_id, metadata ->> 'fee' AS fee, ticket_type, comp, admission, currency,"
        " coalesce(metadata ->> 'taxRate', '') AS tax_rate, sum(quantity)::bigint AS quantity,"
        " sum(amount_minor)::bigint AS amount_minor, sum(tax_minor)::bigint AS tax_minor,"
        " count(*) FILTER (WHERE kind = 'cancellation')"
        "  - count(*) FILTER (WHERE metadata ? 'restores') AS voids"
        " FROM ticket_sales"
        " WHERE tenant_id = %s AND venue_id = %s AND (order_id = %s OR ticket_id = ANY(%s))"
        " AND order_id LIKE 'pretix:%%'"
        " GROUP BY event_id, ticket_id, fee, ticket_type, comp, admission, currency, tax_rate",
        [tenant.tenant_id, venue_id, order_id, list(ticket_ids)],
    )
    return [Balance(**row) for row in rows]
