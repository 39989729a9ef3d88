"""What tests of webhooks have in common: a house with an owner, its webhooks, and their deliveries."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from config import Settings
from data import webhook_outbox, webhooks
from data.engine import Database
from data.webhook_events import EventUnregistered, WebhookEvent
from jobs.delivering import Delivering
from jobs.webhook_request import Sender
from tests.conftest import Tenant

LOCAL = "127.0.0.0/8"


@dataclass
class House:
    """A tenant of a database of its own, for a round serves the webhooks of every tenant that it finds."""

    url: str
    database: Database
    tenant: Tenant
    settings: Settings

    def add(self, url: str, *types: str, description: str = "") -> tuple[UUID, str]:
        """A new webhook and its secret."""
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            made, secret = webhooks.add(tenant, url, description, types, self.settings.webhook_networks)
        return made.webhook_id, secret

    def tell(self, *events: WebhookEvent, ago: timedelta = timedelta(0)) -> None:
        """Put these down; one that nobody has registered, where none is named."""
        told: Sequence[WebhookEvent] = events or [unregistered(self.tenant)]
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            webhook_outbox.put(tenant, told, datetime.now(UTC) - ago)

    def delivering(self, trusted: Path | None = None) -> Delivering:
        """What a worker does, which trusts these certificates."""
        sender = Sender(self.settings.webhook_networks, trusted)
        return Delivering(self.database, self.settings, threading.Event(), sender)

    def deliver(self, rounds: int = 1) -> None:
        """So many rounds, each to its end."""
        delivering = self.delivering()
        for _ in range(rounds):
            delivering.work()
            delivering.settle(60)

    def webhook(self, webhook_id: UUID) -> webhooks.Webhook:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            return webhooks.get(tenant, webhook_id)

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            return tenant.rows(query, parameters)

    def deliveries(self, webhook_id: UUID) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT * FROM webhook_deliveries WHERE webhook_id = %s ORDER BY created_at, message_id",
            webhook_id,
        )

    def attempts(self, webhook_id: UUID) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM webhook_attempts WHERE webhook_id = %s ORDER BY at", webhook_id)

    def execute(self, query: str, *parameters: object) -> None:
        with self.database.tenant(self.tenant.tenant_id) as tenant:
            tenant.execute(query, parameters)

    def hurry(self) -> None:
        """As if whatever waits had waited long enough."""
        self.execute("UPDATE webhook_deliveries SET next_at = now() - interval '1 second'")
        self.execute("UPDATE webhooks SET resume_at = NULL")


def unregistered(tenant: Tenant, number: int = 1) -> EventUnregistered:
    """An event that is told of once, under its number."""
    event_id = UUID(int=tenant.tenant_id.int + number & (1 << 128) - 1)
    return EventUnregistered(venue_id=tenant.venue_id, event_id=event_id, external_id=f"night-{number}")


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder, webhook_allowed_networks=LOCAL, **more)
