"""What webhooks have to tell, put down in the transaction of what it tells of: both come about, or neither.

Where no webhook is for an event, nothing is kept of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from data.engine import TenantConnection
from data.webhook_events import Test, WebhookEvent, written
from data.webhooks import WebhookNotFound


def put(tenant: TenantConnection, events: Sequence[WebhookEvent], now: datetime) -> None:
    """Have these told by every webhook that is for them; one that was told of under its key is not again."""
    types = sorted({event.type for event in events})
    webhooks = tenant.rows(
        "SELECT webhook_id, types, greatest(resume_at, %(now)s) AS next_at FROM webhooks"
        " WHERE tenant_id = %(tenant)s AND disabled_at IS NULL"
        " AND (types = '{}' OR types && %(types)s::text[]) ORDER BY webhook_id",
        {"now": now, "tenant": tenant.tenant_id, "types": types},
    )
    for event in events if webhooks else ():
        wanted = [each for each in webhooks if not each["types"] or event.type in each["types"]]
        if wanted:
            _keep(
                tenant,
                event,
                [each["webhook_id"] for each in wanted],
                [each["next_at"] for each in wanted],
                now,
            )


def put_test(tenant: TenantConnection, webhook_id: UUID, now: datetime) -> UUID:
    """Have a test told by this webhook alone; the id of its message. Raises WebhookNotFound for one that is
    not there or is off."""
    row = tenant.execute(
        "SELECT 1 FROM webhooks WHERE tenant_id = %s AND webhook_id = %s AND disabled_at IS NULL",
        [tenant.tenant_id, webhook_id],
    ).fetchone()
    if row is None:
        raise WebhookNotFound
    return _keep(tenant, Test(webhook_id=webhook_id), [webhook_id], [now], now)


def _keep(
    tenant: TenantConnection,
    event: WebhookEvent,
    webhooks: Sequence[UUID],
    next_at: Sequence[datetime],
    now: datetime,
) -> UUID:
    message_id = _id(event)
    tenant.execute(
        "WITH told AS (INSERT INTO webhook_messages (tenant_id, message_id, type, body, created_at)"
        " VALUES (%(tenant)s, %(message)s, %(type)s, %(body)s, %(now)s)"
        " ON CONFLICT DO NOTHING RETURNING message_id)"
        " INSERT INTO webhook_deliveries (tenant_id, webhook_id, message_id, created_at, next_at)"
        " SELECT %(tenant)s, webhook_id, message_id, %(now)s, next_at"
        " FROM told, unnest(%(webhooks)s::uuid[], %(next)s::timestamptz[]) AS one (webhook_id, next_at)",
        {
            "tenant": tenant.tenant_id,
            "message": message_id,
            "type": event.type,
            "body": written(event, now),
            "now": now,
            "webhooks": list(webhooks),
            "next": list(next_at),
        },
    )
    return message_id


def _id(event: WebhookEvent) -> UUID:
    key = event.key()
    if key is None:
        return uuid4()
    return UUID(bytes=hashlib.sha256(key.encode(errors="backslashreplace")).digest()[:16], version=5)
