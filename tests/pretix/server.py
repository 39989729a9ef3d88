"""A local server that answers as the captured pretix did at a simulated moment.

Token authentication, 403 for unknown events, pages of 50 with absolute `next`, filters,
`X-Page-Generated`; on request also redirects, rate limits, broken answers and bursts of 5xx.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from tests.pretix.captures import FINAL, ORGANIZER, Captures, Json, captures, instant

TOKEN = "sekr3t-token-of-the-local-pretix"
ZONE = ZoneInfo("Europe/Berlin")
FORBIDDEN = {"detail": "You do not have permission to perform this action."}


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.answer = (status, body, headers or {})


@dataclass
class Fault:
    """What the next `times` requests whose path contains `path` get instead of their answer."""

    times: int
    status: int
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"detail": "broken"}'


class Pretix:
    """One running server. Set `now` to move its clock; `requests` lists (path with query, headers)."""

    def __init__(self, data: Captures) -> None:
        self.data = data
        self.now: datetime = FINAL
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.next_base: str | None = None
        self.on_order: Callable[[Json], Json] = lambda order: order
        self.on_row: Callable[[Json], Any] = lambda row: row
        self._cache: dict[tuple[str, str, datetime], Any] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["Pretix"]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    def answer(self, target: str, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of one GET."""
        with self._lock:
            self.requests.append((target, headers))
            for fault in self.faults:
                if fault.path in target and fault.times > 0:
                    fault.times -= 1
                    return fault.status, fault.body, fault.headers
        given = headers.get("authorization")
        if given is None:
            return 401, {"detail": "Authentication credentials were not provided."}, {}
        if given != f"Token {TOKEN}":
            return 401, {"detail": "Invalid token."}, {}
        path, _, query = target.partition("?")
        try:
            match path.strip("/").split("/"):
                case ["api", "v1", "organizers", organizer, *rest] if organizer == ORGANIZER:
                    return self._resource(path, rest, dict(parse_qsl(query)))
                case ["api", "v1", "organizers", *_]:
                    return 403, FORBIDDEN, {}
            return 404, {"detail": "Not found."}, {}
        except Refusal as refusal:
            return refusal.answer

    def _resource(self, path: str, rest: list[str], query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        events = {e["slug"]: e for e in self._held("events", "")}
        match rest:
            case ["events"]:
                return self._page(path, query, list(events.values()))
            case ["orders"]:
                return self._orders(path, query, list(events), [])
            case ["events", slug] if slug in events:
                return 200, events[slug], {}
            case ["events", slug, *below] if slug in events:
                return self._of_event(path, query, slug, below)
        raise Refusal(403, FORBIDDEN)

    def _of_event(
        self, path: str, query: dict[str, str], slug: str, below: list[str]
    ) -> tuple[int, Any, dict[str, str]]:
        match below:
            case ["orders", *code]:
                return self._orders(path, query, [slug], code)
            case ["orderpositions", number]:
                return self._position(query, slug, number)
            case ["checkins"]:
                found = self._held("checkins", slug)
                if "created_since" in query:
                    since = _moment(query["created_since"], "created_since")
                    found = [c for c in found if instant(c["created"]) >= since]
                return self._page(path, query, found)
            case ["subevents" | "items" | "quotas" | "checkinlists" as resource]:
                return self._page(path, query, self._held(resource, slug))
        raise Refusal(403, FORBIDDEN)

    def _orders(
        self, path: str, query: dict[str, str], slugs: list[str], code: list[str]
    ) -> tuple[int, Any, dict[str, str]]:
        orders: dict[str, Json] = {}
        for slug in slugs:
            orders |= self._held("orders", slug)
        if code:
            if code[0] not in orders:
                raise Refusal(404, {"detail": "No Order matches the given query."})
            return 200, self.on_order(_filtered(orders[code[0]], query)), {}
        found = sorted(orders.values(), key=lambda o: (instant(o["datetime"]), o["code"]), reverse=True)
        if "modified_since" in query:
            since = _moment(query["modified_since"], "modified_since")
            found = [o for o in found if instant(o["last_modified"]) >= since]
        status, body, headers = self._page(path, query, [_filtered(o, query) for o in found])
        return status, body, headers | {"X-Page-Generated": self.now.astimezone(ZONE).isoformat()}

    def _position(self, query: dict[str, str], slug: str, number: str) -> tuple[int, Any, dict[str, str]]:
        for order in self._held("orders", slug).values():
            for position in _filtered(order, query)["positions"]:
                if str(position["id"]) == number:
                    return 200, position, {}
        raise Refusal(404, {"detail": "No OrderPosition matches the given query."})

    def _held(self, resource: str, slug: str) -> Any:
        """The state of one resource now; the last few are kept, pages of one poll share them."""
        key = (resource, slug, self.now)
        with self._lock:
            if key not in self._cache:
                if len(self._cache) > 64:
                    self._cache.clear()
                match resource:
                    case "orders":
                        self._cache[key] = self.data.orders_at(slug, self.now)
                    case "checkins":
                        self._cache[key] = self.data.checkins_at(slug, self.now)
                    case _:
                        self._cache[key] = self.data.list_at(resource, slug, self.now) or []
            return self._cache[key]

    def _page(self, path: str, query: dict[str, str], found: list[Json]) -> tuple[int, Json, dict[str, str]]:
        size = min(int(query.get("page_size", 50)), 50)
        number = int(query.get("page", 1))
        if number > 1 and (number - 1) * size >= len(found):
            raise Refusal(404, {"detail": "Invalid page."})

        def link(to: int) -> str:
            base = self.next_base or self.url
            return f"{base}{path}?{urlencode(sorted({**query, 'page': str(to)}.items()))}"

        more = number * size < len(found)
        body = {
            "count": len(found),
            "next": link(number + 1) if more else None,
            "previous": link(number - 1) if number > 1 else None,
            "results": [self.on_row(row) for row in found[(number - 1) * size : number * size]],
        }
        return 200, body, {}


@contextmanager
def serving() -> Iterator[Pretix]:
    """A server with all captures, its clock at the end."""
    with Pretix(captures()).running() as pretix:
        yield pretix


def _moment(text: str, name: str) -> datetime:
    try:
        return instant(text)
    except ValueError:
        raise Refusal(400, {name: ["Enter a valid date/time."]}) from None


def _filtered(order: Json, query: dict[str, str]) -> Json:
    kept = dict(order)
    for name, flag in (("positions", "include_canceled_positions"), ("fees", "include_canceled_fees")):
        if query.get(flag) != "true":
            kept[name] = [part for part in order[name] if not part["canceled"]]
    return kept


def _handler(pretix: Pretix) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # One packet per answer: two would wait for each other's acknowledgement.

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body, extra = pretix.answer(
                urlsplit(self.path)._replace(netloc="", scheme="").geturl(), headers
            )
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | extra).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Tests read `requests` instead."""

    return Handler
