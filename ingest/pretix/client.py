"""Fetching from one pretix: only from the configured host, politely, never trusting the size of an answer."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx

from ingest.pretix.documents import Document, Malformed, Page, decode

LARGEST_ANSWER = 16 * 1024 * 1024
REQUESTS_PER_MINUTE = 360
"""What pretix's hosted service allows."""
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 523, 524})
_INCLUDE = {"include_canceled_positions": "true", "include_canceled_fees": "true"}
Row = TypeVar("Row")


class Away(Exception):
    """pretix did not answer properly for now; `after` is the least number of seconds it asks us to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Forbidden(Exception):
    """pretix refused our token for this: it says so for unknown events too."""


class Missing(Exception):
    """pretix does not have this object (any more)."""


@dataclass(frozen=True)
class Pace:
    """How patient a client is. Times in seconds."""

    requests_per_minute: float = REQUESTS_PER_MINUTE
    burst: int = 20
    tries: int = 4
    first_pause: float = 0.5
    longest_pause: float = 30.0
    connect_timeout: float = 5.0
    read_timeout: float = 20.0


class Bucket:
    """A token bucket: `take` waits until another request is allowed."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._level = float(burst)
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, pause: Callable[[float], object]) -> None:
        """Take one token; `pause` is called with the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            self._level = min(self._burst, self._level + (now - self._at) * self._rate) - 1
            self._at = now
            wait = -self._level / self._rate
        if wait > 0:
            pause(wait)


class Client:
    """One pretix organizer as one token sees it. `pause` is how it waits (an event's `wait`, say).

    Redirects are never followed, proxies and .netrc of the environment never used.
    """

    def __init__(
        self,
        base_url: str,
        organizer: str,
        token: str,
        pace: Pace | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        pace = pace or Pace()
        self._origin = origin(base_url)
        self._root = f"{base_url.rstrip('/')}/api/v1/organizers/{quote(organizer, safe='')}"
        self._pace = pace
        self._pause = pause
        self._bucket = Bucket(pace.requests_per_minute, pace.burst)
        self._http = httpx.Client(
            headers={"Authorization": f"Token {token}", "Accept": "application/json"},
            timeout=httpx.Timeout(pace.read_timeout, connect=pace.connect_timeout),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def one(self, kind: type[Document], *path: str, **query: str) -> Document:
        """One object. Raises Away, Forbidden, Missing or Malformed."""
        return decode(self._get(self._address(path), query)[0], kind)

    def order(self, kind: type[Document], event: str, code: str) -> Document:
        """One order with everything that was cancelled in it."""
        return self.one(kind, "events", event, "orders", code, **_INCLUDE)

    def pages(
        self, kind: type[Row], *path: str, start: str | None = None, **query: str
    ) -> Iterator[tuple[Page[Row], datetime | None]]:
        """The pages of a list, from the address `start` if given, each with the time in its X-Page-Generated.

        Raises as `one`; Malformed also for a `next` that leads to another host.
        """
        if path[-1] == "orders":
            query = _INCLUDE | query
        address: str | None = start or self._address(path)
        if start is not None:
            query = {}
        while address is not None:
            self._check(address)
            raw, headers = self._get(address, query)
            page = decode(raw, Page[kind])  # type: ignore[valid-type]
            yield page, _generated(headers)
            address, query = page.next, {}

    def all(self, kind: type[Row], *path: str, **query: str) -> list[Row]:
        """The rows of all pages of a list."""
        return [row for page, _ in self.pages(kind, *path, **query) for row in page.results]

    def _address(self, path: tuple[str, ...]) -> str:
        return "/".join([self._root, *(quote(part, safe="") for part in path)]) + "/"

    def _check(self, address: str) -> None:
        if origin(address) != self._origin:
            raise Malformed("the next page would be on another host")

    def _get(self, address: str, query: dict[str, str]) -> tuple[bytes, httpx.Headers]:
        """Body and headers of a 200; waits and tries again when that can help."""
        for attempt in range(1, self._pace.tries + 1):
            self._bucket.take(self._pause)
            try:
                return self._once(address, query)
            except Away as away:
                # A long wait belongs into the queue, where it holds up nobody else's pings.
                if attempt == self._pace.tries or away.after > self._pace.longest_pause:
                    raise
                growing = self._pace.first_pause * 2 ** (attempt - 1)
                jittered = growing * random.uniform(0.5, 1.5)
                self._pause(max(away.after, min(jittered, self._pace.longest_pause)))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, address: str, query: dict[str, str]) -> tuple[bytes, httpx.Headers]:
        try:
            # httpx drops an address's own query as soon as it is given one, even an empty one.
            with self._http.stream("GET", address, params=query or None) as response:
                self._judge(response)
                return _body(response), response.headers
        except httpx.TransportError as error:
            raise Away(type(error).__name__) from error
        except httpx.DecodingError as error:
            raise Malformed("an answer that cannot be unpacked") from error

    @staticmethod
    def _judge(response: httpx.Response) -> None:
        status = response.status_code
        if status in _RETRIED:
            raise Away(f"status {status}", _retry_after(response.headers))
        if status in {401, 403}:
            raise Forbidden(f"status {status}")
        if status in {404, 410}:
            if "json" not in response.headers.get("content-type", ""):
                raise Malformed(f"status {status} that is not from pretix's API")
            raise Missing(response.url.path)
        if status != 200:
            raise Malformed(f"status {status}")


def origin(address: str) -> tuple[str, str, int]:
    """(scheme, host, port) of an http(s) address. Raises Malformed for anything else."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        if parts.hostname and parts.username is None and parts.password is None:
            return parts.scheme, parts.hostname.lower(), port
    except (ValueError, KeyError):
        pass
    raise Malformed("not a web address")


def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Malformed("an answer that is too long")
    return bytes(body)


def _retry_after(headers: httpx.Headers) -> float:
    try:
        return min(max(float(headers.get("retry-after", "0")), 0.0), 3_600.0)
    except ValueError:
        return 0.0


def _generated(headers: httpx.Headers) -> datetime | None:
    try:
        moment = datetime.fromisoformat(headers.get("x-page-generated", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
