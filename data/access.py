"""Through whose eyes something is read: the part of every question that the asker does not choose."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from data.accounts import Role


@dataclass(frozen=True, slots=True)
class Access:
    """A tenant, and what of it may be seen. None grants all venues or events; `masked` hides money."""

    tenant_id: UUID
    role: Role | None = None
    user_id: UUID | None = None
    venues: frozenset[UUID] | None = None
    events: frozenset[UUID] | None = None
    masked: bool = False
