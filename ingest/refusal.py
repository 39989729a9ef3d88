"""Why a message was not taken, in a form that a machine and a person can both act on."""

from typing import Literal, get_args

Code = Literal[
    # The body as a whole
    "not-json",
    "not-unicode",
    "incomplete-body",
    "bad-encoding",
    "unsupported-encoding",
    "unsupported-media-type",
    "body-too-large",
    "too-many-messages",
    # The shape of one message
    "wrong-type",
    "too-deep",
    "duplicate-field",
    "message-too-large",
    "unknown-type",
    "missing-field",
    # One value of a message
    "text-too-long",
    "nul-character",
    "control-character",
    "number-out-of-range",
    "not-a-choice",
    "epoch-timestamp",
    "bad-timestamp",
    "timestamp-out-of-range",
    "not-a-number",
    "negative-amount",
    "fractional-minor",
    "amount-too-large",
    "unknown-currency",
    "contradiction",
    # What it refers to
    "unknown-venue",
    "other-venue",
    "not-storable",
]
CODES: tuple[Code, ...] = get_args(Code)

_LONGEST_VALUE = 80


class Refused(Exception):
    """A message that cannot be taken: machine `code`, the `field` at fault, its offending `value`.

    `field` is the sender's own spelling where there is one, with a path into lists
    (`positions[1].amount`); `value` is shortened and free of control characters.
    """

    def __init__(self, code: Code, detail: str, field: str | None = None, value: object = None) -> None:
        super().__init__(detail)
        self.code: Code = code
        self.detail = detail
        self.field = field
        self.value = None if value is None else printable(value)


def printable(value: object) -> str:
    """The value as a short text without control characters, safe to put into an answer or a log."""
    if isinstance(value, dict | list):
        text = f"{type(value).__name__} of {len(value)}"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int) and value.bit_length() > 256:
        text = f"integer of {value.bit_length()} bits"
    else:
        text = str(value)
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:_LONGEST_VALUE]
    )
    return shown if len(text) <= _LONGEST_VALUE else f"{shown}…"
