"""The body of a request: whole, decompressed, and never larger than allowed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ingest.compression import decompressed
from ingest.decoding import plain_object
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

Environ = Mapping[str, Any]
_STEP = 256 * 1024
_LARGEST_SIGNED = 16 << 20
BODY_CHECK = "housecount.body_check"
"""Where the WSGI environment has a function that raises for a body other than the one that was signed."""


def media_type(environ: Environ) -> str:
    """The request's media type in lower case, without parameters; "" without one."""
    return str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()


def read_body(environ: Environ, limit: int, media_types: frozenset[str]) -> bytes:
    """The decompressed body, at most `limit` bytes. Raises Refused.

    A request without Content-Type is taken for JSON.
    """
    given = media_type(environ)
    if given not in media_types and not given.endswith("+json"):
        raise Refused(
            "unsupported-media-type",
            f"One of: {', '.join(sorted(filter(None, media_types)))}.",
            "Content-Type",
            given,
        )
    body = whole_body(environ, limit)
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    return decompressed(body, encoding, limit) if encoding else body


def read_object(environ: Environ, limit: int, *, empty: bool = False) -> dict[str, Any]:
    """The JSON object in the body; with `empty`, no body is an empty one. Raises Refused."""
    body = read_body(environ, limit, JSON_TYPES)
    return {} if empty and not body else plain_object(body)


def whole_body(environ: Environ, limit: int) -> bytes:
    """The body as sent. Raises Refused, and Unauthenticated where it is not the one that was signed.

    Werkzeug's reader is not used: it passes a cut body on as if it were whole.
    """
    given = environ.get("CONTENT_LENGTH", "")
    if not given and not environ.get("wsgi.input_terminated"):
        return _signed(environ, b"")
    length = int(given) if given.isdecimal() else None
    if length is not None and length > limit:
        raise Refused("body-too-large", f"At most {limit:,} bytes.")
    try:
        body = bytes(environ["wsgi.input"].read(limit + 1 if length is None else length))
    except Exception:  # Whatever the server's reader raises: broken chunks, bad trailers, a lost peer.
        raise Refused("incomplete-body", "The connection broke off.") from None
    if len(body) > limit:
        raise Refused("body-too-large", f"At most {limit:,} bytes.")
    if length is not None and len(body) < length:
        raise Refused("incomplete-body", "The body is shorter than its Content-Length.")
    return _signed(environ, body)


def parts_of_body(environ: Environ, limit: int) -> Iterator[bytes]:
    """The body as sent, bit by bit: it may be larger than what is held in memory. Raises Refused as
    `whole_body` does, and for one of more than 16 MB that was signed, as a signature is over all of it."""
    if BODY_CHECK in environ:
        yield whole_body(environ, min(limit, _LARGEST_SIGNED))
        return
    given = environ.get("CONTENT_LENGTH", "")
    length = int(given) if given.isdecimal() else None
    if length is None and not environ.get("wsgi.input_terminated"):
        return
    done = 0
    while length is None or done < length:
        if done > limit or (length or 0) > limit:
            raise Refused("body-too-large", f"At most {limit:,} bytes.")
        try:
            part = bytes(environ["wsgi.input"].read(_STEP if length is None else min(_STEP, length - done)))
        except Exception:  # As above.
            raise Refused("incomplete-body", "The connection broke off.") from None
        if not part:
            break
        done += len(part)
        yield part
    if length is not None and done < length:
        raise Refused("incomplete-body", "The body is shorter than its Content-Length.")


def _signed(environ: Environ, body: bytes) -> bytes:
    """The body. Raises what the check of its signature does (`api.signatures`)."""
    check: Callable[[bytes], None] | None = environ.get(BODY_CHECK)
    if check is not None:
        check(body)
    return body
