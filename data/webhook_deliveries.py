"""Deliveries of webhooks: whose turn it is, what became of each attempt, and the log that owners read.

A delivery is one message on its way to one webhook. Whoever sends it claims it for a while; a worker that
dies between sending and noting it leaves a claim that ends, and the message goes again under the same id. It
is tried for three days, at first within seconds and at last every eight hours. A receiver that does not
answer, or says that it is overrun, is left alone for a moment with all that waits for it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from data import webhooks
from data.engine import Database, TenantConnection
from data.webhooks import Webhook, WebhookNotFound

Status = Literal["waiting", "delivered", "failed"]

TRIED_FOR = timedelta(days=3)
REMEMBERED = timedelta(days=30)
"""How long the log tells of a delivery that has ended."""
CLAIMED_FOR = timedelta(minutes=2)
"""Longer than any attempt takes."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=8)
LONGEST_HOLD = timedelta(minutes=10)
LONGEST_ASKED = timedelta(days=1)
"""Of what a receiver asks for by Retry-After."""
LONGEST_ANSWER = 1_000
"""Characters of an answer that the log shows."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to be sent now, for the `attempts`-th time; `tries` are those since it last began."""

    webhook: Webhook
    message_id: UUID
    type: str
    body: str = field(repr=False)
    secrets: Sequence[bytes] = field(repr=False)
    attempts: int
    tries: int
    expires_at: datetime

    @property
    def sent_id(self) -> str:
        """Its `webhook-id`: the same at every attempt, and when it is sent again."""
        return name_of(self.message_id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: the status of an answer, or why there was none."""

    at: datetime
    seconds: float
    status: int | None = None
    error: str | None = None
    answer: str = ""
    retry_after: timedelta | None = None

    @property
    def good(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def overrun(self) -> bool:
        """Whether the receiver, and not this message, is what failed."""
        return self.status is None or self.status == 429 or self.status >= 500


def name_of(message_id: UUID) -> str:
    """A message's id as receivers see it."""
    return f"msg_{message_id.hex}"


def wait_after(tries: int, chance: float) -> timedelta:
    """Between one attempt and the next: 5 seconds, then four times as long each time, up to 8 hours; `chance`
    (0 to 1) makes it up to a fifth shorter or longer, so that many do not come at once."""
    doublings = 2 * min(tries - 1, 12)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT) * (0.8 + 0.4 * chance)


def hold_after(failures: int) -> timedelta:
    """How long a receiver that failed so often in a row is left alone: 5 seconds, doubled, up to 10
    minutes."""
    return min(FIRST_WAIT * (1 << min(failures - 1, 12)), LONGEST_HOLD)


# For those who send


def due(database: Database, now: datetime) -> list[tuple[UUID, UUID]]:
    """Tenant and id of every webhook for which something is due, the longest waiting first. Raises
    DatabaseUnavailable."""
    with database.job("webhook_deliveries") as connection:
        rows = connection.execute(
            "SELECT tenant_id, webhook_id FROM webhook_deliveries WHERE status = 'waiting' AND next_at <= %s"
            " GROUP BY tenant_id, webhook_id ORDER BY min(next_at), tenant_id, webhook_id",
            [now],
        )
        return rows.fetchall()


def claim(tenant: TenantConnection, webhook_id: UUID, now: datetime) -> Delivery | None:
    """What is due longest, which nobody else sends for a while; None when nothing is, or the webhook is not
    there or off. Raises Unsealable."""
    try:
        webhook = webhooks.get(tenant, webhook_id)
    except WebhookNotFound:
        webhook = None
    if webhook is None or webhook.disabled_at is not None:
        # What was put down while the webhook was removed or disabled.
        tenant.execute(
            "UPDATE webhook_deliveries SET status = 'failed', finished_at = %s"
            " WHERE tenant_id = %s AND webhook_id = %s AND status = 'waiting'",
            [now, tenant.tenant_id, webhook_id],
        )
        return None
    rows = tenant.rows(
        "UPDATE webhook_deliveries d SET attempts = d.attempts + 1, tries = d.tries + 1,"
        " next_at = %(until)s, claimed_until = %(until)s,"
        " expires_at = coalesce(d.expires_at, %(now)s + %(tried)s::interval)"
        " WHERE d.tenant_id = %(tenant)s AND d.webhook_id = %(webhook)s AND d.message_id = ("
        "  SELECT message_id FROM webhook_deliveries WHERE tenant_id = %(tenant)s"
        "  AND webhook_id = %(webhook)s AND status = 'waiting' AND next_at <= %(now)s"
        "  ORDER BY next_at, created_at, message_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING d.message_id, d.attempts, d.tries, d.expires_at",
        {
            "until": now + CLAIMED_FOR,
            "now": now,
            "tried": TRIED_FOR,
            "tenant": tenant.tenant_id,
            "webhook": webhook_id,
        },
    )
    if not rows:
        return None
    found = tenant.execute(
        "SELECT type, body FROM webhook_messages WHERE tenant_id = %s AND message_id = %s",
        [tenant.tenant_id, rows[0]["message_id"]],
    ).fetchone()
    assert found is not None  # Messages stay longer than their deliveries.
    secrets = webhooks.valid_secrets(tenant, webhook_id, now)
    return Delivery(webhook, type=found[0], body=found[1], secrets=secrets, **rows[0])


