"""Tenants' keys from one master key to the next, and those that older versions kept plain under one."""

from __future__ import annotations

from data import tenant_keys
from data.engine import Database
from data.tenants import list_tenants


def wrap_plain(database: Database) -> int:
    """Lock the customer keys that older versions kept plain; how many there were.

    Key and place change in one transaction. A process of an older version that still runs then fails to
    read its key, and refuses messages for the moment: with another key it would make other customers.
    Raises Unsealable, DatabaseUnavailable.
    """
    wrapped = 0
    for known in list_tenants(database):
        with database.tenant(known["tenant_id"]) as tenant:
            row = tenant.execute(
                "SELECT customer_key FROM tenants WHERE tenant_id = %s AND customer_key IS NOT NULL"
                " FOR UPDATE",
                [tenant.tenant_id],
            ).fetchone()
            if row is not None:
                tenant_keys.add_key(tenant, "customers", bytes(row[0]))
                tenant.execute(
                    "UPDATE tenants SET customer_key = NULL WHERE tenant_id = %s", [tenant.tenant_id]
                )
                wrapped += 1
    return wrapped


def rotate(database: Database) -> tuple[int, int]:
    """Lock every tenant's keys by the present master key: (changed, already so).

    Each tenant is a transaction of its own, so what is interrupted goes on where it was. Raises Unsealable
    for a key whose master key is not at hand, DatabaseUnavailable.
    """
    changed = wrap_plain(database)
    already = -changed
    for known in list_tenants(database):
        with database.tenant(known["tenant_id"]) as tenant:
            rows = tenant.execute(
                "SELECT purpose, wrapped FROM tenant_keys WHERE tenant_id = %s ORDER BY purpose FOR UPDATE",
                [tenant.tenant_id],
            ).fetchall()
            for purpose, wrapped in rows:
                if tenant_keys.rewrap(tenant, purpose, bytes(wrapped)):
                    changed += 1
                else:
                    already += 1
    return changed, already
