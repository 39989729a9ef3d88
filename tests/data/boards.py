"""People with boards, for the tests of everything that is kept about dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from data.access import Access
from data.board_document import BoardDocument, Placed
from data.engine import Database
from data.users import Role
from tests.conftest import Tenant

EMPTY = BoardDocument()


def placed(id: str, widget: str = "house-count", **more: Any) -> Placed:  # noqa: A002
    """A widget on a board."""
    return Placed(id=id, widget=widget, **more)


def document(*widgets: Placed, **filters: str) -> BoardDocument:
    """A board's document."""
    return BoardDocument(widgets=widgets, filters=filters)


@dataclass(frozen=True, slots=True)
class People:
    """The staff of one tenant; nobody needs a password here."""

    database: Database
    tenant: Tenant

    def hire(self, role: Role, name: str = "") -> Access:
        """Somebody new, through whose eyes boards are seen."""
        user_id = uuid4()
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            tenant.execute(
                "INSERT INTO users (tenant_id, user_id, email, name, role, password_hash)"
                " VALUES (%s, %s, %s, %s, %s, '-')",
                [self.tenant.tenant_id, user_id, f"{user_id}@example.org", name or role.title(), role],
            )
        return Access(self.tenant.tenant_id, role, user_id)


def grantee(access: Access) -> str:
    """The name under which a board is shared with one person."""
    assert isinstance(access.user_id, UUID)
    return f"user:{access.user_id}"


def add_event(people: People, venue: UUID | None = None, name: str = "Gala") -> UUID:
    """An event at a venue, the tenant's only one if none is named."""
    event_id = uuid4()
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, name) VALUES (%s, %s, %s, %s)",
            [people.tenant.tenant_id, venue or people.tenant.venue_id, event_id, name],
        )
    return event_id


def add_venue(people: People, name: str = "The Annexe") -> UUID:
    """One more venue of the tenant."""
    venue_id = uuid4()
    with people.database.tenant(people.tenant.tenant_id) as tenant:
        tenant.execute(
            "INSERT INTO venues (tenant_id, venue_id, name, zone, currency)"
            " VALUES (%s, %s, %s, 'Europe/London', 'GBP')",
            [people.tenant.tenant_id, venue_id, name],
        )
    return venue_id
