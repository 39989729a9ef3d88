"""Idempotency-Key: a POST that comes again under its key gets its first answer, and is not done again.

After the IETF draft "The Idempotency-Key HTTP Header Field": the same key with another request is a 422,
with the same one that is still being done a 409. Answers that say "not now" free the key.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request

from api.bodies import whole_body
from data import idempotency
from data.access import Access
from data.counters import Counters
from data.engine import Database, DatabaseUnavailable
from data.idempotency import BadKey, Claim, Kept
from data.services import Services

REPLAYED_HEADER = "Idempotent-Replayed"
LARGEST_BODY = 1_000_000
LARGE_ANSWER, MOST_LARGE_ANSWERS = 4_096, 500
"""Beyond this size only so many answers of a caller are kept in a day; the keys of others are free again."""
_KEY = re.compile(r"[!-~]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


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


def register(server: Flask, services: Services) -> None:
    """Keep the promise for every POST under /api that asks for it, once its rule was held to."""
    database, ours = services.database, services.settings.signing_key()
    room = Room(services.counters)

    @server.before_request
    def begin() -> Response | None:
        access: Access | None = g.get("access")
        if request.method != "POST" or access is None or access.user_id is None:
            return None
        key = key_of(request.environ)
        if key is None:
            return None
        body = whole_body(request.environ, LARGEST_BODY)
        request.environ["wsgi.input"] = io.BytesIO(body)  # For the view, which reads it once more.
        request.environ["CONTENT_LENGTH"] = str(len(body))
        parts = (request.full_path.encode(), (request.content_type or "").encode(), body)
        claim = idempotency.claim_of(access.tenant_id, access.user_id, key, ours, *parts)
        found = idempotency.begin(database, claim)
        if found is not None:
            return Response(found.body, found.status, {**found.headers, REPLAYED_HEADER: "true"})
        g.claim = claim
        return None

    @server.after_request
    def end(response: Response) -> Response:
        claim: Claim | None = g.pop("claim", None)
        if claim is not None:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            settled(database, room, claim, Kept(response.status_code, headers, response.get_data()))
        return response


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
