"""Bring every roll-up of a tenant back to what its facts say, and catch up on tenants that never had one."""

import logging
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from data import rebuild_days, rebuild_events
from data.engine import Database
from data.rebuild_progress import Logged, Told, nobody
from data.tenants import everyone

log = logging.getLogger(__name__)

Wrong = Counter[str]
"""Table → rows that were wrong and are right now."""


def rebuild(database: Database, tenant_id: UUID, told: Told = nobody) -> Iterator[Wrong]:
    """Rebuild all roll-ups, step by step: each event's, then those without events; gives what was wrong.

    `told` learns how far it is. Right figures are shown, and writers go on, all the time. Needs two
    connections. Raises DatabaseUnavailable; what was corrected before it stays so.
    """
    yield from rebuild_events.rebuild(database, tenant_id, told)
    yield rebuild_days.rebuild(database, tenant_id, told)


def catch_up(database: Database) -> list[UUID]:
    """Roll up the tenants whose facts are older than some of the roll-ups; returns them.

    It is done once for a tenant, also when several processes try, and the log says how far it is. Raises
    DatabaseUnavailable.
    """
    behind = [tenant_id for tenant_id in everyone(database) if _is_behind(database, tenant_id)]
    for number, tenant_id in enumerate(behind, start=1):
        for _ in rebuild(database, tenant_id, Logged(f"tenant {number} of {len(behind)}")):
            pass
        log.info("rolled up the history of tenant %s", tenant_id)
    return behind


def _is_behind(database: Database, tenant_id: UUID) -> bool:
    with database.tenant(tenant_id) as tenant:
        row = tenant.execute("SELECT rolled_up FROM tenants WHERE tenant_id = %s", [tenant_id]).fetchone()
    return row == (False,)
