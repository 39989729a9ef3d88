"""Webhooks and their log."""

from typing import TypedDict

from api.shapes.values import Cursor, Id, Moment
from data.webhook_deliveries import Status
from data.webhooks import Reason


class ShownWebhook(TypedDict):
    """A webhook, without its secret. It is for all types of events when `types` is empty; `failures` counts
    attempts that failed since the last one that did not, and until `resumeAt` it is left alone."""

    id: Id
    url: str
    description: str
    types: list[str]
    enabled: bool
    disabledAt: Moment | None
    reason: Reason | None
    failures: int
    resumeAt: Moment | None
    deliveredAt: Moment | None
    previousSecretUntil: Moment | None
    createdAt: Moment


class ShownWebhooks(TypedDict):
    """All webhooks, the oldest first."""

    webhooks: list[ShownWebhook]


class WebhookWithSecret(ShownWebhook):
    """A webhook with a secret that was just made: it is told this once."""

    secret: str


class EventType(TypedDict):
    """What webhooks can be told."""

    type: str
    description: str


class EventTypes(TypedDict):
    """All types of events."""

    types: list[EventType]


class ShownDelivery(TypedDict):
    """A message on its way to a webhook; `answered` and `error` are of the last attempt. `messageId` is the
    `webhook-id` that the receiver sees."""

    id: Id
    webhookId: Id
    messageId: str
    type: str
    status: Status
    attempts: int
    answered: int | None
    error: str | None
    createdAt: Moment
    nextAt: Moment | None
    finishedAt: Moment | None


class ShownDeliveries(TypedDict):
    """A page of deliveries, the newest first."""

    deliveries: list[ShownDelivery]
    nextCursor: Cursor


class ShownAttempt(TypedDict):
    """One attempt: the status of the answer and how it begins, or why there was none."""

    number: int
    at: Moment
    milliseconds: int
    status: int | None
    error: str | None
    answer: str


class DeliveryInFull(ShownDelivery):
    """A delivery with the body that is sent and its attempts, the last one first."""

    body: str
    tried: list[ShownAttempt]


class Replayed(TypedDict):
    """How many deliveries are sent again."""

    replayed: int
