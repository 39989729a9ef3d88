"""Segment's HTTP API: batches of calls, with the write key in the places where Segment's libraries put it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from api.auth import identifies
from api.bodies import JSON_TYPES, read_body
from api.problems import Unauthenticated
from data.directory import Directory
from ingest.door import Outcome, Part
from ingest.segment import SOURCE, Reading, of_use, sent

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TRACKING = "batch"
"""Last part of the address: what Segment's libraries ask for at their host under /v1/."""
LARGEST_UNKNOWN = 500_000
"""Bytes of a body that are read before it is known who sends it: no library of Segment's sends more."""

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a batch that are read, with what takes a message out of each; the others are counted."""

    parts: Sequence[Part]
    places: Sequence[int]
    ignored: int
    source: str


def write_key_of(environ: WSGIEnvironment) -> tuple[bytes | None, WSGIEnvironment]:
    """The request with its write key as bearer token; and the body, where that had to be read to find it.

    The key is the user name of basic authentication, or stands in the body as `writeKey`. Raises Refused,
    and Unauthenticated where there is none.
    """
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        return None, {**environ, "HTTP_AUTHORIZATION": f"Bearer {_user_name(given)}"}
    if identifies(environ):
        return None, environ
    body = read_body(environ, LARGEST_UNKNOWN, JSON_TYPES)
    key = sent(body, LARGEST_UNKNOWN).writeKey
    if not isinstance(key, str) or not key.isascii() or not key.isprintable():
        raise Unauthenticated("missing-token", "Send an API token as write key, or as bearer token.")
    return body, {**environ, "HTTP_AUTHORIZATION": f"Bearer {key}"}


def calls_of(body: bytes, most: int, tenant_id: UUID, directory: Directory) -> Calls:
    """The calls in a body, at most so many. Raises Refused for the body as a whole."""
    now = datetime.now(UTC)
    batch = sent(body, most)
    reading = Reading(batch, now, lambda who, at: directory.visitor(tenant_id, who, at, now))
    read = of_use(batch)
    parts = [(call.body, reading.message) for call in read]
    return Calls(parts, [call.place for call in read], len(batch.batch) - len(read), SOURCE)


def summary_of_calls(calls: Calls, outcomes: Sequence[Outcome], *, for_pages: bool = False) -> bytes:
    """What became of a batch: Segment's own answer, our counts, and what was refused with the reason. To
    pages, which anybody reads, it is not said what was known already."""
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    for place, outcome in zip(calls.places, outcomes, strict=True):
        counts[outcome.status] += 1
        outcome.index = place
    known = {"duplicates": counts["duplicate"]}
    if for_pages:
        counts["accepted"] += counts["duplicate"]
        known = {}
    summary: Mapping[str, object] = {
        "success": True,
        "accepted": counts["accepted"],
        **known,
        "rejected": counts["rejected"],
        "ignored": calls.ignored,
        "verdicts": [outcome for outcome in outcomes if outcome.status == "rejected"],
    }
    return _ENCODER.encode(summary)


def _user_name(credentials: str) -> str:
    try:
        name = base64.b64decode(credentials.strip(), validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, ValueError):
        raise Unauthenticated("invalid-token", "This is not basic authentication.") from None
    return name
