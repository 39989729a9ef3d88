"""One field of a message at a time: present or not, of the right kind, within bounds.

Every function reads `fields` (canonical names → values as the JSON decoder gave them) and raises
`Refused` naming the field. An absent field, null and an empty text are the same: not given.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ingest.refusal import Refused

Fields = Mapping[str, Any]

LONGEST_NAME = 200
"""Characters of an id, a name, a reason: they become keys of rows and labels of charts."""
LONGEST_ADDRESS = 2_000
MOST_TICKETS = 100_000
_UNSEEN = re.compile(r"[\x01-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows; NUL is refused everywhere."""


def text(fields: Fields, name: str, longest: int = LONGEST_NAME) -> str | None:
    """The text called `name`, None when it is not given; a number is taken for its digits (ids)."""
    value = fields.get(name)
    if type(value) is str:
        if len(value) > longest:
            raise Refused("text-too-long", f"At most {longest} characters.", name, value)
        return value or None
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    raise Refused("wrong-type", "A text is expected.", name, value)


def called(fields: Fields, name: str) -> str | None:
    """The text called `name`, which is shown to people and used as a key: no blanks around it."""
    value = text(fields, name)
    if value is None:
        return None
    value = value.strip()
    if _UNSEEN.search(value):
        raise Refused("control-character", "A name holds no control or direction characters.", name, value)
    return value or None


def texts(fields: Fields, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of the texts called `names` that are given, by name: keyword arguments of a fact."""
    given = {}
    for name in names:
        if name in fields and (value := text(fields, name)) is not None:
            given[name] = value
    return given


def required_text(fields: Fields, name: str, longest: int = LONGEST_NAME) -> str:
    """The text called `name`, which must be there."""
    value = text(fields, name, longest)
    if value is None:
        raise Refused("missing-field", "This field is required.", name)
    return value


def choice(fields: Fields, name: str, choices: Mapping[str, str], default: str | None = None) -> str:
    """What the text called `name` stands for in `choices`; the default without one."""
    value = fields.get(name)
    if value is None:
        if default is None:
            raise Refused("missing-field", "This field is required.", name)
        return default
    found = choices.get(value) if type(value) is str else None
    if found is None:
        raise Refused("not-a-choice", f"One of: {', '.join(choices)}.", name, value)
    return found


def flag(fields: Fields, name: str, default: bool) -> bool:
    """The boolean called `name`."""
    value = fields.get(name)
    if value is None:
        return default
    if type(value) is not bool:
        raise Refused("wrong-type", "true or false is expected.", name, value)
    return value


def count(fields: Fields, name: str, *, least: int = 0, most: int = MOST_TICKETS) -> int | None:
    """The whole number called `name` between `least` and `most`, None when it is not given."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise Refused("wrong-type", "A whole number is expected.", name, value)
    if not least <= value <= most:
        raise Refused("number-out-of-range", f"From {least:,} to {most:,}.", name, value)
    return value


def share(fields: Fields, name: str) -> float | None:
    """The number between −1 and 1 called `name`, None when it is not given."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not int and not (isinstance(value, Decimal) and value.is_finite()):
        raise Refused("wrong-type", "A number is expected.", name, value)
    if not -1 <= value <= 1:
        raise Refused("number-out-of-range", "From −1 to 1.", name, value)
    return float(value)


def items(fields: Fields, name: str, most: int) -> list[dict[str, Any]] | None:
    """The list of objects called `name`, None when it is not given."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not list or not all(type(item) is dict for item in value):
        raise Refused("wrong-type", "A list of objects is expected.", name, value)
    if len(value) > most:
        raise Refused("number-out-of-range", f"At most {most:,} entries.", name, len(value))
    return value
