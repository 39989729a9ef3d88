"""Webhooks by REST: making and changing them, their secrets, their log, and sending again what failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from uuid import UUID

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import answer, asked, cursor, cursor_of, page_size
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, webhook_log, webhook_outbox, webhooks
from data.board_check import Fault, InvalidDocument
from data.engine import TenantConnection
from data.instants import iso
from data.metric_query import Frozen
from data.services import Services
from data.webhook_address import BadAddress, host_of
from data.webhook_deliveries import Status, name_of
from data.webhook_events import CATALOGUE, explained
from data.webhook_log import DeliveryNotFound, Logged, UnderWay, WebhookOff
from data.webhooks import NotKept, Webhook, WebhookNotFound
from ingest.refusal import printable

PATH = "/api/v1/webhooks"
ONE = f"{PATH}/<uuid:webhook_id>"
DELIVERY = f"{ONE}/deliveries/<uuid:message_id>"
MOST_HOURS = int(webhooks.LONGEST_OVERLAP.total_seconds() // 3600)
OFF = "This webhook is off: enable it first."


class NewWebhook(Frozen):
    """A webhook to be made. It is for all types of events when none are named."""

    url: str
    description: str = ""
    types: tuple[str, ...] = ()


class ChangedWebhook(Frozen):
    """What of a webhook shall be different."""

    url: str | None = None
    description: str | None = None
    types: tuple[str, ...] | None = None
    enabled: bool | None = None


class Rotation(Frozen):
    """For how many hours the former secret stays valid beside the new one: 0 to 168."""

    hours: int = 24


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/webhooks and what is below one."""
    views = _Views(services)
    routes = Blueprint("webhooks", __name__)
    board_problems.register(routes)
    for kind, status, code, text in (
        (WebhookNotFound, 404, "webhook-not-found", "There is no such webhook."),
        (DeliveryNotFound, 404, "delivery-not-found", "This webhook has no such delivery."),
        (WebhookOff, 409, "webhook-disabled", OFF),
        (UnderWay, 409, "delivery-under-way", "It is being sent at this moment."),
    ):
        routes.register_error_handler(kind, lambda _, told=(status, code, text): problem(*told))
    routes.register_error_handler(BadAddress, lambda error: _not_valid("url", "", str(error)))
    routes.register_error_handler(NotKept, lambda error: _not_valid(error.field, error.value, str(error)))
    for method, path, view in (
        ("GET", PATH, views.find),
        ("POST", PATH, views.add),
        ("GET", f"{PATH}/types", views.types),
        ("GET", ONE, views.read),
        ("PATCH", ONE, views.change),
        ("DELETE", ONE, views.remove),
        ("POST", f"{ONE}/rotate", views.rotate),
        ("POST", f"{ONE}/test", views.test),
        ("POST", f"{ONE}/replay", views.replay_failed),
        ("GET", f"{ONE}/deliveries", views.log),
        ("GET", DELIVERY, views.delivery),
        ("POST", f"{DELIVERY}/replay", views.replay),
    ):
        routes.add_url_rule(path, view.__name__, view, methods=[method])
    server.register_blueprint(routes)


