"""A tenant's webhooks: where they go, what they are for, and the secrets by which receivers know them.

Addresses and secrets are kept under the tenant's own key: a receiver's address often is a secret itself.
While a secret is changed two are valid, and every message is signed by both.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from data import mails
from data.engine import TenantConnection
from data.tenant_keys import seal, unseal
from data.webhook_address import Networks, host_of, parsed
from data.webhook_events import CHOICES

Reason = Literal["by-hand", "gone", "failing"]
"""Why a webhook is off: an owner said so, its receiver answered 410, or nothing came through for days."""

PREFIX = "whsec_"
SECRET_BYTES = 32
MOST = 50
"""Webhooks of one tenant."""
LONGEST_DESCRIPTION = 200
LONGEST_OVERLAP = timedelta(days=7)
USUAL_OVERLAP = timedelta(days=1)
"""How long the former secret is valid beside the new one."""


class WebhookNotFound(Exception):
    """The tenant has no such webhook."""


class NotKept(Exception):
    """It is not kept like this: `field` is at fault, the text says why."""

    def __init__(self, field: str, value: str, text: str) -> None:
        super().__init__(text)
        self.field, self.value = field, value


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook. It is for all types of events when `types` is empty."""

    webhook_id: UUID
    url: str = field(repr=False)
    description: str
    types: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    reason: Reason | None
    failures: int
    """Attempts that failed since the last one that did not."""
    resume_at: datetime | None
    delivered_at: datetime | None
    previous_until: datetime | None


_COLUMNS = (
    "webhook_id, sealed_url, description, types, created_at, disabled_at, reason, failures, resume_at,"
    " delivered_at, previous_until"
)


def add(
    tenant: TenantConnection, url: str, description: str, types: Collection[str], allowed: Networks
) -> tuple[Webhook, str]:
    """A new webhook and its secret: the only moment at which this can be read. Raises BadAddress, NotKept."""
    webhook_id, secret = uuid4(), secrets.token_bytes(SECRET_BYTES)
    parsed(url, allowed)
    demo = tenant.execute("SELECT demo FROM tenants WHERE tenant_id = %s", [tenant.tenant_id]).fetchone()
    if demo == (True,):
        raise NotKept("url", url, "The demo sends nothing to anybody: its sign-in is everybody's.")
    there = tenant.execute("SELECT count(*) FROM webhooks WHERE tenant_id = %s", [tenant.tenant_id])
    if there.fetchall()[0][0] >= MOST:
        raise NotKept("url", url, f"There are {MOST} webhooks already.")
    tenant.execute(
        "INSERT INTO webhooks (tenant_id, webhook_id, sealed_url, description, types, sealed_secret)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            tenant.tenant_id,
            webhook_id,
            seal(tenant, _url(webhook_id), url.encode()),
            _described(description),
            _typed(types),
            seal(tenant, _secret(webhook_id), secret),
        ],
    )
    return get(tenant, webhook_id), secret_text(secret)


def listed(tenant: TenantConnection) -> list[Webhook]:
    """Every webhook of the tenant, the oldest first."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM webhooks WHERE tenant_id = %s ORDER BY created_at, webhook_id",
        [tenant.tenant_id],
    )
    return [_webhook(tenant, row) for row in rows]


def get(tenant: TenantConnection, webhook_id: UUID) -> Webhook:
    """One webhook. Raises WebhookNotFound."""
    rows = tenant.rows(
        f"SELECT {_COLUMNS} FROM webhooks WHERE tenant_id = %s AND webhook_id = %s",
        [tenant.tenant_id, webhook_id],
    )
    if not rows:
        raise WebhookNotFound
    return _webhook(tenant, rows[0])


def change(
    tenant: TenantConnection,
    webhook_id: UUID,
    allowed: Networks,
    *,
    url: str | None = None,
    description: str | None = None,
    types: Collection[str] | None = None,
) -> Webhook:
    """The webhook with another address, description or types. Raises WebhookNotFound, BadAddress, NotKept."""
    if url is not None:
        parsed(url, allowed)
    tenant.execute(
        "UPDATE webhooks SET sealed_url = coalesce(%s, sealed_url), description = coalesce(%s, description),"
        " types = coalesce(%s, types) WHERE tenant_id = %s AND webhook_id = %s",
        [
            None if url is None else seal(tenant, _url(webhook_id), url.encode()),
            None if description is None else _described(description),
            None if types is None else _typed(types),
            tenant.tenant_id,
            webhook_id,
        ],
    )
    return get(tenant, webhook_id)


def rotate(
    tenant: TenantConnection, webhook_id: UUID, now: datetime, overlap: timedelta = USUAL_OVERLAP
) -> str:
    """A new secret; the former one stays valid beside it for `overlap`, one from before that no longer.
    Raises WebhookNotFound, NotKept."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        hours = int(LONGEST_OVERLAP.total_seconds() // 3600)
        raise NotKept("hours", str(overlap), f"The former secret stays valid for 0 to {hours} hours.")
    secret = secrets.token_bytes(SECRET_BYTES)
    changed = tenant.execute(
        "UPDATE webhooks SET sealed_secret = %(new)s,"
        " sealed_previous = CASE WHEN %(until)s::timestamptz > %(now)s THEN sealed_secret END,"
        " previous_until = CASE WHEN %(until)s::timestamptz > %(now)s THEN %(until)s::timestamptz END"
        " WHERE tenant_id = %(tenant)s AND webhook_id = %(webhook)s",
        {
            "new": seal(tenant, _secret(webhook_id), secret),
            "now": now,
            "until": now + overlap,
            "tenant": tenant.tenant_id,
            "webhook": webhook_id,
        },
    )
    if not changed.rowcount:
        raise WebhookNotFound
    return secret_text(secret)


