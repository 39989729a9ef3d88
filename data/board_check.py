"""A board's document as somebody sends it: taken in whole, or refused with every fault named.

Which widgets there are is not known here; `widgets.documents` asks that as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

from data import query_parse
from data.board_diff import by_kind
from data.board_document import BoardDocument, Placed
from data.board_layout import overlaps
from data.plain_words import sentence, shown_value, worded

MOST_BYTES = 512_000
"""Of the document as JSON: room for a logo, none for a library of pictures."""
MOST_FILTERS = 30
DEEPEST = 12
_MOST_FAULTS = 20
_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place: `widgets[2].w`, the value there (shortened), and why it is refused."""

    path: str
    value: str
    detail: str


class InvalidDocument(Exception):
    """The document is not kept; `faults` names up to twenty reasons."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.detail}" for fault in faults))
        self.faults = faults[:_MOST_FAULTS]


def parse(sent: object) -> BoardDocument:
    """The document in decoded JSON. Raises InvalidDocument."""
    try:
        document = BoardDocument.model_validate(sent)
    except ValidationError as error:
        raise InvalidDocument(faults_of(error)) from None
    check(document)
    return document


def check(document: BoardDocument) -> None:
    """Raises InvalidDocument for what the types alone let through: twins, overhang, text PostgreSQL
    cannot keep, and sheer size."""
    faults = [*_placement(document), *_strange(document.model_dump(by_alias=True), "", 0)]
    if faults:
        raise InvalidDocument(faults)
    size = len(as_json(document))
    if size > MOST_BYTES:
        raise InvalidDocument([Fault("document", f"{size:,} bytes", f"At most {MOST_BYTES:,} bytes.")])


def as_json(document: BoardDocument) -> str:
    """The text that is kept."""
    return json_text(document.model_dump(mode="json", by_alias=True))


def json_text(value: object) -> str:
    """A checked value as JSON."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def faults_of(error: ValidationError, prefix: str = "", *, body: object = None) -> list[Fault]:
    """The faults that pydantic found, under `prefix`; `body` is what was sent, if questions may be in it."""
    found = (
        ((each["loc"], sentence(worded(each)), each["input"]) for each in error.errors(include_url=False))
        if body is None
        else query_parse.faults_in(error, body)
    )
    return [
        Fault(_path(place, prefix), _short(value), words)
        for place, words, value in islice(found, _MOST_FAULTS)
    ]


def _placement(document: BoardDocument) -> Iterator[Fault]:
    if len(document.filters) > MOST_FILTERS:
        yield Fault("filters", f"{len(document.filters)} filters", f"At most {MOST_FILTERS}.")
    met: set[str] = set()
    for index, placed in enumerate(document.widgets):
        if placed.id in met:
            yield Fault(f"widgets[{index}].id", placed.id, "Another widget of this board has the same id.")
        met.add(placed.id)
        yield from _overhang(index, placed)
    yield from _overlaps(document.widgets)


def _overlaps(widgets: Sequence[Placed]) -> Iterator[Fault]:
    for index, other in overlaps(widgets):
        placed, before = widgets[index], widgets[other]
        if placed.id != before.id:  # Else it is the same widget twice, which has been said.
            yield Fault(
                f"widgets[{index}]",
                placed.id,
                f"“{by_kind(placed)}” ({placed.id}) overlaps “{by_kind(before)}” ({before.id},"
                f" widgets[{other}]): a cell holds one widget.",
            )


def _overhang(index: int, placed: Placed) -> Iterator[Fault]:
    if placed.x + placed.w > _COLUMNS:
        yield Fault(
            f"widgets[{index}].w",
            str(placed.w),
            f"From column {placed.x} on there is room for {_COLUMNS - placed.x} of {_COLUMNS} columns.",
        )


def _strange(value: Any, path: str, depth: int) -> Iterator[Fault]:
    """Whatever no JSON document can hold, however deep it lies."""
    if depth > DEEPEST:
        yield Fault(path, "…", f"Nested deeper than {DEEPEST} levels.")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strange_text(name, f"{path}.{_short(name)}" if path else _short(name))
            yield from _strange(item, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _strange(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        yield Fault(path, str(value), "Numbers must be finite.")
    elif isinstance(value, int) and abs(value) >= 2**63:
        yield Fault(path, "…", "Whole numbers must fit into 64 bits.")
    elif isinstance(value, str):
        yield from _strange_text(value, path)
    elif value is not None and not isinstance(value, bool | int | float):
        yield Fault(path, type(value).__name__, "This is no JSON value.")


def _strange_text(value: object, path: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(path, type(value).__name__, "Names must be text.")
    elif "\0" in value:
        yield Fault(path, _short(value), "The character U+0000 cannot be kept.")
    elif any("\ud800" <= character <= "\udfff" for character in value):
        yield Fault(path, _short(value), "Half a surrogate pair is no character.")


def _path(where: tuple[int | str, ...], prefix: str) -> str:
    path = prefix
    for part in where:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path or "document"


def _short(value: object) -> str:
    """Enough of a value to recognise it; also of one that nests without end."""
    if isinstance(value, str):
        text = value.encode("utf-8", "backslashreplace").decode()
    elif isinstance(value, dict | list | tuple):
        text = f"{type(value).__name__} of {len(value)}"
    else:
        text = shown_value(value)
    return text if len(text) <= 80 else text[:79] + "…"
