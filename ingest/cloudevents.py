"""CloudEvents 1.0: the envelope around a message, as it comes over HTTP or through a queue.

`source` and `id` of the event are the identity of the message, `time` is its time where the data names none.
A `type` may begin with the name of its organisation, as the specification asks: `com.example.ticket-scan`.
Other attributes and extensions are not kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from ingest.decoding import message_object
from ingest.kinds import spelt
from ingest.message import KINDS
from ingest.refusal import Refused

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
VERSION = "1.0"

Envelope = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the message out of what came: a structured event, or the data of a binary one. Raises Refused."""

_OURS = {name for name, meant in spelt().items() if meant in ("message_id", "type", "source")}
"""What the envelope says, and the data need not say again."""
_TIMES = {name for name, meant in spelt().items() if meant == "occurred_at"}


def structured(event: dict[str, Any]) -> dict[str, Any]:
    """The message in an event of which data and attributes are one JSON object. Raises Refused."""
    return _message(event, _data(event))


def binary(attributes: Mapping[str, str]) -> Envelope:
    """Takes the data of an event whose attributes came beside it, as headers."""
    return lambda data: _message(attributes, data)


def _data(event: Mapping[str, Any]) -> dict[str, Any]:
    data, encoded = event.get("data"), event.get("data_base64")
    if data is not None and encoded is not None:
        raise Refused("contradiction", "An event has either data or data_base64.", "data_base64")
    _require_json(event.get("datacontenttype"))
    if encoded is not None:
        try:
            data = message_object(base64.b64decode(encoded, validate=True))
        except (binascii.Error, TypeError, ValueError):
            raise Refused("not-json", "This is not base64.", "data_base64", encoded) from None
    if data is None:
        raise Refused("missing-field", "The data is the message.", "data")
    if not isinstance(data, dict):
        raise Refused("wrong-type", "The data is a JSON object.", "data", data)
    return data


def _require_json(content_type: object) -> None:
    if content_type is None:
        return
    media = str(content_type).partition(";")[0].strip().lower()
    if media not in ("application/json", "text/json") and not media.endswith("+json"):
        raise Refused("unsupported-media-type", "The data is JSON.", "datacontenttype", content_type)


def _message(event: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    if event.get("specversion") != VERSION:
        raise Refused(
            "not-a-choice", f"Version {VERSION} is understood.", "specversion", event.get("specversion")
        )
    message = {name: value for name, value in data.items() if name not in _OURS}
    message |= {name: _attribute(event, name) for name in ("id", "source", "type")}
    if message["type"] not in KINDS:
        own = message["type"].rpartition(".")[2]
        message["type"] = own if own in KINDS else message["type"]
    if event.get("time") is not None and not _TIMES & message.keys():
        message["timestamp"] = event["time"]
    return message


def _attribute(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if value is None or value == "":
        raise Refused("missing-field", "Every event has this attribute.", name)
    if not isinstance(value, str):
        raise Refused("wrong-type", "This is a text.", name, value)
    return value