class _Views:
    def __init__(self, services: Services) -> None:
        self._database, self._viewers = services.database, viewers_of(services)
        self._allowed = services.settings.webhook_networks

    def find(self) -> Response:
        with self._tenant() as tenant:
            return answer({"webhooks": [shown(each) for each in webhooks.listed(tenant)]})

    def add(self) -> Response:
        new = asked(NewWebhook)
        with self._tenant() as tenant:
            made, secret = webhooks.add(tenant, new.url, new.description, new.types, self._allowed)
        noted(made)
        return answer(shown(made) | {"secret": secret}, 201, {"Location": f"{PATH}/{made.webhook_id}"})

    def types(self) -> Response:
        self._viewers.access()
        return answer({"types": [{"type": name, "description": explained(name)} for name in CATALOGUE]})

    def read(self, webhook_id: UUID) -> Response:
        with self._tenant() as tenant:
            return answer(shown(webhooks.get(tenant, webhook_id)))

    def change(self, webhook_id: UUID) -> Response:
        sent = asked(ChangedWebhook)
        with self._tenant() as tenant:
            found = webhooks.change(
                tenant,
                webhook_id,
                self._allowed,
                url=sent.url,
                description=sent.description,
                types=sent.types,
            )
            if sent.enabled is True and found.disabled_at is not None:
                found = webhooks.enable(tenant, webhook_id)
            elif sent.enabled is False:
                found = webhooks.disable(tenant, webhook_id, "by-hand", datetime.now(UTC))
        noted(found)
        return answer(shown(found))

    def remove(self, webhook_id: UUID) -> Response:
        with self._tenant() as tenant:
            webhooks.remove(tenant, webhook_id)
        audit_note.about(f"webhook:{webhook_id}")
        return Response(status=204)

    def rotate(self, webhook_id: UUID) -> Response:
        hours = asked(Rotation, empty=True).hours
        if not 0 <= hours <= MOST_HOURS:
            return _not_valid("hours", str(hours), f"0 to {MOST_HOURS}.")
        with self._tenant() as tenant:
            secret = webhooks.rotate(tenant, webhook_id, datetime.now(UTC), timedelta(hours=hours))
            found = webhooks.get(tenant, webhook_id)
        noted(found)
        return answer(shown(found) | {"secret": secret})

    def test(self, webhook_id: UUID) -> Response:
        with self._tenant() as tenant:
            message_id = begun_test(tenant, webhook_id)
            logged, _, _ = webhook_log.delivery_of(tenant, webhook_id, message_id)
        audit_note.about(f"webhook:{webhook_id}")
        return answer(_logged(webhook_id, logged), 202)

    def replay_failed(self, webhook_id: UUID) -> Response:
        with self._tenant() as tenant:
            count = webhook_log.replay_failed(tenant, webhook_id, datetime.now(UTC))
        audit_note.about(f"webhook:{webhook_id}")
        return answer({"replayed": count}, 202)

    def log(self, webhook_id: UUID) -> Response:
        limit, status = page_size(), _status()
        with self._tenant() as tenant:
            found = webhook_log.log_of(tenant, webhook_id, status=status, after=cursor(), limit=limit + 1)
        page = found[:limit]
        more = cursor_of(page[-1].created_at, page[-1].message_id) if len(found) > limit else None
        return answer({"deliveries": [_logged(webhook_id, each) for each in page], "nextCursor": more})

    def delivery(self, webhook_id: UUID, message_id: UUID) -> Response:
        with self._tenant() as tenant:
            found, body, attempts = webhook_log.delivery_of(tenant, webhook_id, message_id)
        tried = [
            {
                "number": each.number,
                "at": iso(each.at),
                "milliseconds": each.milliseconds,
                "status": each.answered,
                "error": each.error,
                "answer": each.answer,
            }
            for each in attempts
        ]
        return answer(_logged(webhook_id, found) | {"body": body, "tried": tried})

    def replay(self, webhook_id: UUID, message_id: UUID) -> Response:
        with self._tenant() as tenant:
            found = webhook_log.replay(tenant, webhook_id, message_id, datetime.now(UTC))
        audit_note.about(f"webhook:{webhook_id}")
        return answer(_logged(webhook_id, found), 202)

    def _tenant(self) -> Any:
        return self._database.tenant(self._viewers.access().tenant_id)


def begun_test(tenant: TenantConnection, webhook_id: UUID) -> UUID:
    """The id of a test that waits. Raises WebhookNotFound, WebhookOff."""
    if webhooks.get(tenant, webhook_id).disabled_at is not None:
        raise WebhookOff
    return webhook_outbox.put_test(tenant, webhook_id, datetime.now(UTC))


def noted(webhook: Webhook) -> None:
    """The request is about this webhook: the audit log has the server it leads to, not the whole address."""
    audit_note.about(f"webhook:{webhook.webhook_id}")
    audit_note.told(host=host_of(webhook.url), types=list(webhook.types), enabled=webhook.disabled_at is None)


def shown(webhook: Webhook) -> dict[str, Any]:
    """A webhook as JSON."""
    return {
        "id": str(webhook.webhook_id),
        "url": webhook.url,
        "description": webhook.description,
        "types": list(webhook.types),
        "enabled": webhook.disabled_at is None,
        "disabledAt": iso(webhook.disabled_at),
        "reason": webhook.reason,
        "failures": webhook.failures,
        "resumeAt": iso(webhook.resume_at),
        "deliveredAt": iso(webhook.delivered_at),
        "previousSecretUntil": iso(webhook.previous_until),
        "createdAt": iso(webhook.created_at),
    }


def _logged(webhook_id: UUID, found: Logged) -> dict[str, Any]:
    return {
        "id": str(found.message_id),
        "webhookId": str(webhook_id),
        "messageId": name_of(found.message_id),
        "type": found.type,
        "status": found.status,
        "attempts": found.attempts,
        "answered": found.answered,
        "error": found.error,
        "createdAt": iso(found.created_at),
        "nextAt": iso(found.next_at),
        "finishedAt": iso(found.finished_at),
    }


def _status() -> Status | None:
    given = request.args.get("status")
    if not given:
        return None
    if given not in get_args(Status):
        detail = f"One of: {', '.join(get_args(Status))}."
        raise InvalidDocument([Fault("status", printable(given), detail)])
    return cast(Status, given)


def _not_valid(field: str, value: str, text: str) -> Response:
    sent = printable(value)[:200]
    more = {"faults": [{"field": field, "value": sent, "detail": text}]}
    return problem(422, "not-valid", text, field=field, value=sent, more=more)
