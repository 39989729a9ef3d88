"""One request to a receiver of webhooks that nobody here has reason to trust.

The name is resolved once, every address it has must be allowed (`data/webhook_address.py`), and the
connection goes to one of these: a name that leads elsewhere a moment later leads nowhere. No redirect is
followed, no proxy of the environment is used, and an attempt has one deadline, however slowly it drips.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from data.webhook_address import Address, BadAddress, Networks, parsed, require
from data.webhook_deliveries import LONGEST_ANSWER, Attempt

CONNECT_SECONDS = 5.0
"""For each address of a name; at most three are tried."""
DEADLINE_SECONDS = 15.0
"""For all of an attempt but the resolving of its name."""
BODY_SECONDS = 2.0
"""Of these, for the body of the answer, of which the log shows the beginning."""
_MOST_ADDRESSES = 3
_MOST_BYTES = 4 * LONGEST_ANSWER


class Sender:
    """Sends to where it may. `trusted` are certificates in place of the system's."""

    def __init__(self, allowed: Networks = (), trusted: Path | None = None) -> None:
        self._allowed = allowed
        self._context = ssl.create_default_context(cafile=trusted)

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """POST the body; what came of it."""
        at, began = datetime.now(UTC), time.monotonic()
        status, answer, wait = None, "", None
        error: str | None = None
        try:
            status, answer, wait = self._sent(parsed(url, self._allowed), body, headers)
            if not 200 <= status < 300:
                error = _refusal(status)
        except BadAddress as refused:
            error = f"It may not be sent there: {_lower(str(refused))}"
        except http.client.RemoteDisconnected:
            error = "The connection was closed without an answer."
        except TimeoutError:
            error = f"No answer within {DEADLINE_SECONDS:.0f} seconds."
        except ssl.SSLCertVerificationError as refused:
            error = f"The certificate is not accepted: {refused.verify_message}."
        except ssl.SSLError as refused:
            error = f"No secure connection: {refused.reason or 'unknown reason'}."
        except socket.gaierror as refused:
            error = f"The name was not found: {refused.strerror}."
        except OSError as refused:
            error = f"The connection failed: {refused.strerror or type(refused).__name__}."
        except (http.client.HTTPException, ValueError):
            error = "The answer is no HTTP."
        return Attempt(at, time.monotonic() - began, status, error, answer, wait)

    def _sent(
        self, address: Address, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str, timedelta | None]:
        resolved = _resolved(address)
        require(address, resolved, self._allowed)
        deadline = time.monotonic() + DEADLINE_SECONDS
        wire = self._connected(address, resolved, deadline)
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.default_port = 443 if address.secure else 80
        connection.sock = limited = _Deadline(wire, deadline)
        try:
            connection.request("POST", address.path, body, dict(headers) | {"Connection": "close"})
            response = connection.getresponse()
            limited.until = min(deadline, time.monotonic() + BODY_SECONDS)
            return response.status, _text(_said(response)), _asked(response.headers.get("Retry-After"))
        finally:
            connection.close()
            wire.close()

    def _connected(self, address: Address, resolved: list[str], deadline: float) -> socket.socket:
        """To the first of these addresses that answers. Raises OSError."""
        failure: OSError | None = None
        for host in resolved[:_MOST_ADDRESSES]:
            patience = min(CONNECT_SECONDS, deadline - time.monotonic())
            if patience <= 0:
                raise TimeoutError
            try:
                wire = socket.create_connection((host, address.port), timeout=patience)
            except OSError as error:
                failure = error
                continue
            if not address.secure:
                return wire
            try:
                wire.settimeout(max(0.001, min(CONNECT_SECONDS, deadline - time.monotonic())))
                return self._context.wrap_socket(wire, server_hostname=address.host)
            except BaseException:
                wire.close()
                raise
        assert failure is not None
        raise failure


def _resolved(address: Address) -> list[str]:
    """Every IP address that the name has now, in the order in which they should be tried. Raises OSError."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _said(response: http.client.HTTPResponse) -> bytes:
    """The beginning of the answer's body. Its status counts, whatever becomes of the rest."""
    said = b""
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        while len(said) < _MOST_BYTES and (part := response.read1(_MOST_BYTES - len(said))):
            said += part
    return said


class _Deadline:
    """A connection of which no operation ends after the deadline: as much of one as http.client uses."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire, self.until = wire, deadline

    def left(self) -> float:
        """Seconds. Raises TimeoutError."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self._wire.settimeout(self.left())
        self._wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What reads the answer."""
        assert mode == "rb"
        return io.BufferedReader(_Reader(self._wire, self))

    def close(self) -> None:
        """Nothing: whoever opened the connection closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, wire: socket.socket, deadline: _Deadline) -> None:
        self._wire, self._deadline = wire, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.settimeout(self._deadline.left())
        return self._wire.recv_into(buffer)


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"The answer was {status}: redirects are not followed."
    return f"The answer was {status}."


def _text(said: bytes) -> str:
    text = said.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text[:LONGEST_ANSWER]


def _asked(header: str | None) -> timedelta | None:
    """How long the receiver asks to be left alone."""
    if header is None:
        return None
    if header.isascii() and header.isdecimal():
        return timedelta(seconds=min(int(header[:9]), 10**6))
    try:
        return max(timedelta(0), parsedate_to_datetime(header) - datetime.now(UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