def valid_secrets(tenant: TenantConnection, webhook_id: UUID, now: datetime) -> list[bytes]:
    """The secrets that sign now, the newest first. Raises WebhookNotFound."""
    row = tenant.execute(
        "SELECT sealed_secret, CASE WHEN previous_until > %s THEN sealed_previous END FROM webhooks"
        " WHERE tenant_id = %s AND webhook_id = %s",
        [now, tenant.tenant_id, webhook_id],
    ).fetchone()
    if row is None:
        raise WebhookNotFound
    return [unseal(tenant, _secret(webhook_id), bytes(each)) for each in row if each is not None]


def enable(tenant: TenantConnection, webhook_id: UUID) -> Webhook:
    """Send to it again from now on. Raises WebhookNotFound."""
    tenant.execute(
        "UPDATE webhooks SET disabled_at = NULL, reason = NULL, failures = 0, resume_at = NULL"
        " WHERE tenant_id = %s AND webhook_id = %s",
        [tenant.tenant_id, webhook_id],
    )
    return get(tenant, webhook_id)


def disable(tenant: TenantConnection, webhook_id: UUID, reason: Reason, now: datetime) -> Webhook:
    """Send nothing to it any more. What waited has failed, and can be sent again when it is enabled. Unless
    an owner did it themselves, all of them get a mail. Raises WebhookNotFound."""
    changed = tenant.execute(
        "UPDATE webhooks SET disabled_at = %s, reason = %s, resume_at = NULL"
        " WHERE tenant_id = %s AND webhook_id = %s AND disabled_at IS NULL",
        [now, reason, tenant.tenant_id, webhook_id],
    )
    found = get(tenant, webhook_id)
    if changed.rowcount:
        tenant.execute(
            "UPDATE webhook_deliveries SET status = 'failed', finished_at = %s"
            " WHERE tenant_id = %s AND webhook_id = %s AND status = 'waiting'",
            [now, tenant.tenant_id, webhook_id],
        )
        if reason != "by-hand":
            _tell_owners(tenant, found, now)
    return found


def remove(tenant: TenantConnection, webhook_id: UUID) -> None:
    """Forget it with its secrets and its log. Raises WebhookNotFound."""
    key = [tenant.tenant_id, webhook_id]
    gone = tenant.execute("DELETE FROM webhooks WHERE tenant_id = %s AND webhook_id = %s", key)
    if not gone.rowcount:
        raise WebhookNotFound
    tenant.execute("DELETE FROM webhook_attempts WHERE tenant_id = %s AND webhook_id = %s", key)
    tenant.execute("DELETE FROM webhook_deliveries WHERE tenant_id = %s AND webhook_id = %s", key)


def secret_text(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return PREFIX + base64.b64encode(secret).decode()


def _webhook(tenant: TenantConnection, row: dict[str, object]) -> Webhook:
    webhook_id, sealed = row.pop("webhook_id"), row.pop("sealed_url")
    assert isinstance(webhook_id, UUID)
    assert isinstance(sealed, bytes)
    url = unseal(tenant, _url(webhook_id), sealed).decode()
    types = row.pop("types")
    assert isinstance(types, list)
    return Webhook(webhook_id, url, types=tuple(types), **row)  # type: ignore[arg-type]


def _described(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        raise NotKept("description", text, f"At most {LONGEST_DESCRIPTION} characters, on one line.")
    return text


def _typed(types: Collection[str]) -> list[str]:
    for name in types:
        if name not in CHOICES:
            raise NotKept("types", name, f"There is no such type of event: {', '.join(CHOICES)}.")
    return sorted(set(types))


def _tell_owners(tenant: TenantConnection, webhook: Webhook, now: datetime) -> None:
    owners = tenant.rows(
        "SELECT email, name FROM users WHERE tenant_id = %s AND role = 'owner' AND disabled_at IS NULL"
        " ORDER BY email",
        [tenant.tenant_id],
    )
    called = webhook.description or host_of(webhook.url)
    for owner in owners:
        content = {"name": owner["name"], "webhook": called, "id": str(webhook.webhook_id)}
        mails.put(tenant, "webhook-disabled", owner["email"], content | {"why": str(webhook.reason)}, now)


def _url(webhook_id: UUID) -> str:
    return f"webhook address {webhook_id}"


def _secret(webhook_id: UUID) -> str:
    return f"webhook secret {webhook_id}"
