"""Names that a message says in fields of persons, taken out of its free text as well.

A bare name has no form to be known by (`ingest.personal_text`), but whoever writes "left by Ann Archer" often
says `"buyerName": "Ann Archer"` beside it. That field is dropped (`ingest.privacy`); here its value is found
again, in either order of its words and whatever their case.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from ingest.privacy import DEEPEST, identifies_a_thing, is_personal, words_of

REMOVED = "(name removed)"
_MOST_NAMES = 20
_WORD = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_NAME = re.compile(rf"{_WORD}(?:,? {_WORD}){{1,4}}")
"""Two to five words of letters: one alone could be a word of any sentence."""
_FIRST = frozenset(("first", "given"))
_LAST = frozenset(("last", "family", "sur", "surname"))


def people_named(sent: Mapping[str, Any], ours: Container[str] = ()) -> re.Pattern[str] | None:
    """What finds the persons whom fields of this JSON object name, at any depth; None when none is named.

    `ours` are names of fields that mean a thing of the house, whatever they sound like.
    """
    telling = {}
    for (
        name,
        inner,
    ) in sent.items():  # In most messages none names anybody, and that has to be seen at once.
        kind = type(inner)
        if kind is dict or kind is list or (kind is str and name not in ours and is_personal(name)):
            telling[name] = inner
    names = list(dict.fromkeys(_names(telling, ours, 1)))[:_MOST_NAMES] if telling else []
    if not names:
        return None
    orders = [order for name in names for order in _orders(name)]
    spelt = "|".join(r",?\s+".join(map(re.escape, order)) for order in orders)
    return re.compile(rf"(?<!\w)(?:{spelt})(?!\w)", re.IGNORECASE)


def without_named(value: Any, named: re.Pattern[str], depth: int = 1) -> Any:
    """A copy of a JSON value without these persons; what identifies a thing stays."""
    if isinstance(value, str):
        return named.sub(REMOVED, value)
    if depth > DEEPEST:
        return value
    if isinstance(value, Mapping):
        return {
            name: inner if identifies_a_thing(name) else without_named(inner, named, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_named(inner, named, depth + 1) for inner in value]
    return value


def _names(value: Any, ours: Container[str], depth: int, *, personal: bool = False) -> Iterator[str]:
    if type(value) is str:
        if personal and len(value) <= 80 and _NAME.fullmatch(value.strip()):
            yield value.strip()
    elif depth > DEEPEST:
        return
    elif isinstance(value, Mapping):
        first = last = ""
        for name, inner in value.items():
            if type(inner) is str and not personal and not is_personal(name):
                continue  # By far the most fields.
            theirs = personal or (name not in ours and is_personal(name))
            yield from _names(inner, ours, depth + 1, personal=theirs)
            if theirs and type(inner) is str:
                words = set(words_of(name))
                first = inner if words & _FIRST or words == {"firstname"} else first
                last = inner if words & _LAST or words == {"lastname"} else last
        if first and last:
            yield from _names(f"{first.strip()} {last.strip()}", ours, depth + 1, personal=True)
    elif isinstance(value, list | tuple):
        for inner in value:
            if type(inner) is not str or personal:
                yield from _names(inner, ours, depth + 1, personal=personal)


def _orders(name: str) -> Iterator[list[str]]:
    """The words of a name as they are, and with the last one first, or the first one last."""
    words = name.replace(",", " ").split()
    yield words
    yield [words[-1], *words[:-1]]
    if len(words) > 2:
        yield [*words[1:], words[0]]
