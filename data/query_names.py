"""The names of the ids in an answer, looked up once for all that was found."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any
from uuid import UUID

from psycopg import Cursor

from data.engine import TenantConnection
from data.query_zones import EVENT_ZONES

Names = dict[str, dict[str, str]]
"""Dimension → value → name."""

_BY_ID = (
    "SELECT {own}_id::text, name FROM {table}"
    " WHERE tenant_id = %(tenant)s AND {own}_id = ANY(%(ids)s::uuid[])"
)
_BY_PLACE = (
    "SELECT {own}, min(name) FROM {table} WHERE tenant_id = %(tenant)s AND venue_id = ANY(%(venues)s::uuid[])"
    " AND {own} = ANY(%(ids)s) GROUP BY {own}"
)
PLACES = {"gate": "gates", "zone": "zones", "ticket_type": "ticket_types"}
"""Dimension → the table of what is called by a text at its venue."""
NAMED = {
    "event": _BY_ID.format(own="event", table="events"),
    "series": _BY_ID.format(own="series", table="series"),
} | {own: _BY_PLACE.format(own=own, table=table) for own, table in PLACES.items()}
"""Dimension → the names of some of its values. Gates, zones and ticket types are called by a text that is
theirs at their venue: of several names the first."""

_ASKED = NAMED | {
    EVENT_ZONES: "SELECT e.event_id::text, v.zone FROM events e"
    " JOIN venues v ON v.tenant_id = e.tenant_id AND v.venue_id = e.venue_id"
    " WHERE e.tenant_id = %(tenant)s AND e.event_id = ANY(%(ids)s::uuid[])"
}

Wanted = tuple[str, frozenset[UUID], Set[str]]
"""A dimension, the venues that its question looks at, and the values found there."""


def look_up(tenant: TenantConnection, wanted: Sequence[Wanted], programme: int) -> list[dict[str, str]]:
    """Value → name for each, in one round trip; a value that has no name is missing.

    Names by place are looked for in all programmes of all venues, and there are few of them: this process
    remembers them as long as `programme`, the version of the tenant's programmes, stays the same.
    """
    keys = [
        (tenant.tenant_id, programme, dimension, venues, frozenset(values))
        for dimension, venues, values in wanted
    ]
    found = [_remembered(tenant, key) if each[2] else {} for key, each in zip(keys, wanted, strict=True)]
    missing = [index for index, names in enumerate(found) if names is None]
    if missing:
        with tenant.connection.pipeline():
            cursors = [ask(tenant, wanted[index]) for index in missing]
        for index, cursor in zip(missing, cursors, strict=True):
            names = found[index] = dict(cursor.fetchall())
            if tenant.answers is not None and wanted[index][0] in PLACES:
                tenant.answers.remember(keys[index], names)
    return [names or {} for names in found]


def _remembered(tenant: TenantConnection, key: object) -> dict[str, str] | None:
    names = None if tenant.answers is None else tenant.answers.recall(key)
    return names if isinstance(names, dict) else None


def ask(tenant: TenantConnection, wanted: Wanted) -> Cursor[Any]:
    """Rows of value and name; the values of events and series have to be uuids."""
    dimension, venues, values = wanted
    parameters = {"tenant": tenant.tenant_id, "venues": list(venues), "ids": list(values)}
    return tenant.execute(_ASKED[dimension], parameters)
