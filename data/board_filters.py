"""What a board looks at first, and what a link to it locks: the parameters of a board's address by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

FILTER = "f."
"""Before the name of a dimension that is filtered by: `f.channel`."""


def _value(given: object) -> str | tuple[str, ...]:
    """A text, or several in their order; a list of one is the text in it: the same is written in one way."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise ValueError("must be text, or a list of texts")
    if not given:  # Nothing is no filter: whoever means it leaves the name out.
        raise ValueError("a list of values has at least one")
    return given[0] if len(given) == 1 else tuple(given)


FilterValue = Annotated[str | tuple[str, ...], BeforeValidator(_value)]
Filters = dict[str, FilterValue]
"""venue, event, range, compare, and `f.<dimension>` with one value, or with several as alternatives."""


def _listed(filters: Filters) -> Filters:
    """Boards and links kept earlier have several values as one text, below each other."""
    return {
        name: _value(value.split("\n"))
        if isinstance(value, str) and "\n" in value and name.startswith(FILTER)
        else value
        for name, value in filters.items()
    }


KeptFilters = Annotated[Filters, AfterValidator(_listed)]
"""The same as boards and links keep it."""
