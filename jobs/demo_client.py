"""A ticketing system's side of the REST door: singles, batches, and patience with a busy server."""

import gzip
import http.client
import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
import structlog

log = structlog.stdlib.get_logger("simulator")

SINGLE = "/api/v1/analytics/events"
BATCH = "/api/v1/ingest/batch?verdicts=errors"
TIMEOUT = 60
PAUSE = 1.0
LONGEST_PAUSE = 30.0


class Refused(Exception):
    """The server does not take this token or this request; trying again would not help."""


class Stopped(Exception):
    """We were asked to stop while waiting for the server."""


class Door:
    """Posts until the server has committed: what it returns from is in the database.

    One thread at a time. `stop` ends every wait.
    """

    def __init__(self, url: str, stop: threading.Event) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
        self._stop = stop
        self.token = ""

    def single(self, body: bytes) -> None:
        """Post one message (JSON)."""
        self._post(SINGLE, body, {"Content-Type": "application/json"})

    def batch(self, bodies: Sequence[bytes]) -> None:
        """Post many messages as compressed NDJSON; a refused one is logged, the others are kept."""
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        answer = self._post(BATCH, gzip.compress(b"\n".join(bodies), 3), headers)
        rejected = [v for v in msgspec.json.decode(answer).get("verdicts", ()) if v["status"] == "rejected"]
        if rejected:
            log.warning("messages refused", count=len(rejected), first=rejected[0])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        pause = PAUSE
        while True:
            wait: float | None
            try:
                self._connection.request(
                    "POST", path, body, headers | {"Authorization": f"Bearer {self.token}"}
                )
                response = self._connection.getresponse()
                answer = response.read()
                if response.status < 300:
                    return answer
                if response.status not in (429, 502, 503, 504):
                    raise Refused(f"{response.status} {answer[:300].decode(errors='replace')}")
                wait = _seconds(response.headers.get("Retry-After"))
            except (OSError, http.client.HTTPException):
                # Not there (yet), or gone half-way: a repeat is a duplicate, so nothing can go wrong twice.
                self._connection.close()
                wait = None
            if self._stop.wait(wait or pause):
                raise Stopped
            pause = min(pause * 2, LONGEST_PAUSE)


def _seconds(retry_after: str | None) -> float | None:
    return min(float(retry_after), LONGEST_PAUSE) if retry_after and retry_after.isdigit() else None
