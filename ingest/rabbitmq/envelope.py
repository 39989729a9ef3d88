"""A message as RabbitMQ delivers it: what properties and routing key say of it, and CloudEvents in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pika import BasicProperties

from ingest.cloudevents import BATCH, STRUCTURED, Envelope, binary, structured
from ingest.kinds import said, spelt
from ingest.message import KINDS
from ingest.refusal import Refused

_PREFIXES = ("cloudEvents:", "cloudEvents_")
"""Of the headers that are attributes of an event: clients that cannot send a colon send the other."""
_PLAIN = {None, "", "identity", "utf-8", "utf8"}
"""Some clients put the character set where the compression belongs."""

_NAMES = spelt()
_TYPES = {name for name, meant in _NAMES.items() if meant == "type"}
_IDS = {name for name, meant in _NAMES.items() if meant == "message_id"}


def envelope_of(properties: BasicProperties, routing_key: str) -> Envelope:
    """What takes the message out of the body of a delivery."""

    def taken(raw: dict[str, Any]) -> dict[str, Any]:
        if (properties.content_encoding or "").lower() not in _PLAIN:
            raise Refused(
                "unsupported-encoding",
                "Bodies are not compressed.",
                "content_encoding",
                properties.content_encoding,
            )
        media = (properties.content_type or "").partition(";")[0].strip().lower()
        if media == BATCH:
            raise Refused("unsupported-media-type", "One event in one message.", "content_type", media)
        if media == STRUCTURED:
            return structured(raw)
        attributes = _attributes(properties.headers or {})
        return binary(attributes)(raw) if attributes else _completed(raw, properties, routing_key)

    return taken


def _attributes(headers: Mapping[str, object]) -> dict[str, str]:
    """The attributes of an event in binary mode; nothing when it is none."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name.startswith(_PREFIXES):
            if isinstance(value, datetime):  # An AMQP timestamp: UTC, and without a zone.
                value = value.replace(tzinfo=UTC).isoformat()
            found[name[len(_PREFIXES[0]) :].lower()] = value if isinstance(value, str) else str(value)
    return found


def _completed(raw: dict[str, Any], properties: BasicProperties, routing_key: str) -> dict[str, Any]:
    """The message with what stands beside it: its type and its identity, where it has none itself."""
    beside: dict[str, Any] = {}
    if not said(raw, _TYPES):
        beside["type"] = properties.type or _type_in(routing_key)
    if properties.message_id and not said(raw, _IDS):
        beside["id"] = properties.message_id
    return raw | beside if beside else raw


def _type_in(routing_key: str) -> str:
    """`ticket-scan` of `shop.ticket-scan`; the whole key where it ends in no type of ours."""
    last = routing_key.rpartition(".")[2]
    return last if last in KINDS else routing_key
