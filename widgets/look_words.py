"""What a board or a question looks at as pairs of words: venue, event, range, comparison, every value
filtered by."""

from __future__ import annotations

from collections.abc import Iterator

from data.access import Access
from data.directory import Directory
from data.drilldown_question import Drill
from data.metric_query import All, Filter, In, MetricQuery, Within
from widgets.named import value_words
from widgets.scope_url import Look
from widgets.scope_words import COMPARISONS, dimension_words, range_words

Pairs = tuple[tuple[str, tuple[str, ...]], ...]
"""What is chosen, and the words of all its values."""


def look_words(look: Look, directory: Directory, access: Access, zone: str = "") -> Pairs:
    """The parts of the look that are chosen, by the names that these eyes may see; `zone` is that of the
    range's moments. Raises DatabaseUnavailable."""
    tenant_id, found = access.tenant_id, list[tuple[str, tuple[str, ...]]]()
    if look.venue is not None:
        venue = directory.venue(tenant_id, str(look.venue))
        found.append(("Venue", (venue.name if venue else "not there",)))
    if look.event is not None:
        event = directory.event(tenant_id, str(look.event))
        found.append(("Event", (event.name if event else "not there",)))
    if look.range is not None:
        found.append(("Range", (range_words(look.range, zone),)))
    if look.compare is not None:
        found.append(("Compared with", (COMPARISONS[look.compare],)))
    elif look.compare_event is not None:
        other = directory.event(tenant_id, str(look.compare_event))
        found.append(("Compared with", (other.name if other else "another event",)))
    for dimension, values in look.picked:
        names = directory.called(access, dimension, values)
        found.append(
            (dimension_words(dimension), tuple(value_words(dimension, value, names) for value in values))
        )
    return tuple(found)


def question_words(asked: MetricQuery | Drill, directory: Directory, access: Access, zone: str = "") -> Pairs:
    """The same of a question, which may be of several venues or events, and have conditions that no bar has;
    a name comes once. Raises DatabaseUnavailable."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for label, dimension, ids in (("Venue", "venue", asked.venues), ("Event", "event", asked.events)):
        if ids:
            names = directory.called(access, dimension, map(str, ids))
            found.append((label, tuple(names.get(str(each), "not there") for each in ids)))
    look = Look(range=asked.range)
    if isinstance(asked, MetricQuery):
        look = Look(range=asked.range, compare=asked.compare, compare_event=asked.compare_event)
    found += look_words(look, directory, access, zone)
    merged: dict[str, tuple[str, ...]] = {}
    for name, values in (*found, *_conditions(asked.where, directory, access)):
        held = merged.get(name)
        # Both hold: side by side they would read as alternatives.
        merged[name] = values if held is None else (f"{', '.join(held)}; of those {', '.join(values)}",)
    return tuple(merged.items())


def _conditions(
    where: Filter | None, directory: Directory, access: Access
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(where, In):
        names = directory.called(access, where.dimension, where.values)
        words = (value_words(where.dimension, value, names) for value in where.values)
        yield dimension_words(where.dimension), tuple(words)
    elif isinstance(where, Within):
        edges = [f"from {where.at_least:g}"] if where.at_least is not None else []
        edges += [f"below {where.below:g}"] if where.below is not None else []
        yield dimension_words(where.dimension), (" ".join(edges),)
    elif isinstance(where, All):
        for part in where.all:
            yield from _conditions(part, directory, access)
    elif where is not None:
        parts = ([*_conditions(part, directory, access)] for part in where.any)
        words = (" and ".join(f"{name}: {', '.join(values)}" for name, values in part) for part in parts)
        yield "Any of", tuple(words)
