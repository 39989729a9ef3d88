"""What doors, pages and callbacks are given: built once per process in `app.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from config import Settings
from data.audit_log import Trail
from data.counters import Counters
from data.directory import Directory
from data.engine import Database
from data.facts import Verdict
from data.live_publisher import LivePublisher
from data.messages import Message


class Live(Protocol):
    """What a door tells the live path once its transaction holds."""

    def touched(self, tenant_id: UUID, versions: Mapping[tuple[UUID, UUID], int]) -> None:
        """(venue, event) → version of each event that changed; returns at once, never raises."""
        ...


class Writer(Protocol):
    """Single messages that share a transaction with whatever else waits (group commit)."""

    def write(self, tenant_id: UUID, message: Message) -> Verdict:
        """The verdict, after the commit. Raises DatabaseUnavailable."""
        ...


@dataclass(frozen=True)
class Services:
    """One process's connections and settings."""

    settings: Settings
    database: Database
    directory: Directory
    writer: Writer
    live: LivePublisher
    counters: Counters
    trail: Trail
