"""The body of a request: whole, decompressed, and never larger than allowed."""

from flask import request

from ingest.compression import decompressed
from ingest.refusal import Refused

JSON_TYPES = frozenset(("application/json", "text/json", ""))
LINE_TYPES = frozenset(
    (
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
    )
)


def read_body(limit: int, media_types: frozenset[str]) -> bytes:
    """The decompressed body, at most `limit` bytes. Raises Refused.

    A request without Content-Type is taken for JSON.
    """
    media_type = request.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type not in media_types and not media_type.endswith("+json"):
        raise Refused(
            "unsupported-media-type",
            f"One of: {', '.join(sorted(filter(None, media_types)))}.",
            "Content-Type",
            media_type,
        )
    body = _whole(limit)
    encoding = request.environ.get("HTTP_CONTENT_ENCODING")
    return decompressed(body, encoding, limit) if encoding else body


def _whole(limit: int) -> bytes:
    """The body as sent. Read by hand: Werkzeug's reader would pass a cut body on as if it were whole."""
    length = request.content_length
    stream = request.environ["wsgi.input"]
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > limit:
        raise Refused("body-too-large", f"At most {limit:,} bytes.")
    try:
        body = bytes(stream.read(limit + 1 if length is None else length))
    except Exception:  # Whatever the server's reader raises: broken chunks, bad trailers, a lost peer.
        raise Refused("incomplete-body", "The connection broke off.") from None
    if len(body) > limit:
        raise Refused("body-too-large", f"At most {limit:,} bytes.")
    if length is not None and len(body) < length:
        raise Refused("incomplete-body", "The body is shorter than its Content-Length.")
    return body
