"""A board's document before it is kept: its shape, that its widgets are there and take their settings, and
that its filters say something; and what its widgets are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from data import board_check
from data.board_check import Fault, InvalidDocument
from data.board_diff import by_kind
from data.board_document import BoardDocument, Placed
from widgets.draw import read_settings
from widgets.registry import get
from widgets.scope import Scope
from widgets.scope_url import Query
from widgets.strict_look import strict_look


def parse(sent: object, kept: BoardDocument | None = None) -> BoardDocument:
    """The document in decoded JSON. Raises InvalidDocument: see `check`."""
    document = board_check.parse(sent)
    check(document, kept)
    return document


def check(document: BoardDocument, kept: BoardDocument | None = None) -> None:
    """Raises InvalidDocument for widgets that are not there, which names the nearest one there is, for
    settings that a widget does not take, and for filters that nobody understands.

    What stands in `kept` just so is let through: a widget that has learned stricter rules since must not
    keep a whole board from being saved.
    """
    known = {placed.id: _asked(placed) for placed in kept.widgets} if kept is not None else {}
    faults = [
        fault
        for index, placed in enumerate(document.widgets)
        if known.get(placed.id) != _asked(placed)
        for fault in _faults(placed, f"widgets[{index}]")
    ]
    if kept is None or kept.filters != document.filters:
        faults += filter_faults(document.filters)
    if faults:
        raise InvalidDocument(faults)


def filter_faults(filters: Query) -> list[Fault]:
    """What of the filters of a board or of a link to it cannot be read."""
    return strict_look(filters, under="filters")[1]


def called(placed: Placed) -> str:
    """What a person calls a widget: the title they gave it, else the one it shows by itself ("Net revenue"),
    else the label of its kind; of one that is not there any more the words of its kind."""
    if placed.title:
        return placed.title
    try:
        widget, settings = read_settings(placed)
    except KeyError:
        return by_kind(placed)
    except ValidationError:
        return get(placed.widget).label
    return widget.title(settings, Scope(now=datetime.now(UTC))) if widget.title else widget.label


def settings_of(name: str, sent: dict[str, Any]) -> Placed:
    """A widget by itself, its settings checked. Raises KeyError for a widget that is not there, and
    InvalidDocument."""
    placed = Placed(id="one", widget=name, settings=sent)
    try:
        read_settings(placed)
    except ValidationError as error:
        raise InvalidDocument(board_check.faults_of(error, "settings")) from None
    return placed


def _asked(placed: Placed) -> tuple[str, dict[str, Any]]:
    return placed.widget, placed.settings


def _faults(placed: Placed, path: str) -> Iterator[Fault]:
    try:
        read_settings(placed)
    except KeyError as unknown:
        text = str(unknown.args[0])
        yield Fault(f"{path}.widget", placed.widget, f"{text[0].upper()}{text[1:]}.")
    except ValidationError as error:
        yield from board_check.faults_of(error, f"{path}.settings")
