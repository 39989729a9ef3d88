"""The doors for messages: one, a batch, and pretix's webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.bodies import LINE_TYPES
from api.ingest import SINGLE
from api.pretix import PATH as PRETIX
from api.reference.operation import Codes, Content, Operation, Parameter, Schema, Subject
from api.reference.problems import AWAY, KEY, NOBODY, REFUSALS, joined
from api.shapes.running import Accepted, BatchSummary, CallsSummary
from api.tracking import TRACKING
from ingest.cloudevents import BATCH as EVENTS
from ingest.cloudevents import STRUCTURED, VERSION
from ingest.kinds import Kind, camel
from ingest.message import KINDS

_TEXT: Schema = {"type": ["string", "null"]}
_FLAG: Schema = {"type": ["boolean", "string", "integer", "null"]}
_COUNT: Schema = {"type": ["integer", "string", "null"]}
_NUMBER: Schema = {"type": ["number", "string", "null"]}
_TIME: Schema = {"type": ["string", "null"], "description": "ISO 8601, best with an offset."}
_LIST: Schema = {"type": ["array", "null"], "items": {"type": "object"}}

FIELDS: Mapping[str, Schema] = {
    **dict.fromkeys(("amount", "fee", "tax", "cart_value", "sentiment"), _NUMBER),
    **dict.fromkeys(("amount_minor", "fee_minor", "tax_minor", "cart_value_minor"), _COUNT),
    **dict.fromkeys(
        ("quantity", "capacity", "physical_capacity", "reach", "likes", "shares", "text_length"), _COUNT
    ),
    **dict.fromkeys(("admission", "annuls", "comp", "is_valid", "is_successful", "partial"), _FLAG),
    **dict.fromkeys(("positions",), _LIST),
}
"""Fields that are no plain text; those named …_at and `timestamp` are times."""

_ANY: Schema = {
    "description": "A list of what is in it or set aside, a number, or a text: see docs/ingest.md."
}
_LOOSE = frozenset({"items", "holds", "value"})
_OWN: Codes = {403: ("not-permitted",), 503: ("too-busy",)}
_PROBLEMS = joined(NOBODY, KEY, AWAY, _OWN, REFUSALS)
_SALE: dict[str, Any] = {
    "type": "ticket-purchase",
    "ticketId": "T-1001",
    "eventId": "gala-2026",
    "amount": 42.5,
    "currency": "GBP",
}
_EXAMPLES: Mapping[str, tuple[Any, ...]] = {
    "ingest/sale": (_SALE,),
    "ingest/revenue": (_SALE | {"ticketId": "T-1002"},),
    "ingest/attendance": (
        {"type": "ticket-scan", "ticketId": "T-1001", "eventId": "gala-2026", "direction": "entry"},
    ),
    "ingest/social": ({"type": "social", "platform": "mastodon", "kind": "mention", "eventId": "gala-2026"},),
    "analytics/events": ({"type": "page-view", "path": "/gala", "eventId": "gala-2026"},),
}
_NAMES = {
    "ingest/sale": ("sendSale", "A sale or a refund"),
    "ingest/revenue": ("sendRevenue", "A sale or a refund"),
    "ingest/attendance": ("sendScan", "A scan, or an attempt that was refused"),
    "ingest/social": ("sendSocial", "Something that was said"),
    "analytics/events": ("sendMessage", "Any message, by its type"),
}


def schema_of(kind: Kind) -> Schema:
    """The fields of a message type in camelCase, as JSON Schema; unknown ones become its metadata."""
    names = sorted({name for name in kind.names.values() if name} - {"message_id", "occurred_at"})
    fields = {camel(name): _field(name) for name in names}
    fields |= {"id": _TEXT, "timestamp": _TIME, "type": {"const": kind.type}}
    return {
        "type": "object",
        "title": kind.type,
        "properties": dict(sorted(fields.items())),
        "additionalProperties": True,
    }


def _field(name: str) -> Schema:
    if name in _LOOSE:
        return _ANY
    return FIELDS.get(name, _TIME if name.endswith("_at") else _TEXT)


def reference_to(kind: Kind) -> Schema:
    """Where the schema of this type stands in the document."""
    return {"$ref": f"#/components/schemas/{component(kind)}"}


def component(kind: Kind) -> str:
    """`TicketPurchase` of ticket-purchase."""
    return "".join(part.title() for part in kind.type.split("-"))


_EVENT: Schema = {
    "type": "object",
    "description": "A CloudEvent 1.0, structured; of a binary one the attributes are headers (`ce-id` …).",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": VERSION},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "minLength": 1, "maxLength": 200},
        "type": {"type": "string", "description": "A message's type, perhaps after a name and a dot."},
        "time": _TIME,
        "datacontenttype": {"type": ["string", "null"]},
        "data": {"type": ["object", "null"], "description": "The message."},
        "data_base64": {"type": ["string", "null"], "description": "The message's JSON in base64."},
    },
}


def _single(name: str) -> Operation:
    kinds = SINGLE[name] or tuple(KINDS.values())
    one: Schema = {"anyOf": [reference_to(kind) for kind in kinds]}
    return Operation(
        "POST",
        f"/api/v1/{name}",
        _NAMES[name][0],
        _NAMES[name][1],
        {202: Accepted},
        "Once it is answered with 202 it is committed."
        + (" The first type is meant when none is named." if SINGLE[name] else ""),
        body=Content({"application/json": one, STRUCTURED: _EVENT}),
        examples=_EXAMPLES[name],
        problems=_PROBLEMS,
        aliases=(f"/api/{name}",),
    )


_CALLS: Schema = {
    "type": "object",
    "required": ["batch"],
    "properties": {
        "batch": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "messageId"],
                "properties": {
                    "type": {"enum": ["page", "track", "identify", "alias", "group", "screen"]},
                    "messageId": {"type": "string", "minLength": 1, "maxLength": 200},
                    "event": {"type": "string"},
                    "timestamp": _TIME,
                    "properties": {"type": ["object", "null"]},
                    "context": {"type": ["object", "null"]},
                    "userId": _TEXT,
                    "anonymousId": _TEXT,
                },
            },
        },
        "sentAt": _TIME,
        "writeKey": _TEXT,
        "context": {"type": ["object", "null"]},
    },
}
_PAGE: dict[str, Any] = {
    "type": "page",
    "messageId": "page-1",
    "anonymousId": "browser-1",
    "timestamp": "2026-11-20T19:20:00Z",
    "properties": {"path": "/gala", "eventId": "gala-2026"},
}

_MESSAGE: Schema = {"anyOf": [reference_to(kind) for kind in KINDS.values()]}

MESSAGES = Subject(
    "Messages",
    "What other systems send. Everything may be sent again: a repetition changes nothing.",
    "ingest",
    (
        *map(_single, SINGLE),
        Operation(
            "POST",
            "/api/v1/ingest/batch",
            "sendBatch",
            "Up to 10,000 messages",
            {202: BatchSummary},
            "A JSON array, or a message a line. Good messages are kept, whatever becomes of the others.",
            body=Content(
                {"application/json": {"type": "array", "items": _MESSAGE}}
                | {STRUCTURED: _EVENT, EVENTS: {"type": "array", "items": _EVENT}}
                | {kind: {"type": "string"} for kind in sorted(LINE_TYPES)}
            ),
            examples=([_SALE | {"ticketId": "T-1003"}, _EXAMPLES["ingest/attendance"][0]],),
            parameters=(
                Parameter("verdicts", {"enum": ["errors"]}, "`errors` leaves out the good messages."),
            ),
            problems=_PROBLEMS,
            aliases=("/api/ingest/batch",),
        ),
        Operation(
            "POST",
            f"/api/v1/{TRACKING}",
            "sendCalls",
            "Page views and carts, as Segment's libraries send them",
            {200: CallsSummary},
            "Segment's HTTP API. The token is the write key: the user name of a Basic header, or `writeKey`.",
            body=Content({"application/json": _CALLS}),
            examples=({"sentAt": "2026-11-20T19:20:02Z", "batch": [_PAGE]},),
            parameters=(
                Parameter(
                    "site",
                    {"type": "string"},
                    "A website's public key, in place of a token: docs/snippet.md.",
                ),
            ),
            problems=joined(_PROBLEMS, {403: ("other-origin",)}),
            aliases=(f"/api/{TRACKING}",),
        ),
    ),
)

WEBHOOKS = Subject(
    "Webhooks",
    "Addresses that other systems call by themselves.",
    "pretix_webhook",
    (
        Operation(
            "POST",
            PRETIX,
            "pretixWebhook",
            "pretix says that something changed",
            {200: None},
            "The last part of the address is its secret: it is told once, when the source is added.",
            body=Content(
                {
                    "application/json": {
                        "type": "object",
                        "properties": {
                            "organizer": {"type": "string", "maxLength": 100},
                            "event": {"type": ["string", "null"], "maxLength": 50},
                            "code": {"type": ["string", "null"], "maxLength": 16},
                            "action": {"type": "string", "maxLength": 100},
                        },
                    }
                }
            ),
            parameters=(Parameter("secret", {"type": "string"}, "The secret of the source.", "path", True),),
            problems=joined(
                KEY,
                {
                    400: ("not-a-webhook", "not-json"),
                    404: ("not-found",),
                    422: ("other-organizer",),
                    503: ("database-unavailable",),
                },
            ),
        ),
    ),
)
