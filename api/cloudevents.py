"""CloudEvents over HTTP: which mode a request is in, and the attributes that came as headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from api.bodies import media_type
from ingest.cloudevents import BATCH, STRUCTURED, Envelope, binary, structured
from ingest.refusal import Refused

__all__ = ["BATCH", "attributes_of", "envelope_of"]

_PREFIX = "HTTP_CE_"
_MARK = f"{_PREFIX}SPECVERSION"


def envelope_of(environ: Mapping[str, Any]) -> Envelope | None:
    """What takes a message out of this request's bodies; None where they are messages themselves."""
    if media_type(environ) in (STRUCTURED, BATCH):
        return structured
    attributes = attributes_of(environ)
    return binary(attributes) if attributes else None


def attributes_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of an event in binary mode; nothing when it is in another. Raises Refused."""
    if _MARK not in environ or media_type(environ) in (STRUCTURED, BATCH):
        return {}
    return {
        name[len(_PREFIX) :].lower(): _decoded(name, value)
        for name, value in environ.items()
        if name.startswith(_PREFIX)
    }


def _decoded(name: str, value: str) -> str:
    """Headers carry UTF-8 in percent-encoding, and some senders put a value between quotation marks."""
    text = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        header = name.removeprefix("HTTP_").replace("_", "-").lower()
        raise Refused("not-unicode", "This header is not UTF-8 in percent-encoding.", header) from None
