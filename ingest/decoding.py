"""Bytes to JSON objects, strictly: what other parsers would read differently is refused."""

import contextlib
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from ingest.message import LARGEST_MESSAGE
from ingest.refusal import Refused

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_RAW = msgspec.json.Decoder(msgspec.Raw)
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
# One more comma than this and a list could hold millions of tiny values: far more memory than bytes.
_MOST_COMMAS_PER_MESSAGE = 200
_PLACE = re.compile(r"byte (\d+)")
_LOOK_BACK = 400
_NAME = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:', re.DOTALL)
_NESTED = re.compile(rb'"([^"\\]{1,80})"\s*:\s*[\[{]')
_BEFORE_WORD = frozenset(bytes([byte]) for byte in b' \t\r\n,:[]{}"')
_WORD = re.compile(rb"[^\s,\]}]{1,40}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|["\[\]{},]', re.DOTALL)


def message_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`, numbers with a point or an exponent as Decimal. Raises Refused."""
    if len(raw) > LARGEST_MESSAGE:
        raise Refused("message-too-large", f"At most {LARGEST_MESSAGE:,} bytes.")
    try:
        value = _DECODER.decode(raw)
        if type(value) is not dict:
            raise Refused("wrong-type", "A message is a JSON object.", None, value)
        # Written again without the repeated names it has fewer quotation marks. With escapes in
        # play the count proves nothing, and the slow parser looks.
        if b"\\" in raw or _ENCODER.encode(value).count(b'"') != raw.count(b'"'):
            json.loads(raw, object_pairs_hook=_unrepeated, parse_float=Decimal)
    except RecursionError:
        raise Refused("too-deep", "The nesting is too deep.", _nested(raw)) from None
    except (msgspec.DecodeError, ValueError, InvalidOperation) as error:
        raise _not_json(error, raw) from None
    return value


def plain_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`, numbers as Python has them, no name twice in one object. Raises Refused."""
    try:
        value = json.loads(raw, object_pairs_hook=_unrepeated, parse_constant=_no_number)
    except RecursionError:
        raise Refused("too-deep", "The nesting is too deep.") from None
    except ValueError as error:
        raise _not_json(error) from None
    if type(value) is not dict:
        raise Refused("wrong-type", "The body is a JSON object.", None, value)
    return value


def split_batch(body: bytes, in_lines: bool, most: int) -> list[bytes]:
    """The messages of a batch: an array, or lines where `in_lines` or the first byte says so.

    Raises Refused for the body as a whole.
    """
    if not in_lines and body[:64].lstrip()[:1] != b"{":
        return split_list(body, most)
    if not in_lines and body.rstrip()[-1:] == b"}":
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            _RAW.decode(body)
            return [body]  # One message, perhaps over several lines.
    return split_lines(body, most)


def split_list(body: bytes, most: int) -> list[bytes]:
    """The messages of a JSON array, each still as text. Raises Refused for the body as a whole.

    A value inside that is not JSON does not matter here as long as brackets and texts close: it is
    refused by itself later.
    """
    if body.count(b",") > most * _MOST_COMMAS_PER_MESSAGE:
        raise Refused("too-many-messages", f"At most {most:,} messages.")
    try:
        parts = [bytes(part) for part in _RAW_LIST.decode(body)]
    except (msgspec.DecodeError, RecursionError) as error:
        parts = _split_by_brackets(body, error)
    if len(parts) > most:
        raise Refused("too-many-messages", f"At most {most:,} messages.", None, len(parts))
    return parts


def split_lines(body: bytes, most: int) -> list[bytes]:
    """The messages of an NDJSON body, each still as text; blank lines do not count."""
    if body.count(b"\n") > 2 * most:
        raise Refused("too-many-messages", f"At most {most:,} messages.")
    parts = [line for line in body.split(b"\n") if line.strip()]
    if len(parts) > most:
        raise Refused("too-many-messages", f"At most {most:,} messages.", None, len(parts))
    return parts


def _split_by_brackets(body: bytes, error: Exception) -> list[bytes]:
    """The top-level elements of an array by its brackets alone; raises what `error` means if it has none."""
    depth, start, parts = 0, 0, []
    end = None
    for token in _TOKEN.finditer(body):
        mark = body[token.start()]
        if mark in b"[{":
            depth += 1
            if depth == 1:
                if mark != ord("[") or body[: token.start()].strip():
                    break
                start = token.end()
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                end = token.end() if mark == ord("]") else None
                parts.append(body[start : token.start()].strip())
                break
        elif token.group() == b'"':
            break  # A text that never closes.
        elif mark == ord(",") and depth == 1:
            parts.append(body[start : token.start()].strip())
            start = token.end()
    if end is None or body[end:].strip() or not all(parts):
        raise _not_json(error)
    return parts


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, inner in pairs:
        if name in value:
            raise Refused("duplicate-field", "A name occurs twice in one object.", name, inner)
        value[name] = inner
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _not_json(error: Exception, raw: bytes = b"") -> Refused:
    """What is wrong; of one message, `raw`, also the field in which it is and what stands there."""
    if isinstance(error, RecursionError):
        return Refused("too-deep", "The nesting is too deep.", _nested(raw))
    if isinstance(error, UnicodeDecodeError):
        return Refused("not-unicode", f"Not UTF-8 at byte {error.start} of a text.")
    place = _PLACE.search(str(error))
    field = value = None
    if raw and place is not None:
        at = int(place[1])
        while at and raw[at - 1 : at] not in _BEFORE_WORD:  # The parser may be in the midst of it.
            at -= 1
        before = raw[max(0, at - _LOOK_BACK) : at]
        for name in _NAME.finditer(before):
            between = before[name.end() :]
            inside = b"," not in between or between.count(b"[") > between.count(b"]")
            field = name[1].decode(errors="replace") if inside else None
        found = _WORD.match(raw, at)
        value = found[0].decode(errors="replace") if found is not None else None
    return Refused("not-json", f"This is not JSON: {error}", field, value)


def _nested(raw: bytes) -> str | None:
    """The first field with something nested in it."""
    found = _NESTED.search(raw)
    return None if found is None else found[1].decode(errors="replace")
