"""What nobody should send: messages as real systems send them, changed in places; and plain junk."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

REAL: tuple[dict[str, Any], ...] = (
    {
        "type": "ticket-purchase",
        "ticketId": "00000001-0000-4000-8000-000000000001",
        "eventId": "gala",
        "venueId": "hall",
        "userId": "00000004-0000-4000-8000-00000000a1b2",
        "amount": 129.37,
        "timestamp": "2026-11-20T19:30:00.000Z",
    },
    {
        "type": "ticket-purchase",
        "orderId": "O-78",
        "eventId": "gala",
        "venueId": "hall",
        "positions": [{"ticketId": "T-1", "amount": "42.50"}, {"ticketId": "T-2", "comp": True}],
    },
    {
        "type": "ticket-refund",
        "ticketId": "T-1",
        "eventId": "gala",
        "venueId": "hall",
        "amount": 20,
        "partial": True,
    },
    {
        "type": "ticket-scan",
        "ticketId": "T-1",
        "eventId": "gala",
        "venueId": "hall",
        "scannedAt": "2026-11-20T19:31:00.000Z",
        "entryPoint": "B",
        "deviceInfo": {"model": "TC52", "battery": 81},
    },
    {
        "type": "cart-update",
        "userId": "u",
        "eventId": "gala",
        "items": [{"ticketTypeId": "stalls", "quantity": 2}],
        "cartValue": 84.5,
    },
    {"type": "venue-update", "venueId": "hall", "field": "capacity", "value": 900},
    {"type": "page-view", "userId": "u", "path": "/events/gala?utm_source=x", "eventId": "gala"},
    {
        "type": "social",
        "platform": "mastodon",
        "kind": "mention",
        "eventId": "gala",
        "text": "Great!",
        "likes": 3,
    },
    {
        "type": "invalid-attempt",
        "attemptType": "scan",
        "ticketId": "T-9",
        "eventId": "gala",
        "venueId": "hall",
    },
    {"type": "ticket-transfer", "ticketId": "T-1", "eventId": "gala", "fromUserId": "a", "toUserId": "b"},
)


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "\0",
            "\ud83d",
            "\udc00\ud800",
            "\u202e",
            "x" * 70_000,
            "1e400",
            "9999-12-31T23:59:59-14:00",
            "0000-00-00",
            "' OR 1=1 --",
            "=cmd|' /C calc'!A0",
            "<script>",
            10**400,
            _nested(40),
            {"$": {"a": [{}]}},
            [],
            {},
        ]
    ),
)
JUNK = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"",
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"[" * 30_000,
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            b'{"amount":' + b"9" * 5_000 + b"}",
            b'{"amount":1e999999999}',
            b'{"amount":NaN}',
            b'{"type":"ticket-scan","type":"social"}',
            b'{"type":"ticket-scan","ticketId":"\xc3\x28"}',
            b'{"type":"ticket-scan","ticketId":"\\ud800"}',
            b"null",
            b'"text"',
            b"\x1f\x8b\x08\x00junk",
            b"\0" * 100,
        ]
    ),
)


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A real message with one to three fields changed, left out or added."""
    message = dict(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*message, "metadata", "id", "quantity", "currency", "occurredAt"]))
        if draw(st.integers(0, 4)) == 0:
            message.pop(name, None)
        else:
            message[name] = draw(STRANGE)
    return message


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of a message, cut off, with bytes turned over, or put in."""
    whole = json.dumps(draw(changed() | st.sampled_from(REAL))).encode()
    at = draw(st.integers(0, len(whole)))
    how = draw(st.sampled_from(["whole", "cut", "turned", "put in"]))
    if how == "cut":
        return whole[:at]
    if how == "turned" and at < len(whole):
        return whole[:at] + bytes([whole[at] ^ draw(st.integers(1, 255))]) + whole[at + 1 :]
    if how == "put in":
        return whole[:at] + draw(st.binary(min_size=1, max_size=4)) + whole[at:]
    return whole


BODIES = st.one_of(damaged(), damaged(), JUNK)
"""The body of one message."""
