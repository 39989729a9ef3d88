"""Figures that were drawn before: what was made from the same answers need not be made again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from components.widget_frame import Inside, inside
from data.answers import Answer
from data.board_document import Placed
from widgets.draw import Drawn, again, draw
from widgets.parts import panel
from widgets.scope import Scope

MOST_CHARACTERS = 6_000_000
"""A board of eight has about 100,000."""


class KeptDrawings:
    """The latest drawings of this process, as text and without the answers they were made from.

    A drawing is a function of the widget, of what it looks at, of its answers and, where it counts the days
    of this year, of the day. Safe to use from any thread.
    """

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self._most, self._characters = most, 0
        self._kept: OrderedDict[tuple[object, ...], tuple[Drawn, Inside]] = OrderedDict()
        self._lock = threading.Lock()

    def drawn(
        self, placed: Placed, scope: Scope, answers: Mapping[str, object], mark: str
    ) -> tuple[Drawn, Inside]:
        """The widget with these answers, whose mark is `mark`, and its figures. Never raises."""
        key = _key(placed, scope, answers, mark)
        known = None if key is None else self._find(key)
        if known is None:
            drawing = draw(placed, scope, answers)
            known = drawing, inside(drawing)
            if key is not None:
                self._keep(key, known)
        drawing, figures = known
        return again(drawing, list(answers.values()), scope), figures

    def _find(self, key: tuple[object, ...]) -> tuple[Drawn, Inside] | None:
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            return known

    def _keep(self, key: tuple[object, ...], made: tuple[Drawn, Inside]) -> None:
        drawing, figures = made
        # The frame asks only whether there are tables: their rows would keep all answers in memory.
        tables = tuple(replace(table, rows=[], raw={}) for table in drawing.tables)
        light = replace(drawing, body=panel("list", "", ""), tables=tables, figure=None)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = light, figures
                self._characters += _size(figures)
            while self._characters > self._most:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._characters -= _size(oldest)


def _size(figures: Inside) -> int:
    return len(figures.body) + len(figures.table)


DRAWINGS = KeptDrawings()
"""Those of this process, as a drawing depends on nothing but what it is made from."""


def _key(placed: Placed, scope: Scope, answers: Mapping[str, object], mark: str) -> tuple[object, ...] | None:
    """What the drawing is made from; None where it follows the night, or something went wrong."""
    if not all(isinstance(found, Answer | list) for found in answers.values()):
        return None
    day = scope.now.replace(hour=0, minute=0, second=0, microsecond=0)
    beside = [(a.names, a.start, a.end) for a in answers.values() if isinstance(a, Answer)]
    digest = hashlib.blake2b(repr(beside).encode(), digest_size=16).digest()
    return placed.id, mark, replace(scope, now=day), digest
