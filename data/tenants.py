"""The tenants: making one, whose work there is, and which one an operator means."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from data import tenant_keys
from data.engine import Database, TenantConnection

DEMO_SLUG = "demo"
"""Kept for the demo venues, whether they are there or not."""


class SlugTaken(Exception):
    """Another tenant has this slug."""


def add_tenant(database: Database, slug: str, name: str) -> UUID:
    """The id of a new tenant without venues and users. Raises SlugTaken and DatabaseUnavailable.

    It takes two connections of the pool at once.
    """
    tenant_id = uuid4()
    with database.tenant(tenant_id) as tenant:
        # No constraint of the tables spans tenants, so one is made at a time.
        tenant.execute("SELECT pg_advisory_xact_lock(hashtext('housecount tenants'))")
        if slug == DEMO_SLUG or any(other["slug"] == slug for other in list_tenants(database)):
            raise SlugTaken(slug)
        insert_tenant(tenant, slug, name)
    return tenant_id


def insert_tenant(tenant: TenantConnection, slug: str, name: str, *, demo: bool = False) -> None:
    """The row of the tenant itself, with keys of its own; nothing when it is there. Raises Unsealable."""
    made = tenant.execute(
        "INSERT INTO tenants (tenant_id, slug, name, demo) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [tenant.tenant_id, slug, name, demo],
    )
    if made.rowcount:
        tenant_keys.add_keys(tenant)


def list_tenants(database: Database) -> list[dict[str, Any]]:
    """tenant_id, slug, name and demo of every tenant by slug. Raises DatabaseUnavailable."""
    with database.job("tenants") as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT tenant_id, slug, name, demo FROM tenants ORDER BY slug").fetchall()


def everyone(database: Database) -> list[UUID]:
    """Every tenant with a venue. Raises DatabaseUnavailable."""
    with database.job("venues") as connection:
        rows = connection.execute("SELECT DISTINCT tenant_id FROM venues ORDER BY tenant_id")
        return [tenant_id for (tenant_id,) in rows]


def find(database: Database, name: str | None) -> UUID | None:
    """The tenant with this slug or id, or the only one without a name; None when that is not exactly one."""
    found: list[UUID] = [
        tenant["tenant_id"]
        for tenant in list_tenants(database)
        if name is None or name in (str(tenant["tenant_id"]), tenant["slug"])
    ]
    return found[0] if len(found) == 1 else None
