"""Taking a connection out of the web server's hands after the WebSocket handshake.

A socket that stays in its request handler holds a thread of the server for hours. Instead the
connection is duplicated for the hub's event loop, and the server is left with the end of a pipe
that is already closed: whatever it still writes fails there, and closing it disturbs nobody.
Works with gunicorn's threaded worker and with werkzeug's server, without TLS (a proxy's work).
"""

import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("housecount.v1")
LARGEST_MESSAGE = 16 * 1024
SEND_BUFFER = 128 * 1024
"""Bytes the kernel may hold for a client that does not read; more would only grow stale there."""


class NotHandedOver(Exception):
    """The server did not pass its socket on, or wraps it in TLS itself."""


def open_protocol(environ: Mapping[str, Any]) -> tuple[ServerProtocol, Response]:
    """The protocol of a new socket and the answer to its handshake.

    The answer is 101 with a protocol ready for frames, or the refusal of a handshake that is not
    one. Of the subprotocols offered only ours is accepted; an offered bearer token is not echoed.
    """
    headers = Headers()
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            headers["-".join(part.capitalize() for part in name[5:].split("_"))] = value
    protocol = ServerProtocol(
        subprotocols=[SUBPROTOCOL], select_subprotocol=_select, max_size=LARGEST_MESSAGE
    )
    version = environ.get("SERVER_PROTOCOL", "HTTP/1.1")
    request = Request(environ.get("PATH_INFO", "/"), headers, environ["REQUEST_METHOD"], version)
    response = protocol.accept(request)
    if response.status_code == 101:
        protocol = ServerProtocol(state=State.OPEN, max_size=LARGEST_MESSAGE)
    return protocol, response


def take_socket(environ: Mapping[str, Any]) -> socket.socket:
    """The client's connection, from now on ours alone and non-blocking. Raises NotHandedOver."""
    theirs = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if theirs is None or isinstance(theirs, ssl.SSLSocket):
        raise NotHandedOver("live sockets need a threaded gunicorn worker without TLS of its own")
    ours: socket.socket = theirs.dup()
    dead, peer = socket.socketpair()
    peer.close()
    os.dup2(dead.fileno(), theirs.fileno(), inheritable=False)
    dead.close()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if ours.family in (socket.AF_INET, socket.AF_INET6):
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ours


def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None