def note(tenant: TenantConnection, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    """Keep what came of an attempt, and what follows from it for the message and for its webhook."""
    _log(tenant, delivery, attempt)
    if attempt.good:
        _delivered(tenant, delivery, attempt, now)
        return
    failures = _failed(tenant, delivery, attempt, now)
    if failures is None:
        return  # Another worker took it up meanwhile, or the webhook was removed.
    hold = now
    if attempt.overrun:
        hold = now + max(hold_after(failures), min(attempt.retry_after or timedelta(0), LONGEST_ASKED))
    if attempt.status == GONE:
        webhooks.disable(tenant, delivery.webhook.webhook_id, "gone", now)
    elif now >= delivery.expires_at:
        _give_up(tenant, delivery, now)
    else:
        again = max(now + wait_after(delivery.tries, random.random()), hold)
        _update(tenant, delivery, "next_at = %s", [min(again, max(delivery.expires_at, now + FIRST_WAIT))])
    if hold > now:
        _hold(tenant, delivery.webhook.webhook_id, hold)


def forget(tenant: TenantConnection, now: datetime) -> None:
    """Remove what ended long ago, and what is left of webhooks that were removed."""
    key = [tenant.tenant_id, tenant.tenant_id, now - REMEMBERED]
    tenant.execute(
        "DELETE FROM webhook_deliveries WHERE tenant_id = %s AND (finished_at < %s OR webhook_id NOT IN"
        " (SELECT webhook_id FROM webhooks WHERE tenant_id = %s))",
        [tenant.tenant_id, now - REMEMBERED, tenant.tenant_id],
    )
    tenant.execute(
        "DELETE FROM webhook_attempts WHERE tenant_id = %s AND (webhook_id, message_id) NOT IN"
        " (SELECT webhook_id, message_id FROM webhook_deliveries WHERE tenant_id = %s) AND at < %s",
        key,
    )
    tenant.execute(
        "DELETE FROM webhook_messages WHERE tenant_id = %s AND message_id NOT IN"
        " (SELECT message_id FROM webhook_deliveries WHERE tenant_id = %s) AND created_at < %s",
        key,
    )


def _log(tenant: TenantConnection, delivery: Delivery, attempt: Attempt) -> None:
    tenant.execute(
        "INSERT INTO webhook_attempts"
        " (tenant_id, webhook_id, message_id, number, at, milliseconds, answered, error, answer)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            tenant.tenant_id,
            delivery.webhook.webhook_id,
            delivery.message_id,
            delivery.attempts,
            attempt.at,
            round(attempt.seconds * 1000),
            attempt.status,
            attempt.error,
            attempt.answer[:LONGEST_ANSWER],
        ],
    )


def _delivered(tenant: TenantConnection, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    # However late this is noted: the receiver has it.
    tenant.execute(
        "UPDATE webhook_deliveries SET status = 'delivered', finished_at = %s, claimed_until = NULL,"
        " answered = %s, error = NULL WHERE tenant_id = %s AND webhook_id = %s AND message_id = %s",
        [now, attempt.status, tenant.tenant_id, delivery.webhook.webhook_id, delivery.message_id],
    )
    tenant.execute(
        "UPDATE webhooks SET failures = 0, resume_at = NULL, delivered_at = %s"
        " WHERE tenant_id = %s AND webhook_id = %s",
        [now, tenant.tenant_id, delivery.webhook.webhook_id],
    )


def _failed(tenant: TenantConnection, delivery: Delivery, attempt: Attempt, now: datetime) -> int | None:
    """How often its webhook has failed in a row now; None when it is not this worker's any more."""
    if not _update(
        tenant, delivery, "claimed_until = NULL, answered = %s, error = %s", [attempt.status, attempt.error]
    ):
        return None
    row = tenant.execute(
        "UPDATE webhooks SET failures = failures + 1 WHERE tenant_id = %s AND webhook_id = %s"
        " RETURNING failures",
        [tenant.tenant_id, delivery.webhook.webhook_id],
    ).fetchone()
    return None if row is None else int(row[0])


def _give_up(tenant: TenantConnection, delivery: Delivery, now: datetime) -> None:
    """It was tried long enough. Where nothing else came through meanwhile either, the webhook goes off."""
    _update(tenant, delivery, "status = 'failed', finished_at = %s", [now])
    webhook = webhooks.get(tenant, delivery.webhook.webhook_id)
    if webhook.delivered_at is None or webhook.delivered_at < delivery.expires_at - TRIED_FOR:
        webhooks.disable(tenant, webhook.webhook_id, "failing", now)


def _hold(tenant: TenantConnection, webhook_id: UUID, until: datetime) -> None:
    """Send nothing there before this moment."""
    values = {"until": until, "tenant": tenant.tenant_id, "webhook": webhook_id}
    tenant.execute(
        "UPDATE webhooks SET resume_at = greatest(resume_at, %(until)s)"
        " WHERE tenant_id = %(tenant)s AND webhook_id = %(webhook)s AND disabled_at IS NULL",
        values,
    )
    tenant.execute(
        "UPDATE webhook_deliveries SET next_at = %(until)s WHERE tenant_id = %(tenant)s"
        " AND webhook_id = %(webhook)s AND status = 'waiting' AND next_at < %(until)s",
        values,
    )


def _update(tenant: TenantConnection, delivery: Delivery, changes: str, values: list[Any]) -> bool:
    """Whether the delivery was still this worker's to change."""
    cursor = tenant.execute(
        f"UPDATE webhook_deliveries SET {changes} WHERE tenant_id = %s AND webhook_id = %s"
        " AND message_id = %s AND status = 'waiting' AND attempts = %s",
        [
            *values,
            tenant.tenant_id,
            delivery.webhook.webhook_id,
            delivery.message_id,
            delivery.attempts,
        ],
    )
    return cursor.rowcount == 1
