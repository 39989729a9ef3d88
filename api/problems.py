"""What went wrong, as RFC 9457 problem details: one JSON shape for every route under /api, and elsewhere for
whoever does not ask for HTML."""

import json
import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from data.engine import DatabaseUnavailable
from data.idempotency import BadKey, InFlight, KeyReused
from data.permissions import NotPermitted
from data.rates import Standing, TooManyRequests
from ingest.group_commit import TooBusy
from ingest.refusal import Refused

PROBLEM_TYPE = "application/problem+json"
_RETRY = {"Retry-After": "2"}

STATUS_OF_REFUSAL = {
    "not-json": 400,
    "not-unicode": 400,
    "incomplete-body": 400,
    "bad-encoding": 400,
    "duplicate-field": 400,
    "too-deep": 400,
    "body-too-large": 413,
    "message-too-large": 413,
    "too-many-messages": 413,
    "unsupported-media-type": 415,
    "unsupported-encoding": 415,
}
_ANY_REFUSAL = 422
_KEY_PROBLEMS: dict[type[Exception], tuple[int, str, str]] = {
    BadKey: (400, "bad-idempotency-key", "A key has 1 to 255 visible ASCII characters."),
    KeyReused: (
        422,
        "idempotency-key-reused",
        "This key came with another request before. Use a new one for each request.",
    ),
    InFlight: (
        409,
        "request-in-flight",
        "This request is being done, or what became of it is not known. See whether it was done.",
    ),
}
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Unauthenticated(Exception):
    """The request carries no token that we know."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of failure of one request; `field` and `value` name what is at fault."""

    status: int
    code: str
    detail: str
    field: str | None = None
    value: str | None = None
    headers: Mapping[str, str] | None = None
    more: Mapping[str, Any] | None = None
    """Members of this kind's own."""

    def body(self, request_id: str) -> bytes:
        """The JSON of application/problem+json."""
        members: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.field is not None:
            members["field"] = self.field
        if self.value is not None:
            members["value"] = self.value
        members |= dict(self.more or {}) | {"requestId": request_id}
        try:
            return msgspec.json.encode(members)
        except UnicodeEncodeError:  # Half a surrogate pair in a name that was sent: JSON can escape it.
            return json.dumps(members).encode()


def for_programs(path: str) -> bool:
    """Whether an address is part of the API, so that all that goes wrong there is told as a problem."""
    return path.startswith(("/api/", "/stats/")) or path == "/stats"


def status_of_refusal(code: str) -> int:
    """The status of a message or body that is refused for this reason."""
    return STATUS_OF_REFUSAL.get(code, _ANY_REFUSAL)


def problem_of(error: Exception) -> Problem | None:
    """What a sender is told about an error of ours; None for one that is nobody's business but the log's."""
    if isinstance(error, Refused):
        status = status_of_refusal(error.code)
        headers = {"Accept-Encoding": "gzip, zstd"} if error.code == "unsupported-encoding" else None
        return Problem(status, error.code, error.detail, error.field, error.value, headers)
    if isinstance(error, Unauthenticated):
        challenge = 'Bearer realm="housecount"'
        if error.code != "missing-token":
            challenge += ', error="invalid_token"'
        return Problem(401, error.code, str(error), headers={"WWW-Authenticate": challenge})
    if isinstance(error, NotPermitted):
        return Problem(403, "not-permitted", str(error))
    if isinstance(error, TooManyRequests):
        return Problem(
            429, "too-many-requests", str(error), headers=rate_headers(error.standing, refused=True)
        )
    if type(error) in _KEY_PROBLEMS:
        status, code, detail = _KEY_PROBLEMS[type(error)]
        return Problem(status, code, detail, "Idempotency-Key")
    if isinstance(error, DatabaseUnavailable):
        detail = "The database cannot be reached. Send it again shortly."
        return Problem(503, "database-unavailable", detail, headers=_RETRY)
    if isinstance(error, TooBusy):
        return Problem(503, "too-busy", f"{error}. Send it again shortly.", headers=_RETRY)
    return None


def rate_headers(standing: Standing, *, refused: bool = False) -> dict[str, str]:
    """How somebody stands, after the IETF draft "RateLimit header fields for HTTP"."""
    rate, wait = standing.rate, max(1, math.ceil(standing.seconds))
    headers = {
        "RateLimit-Policy": f'"{rate.kind}";q={rate.requests};w={rate.seconds}',
        "RateLimit": f'"{rate.kind}";r={standing.left}' + ("" if standing.left else f";t={wait}"),
    }
    return headers | {"Retry-After": str(wait)} if refused else headers


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    value: str | None = None,
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """An answer of type application/problem+json; `field` and `value` name what is at fault, `more` are
    further members."""
    return _answer(Problem(status, code, detail, field, value, headers, more))


def request_id() -> str:
    """The id of this Flask request: the sender's X-Request-Id where it is a plain word, else a new one."""
    known = g.get("request_id")
    if known is None:
        known = g.request_id = request_id_of(request.environ)
    return str(known)


def request_id_of(environ: Mapping[str, Any]) -> str:
    """The sender's X-Request-Id where it is a plain word, else a new one at every call."""
    sent = environ.get("HTTP_X_REQUEST_ID", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


ForPeople = Callable[[HTTPException], AnyResponse | HTTPException]


def register(server: Flask, for_people: ForPeople = lambda error: error) -> None:
    """Turn every error of a route of the API into a problem, put X-Request-Id on every answer, and the id on
    every line of the log that is written meanwhile. `for_people` makes a page of an error where HTML is asked
    for."""
    server.before_request_funcs.setdefault(None, []).insert(0, _begin)
    server.register_error_handler(HTTPException, partial(_http_error, for_people))
    for kind in (Refused, Unauthenticated, NotPermitted, TooBusy, TooManyRequests, *_KEY_PROBLEMS):
        server.register_error_handler(kind, _known_error)
    server.after_request(_name_request)


def unavailable(error: DatabaseUnavailable) -> Response:
    """503: PostgreSQL is away; nothing of the request was kept, or a repeat of it is harmless."""
    return _known_error(error)


def _known_error(error: Exception) -> Response:
    found = problem_of(error)
    assert found is not None
    return _answer(found)


def _answer(found: Problem) -> Response:
    return Response(
        found.body(request_id()),
        found.status,
        found.headers and dict(found.headers),
        content_type=PROBLEM_TYPE,
    )


def _http_error(for_people: ForPeople, error: HTTPException) -> AnyResponse | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if not for_programs(request.path) and "text/html" in request.headers.get("Accept", ""):
        return for_people(error)
    code = (error.name or "error").lower().replace(" ", "-")
    detail = "Something went wrong here." if status == 500 else (error.description or error.name)
    return with_headers(problem(status, code, detail), error)


def with_headers(answer: Response, error: HTTPException) -> Response:
    """The answer with what the error says beside its body, as Allow."""
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _begin() -> None:
    clear_contextvars()
    bind_contextvars(request=request_id())


def _name_request(response: AnyResponse) -> AnyResponse:
    response.headers["X-Request-Id"] = request_id()
    return response
