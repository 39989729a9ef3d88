"""Through whose eyes something is read: the part of every question that the asker does not choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from data.accounts import Role

Scope = Literal["send", "read", "write", "metrics"]
"""What an API token may: send messages, read figures, change boards and notes, read the server's metrics."""


@dataclass(frozen=True, slots=True)
class Access:
    """A tenant, and what of it may be seen. None grants all venues or events; `masked` hides money;
    `linked` is whoever opened a promoter's link.

    A program that asks with a token has its `scopes`; a person has None.
    """

    tenant_id: UUID
    role: Role | None = None
    user_id: UUID | None = None
    venues: frozenset[UUID] | None = None
    events: frozenset[UUID] | None = None
    masked: bool = False
    linked: bool = False
    scopes: frozenset[Scope] | None = None
