"""The REST door: one message, or a batch of them. What it acknowledges is committed.

It stands in front of Flask as a WSGI application of its own: scanners and shops send one message
per request, and most of such a request would be spent on what the door has no use for (sessions,
templates, the routes of the pages).
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec
from flask import Flask
from structlog.contextvars import bind_contextvars, clear_contextvars

from api.addresses import as_counted
from api.bodies import JSON_TYPES, LINE_TYPES, media_type, read_body
from api.cloudevents import BATCH, attributes_of, envelope_of
from api.headers import everywhere
from api.idempotency import Room, key_of, settled
from api.limits import Limits
from api.problems import PROBLEM_TYPE, Problem, Unauthenticated, problem_of, request_id_of
from api.sites import OtherOrigin, SiteDoor, site_key
from api.tracking import TRACKING, calls_of, summary_of_calls, write_key_of
from api.viewers import viewers_of
from data import idempotency
from data.dead_letters import DeadLetterBox
from data.door_counts import DoorCounts
from data.engine import DatabaseUnavailable
from data.idempotency import Kept
from data.permissions import require
from data.rates import TooManyRequests
from data.services import Services
from data.sites import Sites
from data.tokens import Sender
from ingest.decoding import split_batch
from ingest.door import Door, Outcome
from ingest.kinds import Kind
from ingest.message import LARGEST_MESSAGE
from ingest.refusal import Refused
from ingest.sales import PURCHASE, REFUND
from ingest.social import SOCIAL
from ingest.tickets import ATTEMPT, SCAN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_ENCODER = msgspec.json.Encoder()
_ACCEPTED = "202 Accepted"
_OK = "200 OK"
_UNEXPECTED = Problem(500, "internal-server-error", "Something went wrong here.")
_NOT_POST = Problem(405, "method-not-allowed", "This address takes POST.", headers={"Allow": "POST"})

_ANY_KIND: tuple[Kind, ...] = ()
SINGLE = {
    "ingest/sale": (PURCHASE, REFUND),
    "ingest/revenue": (PURCHASE, REFUND),
    "ingest/attendance": (SCAN, ATTEMPT),
    "ingest/social": (SOCIAL,),
    "analytics/events": _ANY_KIND,
}
"""Last part of an address → the types it takes, the first of them by default; all without any."""
_BATCH = "ingest/batch"
_PREFIXES = ("/api/v1/", "/api/")


def register(server: Flask, services: Services, counts: DoorCounts | None = None) -> DeadLetterBox:
    """Put the door before `server`; returns the box of refused messages, to be closed with the process. What
    comes is counted in `counts`."""
    dead_letters = DeadLetterBox(services.database)
    door = Door(services.database, services.directory, services.writer, services.live, dead_letters, counts)
    server.wsgi_app = _RestDoor(server.wsgi_app, services, door)  # type: ignore[method-assign]
    return dead_letters


class _RestDoor:
    """Answers the ingest addresses and hands everything else on."""

    def __init__(self, beyond: "WSGIApplication", services: Services, door: Door) -> None:
        self._beyond = beyond
        self._door = door
        self._database = services.database
        self._directory = services.directory
        self._room = Room(services.counters)
        self._callers = viewers_of(services).callers
        self._limits = Limits(services.settings, services.counters)
        self._most_bytes = services.settings.max_body_mb * 1_000_000
        self._most_messages = services.settings.max_batch_messages
        self._telemetry = services.live.telemetry
        self._single = {prefix + name: kinds for prefix in _PREFIXES for name, kinds in SINGLE.items()}
        self._batch = frozenset(prefix + _BATCH for prefix in _PREFIXES)
        self._calls = frozenset(prefix + TRACKING for prefix in _PREFIXES)
        self._sites = SiteDoor(Sites(services.database), services.directory, door, self._limits)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in self._single and path not in self._batch and path not in self._calls:
            return self._beyond(environ, start_response)
        begun = time.perf_counter()
        request_id = request_id_of(environ)
        clear_contextvars()
        bind_contextvars(request=request_id)
        status, content_type = _ACCEPTED, "application/json"
        headers: list[tuple[str, str]] = []
        found = None
        try:
            method = environ["REQUEST_METHOD"]
            key = site_key(environ) if path in self._calls and method in ("POST", "OPTIONS") else None
            if key is not None:
                status, body = self._sites.take(key, environ, headers)
            elif method != "POST":
                found = _NOT_POST
            elif path in self._calls:
                status, body = _OK, self._take_calls(environ)
            else:
                body = self._take(path, environ)
        except OtherOrigin as error:
            found = error.problem
        except Exception as error:
            found = problem_of(error)
            if found is None:
                log.exception("the REST door failed")
                found = _UNEXPECTED
        if found is not None:
            body, content_type = found.body(request_id), PROBLEM_TYPE
            status = f"{found.status} {HTTPStatus(found.status).phrase}"
            headers += (found.headers or {}).items()
        headers += [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Request-Id", request_id),
        ]
        said = {name for name, _ in headers}
        always = everywhere(encrypted=environ["wsgi.url_scheme"] == "https")
        headers += [(name, value) for name, value in always if name not in said]
        start_response(status, headers)
        self._measure(path, environ["REQUEST_METHOD"], status[:3], time.perf_counter() - begun)
        return [body]

    def _take(self, path: str, environ: "WSGIEnvironment") -> bytes:
        """The body of the answer to an accepted request."""
        sender = self._admitted(environ)
        kinds = self._single.get(path)
        if kinds is None:
            return self._take_batch(sender, environ)
        if media_type(environ) == BATCH:
            detail = "A batch goes to /api/v1/ingest/batch."
            raise Refused("unsupported-media-type", detail, "Content-Type", BATCH)
        body, envelope = read_body(environ, LARGEST_MESSAGE, JSON_TYPES), envelope_of(environ)

        def take() -> bytes:
            return _ENCODER.encode(self._door.single(sender.tenant_id, body, kinds, envelope))

        return self._once(sender, environ, body, take)

    def _take_calls(self, environ: "WSGIEnvironment") -> bytes:
        """The body of the answer to a batch of Segment's calls."""
        self._limits.before_looking_up(as_counted(environ.get("REMOTE_ADDR", "")))
        body, environ = write_key_of(environ)
        sender = self._admitted(environ)
        with self._door.place_for_a_batch():
            if body is None:
                body = read_body(environ, self._most_bytes, JSON_TYPES)

            def take() -> bytes:
                calls = calls_of(body, self._most_messages, sender.tenant_id, self._directory)
                outcomes = self._door.delivered(sender.tenant_id, calls.parts, calls.source)
                return summary_of_calls(calls, outcomes)

            return self._once(sender, environ, body, take)

    def _admitted(self, environ: "WSGIEnvironment") -> Sender:
        """Who sends, if they may. Raises what says why not."""
        sender = self._sender(environ)
        bind_contextvars(tenant=str(sender.tenant_id))
        self._limits.of_sender(str(sender.token_id))
        require(sender.access, "send-messages")
        return sender

    def _sender(self, environ: "WSGIEnvironment") -> Sender:
        """Who sends. Senders pay by their own rate; who is refused pays by that of the address, and once that
        is spent none of it is looked up any more. Raises Unauthenticated, TooManyRequests."""
        address = as_counted(environ.get("REMOTE_ADDR", ""))
        try:
            self._limits.before_looking_up(address)
        except TooManyRequests:
            known = self._callers.known(environ)
            if known is None:
                raise
            return known
        try:
            return self._callers.sender(environ)
        except Unauthenticated:
            self._limits.of_unknown(address)
            raise

    def _take_batch(self, sender: Sender, environ: "WSGIEnvironment") -> bytes:
        only_errors = parse_qs(environ.get("QUERY_STRING", "")).get("verdicts") == ["errors"]
        with self._door.place_for_a_batch():
            body = read_body(environ, self._most_bytes, JSON_TYPES | LINE_TYPES)

            def take() -> bytes:
                in_lines, single = media_type(environ) in LINE_TYPES, bool(attributes_of(environ))
                parts = [body] if single else split_batch(body, in_lines, self._most_messages)
                return _summary(self._door.batch(sender.tenant_id, parts, envelope_of(environ)), only_errors)

            return self._once(sender, environ, body, take)

    def _once(
        self, sender: Sender, environ: "WSGIEnvironment", body: bytes, take: Callable[[], bytes]
    ) -> bytes:
        """What `take` answers; under an Idempotency-Key that came before, what it answered then. A refusal
        frees the key: nothing was done."""
        key = key_of(environ)
        if key is None:
            return take()
        path = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        about = f"{media_type(environ)} {sorted(attributes_of(environ).items())}"
        parts = (path.encode(), about.encode(), body)
        claim = idempotency.claim_of(sender.tenant_id, sender.token_id, key, *parts)
        kept = idempotency.begin(self._database, claim)
        if kept is not None:
            return kept.body
        try:
            answer = take()
        except Exception:
            with contextlib.suppress(DatabaseUnavailable):
                idempotency.drop(self._database, claim)
            raise
        settled(self._database, self._room, claim, Kept(202, {}, answer))
        return answer

    def _measure(self, route: str, method: str, status: str, seconds: float) -> None:
        self._telemetry.answered(method, route, int(status), seconds)
        if status in ("200", "202"):
            self._telemetry.ingest_lag.observe(seconds)


def _summary(outcomes: Sequence[Outcome], only_errors: bool) -> bytes:
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    told = [outcome for outcome in outcomes if not only_errors or outcome.status != "accepted"]
    return _ENCODER.encode(
        {
            "accepted": counts["accepted"],
            "duplicates": counts["duplicate"],
            "rejected": counts["rejected"],
            "verdicts": told,
        }
    )
