"""The names of the ids in an answer, looked up once for all that was found."""

from __future__ import annotations

from collections.abc import Sequence, Set
from uuid import UUID

from data.engine import TenantConnection

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
NAMED = {
    "event": _BY_ID.format(own="event", table="events"),
    "series": _BY_ID.format(own="series", table="series"),
    "gate": _BY_PLACE.format(own="gate", table="gates"),
    "zone": _BY_PLACE.format(own="zone", table="zones"),
    "ticket_type": _BY_PLACE.format(own="ticket_type", table="ticket_types"),
}
"""Dimension → the names of some of its values. Gates, zones and ticket types are called by a text that is
theirs at their venue: of several names the first."""

Wanted = tuple[str, frozenset[UUID], Set[str]]
"""A dimension, the venues that its question looks at, and the values found there."""


def look_up(tenant: TenantConnection, wanted: Sequence[Wanted]) -> list[dict[str, str]]:
    """Value → name for each, in one round trip; a value that has no name is missing."""
    cursors = []
    if any(values for _, _, values in wanted):
        with tenant.connection.pipeline():
            for dimension, venues, values in wanted:
                parameters = {"tenant": tenant.tenant_id, "venues": list(venues), "ids": list(values)}
                cursors.append(tenant.execute(NAMED[dimension], parameters))
    return [dict(cursor.fetchall()) for cursor in cursors] or [{} for _ in wanted]
