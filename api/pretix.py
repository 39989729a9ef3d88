"""The door for pretix's webhooks: they only say that something changed, so a ping is kept and fetched later.

pretix signs nothing. The unguessable last part of the address is what authenticates, and the body
is believed in nothing but the names of what to look at.
"""

import re
from typing import Annotated
from uuid import UUID

import msgspec
from flask import Flask, Response, request
from msgspec import Meta, Struct
from werkzeug.exceptions import RequestEntityTooLarge

from api.idempotency import Room, key_of, once
from api.problems import problem, unavailable
from data.engine import DatabaseUnavailable
from data.idempotency import claim_of
from data.pretix import queue, sources
from data.services import Services

PATH = "/api/v1/webhooks/pretix/<uuid:source_id>/<secret>"
LONGEST_BODY = 16 * 1024
_IGNORED = re.compile(r"pretix\.(giftcards|voucher|device|customer|reusable_medium|event\.deleted)\b")


class Ping(Struct):
    """What of a webhook is read. `code` names an order; check-ins name theirs too."""

    organizer: Annotated[str, Meta(max_length=100)] = ""
    event: Annotated[str, Meta(max_length=50, pattern=r"^[a-zA-Z0-9._-]+$")] | None = None
    code: Annotated[str, Meta(max_length=16, pattern=r"^[A-Z0-9]+$")] | None = None
    action: Annotated[str, Meta(max_length=100, pattern=r"^[a-z0-9._]+$")] = ""


def register(server: Flask, services: Services) -> None:
    """Add POST /api/v1/webhooks/pretix/<source_id>/<secret>."""
    room = Room(services.counters)

    def pretix_webhook(source_id: UUID, secret: str) -> Response:
        tenant_id = sources.tenant_of(secret)
        if tenant_id is None:
            return _unknown()
        try:
            body = _body()  # Before there is a connection: one that dribbles in holds nothing of the pool.
            key = key_of(request.environ)
            if key is None or body is None or not _known(services, tenant_id, source_id, secret):
                return _take(services, tenant_id, source_id, secret, body)
            claim = claim_of(tenant_id, source_id, key, body)
            return once(
                services.database, room, claim, lambda: _take(services, tenant_id, source_id, secret, body)
            )
        except DatabaseUnavailable as error:
            return unavailable(error)  # pretix repeats what was not answered with 200, for three days.

    server.add_url_rule(PATH, "pretix_webhook", pretix_webhook, methods=["POST"])


def _known(services: Services, tenant_id: UUID, source_id: UUID, secret: str) -> bool:
    """Whether this is the address of a source, which may have keys of its own."""
    with services.database.tenant(tenant_id) as tenant:
        return sources.authenticate(tenant, source_id, secret) is not None


def _take(services: Services, tenant_id: UUID, source_id: UUID, secret: str, body: bytes | None) -> Response:
    """The answer to a webhook; once it is 200, the ping is committed."""
    ping = _read(body)
    with services.database.tenant(tenant_id) as tenant:
        source = sources.authenticate(tenant, source_id, secret)
        if source is None:
            return _unknown()
        if isinstance(ping, Response):
            return ping
        if ping.event is None or _IGNORED.match(ping.action):
            return Response(status=200)
        if ping.organizer != source.organizer:
            return problem(
                422,
                "other-organizer",
                f"This address is for the organizer {source.organizer!r}.",
                field="organizer",
                value=ping.organizer,
            )
        queue.put(tenant, source_id, ping.event, f"order/{ping.code}" if ping.code else "event")
    return Response(status=200)


def _body() -> bytes | None:
    """The request's body; None for one that is too large."""
    request.max_content_length = LONGEST_BODY
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None


def _read(body: bytes | None) -> Ping | Response:
    """The ping in the body, or the problem with it."""
    if body is None:
        return problem(413, "body-too-large", f"At most {LONGEST_BODY:,} bytes.")
    try:
        return msgspec.json.decode(body, type=Ping)
    except msgspec.ValidationError as error:
        return problem(400, "not-a-webhook", str(error), field=_path(str(error)))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return problem(400, "not-json", str(error))


def _path(message: str) -> str | None:
    """The place that msgspec names at the end of its message (… at `$.event`)."""
    found = re.search(r"`\$\.([\w.\[\]]+)`$", message)
    return found[1] if found else None


def _unknown() -> Response:
    """The same for a wrong secret, a wrong source and nonsense."""
    return problem(404, "not-found", "There is no such webhook address.")
