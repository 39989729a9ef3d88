"""What went wrong, as RFC 9457 problem details: one JSON shape for every route under /api."""

import re
import secrets
from typing import Any

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from data.engine import DatabaseUnavailable
from ingest.group_commit import TooBusy
from ingest.refusal import Refused

RETRY_SECONDS = 2

_STATUS = {
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
_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Unauthenticated(Exception):
    """The request carries no token that we know."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    value: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An answer of type application/problem+json; `field` and `value` name what is at fault."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if field is not None:
        body["field"] = field
    if value is not None:
        body["value"] = value
    body["requestId"] = request_id()
    return Response(msgspec.json.encode(body), status, headers, content_type="application/problem+json")


def request_id() -> str:
    """The id of this request: the sender's X-Request-Id where it is a plain word, else a new one."""
    known = g.get("request_id")
    if known is None:
        sent = request.headers.get("X-Request-Id", "")
        known = g.request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    return str(known)


def register(server: Flask) -> None:
    """Turn every error of a route under /api into a problem, and put X-Request-Id on its answers."""
    server.register_error_handler(HTTPException, _http_error)
    server.register_error_handler(Refused, _refused)
    server.register_error_handler(Unauthenticated, _unauthenticated)
    server.register_error_handler(TooBusy, _busy)
    server.after_request(_name_request)


def unavailable(error: DatabaseUnavailable) -> Response:
    """503: PostgreSQL is away; nothing of the request was kept, or a repeat of it is harmless."""
    return problem(
        503,
        "database-unavailable",
        "The database cannot be reached. Nothing was accepted; send it again.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _busy(error: TooBusy) -> Response:
    return problem(503, "too-busy", f"{error}. Send it again.", headers={"Retry-After": str(RETRY_SECONDS)})


def _refused(error: Refused) -> Response:
    headers = {"Accept-Encoding": "gzip, zstd"} if error.code == "unsupported-encoding" else None
    return problem(
        _STATUS.get(error.code, _ANY_REFUSAL),
        error.code,
        error.detail,
        field=error.field,
        value=error.value,
        headers=headers,
    )


def _unauthenticated(error: Unauthenticated) -> Response:
    challenge = 'Bearer realm="housecount"'
    if error.code != "missing-token":
        challenge += ', error="invalid_token"'
    return problem(401, error.code, str(error), headers={"WWW-Authenticate": challenge})


def _http_error(error: HTTPException) -> AnyResponse | HTTPException:
    if not request.path.startswith("/api/"):
        return error
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    code = (error.name or "error").lower().replace(" ", "-")
    detail = "Something went wrong here." if status == 500 else (error.description or error.name)
    answer = problem(status, code, detail)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _name_request(response: AnyResponse) -> AnyResponse:
    if request.path.startswith("/api/"):
        response.headers["X-Request-Id"] = request_id()
    return response
