"""Webhooks that tell other services what happens."""

from typing import get_args

from api.reference.operation import CURSOR, LIMIT, Codes, Operation, Parameter, Subject
from api.reference.problems import NOT_VALID, joined
from api.shapes.webhooks import (
    DeliveryInFull,
    EventTypes,
    Replayed,
    ShownDeliveries,
    ShownDelivery,
    ShownWebhook,
    ShownWebhooks,
    WebhookWithSecret,
)
from api.webhooks import DELIVERY, ONE, PATH, ChangedWebhook, NewWebhook, Rotation
from data.webhook_deliveries import Status

_NONE: Codes = {404: ("webhook-not-found",)}
_NO_DELIVERY: Codes = {404: ("webhook-not-found", "delivery-not-found")}
_OFF: Codes = {409: ("webhook-disabled",)}

OUTGOING = Subject(
    "Webhooks to other services",
    "Messages about what happens, signed after Standard Webhooks (docs/webhooks.md). For owners, and for"
    " tokens with `webhooks`.",
    "webhooks",
    (
        Operation("GET", PATH, "listWebhooks", "All webhooks", {200: ShownWebhooks}),
        Operation(
            "POST",
            PATH,
            "addWebhook",
            "Make a webhook",
            {201: WebhookWithSecret},
            "The secret is told in this answer and never again.",
            body=NewWebhook,
            headers={201: ("Location",)},
        ),
        Operation("GET", f"{PATH}/types", "listEventTypes", "What can be told", {200: EventTypes}),
        Operation("GET", ONE, "getWebhook", "One webhook", {200: ShownWebhook}, problems=_NONE),
        Operation(
            "PATCH",
            ONE,
            "changeWebhook",
            "Change, enable or disable a webhook",
            {200: ShownWebhook},
            body=ChangedWebhook,
            examples=({"enabled": False}, {"types": []}),
            problems=_NONE,
        ),
        Operation(
            "DELETE", ONE, "removeWebhook", "Remove a webhook with its log", {204: None}, problems=_NONE
        ),
        Operation(
            "POST",
            f"{ONE}/rotate",
            "rotateWebhookSecret",
            "Make a new secret",
            {200: WebhookWithSecret},
            "The former one stays valid beside it for `hours`, one from before that no longer.",
            body=Rotation,
            body_needed=False,
            examples=({"hours": 48},),
            problems=_NONE,
        ),
        Operation(
            "POST",
            f"{ONE}/test",
            "testWebhook",
            "Send a test",
            {202: ShownDelivery},
            problems=joined(_NONE, _OFF),
        ),
        Operation(
            "GET",
            f"{ONE}/deliveries",
            "listDeliveries",
            "The log of a webhook",
            {200: ShownDeliveries},
            parameters=(
                Parameter("status", {"enum": list(get_args(Status))}, "Only those."),
                LIMIT,
                CURSOR,
            ),
            problems=joined(_NONE, NOT_VALID),
        ),
        Operation(
            "GET", DELIVERY, "getDelivery", "One delivery", {200: DeliveryInFull}, problems=_NO_DELIVERY
        ),
        Operation(
            "POST",
            f"{DELIVERY}/replay",
            "replayDelivery",
            "Send a message again, now",
            {202: ShownDelivery},
            "Under the id that it had: receivers that know it may drop it.",
            problems=joined(_NO_DELIVERY, _OFF, {409: ("delivery-under-way",)}),
        ),
        Operation(
            "POST",
            f"{ONE}/replay",
            "replayFailed",
            "Send again all that failed",
            {202: Replayed},
            problems=joined(_NONE, _OFF),
        ),
    ),
)
