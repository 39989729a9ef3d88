"""Refused messages in words: why each was refused, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.door_words import KINDS as DOOR_KINDS
from data.letters import Letter, State
from ingest.refusal import CODES

_SHAPE = "The sender has to send it in another form."
_VALUE = "Correct the value and replay it, or have the sender correct it and send it again."

REASONS: Mapping[str, tuple[str, str]] = {
    "not-json": ("It is no JSON", _SHAPE),
    "not-unicode": ("It holds half a character", _SHAPE),
    "incomplete-body": ("It broke off half-way", _SHAPE),
    "bad-encoding": ("It cannot be unpacked", _SHAPE),
    "unsupported-encoding": ("It is packed in a way that is not taken", _SHAPE),
    "unsupported-media-type": ("It is of a kind that is not taken", _SHAPE),
    "body-too-large": ("It is too large", _SHAPE),
    "too-many-messages": ("There are too many at once", _SHAPE),
    "wrong-type": ("A value is of the wrong type", _VALUE),
    "too-deep": ("It is nested too deeply", _SHAPE),
    "duplicate-field": ("A field is there twice", _SHAPE),
    "message-too-large": ("It is too large", _SHAPE),
    "unknown-type": ("Its type is not known", "Correct the type and replay it."),
    "missing-field": ("A field is missing", "Add the field and replay it."),
    "text-too-long": ("A text is too long", _VALUE),
    "nul-character": ("A text holds a NUL character", _VALUE),
    "control-character": ("A name holds control characters", _VALUE),
    "number-out-of-range": ("A number is out of range", _VALUE),
    "not-a-choice": ("A value is none of those that are known", _VALUE),
    "epoch-timestamp": ("A time is a number", "Write the time as 2026-11-27T19:30:00+00:00 and replay it."),
    "bad-timestamp": ("A time cannot be read", "Write the time as 2026-11-27T19:30:00+00:00 and replay it."),
    "timestamp-out-of-range": (
        "A time lies too far away",
        "Correct the time, or replay it once it has come.",
    ),
    "not-a-number": ("An amount is no number", _VALUE),
    "negative-amount": (
        "An amount is negative",
        "Correct it and replay it; have refunds sent as refunds.",
    ),
    "fractional-minor": ("An amount is finer than its currency", _VALUE),
    "amount-too-large": ("An amount is too large", _VALUE),
    "unknown-currency": ("Its currency is not known", _VALUE),
    "contradiction": ("It contradicts itself", _VALUE),
    "unknown-venue": (
        "It names a venue that is not here",
        "Add the venue, or correct its id, and replay it.",
    ),
    "other-venue": ("Its event is at another venue", "Correct the venue or the event and replay it."),
    "not-storable": (
        "The database refused it",
        "Replay it once the cause is mended: the server's log has it.",
    ),
    "pretix-ping": ("pretix could not be asked", "Replay it to have pretix asked again."),
    "pretix-order": ("An order of pretix makes no sense", "It is read again when it changes in pretix."),
    "pretix-checkin": ("A check-in of pretix makes no sense", "It is read again by the next sweep."),
}
"""Code → what is wrong, and what to do."""
assert set(CODES) <= REASONS.keys()

STATES: Mapping[State, tuple[str, str]] = {
    "open": ("Open", "warn"),
    "replayed": ("Replayed", "good"),
    "discarded": ("Discarded", ""),
}
OUTCOMES: Mapping[str, str] = {
    "accepted": "It counts now.",
    "duplicate": "It had been counted already: nothing changed.",
    "asked": "pretix is asked again.",
    "gone": "Somebody had handled it already: nothing changed.",
}


def reason(code: str) -> str:
    """What is wrong, as the beginning of a sentence."""
    return REASONS.get(code, (code, ""))[0]


def advice(letter: Letter) -> str:
    """What to do about an open letter."""
    if not letter.payload:
        return "Nothing of it was kept. Have the sender send it again, then discard this."
    return REASONS.get(letter.code, ("", ""))[1]


def door_words(door: str) -> str:
    """A door by its kind and name."""
    word, _, name = door.partition(":")
    kind = next((label for kind, label in DOOR_KINDS.items() if kind == word), word)
    return f"{kind}: {name}" if name else kind


def pretty(payload: str) -> str:
    """The payload for people: JSON with a member a line and numbers as they came; other text as it is."""
    try:
        return _laid_out(json.loads(payload, parse_float=_Number, parse_int=_Number), "\n")
    except (ValueError, RecursionError):
        return payload


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _laid_out(value: Any, line: str) -> str:
    deeper = f"{line}  "
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict) and value:
        members = (
            f"{json.dumps(name, ensure_ascii=False)}: {_laid_out(inner, deeper)}"
            for name, inner in value.items()
        )
        return f"{{{deeper}{f',{deeper}'.join(members)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{deeper}{f',{deeper}'.join(_laid_out(inner, deeper) for inner in value)}{line}]"
    return json.dumps(value, ensure_ascii=False)
