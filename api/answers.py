"""Answers in JSON, for those who asked and for no cache."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from flask import Response, request
from pydantic import BaseModel, ValidationError

from api.bodies import read_object
from data.board_check import Fault, InvalidDocument, faults_of
from ingest.refusal import printable

LARGEST_BODY = 1_000_000
MOST_ON_A_PAGE = 200
Model = TypeVar("Model", bound=BaseModel)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON."""
    return Response(
        msgspec.json.encode(body),
        status,
        {"Cache-Control": "no-store"} | dict(headers or {}),
        content_type="application/json",
    )


def asked(model: type[Model], *, empty: bool = False) -> Model:
    """The request's body as this model; with `empty` it may be missing. Raises Refused, InvalidDocument."""
    body = read_object(request.environ, LARGEST_BODY, empty=empty)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InvalidDocument(faults_of(error, body=body)) from None


def page_size(usual: int = 50, most: int = MOST_ON_A_PAGE) -> int:
    """The parameter `limit`, between 1 and `most`. Raises InvalidDocument."""
    given = request.args.get("limit", str(usual))
    if not (given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= most):
        raise InvalidDocument([Fault("limit", printable(given), f"A number from 1 to {most}.")])
    return int(given)


def cursor_of(at: datetime, last_id: UUID) -> str:
    """Where the next page of a list begins, as a word that only we read."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {last_id.hex}".encode()).decode().rstrip("=")


def cursor() -> tuple[datetime, UUID] | None:
    """The parameter `cursor`, as `cursor_of` wrote it. Raises InvalidDocument."""
    given = request.args.get("cursor")
    if not given:
        return None
    try:
        padded = given[:200] + "=" * (-len(given) % 4)
        at, _, last_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, UUID(hex=last_id)
    except (binascii.Error, ValueError):
        detail = "Send the nextCursor of the page before, or none."
        raise InvalidDocument([Fault("cursor", printable(given), detail)]) from None
