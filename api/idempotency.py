"""Idempotency-Key: a POST that comes again under its key gets its first answer, and is not done again.

After the IETF draft "The Idempotency-Key HTTP Header Field": the same key with another request is a 422,
with the same one that is still being done a 409. Answers that say "not now" free the key.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Any, NamedTuple
from uuid import UUID

from flask import Flask, Response, g, request

from api.bodies import parts_of_body, whole_body
from api.problems import problem
from data import idempotency
from data.access import Access
from data.accounts import Person
from data.counters import Counters
from data.engine import Database, DatabaseUnavailable
from data.idempotency import BadKey, Claim, Kept
from data.permissions import access_of
from data.services import Services
from ingest.files.upload import LARGEST_FILE

REPLAYED_HEADER = "Idempotent-Replayed"
LARGEST_BODY = 1_000_000
UPLOADS: Mapping[str, int] = {
    "imports.POST/api/v1/imports": LARGEST_FILE,
    "imports-page.upload": LARGEST_FILE + LARGEST_BODY,
}
"""Endpoints that take files, and how large their bodies may be."""
LARGE_ANSWER, MOST_LARGE_ANSWERS = 4_096, 500
"""Beyond this size only so many answers of a caller are kept in a day; the keys of others are free again."""
_KEY = re.compile(r"[!-~]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")
"""Never Set-Cookie: a repeat opens no session."""
_OPENS = "its answer opens a session, which is given once"
_RENEWS = "its answer gives this session another secret, which is given once"
REFUSED: Mapping[str, str] = {
    "login.sign_in": _OPENS,
    "login.code": _OPENS,
    "login.sign_out": "it ends the session that a repeat would be known by",
    "oidc.choose": _OPENS,
    "mailed.accept": _OPENS,
    "mailed.set_password": _OPENS,
    "account.password": _RENEWS,
    "second_factor.confirm": _RENEWS,
    "second_factor.remove": _RENEWS,
    "forgotten.ask": "a stranger asks, whose keys nobody could tell from those of another",
    "/_dash-update-component": "it only reads, and each reading is in the audit log as what it shows",
}
"""Endpoints whose answers must not be given again, and why: there a key is refused, and nothing is done."""


def key_of(environ: Mapping[str, Any]) -> str | None:
    """The key that came with a request. Raises BadKey."""
    given = environ.get("HTTP_IDEMPOTENCY_KEY")
    if given is None:
        return None
    key = str(given).strip().removeprefix('"').removesuffix('"')
    if not _KEY.fullmatch(key):
        raise BadKey
    return key


def is_final(status: int) -> bool:
    """Whether asking again could not end otherwise: refusals for the moment and failures of ours can."""
    return status < 500 and status not in (401, 403, 408, 409, 423, 425, 429)


class _Caller(NamedTuple):
    """Whose key it is; `session` where the answer is a page: its forms have the token of that session."""

    access: Access
    user_id: UUID
    session: bytes


def register(server: Flask, services: Services) -> None:
    """Keep the promise for every POST that asks for it, once its rule was held to."""
    database = services.database
    room = Room(services.counters)

    @server.before_request
    def begin() -> Response | None:
        key = key_of(request.environ) if request.method == "POST" else None
        if key is None:
            return None
        why = REFUSED.get(request.endpoint or "")
        if why is not None:
            detail = f"Send this without a key: {why}. Nothing was done."
            return problem(422, "idempotency-key-refused", detail, field="Idempotency-Key")
        caller = _caller()
        if caller is None:
            return None
        body = _uploaded() if request.endpoint in UPLOADS else _held()
        asked = (request.full_path.encode(), (request.content_type or "").encode(), body)
        # Whoever may see or do less by now gets no answer from before.
        parts = (*asked, _may(caller.access), caller.session)
        claim = idempotency.claim_of(caller.access.tenant_id, caller.user_id, key, *parts)
        found = idempotency.begin(database, claim)
        if found is not None:
            return _again(found)
        g.claim = claim
        return None

    @server.teardown_request
    def close(error: BaseException | None) -> None:
        spooled: IO[bytes] | None = g.pop("spooled", None)
        if spooled is not None:
            spooled.close()

    @server.after_request
    def end(response: Response) -> Response:
        claim: Claim | None = g.pop("claim", None)
        if claim is not None:
            settled(database, room, claim, _kept(response))
        return response


def once(database: Database, room: Room, claim: Claim, answer: Callable[[], Response]) -> Response:
    """What `answer` makes, or made when this request came under its key before; for views that find out by
    themselves who asks. Raises KeyReused, InFlight, DatabaseUnavailable and what `answer` does."""
    found = idempotency.begin(database, claim)
    if found is not None:
        return _again(found)
    try:
        made = answer()
    except Exception:
        with contextlib.suppress(DatabaseUnavailable):
            idempotency.drop(database, claim)
        raise
    settled(database, room, claim, _kept(made))
    return made


def _held() -> bytes:
    """The body; the view reads it once more."""
    body = whole_body(request.environ, LARGEST_BODY)
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _uploaded() -> bytes:
    """What stands for a body that is too large to be held: it lies in a file, which the view reads."""
    digest = hashlib.sha256()
    file = g.spooled = tempfile.TemporaryFile()  # noqa: SIM115
    for part in parts_of_body(request.environ, UPLOADS[request.endpoint or ""]):
        digest.update(part)
        file.write(part)
    request.environ["CONTENT_LENGTH"] = str(file.tell())
    file.seek(0)
    request.environ["wsgi.input"] = file
    return digest.digest()


def _caller() -> _Caller | None:
    """Whoever the gate let through to ask: programs and people by REST, people on their pages."""
    access: Access | None = g.get("access")
    if access is not None:
        return None if access.user_id is None else _Caller(access, access.user_id, b"")
    person: Person | None = g.get("person")
    return None if person is None else _Caller(access_of(person), person.user_id, person.session_id.bytes)


def _kept(response: Response) -> Kept:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Kept(response.status_code, headers, response.get_data())


def _again(found: Kept) -> Response:
    return Response(found.body, found.status, {**found.headers, REPLAYED_HEADER: "true"})


def _may(access: Access) -> bytes:
    """What the caller may, as a part of the request."""
    scopes = None if access.scopes is None else tuple(sorted(access.scopes))
    return repr((access.role, scopes, access.sight())).encode()


class Room:
    """How many large answers a caller may have kept in a day."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def has(self, claim: Claim, answer: Kept) -> bool:
        """Whether this one may be kept too; small ones always may."""
        if len(answer.body) <= LARGE_ANSWER:
            return True
        return self._counters.count("large-answers", claim.caller.hex, 24 * 3600) <= MOST_LARGE_ANSWERS


def settled(database: Database, room: Room, claim: Claim, answer: Kept) -> None:
    """Keep the answer, or free the key. While PostgreSQL is away the key stays claimed."""
    try:
        if is_final(answer.status) and room.has(claim, answer):
            idempotency.keep(database, claim, answer)
        else:
            idempotency.drop(database, claim)
    except DatabaseUnavailable:
        return
