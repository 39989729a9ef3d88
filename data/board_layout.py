"""Where the widgets of a board stand: nothing overlaps or floats, and a phone has an order of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from data.board_document import BoardDocument, Placed

COLUMNS = 12


def settled(widgets: Iterable[Placed]) -> tuple[Placed, ...]:
    """The same widgets from the top down, each moved up as far as it can, or down to where it fits.

    What the grid of the edit mode does as well, so that a board looks the same in it and out of it.
    """
    standing: list[Placed] = []
    for placed in sorted(widgets, key=lambda placed: (placed.y, placed.x)):
        w = min(placed.w, COLUMNS)
        x, y = min(placed.x, COLUMNS - w), placed.y
        # Only those in the same columns can be in the way.
        spans = [
            (other.y, other.y + other.h) for other in standing if x < other.x + other.w and other.x < x + w
        ]
        while any(y < end and start < y + placed.h for start, end in spans):
            y += 1
        while y and not any(y - 1 < end and start < y - 1 + placed.h for start, end in spans):
            y -= 1
        standing.append(placed.model_copy(update={"x": x, "y": y, "w": w}))
    return tuple(standing)


def overlaps(widgets: Sequence[Placed]) -> Iterator[tuple[int, int]]:
    """Widgets of which the first covers a cell of the second, which stands before it in the list: both as
    places in the list, once for each that is in the way of one before it."""
    for index, placed in enumerate(widgets):
        for other, before in enumerate(widgets[:index]):
            if _meet(placed, before):
                yield index, other
                break


def apart(document: BoardDocument) -> BoardDocument:
    """The document as boards show it where widgets of it overlap; any other as it is."""
    if not any(overlaps(document.widgets)):
        return document
    return document.model_copy(update={"widgets": settled(document.widgets)})


def _meet(one: Placed, other: Placed) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def phone_order(widgets: Sequence[Placed]) -> list[str]:
    """Their ids in the one column of a phone: the saved order, then as they stand on the desk."""
    return [placed.id for placed in sorted(widgets, key=lambda placed: (placed.phone, placed.y, placed.x))]
