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

from api.auth import sender_of
from api.bodies import JSON_TYPES, LINE_TYPES, media_type, read_body
from api.idempotency import Room, key_of, settled
from api.problems import PROBLEM_TYPE, Problem, problem_of, request_id_of
from data import idempotency
from data.dead_letters import DeadLetterBox
from data.engine import DatabaseUnavailable
from data.idempotency import Kept
from data.permissions import require
from data.services import Services
from data.tokens import Sender, Tokens
from ingest.decoding import split_batch
from ingest.door import Door, Outcome
from ingest.kinds import Kind
from ingest.message import LARGEST_MESSAGE
from ingest.sales import PURCHASE, REFUND
from ingest.social import SOCIAL
from ingest.tickets import ATTEMPT, SCAN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_ENCODER = msgspec.json.Encoder()
_ACCEPTED = "202 Accepted"
_UNEXPECTED = Problem(500, "internal-server-error", "Something went wrong here.")
_NOT_POST = Problem(405, "method-not-allowed", "This address takes POST.", headers={"Allow": "POST"})

_ANY_KIND: tuple[Kind, ...] = ()
_SINGLE = {
    "ingest/sale": (PURCHASE, REFUND),
    "ingest/revenue": (PURCHASE, REFUND),
    "ingest/attendance": (SCAN, ATTEMPT),
    "ingest/social": (SOCIAL,),
    "analytics/events": _ANY_KIND,
}
_BATCH = "ingest/batch"
_PREFIXES = ("/api/v1/", "/api/")


def register(server: Flask, services: Services) -> DeadLetterBox:
    """Put the door before `server`; returns the box of refused messages, to be closed with the process."""
    dead_letters = DeadLetterBox(services.database)
    door = Door(services.database, services.directory, services.writer, services.live, dead_letters)
    server.wsgi_app = _RestDoor(server.wsgi_app, services, door)  # type: ignore[method-assign]
    return dead_letters


class _RestDoor:
    """Answers the ingest addresses and hands everything else on."""

    def __init__(self, beyond: "WSGIApplication", services: Services, door: Door) -> None:
        self._beyond = beyond
        self._door = door
        self._database, self._ours = services.database, services.settings.signing_key()
        self._room = Room(services.counters)
        self._tokens = Tokens(services.database)
        self._most_bytes = services.settings.max_body_mb * 1_000_000
        self._most_messages = services.settings.max_batch_messages
        self._telemetry = services.live.telemetry
        self._single = {prefix + name: kinds for prefix in _PREFIXES for name, kinds in _SINGLE.items()}
        self._batch = frozenset(prefix + _BATCH for prefix in _PREFIXES)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in self._single and path not in self._batch:
            return self._beyond(environ, start_response)
        begun = time.perf_counter()
        request_id = request_id_of(environ)
        status, content_type, headers = _ACCEPTED, "application/json", []
        found = None
        try:
            if environ["REQUEST_METHOD"] != "POST":
                found = _NOT_POST
            else:
                body = self._take(path, environ)
        except Exception as error:
            found = problem_of(error)
            if found is None:
                log.exception("the REST door failed")
                found = _UNEXPECTED
        if found is not None:
            body, content_type = found.body(request_id), PROBLEM_TYPE
            status = f"{found.status} {HTTPStatus(found.status).phrase}"
            headers = list((found.headers or {}).items())
        headers += [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Request-Id", request_id),
        ]
        start_response(status, headers)
        self._measure(path, environ["REQUEST_METHOD"], status[:3], time.perf_counter() - begun)
        return [body]

    def _take(self, path: str, environ: "WSGIEnvironment") -> bytes:
        """The body of the answer to an accepted request."""
        sender = sender_of(environ, self._tokens)
        require(sender.access, "send-messages")
        kinds = self._single.get(path)
        if kinds is None:
            return self._take_batch(sender, environ)
        body = read_body(environ, LARGEST_MESSAGE, JSON_TYPES)
        return self._once(
            sender, environ, body, lambda: _ENCODER.encode(self._door.single(sender.tenant_id, body, kinds))
        )

    def _take_batch(self, sender: Sender, environ: "WSGIEnvironment") -> bytes:
        only_errors = parse_qs(environ.get("QUERY_STRING", "")).get("verdicts") == ["errors"]
        with self._door.place_for_a_batch():
            body = read_body(environ, self._most_bytes, JSON_TYPES | LINE_TYPES)

            def take() -> bytes:
                parts = split_batch(body, media_type(environ) in LINE_TYPES, self._most_messages)
                return _summary(self._door.batch(sender.tenant_id, parts), only_errors)

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
        parts = (path.encode(), media_type(environ).encode(), body)
        claim = idempotency.claim_of(sender.tenant_id, sender.token_id, key, self._ours, *parts)
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
        if status == "202":
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
