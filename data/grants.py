"""Which venues or events of a tenant a person may see, where that is not all of it.

Owners see everything, promoters only events that they were given; the others everything, or the venues or
events that they were given. Who is limited and was given nothing sees nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from data.engine import TenantConnection

Reach = Literal["all", "venues", "events"]


class NoSuchPlace(Exception):
    """The tenant has no such venue or event."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What may be seen: None is all of it. Whoever is limited to events sees their venues too, and there only
    these events."""

    venues: frozenset[UUID] | None = None
    events: frozenset[UUID] | None = None


def reach_of(role: str, kept: str) -> Reach:
    """How far a role reaches for whom `users.reach` is `kept`."""
    if role == "owner":
        return "all"
    if role == "promoter" or kept == "events":
        return "events"
    return "all" if kept == "all" else "venues"


def granted(tenant: TenantConnection, user_id: UUID, reach: Reach) -> Grants:
    """What a user of this reach may see. Raises DatabaseUnavailable."""
    if reach == "all":
        return Grants()
    rows = tenant.execute(
        "SELECT g.place_id, e.venue_id FROM user_grants g"
        " LEFT JOIN (SELECT event_id, venue_id FROM events WHERE tenant_id = %(tenant)s) e"
        " ON e.event_id = g.place_id"
        " WHERE g.tenant_id = %(tenant)s AND g.user_id = %(user)s AND g.kind = %(kind)s",
        {"tenant": tenant.tenant_id, "user": user_id, "kind": reach},
    ).fetchall()
    places = frozenset(place for place, _ in rows)
    if reach == "venues":
        return Grants(venues=places)
    return Grants(frozenset(venue for _, venue in rows if venue is not None), places)


def grants_of(tenant: TenantConnection, reach: Reach, places: Collection[UUID]) -> Grants:
    """What it would be to be granted these venues or events. Raises NoSuchPlace."""
    if reach == "all":
        return Grants()
    column = "venue_id" if reach == "venues" else "event_id"
    found = tenant.execute(
        f"SELECT {column}, venue_id FROM {reach} WHERE tenant_id = %s AND {column} = ANY(%s)",
        [tenant.tenant_id, list(places)],
    ).fetchall()
    missing = set(places) - {place for place, _ in found}
    if missing:
        raise NoSuchPlace(str(min(missing)))
    venues = frozenset(venue for _, venue in found)
    return Grants(venues) if reach == "venues" else Grants(venues, frozenset(places))


def put_grants(tenant: TenantConnection, user_id: UUID, reach: Reach, places: Collection[UUID]) -> None:
    """Let the user see these venues or events and no others; of `all`, everything. Raises NoSuchPlace."""
    grants_of(tenant, reach, places)
    of = [tenant.tenant_id, user_id]
    tenant.execute("UPDATE users SET reach = %s WHERE tenant_id = %s AND user_id = %s", [reach, *of])
    tenant.execute("DELETE FROM user_grants WHERE tenant_id = %s AND user_id = %s", of)
    for place in sorted(places) if reach != "all" else ():
        tenant.execute(
            "INSERT INTO user_grants (tenant_id, user_id, kind, place_id) VALUES (%s, %s, %s, %s)",
            [*of, reach, place],
        )
