"""From drawn widgets to the parts of an export: the tables, figures and sentences that the board shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dash.development.base_component import Component

from exports.document import Part
from widgets.draw import Drawn


def parts_of(widget: str, drawn: Drawn, place: tuple[int, int, int, int] = (0, 0, 12, 4)) -> list[Part]:
    """The parts of one drawn widget, `widget` its id on the board; the first has the figure and the summary.

    A widget without tables becomes its words, one that could not be drawn the reason.
    """
    if drawn.error or not drawn.tables:
        words = "" if drawn.error else spoken(drawn.body)
        return [
            Part(
                drawn.title,
                zone=drawn.zone
                if drawn.as_of is not None
                else None,  # Without figures: the zone of the look.
                sub=drawn.sub,
                summary=drawn.summary,
                text=words,
                error=drawn.error,
                empty=drawn.state == "empty",
                photo="" if drawn.error else _photo(drawn.body),
                place=place,
                widget=widget,
                own=drawn.own,
            )
        ]
    found = []
    for index, table in enumerate(drawn.tables):
        own = table.title if index and table.title and table.title != drawn.title else ""
        found.append(
            Part(
                f"{drawn.title}: {own}" if own else drawn.title,
                table.columns,
                table.rows,
                len(table.rows),
                max(table.total_rows, len(table.rows)),
                table.zone,
                drawn.sub,
                "" if index else drawn.summary,
                None if index else drawn.figure,
                place=place,
                widget=widget,
                own=drawn.own,
            )
        )
    return found


def spoken(component: object) -> str:
    """The words of a component, a line for each block that has some; items of lists keep their marks."""
    lines = "".join(_texts(component)).split("\n")
    return "\n".join(line for each in lines if (line := " ".join(each.split())))


def _photo(component: Component) -> str:
    """The first picture in a component that is kept in it, as its data: address."""
    nodes = [component, *component._traverse()]  # type: ignore[no-untyped-call]
    sources = (str(getattr(node, "src", "") or "") for node in nodes if isinstance(node, Component))
    return next((source for source in sources if source.startswith("data:image/")), "")


_INLINE = frozenset({"A", "B", "Code", "Em", "I", "Span", "Strong"})
"""Elements that stand within a line."""


def _texts(node: object, mark: str = "") -> Iterator[str]:
    """Pieces of text in their order, with a line feed wherever a block begins or ends."""
    if isinstance(node, str | int | float) and not isinstance(node, bool):
        yield " ".join(re.split(r"\s+", str(node)))
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _texts(child)
    elif isinstance(node, Component):
        kind, children = type(node).__name__, getattr(node, "children", None)
        end = "" if kind in _INLINE else "\n"
        yield end + mark
        if kind == "Markdown":
            yield str(children or "")
        elif kind in ("Ol", "Ul"):
            for number, item in enumerate(children or (), 1):
                yield from _texts(item, f"{number}. " if kind == "Ol" else "• ")
        else:
            yield from _texts(children)
        yield end
