"""What a program says it looks at, read without mercy: it must not take the figures of everything for those
of what it misspelled."""

from __future__ import annotations

from data.board_check import Fault
from data.board_filters import FILTER
from data.metric_dimensions import DIMENSIONS
from widgets.scope_url import NAMES, Look, Query, read


def strict_look(query: Query, *, base: Query | None = None, under: str = "") -> tuple[Look, list[Fault]]:
    """The look of these parameters over `base`, dimension by dimension, and a fault for each part that a
    page would pass over, its path below `under`. Which venues and events there are is not known here."""
    look, misread = read(query, base=base, dimensions=DIMENSIONS, by_dimension=True)
    at = f"{under}." if under else ""
    faults = [
        Fault(f"{at}{part.name}", part.value, f"{part.why[0].upper()}{part.why[1:]}.") for part in misread
    ]
    for name, value in query.items():
        if name not in NAMES and not name.startswith(FILTER):
            faults.append(Fault(f"{at}{name}", _text(value), "There is no such parameter."))
        elif name == "f" and _text(value) != "none":
            faults.append(Fault(f"{at}f", _text(value), "It can only be “none”; filters are f.<dimension>."))
    return look, faults


def _text(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else ", ".join(map(str, value))
        if isinstance(value, list | tuple)
        else ""
    )
