"""/webhooks: owners make webhooks, see their secrets once, read their logs, and send again what failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.answers import cursor, cursor_of
from api.forms import Wrong, page, require_our_form
from api.webhooks import OFF, begun_test, noted
from data import audit_note, webhook_log, webhooks
from data.board_check import InvalidDocument
from data.engine import TenantConnection
from data.services import Services
from data.webhook_address import BadAddress, host_of
from data.webhook_deliveries import Status, name_of
from data.webhook_events import CHOICES, summed_up
from data.webhook_log import DeliveryNotFound, UnderWay, WebhookOff
from data.webhooks import NotKept, Webhook, WebhookNotFound

PATH = "/webhooks"
ON_A_PAGE = 30
OVERLAPS = {"24": "for a day", "168": "for a week", "1": "for an hour", "0": "not at all"}
"""For how many hours a former secret stays valid, as the form says it."""
_DONE = {
    "changed": "Changed.",
    "test": "A test is on its way: look below in a moment.",
    "enabled": "On again, from now on. What failed meanwhile can be sent again below.",
    "disabled": "Off: nothing is sent any more.",
    "removed": "Removed, with its log.",
    "replayed": "It is sent again now.",
    "all": "All that failed is sent again now.",
}
_WORDS = {
    "gone": "Its receiver said that it is gone (410).",
    "failing": "Nothing came through for three days.",
    "by-hand": "An owner turned it off.",
}
Act = Callable[[TenantConnection, UUID], object]


def register(server: Flask, services: Services) -> None:
    """Add /webhooks, a page for each webhook and delivery, and what their forms do."""
    views = _Routes(services)
    routes = Blueprint("webhooks-page", __name__, template_folder="templates")
    one = f"{PATH}/<uuid:webhook_id>"
    delivery = f"{one}/deliveries/<uuid:message_id>"
    for name, method, path, view in (
        ("show", "GET", PATH, views.show),
        ("make", "POST", PATH, views.make),
        ("webhook", "GET", one, views.webhook),
        ("change", "POST", f"{one}/change", views.change),
        ("rotate", "POST", f"{one}/rotate", views.rotate),
        ("test", "POST", f"{one}/test", views.test),
        ("enable", "POST", f"{one}/enable", views.enable),
        ("disable", "POST", f"{one}/disable", views.disable),
        ("remove", "POST", f"{one}/remove", views.remove),
        ("replay-failed", "POST", f"{one}/replay", views.replay_failed),
        ("delivery", "GET", delivery, views.delivery),
        ("replay", "POST", f"{delivery}/replay", views.replay),
    ):
        routes.add_url_rule(path, name, view, methods=[method])
    for gone in (WebhookNotFound, DeliveryNotFound):
        routes.register_error_handler(gone, lambda _: page("webhook_nothing.html", 404))
    server.register_blueprint(routes)


class _Routes:
    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._allowed = services.settings.webhook_networks

    def show(self) -> Response:
        return self._all(told=_DONE.get(request.args.get("done", "")))

    def make(self) -> AnyResponse:
        try:
            require_our_form()
            with self._tenant() as tenant:
                made, secret = webhooks.add(tenant, *_asked(), self._allowed)
        except (Wrong, BadAddress, NotKept) as wrong:
            return self._all(wrong=wrong, status=_status(wrong))
        noted(made)
        return self._one(made.webhook_id, secret=secret, status=201)

    def webhook(self, webhook_id: UUID) -> Response:
        return self._one(webhook_id, told=_DONE.get(request.args.get("done", "")))

    def change(self, webhook_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, one: UUID) -> None:
            url, description, types = _asked()
            noted(webhooks.change(tenant, one, self._allowed, url=url, description=description, types=types))

        return self._changed(webhook_id, act, "changed")

    def rotate(self, webhook_id: UUID) -> AnyResponse:
        hours = request.form.get("hours", "")
        try:
            require_our_form()
            if hours not in OVERLAPS:
                raise Wrong("Choose how long the secret of before stays valid.", 422)
            with self._tenant() as tenant:
                secret = webhooks.rotate(tenant, webhook_id, datetime.now(UTC), timedelta(hours=int(hours)))
        except Wrong as wrong:
            return self._one(webhook_id, wrong=wrong, status=wrong.status)
        audit_note.about(f"webhook:{webhook_id}")
        return self._one(webhook_id, secret=secret)

    def test(self, webhook_id: UUID) -> AnyResponse:
        return self._changed(webhook_id, begun_test, "test")

    def enable(self, webhook_id: UUID) -> AnyResponse:
        return self._changed(webhook_id, webhooks.enable, "enabled")

    def disable(self, webhook_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, one: UUID) -> None:
            webhooks.disable(tenant, one, "by-hand", datetime.now(UTC))

        return self._changed(webhook_id, act, "disabled")

    def remove(self, webhook_id: UUID) -> AnyResponse:
        if request.form.get("sure") != "yes":
            wrong = Wrong("Say that you are sure: its secret and its log go with it.", 422)
            return self._one(webhook_id, wrong=wrong, status=wrong.status)
        return self._changed(webhook_id, webhooks.remove, "removed", PATH)

    def replay_failed(self, webhook_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, one: UUID) -> None:
            webhook_log.replay_failed(tenant, one, datetime.now(UTC))

        return self._changed(webhook_id, act, "all")

    def delivery(self, webhook_id: UUID, message_id: UUID) -> Response:
        with self._tenant() as tenant:
            webhook = webhooks.get(tenant, webhook_id)
            found, body, attempts = webhook_log.delivery_of(tenant, webhook_id, message_id)
        return page(
            "webhook_delivery.html",
            one=found,
            body=json.dumps(json.loads(body), indent=2, ensure_ascii=False),
            attempts=attempts,
            webhook=webhook,
            called=called(webhook),
            sent_id=name_of(message_id),
        )

    def replay(self, webhook_id: UUID, message_id: UUID) -> AnyResponse:
        def act(tenant: TenantConnection, one: UUID) -> None:
            webhook_log.replay(tenant, one, message_id, datetime.now(UTC))

        return self._changed(webhook_id, act, "replayed")

    def _changed(self, webhook_id: UUID, act: Act, done: str, to: str | None = None) -> AnyResponse:
        """Do it in one transaction; on, or back with the reason why not."""
        try:
            require_our_form()
            with self._tenant() as tenant:
                act(tenant, webhook_id)
        except (Wrong, BadAddress, NotKept, WebhookOff, UnderWay) as wrong:
            return self._one(webhook_id, wrong=wrong, status=_status(wrong))
        audit_note.about(f"webhook:{webhook_id}")
        return redirect(f"{to or f'{PATH}/{webhook_id}'}?done={done}", 303)

    def _all(self, *, told: str | None = None, wrong: Exception | None = None, status: int = 200) -> Response:
        with self._tenant() as tenant:
            found = webhooks.listed(tenant)
            counts = {
                each.webhook_id: webhook_log.waiting_and_failed(tenant, each.webhook_id) for each in found
            }
        return page(
            "webhooks.html",
            status,
            person=g.person,
            webhooks=found,
            counts=counts,
            called=called,
            host_of=host_of,
            reasons=_WORDS,
            choices=[(name, summed_up(name)) for name in CHOICES],
            form=_sent() if wrong else {"types": ()},
            told=told,
            wrong=wrong,
            field=_field(wrong),
        )

    def _one(
        self,
        webhook_id: UUID,
        *,
        told: str | None = None,
        wrong: Exception | None = None,
        secret: str | None = None,
        status: int = 200,
    ) -> Response:
        try:
            after = cursor()
        except InvalidDocument:
            after = None
        shown = request.args.get("show", "")
        only = cast(Status, shown) if shown in get_args(Status) else None
        with self._tenant() as tenant:
            webhook = webhooks.get(tenant, webhook_id)
            found = webhook_log.log_of(tenant, webhook_id, status=only, after=after, limit=ON_A_PAGE + 1)
            waiting, failed = webhook_log.waiting_and_failed(tenant, webhook_id)
        older = None
        if len(found) > ON_A_PAGE:
            last = found[ON_A_PAGE - 1]
            place = {"show": shown} if only else {}
            place["cursor"] = cursor_of(last.created_at, last.message_id)
            older = f"{PATH}/{webhook_id}?{urlencode(place)}"
        changing = wrong is not None and request.path.endswith("/change")
        return page(
            "webhook.html",
            status,
            webhook=webhook,
            called=called(webhook),
            host=host_of(webhook.url),
            log=found[:ON_A_PAGE],
            only=only,
            older=older,
            paged=after is not None,
            waiting=waiting,
            failed=failed,
            reasons=_WORDS,
            overlaps=OVERLAPS,
            choices=[(name, summed_up(name)) for name in CHOICES],
            form=_sent() if changing else _kept(webhook),
            changing=changing,
            secret=secret,
            now=datetime.now(UTC),
            told=told,
            wrong=OFF if isinstance(wrong, WebhookOff) else _said(wrong),
            field=_field(wrong) if changing else "",
        )

    def _tenant(self) -> Any:
        return self._database.tenant(g.person.tenant_id)


def called(webhook: Webhook) -> str:
    """What a webhook is called: its description, else the server it leads to."""
    return webhook.description or host_of(webhook.url)


def _asked() -> tuple[str, str, list[str]]:
    """Address, description and types of the form. Raises Wrong."""
    types = request.form.getlist("types")
    every = request.form.get("every") == "yes"
    if not every and not types:
        raise Wrong("Choose what it is told.", 422)
    return request.form.get("url", "").strip(), request.form.get("description", ""), [] if every else types


def _sent() -> dict[str, Any]:
    form = request.form
    return {
        "url": form.get("url", ""),
        "description": form.get("description", ""),
        "types": tuple(form.getlist("types")),
        "every": form.get("every") == "yes",
    }


def _kept(webhook: Webhook) -> dict[str, Any]:
    return {
        "url": webhook.url,
        "description": webhook.description,
        "types": webhook.types,
        "every": not webhook.types,
    }


def _field(wrong: Exception | None) -> str:
    return "url" if isinstance(wrong, BadAddress) else wrong.field if isinstance(wrong, NotKept) else ""


def _said(wrong: Exception | None) -> str | None:
    return (
        "It is being sent at this moment." if isinstance(wrong, UnderWay) else str(wrong) if wrong else None
    )


def _status(wrong: Exception) -> int:
    if isinstance(wrong, Wrong):
        return wrong.status
    return 409 if isinstance(wrong, (WebhookOff, UnderWay)) else 422
