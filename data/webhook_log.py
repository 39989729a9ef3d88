"""The log of a webhook: each delivery with its attempts, and sending again what did not come through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from data.engine import TenantConnection
from data.webhook_deliveries import Status
from data.webhooks import get


class DeliveryNotFound(Exception):
    """The webhook has no such delivery."""


class WebhookOff(Exception):
    """Nothing is sent to a webhook that is disabled."""


class UnderWay(Exception):
    """It is being sent at this moment."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A delivery as its log tells it; `answered` and `error` are of the last attempt."""

    message_id: UUID
    type: str
    status: Status
    attempts: int
    answered: int | None
    error: str | None
    created_at: datetime
    next_at: datetime | None
    """When it is tried again; None once it has ended."""
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoggedAttempt:
    """One attempt; a number is missing where a worker ended before it could note what came of it."""

    number: int
    at: datetime
    milliseconds: int
    answered: int | None
    error: str | None
    answer: str


_COLUMNS = (
    "d.message_id, m.type, d.status, d.attempts, d.answered, d.error, d.created_at,"
    " CASE WHEN d.status = 'waiting' THEN d.next_at END AS next_at, d.finished_at"
)
_FROM = (
    "FROM webhook_deliveries d JOIN webhook_messages m ON m.tenant_id = d.tenant_id"
    " AND m.message_id = d.message_id WHERE d.tenant_id = %(tenant)s AND d.webhook_id = %(webhook)s"
)


def log_of(
    tenant: TenantConnection,
    webhook_id: UUID,
    *,
    status: Status | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Logged]:
    """Deliveries of a webhook, the newest first, after the one given. Raises WebhookNotFound."""
    get(tenant, webhook_id)
    at, last = after or (None, None)
    rows = tenant.rows(
        f"SELECT {_COLUMNS} {_FROM} AND (%(status)s::text IS NULL OR d.status = %(status)s)"
        " AND (%(at)s::timestamptz IS NULL OR (d.created_at, d.message_id) < (%(at)s, %(last)s::uuid))"
        " ORDER BY d.created_at DESC, d.message_id DESC LIMIT %(limit)s",
        {
            "tenant": tenant.tenant_id,
            "webhook": webhook_id,
            "status": status,
            "at": at,
            "last": last,
            "limit": limit,
        },
    )
    return [Logged(**row) for row in rows]


def delivery_of(
    tenant: TenantConnection, webhook_id: UUID, message_id: UUID
) -> tuple[Logged, str, list[LoggedAttempt]]:
    """A delivery, the body that is sent, and its attempts, the last one first. Raises WebhookNotFound,
    DeliveryNotFound."""
    get(tenant, webhook_id)
    key = {"tenant": tenant.tenant_id, "webhook": webhook_id, "message": message_id}
    rows = tenant.rows(f"SELECT {_COLUMNS}, m.body {_FROM} AND d.message_id = %(message)s", key)
    if not rows:
        raise DeliveryNotFound
    attempts = tenant.rows(
        "SELECT number, at, milliseconds, answered, error, answer FROM webhook_attempts"
        " WHERE tenant_id = %(tenant)s AND webhook_id = %(webhook)s AND message_id = %(message)s"
        " ORDER BY number DESC",
        key,
    )
    body = rows[0].pop("body")
    return Logged(**rows[0]), body, [LoggedAttempt(**each) for each in attempts]


def waiting_and_failed(tenant: TenantConnection, webhook_id: UUID) -> tuple[int, int]:
    """How many deliveries of a webhook wait, and how many have failed."""
    row = tenant.execute(
        "SELECT count(*) FILTER (WHERE status = 'waiting'), count(*) FILTER (WHERE status = 'failed')"
        " FROM webhook_deliveries WHERE tenant_id = %s AND webhook_id = %s",
        [tenant.tenant_id, webhook_id],
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def replay(tenant: TenantConnection, webhook_id: UUID, message_id: UUID, now: datetime) -> Logged:
    """The delivery, to be sent now under the id that it had: one that waits sooner, one that has ended
    again. Raises WebhookNotFound, WebhookOff, DeliveryNotFound, UnderWay."""
    _require_on(tenant, webhook_id)
    begun = tenant.execute(
        "UPDATE webhook_deliveries SET next_at = %(now)s, tries = 0, expires_at = NULL, status = 'waiting',"
        " finished_at = NULL, claimed_until = NULL WHERE tenant_id = %(tenant)s AND webhook_id = %(webhook)s"
        " AND message_id = %(message)s AND (claimed_until IS NULL OR claimed_until < %(now)s)",
        {"now": now, "tenant": tenant.tenant_id, "webhook": webhook_id, "message": message_id},
    )
    found, _, _ = delivery_of(tenant, webhook_id, message_id)
    if not begun.rowcount:
        raise UnderWay
    return found


def replay_failed(tenant: TenantConnection, webhook_id: UUID, now: datetime) -> int:
    """Send all again that has failed; how many. Raises WebhookNotFound, WebhookOff."""
    _require_on(tenant, webhook_id)
    begun = tenant.execute(
        "UPDATE webhook_deliveries SET next_at = %s, tries = 0, expires_at = NULL, status = 'waiting',"
        " finished_at = NULL, claimed_until = NULL"
        " WHERE tenant_id = %s AND webhook_id = %s AND status = 'failed'",
        [now, tenant.tenant_id, webhook_id],
    )
    return begun.rowcount


def _require_on(tenant: TenantConnection, webhook_id: UUID) -> None:
    if get(tenant, webhook_id).disabled_at is not None:
        raise WebhookOff
