"""What changed between two documents of a board, in words a manager would use. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from data.board_document import BoardDocument, Placed
from data.board_filters import FILTER, Filters, FilterValue
from data.metric_dimensions import DIMENSIONS

Called = Callable[[Placed], str]
"""What a person calls a widget. Labels belong to the widgets, so whoever knows those says it."""

Verb = Literal["replaced", "renamed", "moved", "resized", "configured"]
_ORDER: tuple[Verb, ...] = ("replaced", "renamed", "moved", "resized", "configured")
_MOST_PARTS = 5
_LONGEST_NAME = 40
_MOST_VALUES = 5
_PLAIN = {"compare": "comparison", "f": "none of its own"}


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one widget that stayed."""

    before: Placed
    after: Placed
    verbs: tuple[Verb, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two documents; empty when they show the same."""

    changed: tuple[Change, ...]
    added: tuple[Placed, ...]
    removed: tuple[Placed, ...]
    filters: tuple[str, ...]
    """The parameters of the first look that are others, in words."""
    phone: bool
    """Whether widgets that stayed changed their order on a phone."""


def difference(before: BoardDocument, after: BoardDocument) -> Difference:
    """What makes `after` of `before`; widgets are the same when their ids are."""
    old = {placed.id: placed for placed in before.widgets}
    new = {placed.id: placed for placed in after.widgets}
    stayed = [(old[key], new[key]) for key in old if key in new]
    return Difference(
        tuple(Change(one, other, verbs) for one, other in stayed if (verbs := _verbs(one, other))),
        tuple(placed for key, placed in new.items() if key not in old),
        tuple(placed for key, placed in old.items() if key not in new),
        tuple(_filters(before.filters, after.filters)),
        _phone_order(one for one, _ in stayed) != _phone_order(other for _, other in stayed),
    )


def by_kind(placed: Placed) -> str:
    """Its title, else the words of its kind ("Revenue by day"): all that is known here."""
    return placed.title or placed.widget.replace("-", " ").replace("_", " ").strip().capitalize()


def summary(before: BoardDocument, after: BoardDocument, called: Called = by_kind) -> str:
    """One line such as "Revenue by day moved and resized, 2 widgets added"; "Nothing changed" if so."""

    def name(placed: Placed) -> str:
        return shortened(called(placed))

    found = difference(before, after)
    parts = _changed(found.changed, name)
    parts += [*_counted(found.added, "added", name), *_counted(found.removed, "removed", name)]
    if found.filters:
        parts.append(f"filters changed ({'; '.join(found.filters)})")
    if found.phone:
        parts.append("order on the phone changed")
    if len(parts) > _MOST_PARTS:
        left = len(parts) - _MOST_PARTS + 1
        parts = [*parts[: _MOST_PARTS - 1], f"{left} more changes"]
    text = ", ".join(parts) or "Nothing changed"
    return text[0].upper() + text[1:]


def shortened(name: str) -> str:
    """A name in a line with others."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip() + "…"


def _verbs(before: Placed, after: Placed) -> tuple[Verb, ...]:
    happened: dict[Verb, bool] = {
        "replaced": before.widget != after.widget,
        "renamed": before.title != after.title,
        "moved": (before.x, before.y) != (after.x, after.y),
        "resized": (before.w, before.h) != (after.w, after.h),
        "configured": before.widget == after.widget and before.settings != after.settings,
    }
    return tuple(verb for verb in _ORDER if happened[verb])


def _changed(changes: Iterable[Change], name: Called) -> list[str]:
    """One part for all widgets to which the same happened; one widget is named, more are counted."""
    alike: dict[tuple[Verb, ...], list[Change]] = {}
    for change in changes:
        alike.setdefault(change.verbs, []).append(change)
    parts = []
    for verbs, group in alike.items():
        subject = name(group[0].before) if len(group) == 1 else f"{len(group)} widgets"
        parts.append(f"{subject} {_and([_phrase(verb, group, name) for verb in verbs])}")
    return parts


def _phrase(verb: Verb, group: list[Change], name: Called) -> str:
    """A verb says what came of it where there is one widget to say it of."""
    if len(group) > 1 or verb not in ("replaced", "renamed"):
        return verb
    after = name(group[0].after)
    return f"replaced by {after}" if verb == "replaced" else f"renamed to {after}"


def _counted(widgets: tuple[Placed, ...], verb: str, name: Called) -> list[str]:
    if not widgets:
        return []
    return [f"{name(widgets[0]) if len(widgets) == 1 else f'{len(widgets)} widgets'} {verb}"]


def _filters(before: Filters, after: Filters) -> Iterator[str]:
    """Each name that differs, in an order that does not hang on who wrote them down, and for what is filtered
    by the values it has now."""
    for name in sorted({*before, *after}, key=lambda name: (name.startswith(FILTER), name)):
        if before.get(name) == after.get(name):
            continue
        if not name.startswith(FILTER):
            yield _PLAIN.get(name, name)
            continue
        dimension = DIMENSIONS.get(name.removeprefix(FILTER))
        label = shortened(dimension.label if dimension else name).lower()
        ids = dimension is None or dimension.shape == "id" or dimension.name == "customer"
        yield f"{label}: {_values(after.get(name), ids=ids)}"


def _values(value: FilterValue | None, *, ids: bool) -> str:
    """Ids are counted: what they stand for is not known here."""
    if value is None:
        return "no longer"
    values = (value,) if isinstance(value, str) else value
    if ids:
        return "1 value" if len(values) == 1 else f"{len(values)} values"
    shown = [shortened(each) or "not known" for each in values[:_MOST_VALUES]]
    more = len(values) - _MOST_VALUES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _phone_order(widgets: Iterable[Placed]) -> list[str]:
    return [placed.id for placed in sorted(widgets, key=lambda placed: (placed.phone, placed.id))]


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
