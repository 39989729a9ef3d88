"""One client's socket on the hub's event loop: frames in, frames out, and what a client may not do.

Everything here runs on the loop's thread and nothing waits. What a client does not read fills its
buffers and then stays undone: it is noted which events it missed, and when it reads again it gets
their present state. It costs the others nothing and the server a bounded amount of memory.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from uuid import UUID

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from api.updates import encode, error
from data.access import Access
from data.audit_entry import STRANGER, Actor

HIGH_WATER = 256 * 1024
"""Bytes waiting in our own buffer at which a reader counts as slow; a snapshot has about 6 kB."""

STRIKES = 3
BURST, PER_SECOND = 200, 5.0
"""Frames a client may send at once, and in the long run."""

CLOSING_SECONDS = 5.0
ALIVE_SECONDS = 7.5
"""Between two beats of the hub: a silence is at most this and a beat long."""


class Owner(Protocol):
    """What a socket tells the hub."""

    def asked(self, client: "Client", message: dict[str, Any]) -> None:
        """The client sent a well-formed message."""

    def caught_up(self, client: "Client", missed: Iterable[UUID]) -> None:
        """A slow client reads again and missed updates of these events."""

    def fell_behind(self, client: "Client") -> None:
        """The client's buffers are full."""

    def gone(self, client: "Client") -> None:
        """The socket is closed, from whichever side."""

    def sent(self, count: int) -> None:
        """So many messages went out."""


class Client(asyncio.Protocol):
    """A socket that speaks WebSocket, with the eyes of whoever opened it.

    `still_valid` may block and says whether its credentials still hold; `session_id` is the session they
    are, if they are one, `request_id` that of the handshake. `events` are those it follows, `left` those it
    has unsubscribed from, `venues` those it follows as a whole, with the events that this has brought it;
    `turn` is held by the message that is being followed.
    """

    def __init__(
        self,
        owner: Owner,
        protocol: ServerProtocol,
        greeting: bytes,
        access: Access,
        still_valid: Callable[[], bool],
        session_id: UUID | None = None,
        actor: Actor = STRANGER,
        request_id: str = "",
    ) -> None:
        self.access = access
        self.tenant_id = access.tenant_id
        self.still_valid = still_valid
        self.session_id = session_id
        self.actor = actor
        self.request_id = request_id
        self.turn = asyncio.Lock()
        self.events: set[UUID] = set()
        self.left: set[UUID] = set()
        self.venues: dict[UUID, set[UUID]] = {}
        self._owner = owner
        self._protocol = protocol
        self._greeting = greeting
        self._transport: asyncio.Transport | None = None
        self._missed: set[UUID] = set()
        self._slow = False
        self._strikes = 0
        self._allowance = float(BURST)
        self._allowed_at = time.monotonic()
        self._heard_at = time.monotonic()
        self._pinged_at: float | None = None
        self._told_at = time.monotonic()
        self._fragments: list[bytes] = []
        self._text = False

    @property
    def open(self) -> bool:
        """Whether messages can still be sent."""
        return self._transport is not None and self._protocol.state is State.OPEN

    @property
    def slow(self) -> bool:
        """Whether the client has stopped reading."""
        return self._slow

    def send(self, event_id: UUID | None, messages: Iterable[bytes]) -> None:
        """Send encoded messages about an event, or remember that the client missed them."""
        if not self.open:
            return
        if self._slow:
            if event_id is not None:
                self._missed.add(event_id)
            return
        count = 0
        for message in messages:
            self._protocol.send_text(message)
            count += 1
        self._owner.sent(count)
        self._told_at = time.monotonic()
        self._flush()

    def forget(self, event_id: UUID) -> None:
        """The client no longer follows the event."""
        self.events.discard(event_id)
        self._missed.discard(event_id)

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close; the connection is cut when the client does not answer."""
        if not self.open:
            return
        self._protocol.send_close(code, reason)
        self._flush()
        self._cut_later()

    def cut(self) -> None:
        """Close the connection without another word."""
        if self._transport is not None:
            self._transport.abort()

    def beat(self, now: float, interval: float, alive: bytes) -> None:
        """Ping a silent client; cut one that has not answered the last ping for a whole interval. Whoever was
        told nothing for a while is told `alive`: pages cannot see pings."""
        if not self.open:
            return
        if not self._slow and now - self._told_at >= ALIVE_SECONDS:
            self._told_at = now
            self._protocol.send_text(alive)
            self._flush()
        if self._pinged_at is not None and self._heard_at < self._pinged_at:
            if now - self._pinged_at > interval:
                self.cut()
        elif now - max(self._heard_at, self._pinged_at or 0.0) >= interval:
            self._pinged_at = now
            self._protocol.send_ping(b"")
            self._flush()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer the handshake."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)
        transport.write(self._greeting)

    def data_received(self, data: bytes) -> None:
        """Take frames; pings and closing handshakes are answered by the protocol."""
        self._heard_at = time.monotonic()
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            if self._protocol.state is not State.OPEN or not isinstance(frame, Frame):
                break
            if not self._allowed():
                self.close(CloseCode.POLICY_VIOLATION, "too many messages")
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._take(frame.opcode, bytes(frame.data), frame.fin)
        self._flush()
        if self._protocol.close_expected():
            self._cut_later()

    def eof_received(self) -> None:
        """The client sends nothing any more; asyncio closes the connection."""
        self._protocol.receive_eof()

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        self._slow = True
        self._owner.fell_behind(self)

    def resume_writing(self) -> None:
        """The client has read everything: tell it how things stand now."""
        self._slow = False
        missed, self._missed = self._missed, set()
        self._owner.caught_up(self, missed & self.events)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        self._owner.gone(self)

    # What comes in

    def _take(self, opcode: Opcode, data: bytes, fin: bool) -> None:
        if opcode is not Opcode.CONT:
            self._fragments, self._text = [], opcode is Opcode.TEXT
        self._fragments.append(data)
        if not fin:
            return
        whole, self._fragments = b"".join(self._fragments), []
        message = _parse(whole) if self._text else None
        if message is None:
            self._strike()
        else:
            self._owner.asked(self, message)

    def _strike(self) -> None:
        self._strikes += 1
        detail = 'A message is a JSON object in a text frame with a "type", like {"type": "subscribe-event"}.'
        self.send(None, [encode(error("bad-message", detail))])
        if self._strikes >= STRIKES:
            self.close(CloseCode.POLICY_VIOLATION, "too many bad messages")

    def _allowed(self) -> bool:
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * PER_SECOND)
        self._allowed_at = now
        self._allowance -= 1
        return self._allowance >= 0

    # What goes out

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
        if self._transport.get_write_buffer_size() > 2 * HIGH_WATER:
            self._transport.abort()  # Only answers to a flood of pings can get this far.

    def _cut_later(self) -> None:
        transport = self._transport
        if transport is not None:
            asyncio.get_running_loop().call_later(CLOSING_SECONDS, transport.abort)


async def adopt(client: Client, connection: socket.socket) -> None:
    """Let the running loop serve a connection that was accepted elsewhere."""
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: client, connection)


def _parse(data: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    return message
