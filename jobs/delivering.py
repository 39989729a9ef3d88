"""The worker's round of webhooks: each that has something due is served by a thread of its own.

So one that hangs holds up nobody else; and it is left alone for longer each time
(`data/webhook_deliveries.py`). No connection to the database is held while a receiver is waited for.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from uuid import UUID

import structlog

from config import Settings
from data import webhook_deliveries
from data.engine import Database, DatabaseUnavailable
from data.keys import Unsealable
from data.tenants import list_tenants
from data.webhook_deliveries import Delivery
from jobs.webhook_request import Sender
from jobs.webhook_signature import headers

AT_ONCE = 32
"""Webhooks served at a time."""
OF_ONE_TENANT = 8
"""Of these, so that nobody holds up everybody with receivers that hang."""
TURN_SECONDS = 30.0
"""After which a busy one lets others have its turn."""
CLOSING_SECONDS = 5.0

log = structlog.stdlib.get_logger("webhooks")

_Key = tuple[UUID, UUID]


class Delivering:
    """Everything about webhooks that the worker does."""

    def __init__(
        self, database: Database, settings: Settings, stop: threading.Event, sender: Sender | None = None
    ) -> None:
        self._database, self._stop = database, stop
        self._sender = sender or Sender(settings.webhook_networks)
        self._busy: dict[_Key, threading.Thread] = {}
        self._guard = threading.Lock()

    def work(self) -> None:
        """Begin with those that are due and not being served yet. Raises DatabaseUnavailable."""
        for key in webhook_deliveries.due(self._database, datetime.now(UTC)):
            with self._guard:
                if self._stop.is_set() or len(self._busy) >= AT_ONCE:
                    return
                of_tenant = sum(key[0] == tenant_id for tenant_id, _ in self._busy)
                if key in self._busy or of_tenant >= OF_ONE_TENANT:
                    continue
                thread = threading.Thread(target=self._serve, args=(key,), name="webhook", daemon=True)
                self._busy[key] = thread
            thread.start()

    def forget(self) -> None:
        """Remove what ended long ago. Raises DatabaseUnavailable."""
        for known in list_tenants(self._database):
            with self._database.tenant(known["tenant_id"]) as tenant:
                webhook_deliveries.forget(tenant, datetime.now(UTC))

    def settle(self, seconds: float = CLOSING_SECONDS) -> None:
        """Wait until nobody is being served, but not for longer: what is cut off is sent again."""
        until = time.monotonic() + seconds
        with self._guard:
            threads = list(self._busy.values())
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _serve(self, key: _Key) -> None:
        until = time.monotonic() + TURN_SECONDS
        try:
            while not self._stop.is_set() and time.monotonic() < until and self._one(*key):
                pass
        except DatabaseUnavailable as error:
            log.warning("database away", reason=str(error))
        except Unsealable as error:
            log.error("a webhook cannot be sent to", webhook=str(key[1]), reason=str(error))
        except Exception:
            log.exception("a webhook could not be served", webhook=str(key[1]))
        finally:
            with self._guard:
                del self._busy[key]

    def _one(self, tenant_id: UUID, webhook_id: UUID) -> bool:
        """Whether there was one to be sent."""
        with self._database.tenant(tenant_id) as tenant:
            delivery = webhook_deliveries.claim(tenant, webhook_id, datetime.now(UTC))
        if delivery is None:
            return False
        attempt = self._sender.send(delivery.webhook.url, *_signed(delivery))
        with self._database.tenant(tenant_id) as tenant:
            webhook_deliveries.note(tenant, delivery, attempt, datetime.now(UTC))
        log.info(
            "webhook",
            webhook=str(webhook_id),
            message=delivery.sent_id,
            type=delivery.type,
            attempt=delivery.attempts,
            status=attempt.status,
            reason=attempt.error,
            seconds=round(attempt.seconds, 3),
        )
        return True


def _signed(delivery: Delivery) -> tuple[bytes, dict[str, str]]:
    body = delivery.body.encode()
    return body, headers(delivery.sent_id, body, delivery.secrets, datetime.now(UTC))
