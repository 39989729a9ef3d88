"""Whose work there is, and which tenant an operator means."""

from uuid import UUID

from data.engine import Database


def everyone(database: Database) -> list[UUID]:
    """Every tenant with a venue. Raises DatabaseUnavailable."""
    with database.job("venues") as connection:
        rows = connection.execute("SELECT DISTINCT tenant_id FROM venues ORDER BY tenant_id")
        return [tenant_id for (tenant_id,) in rows]


def find(database: Database, name: str | None) -> UUID | None:
    """The tenant with this slug or id, or the only one without a name; None when that is not exactly one."""
    found = []
    for tenant_id in everyone(database):
        with database.tenant(tenant_id) as tenant:
            row = tenant.execute("SELECT slug FROM tenants WHERE tenant_id = %s", [tenant_id]).fetchone()
        if name is None or name == str(tenant_id) or (row is not None and name == row[0]):
            found.append(tenant_id)
    return found[0] if len(found) == 1 else None
