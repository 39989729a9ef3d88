"""One batch to the server, and what became of it."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

_PATH = "/api/v1/ingest/batch?verdicts=errors"
_OURS = frozenset({400, 413, 415, 422})
"""Said of what was sent: the same again would be refused again."""


class Away(Exception):
    """Try again, after so many seconds where the server says so."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


class Refused(Exception):
    """The server does not take this batch, now or later."""


class Door:
    """A connection that stays open between batches."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the address of a server: {url}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._path = parts.path.rstrip("/") + _PATH
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }

    def send(self, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        """The verdicts of messages that were refused; all others are committed. Raises Away, Refused."""
        try:
            self._connection.request("POST", self._path, gzip.compress(b"".join(lines), 5), self._headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(f"{type(error).__name__}: {error}") from error
        if answer.status == 202:
            return _verdicts(body, len(lines))
        told = f"{answer.status} {body[:300].decode(errors='replace')}"
        if answer.status in _OURS:
            raise Refused(told)
        raise Away(told, _seconds(answer.getheader("Retry-After")))

    def close(self) -> None:
        """End the connection; the next batch opens another one."""
        self._connection.close()


def _verdicts(body: bytes, sent: int) -> list[dict[str, Any]]:
    """Raises Away for an answer that does not account for every message: it is not Housecount's."""
    try:
        told = json.loads(body)
        if told["accepted"] + told["duplicates"] + told["rejected"] == sent:
            return [verdict for verdict in told["verdicts"] if verdict["status"] == "rejected"]
    except (ValueError, KeyError, TypeError):
        pass
    raise Away(f"not an answer to {sent} messages: {body[:100]!r}")


def _seconds(after: str | None) -> float:
    """What Retry-After says, in seconds or as a date."""
    if after is None or after.isdecimal():
        return float(after or 0)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return 0.0
