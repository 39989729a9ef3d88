"""Whatever is sent over a live socket: it ends with a reason or goes on, and the next one is served."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect
from websockets.uri import parse_uri

from api.stream import PATH
from tests.fuzz.conftest import Running
from tests.fuzz.messages import JUNK, STRANGE
from tests.live.served import until

SUBSCRIBE: dict[str, Any] = {"type": "subscribe-event", "eventId": "gala", "seq": 1}
FAILURES = {1011, 1012, 1013}
"""Codes with which a server says that it failed or goes away; all others are the sender's doing."""
MASK = b"\x12\x34\x56\x78"


def masked(payload: bytes) -> bytes:
    """The payload as a client has to send it."""
    return bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def raw_frame(first: int, payload: bytes, *, mask: bool = True, length: int | None = None) -> bytes:
    """A frame whose first byte and length say anything."""
    told = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    if told < 126:
        head = bytes([first, bit | told])
    elif told < 65_536:
        head = bytes([first, bit | 126]) + struct.pack("!H", told)
    else:
        head = bytes([first, bit | 127]) + struct.pack("!Q", told)
    return head + (MASK + masked(payload) if mask else payload)


def text(value: Any) -> bytes:
    """A whole text frame with this as JSON."""
    return raw_frame(0x81, json.dumps(value).encode())


MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["subscribe-event", "unsubscribe-event", "subscribe-venue", "ping"])
        | STRANGE,
        "eventId": STRANGE,
        "venueId": STRANGE,
        "seq": STRANGE,
    },
).map(lambda fields: text(SUBSCRIBE | fields))
FRAMES = st.one_of(
    MESSAGES,
    MESSAGES,
    JUNK.map(lambda body: raw_frame(0x81, body)),
    JUNK.map(lambda body: raw_frame(0x82, body)),
    st.binary(max_size=125).map(lambda body: raw_frame(0x89, body)),
    st.binary(max_size=125).map(lambda body: raw_frame(0x8A, body)),
    st.binary(max_size=300).map(lambda body: raw_frame(0x88, body)),
    st.builds(raw_frame, st.integers(0, 255), st.binary(max_size=140), mask=st.booleans()),
    st.binary(max_size=50).map(lambda body: raw_frame(0x81, body, length=2**62)),
    st.binary(max_size=50).map(lambda body: raw_frame(0x81, body, length=20_000_000)),
    st.sampled_from(
        [
            raw_frame(0x81, b"\xff\xfe\xfd"),
            raw_frame(0x01, b'{"type":') + raw_frame(0x80, b'"\xc3'),
            raw_frame(0x01, b"a") + raw_frame(0x01, b"b"),
            raw_frame(0x80, b"goes on from nowhere"),
            raw_frame(0x09, b"a control frame in parts"),
            raw_frame(0x89, b"x" * 126),
            raw_frame(0x81, b"x" * 200_000),
            raw_frame(0x88, b"\x03"),
            raw_frame(0x88, struct.pack("!H", 999)),
            raw_frame(0x88, struct.pack("!H", 1000) + b"\xff"),
            text(SUBSCRIBE)[:7],
        ]
    ),
)


def said(running: Running, sent: bytes) -> tuple[list[Any], int | None]:
    """What the server answers to these bytes after a handshake until it closes, and its code."""
    client = ClientProtocol(parse_uri(f"ws://127.0.0.1:{running.port}{PATH}"))
    request = client.connect()
    request.headers["Authorization"] = f"Bearer {running.token}"
    client.send_request(request)
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(b"".join(client.data_to_send()))
        while not client.events_received() and client.handshake_exc is None:
            received = connection.recv(65_536)
            assert received, "no handshake"
            client.receive_data(received)
        assert client.handshake_exc is None
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65_536):
                client.receive_data(received)
        except ConnectionError:
            pass  # It had closed while we still spoke.
    frames = [event for event in client.events_received() if isinstance(event, Frame)]
    texts = [json.loads(bytes(frame.data)) for frame in frames if frame.opcode is Opcode.TEXT]
    return texts, client.close_rcvd.code if client.close_rcvd else None


def test_frames_of_every_kind(running: Running) -> None:
    @settings(
        max_examples=80, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(frames=st.lists(FRAMES, min_size=1, max_size=4))
    def send(frames: list[bytes]) -> None:
        texts, code = said(running, b"".join(frames))
        assert code not in FAILURES, code
        assert all(isinstance(each, dict) and each["type"] for each in texts)

    workers = running.workers()
    send()
    weight = running.weight()
    send()
    assert running.workers() == workers
    assert running.weight() - weight < 24_000_000
    scan = {"type": "ticket-scan", "ticketId": "T-1", "eventId": "gala", "venueId": "hall"}
    assert running.post("/api/v1/analytics/events", json.dumps(scan).encode()).status_code == 202
    address, headers = f"ws://127.0.0.1:{running.port}{PATH}", {"Authorization": f"Bearer {running.token}"}
    with connect(address, additional_headers=headers) as good:

        def answered() -> bool:
            good.send(json.dumps({"type": "subscribe-event", "eventId": "gala"}))
            return bool(json.loads(good.recv(timeout=20))["type"] == "snapshot")

        # After so many invented names the tenant's allowance of looking unknown ones up is used for a second.
        until(answered, "the event of a second ago to be known")


def test_a_frame_that_says_it_is_huge_is_refused_at_once(running: Running) -> None:
    _, code = said(running, raw_frame(0x81, b"x", length=2**40))
    assert code == 1009
