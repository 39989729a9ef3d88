"""The venues of a tenant: making one, and the list of them."""

from datetime import time
from typing import Any
from uuid import UUID

from data import rollup_queue
from data.engine import TenantConnection


def add_venue(
    tenant: TenantConnection,
    venue_id: UUID,
    ref: str,
    name: str,
    *,
    zone: str,
    currency: str,
    capacity: int,
    day_starts: time,
) -> bool:
    """Whether the venue is new: one with this id or `ref`, the sender's own id, is left as it is.

    `zone` is an IANA time zone, `currency` an ISO 4217 code, and the business day starts at `day_starts`
    by the clock of the venue.
    """
    cursor = tenant.execute(
        "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency, business_day_starts,"
        " capacity) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [tenant.tenant_id, venue_id, ref, name, zone, currency, day_starts, capacity],
    )
    if not cursor.rowcount:
        return False
    rollup_queue.put_structure(tenant, [venue_id])
    return True


def list_venues(tenant: TenantConnection) -> list[dict[str, Any]]:
    """external_id, name, zone, currency, capacity and business_day_starts of every venue by name."""
    return tenant.rows(
        "SELECT external_id, name, zone, currency, capacity, business_day_starts FROM venues"
        " WHERE tenant_id = %s ORDER BY name, venue_id",
        [tenant.tenant_id],
    )
