"""What changed between two documents of a board, in words a manager would use. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from data.board_document import BoardDocument, Placed

Verb = Literal["replaced", "renamed", "moved", "resized", "configured"]
_ORDER: tuple[Verb, ...] = ("replaced", "renamed", "moved", "resized", "configured")
_MOST_PARTS = 5
_LONGEST_NAME = 40


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
    filters: bool
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
        before.filters != after.filters,
        _phone_order(one for one, _ in stayed) != _phone_order(other for _, other in stayed),
    )


def summary(before: BoardDocument, after: BoardDocument) -> str:
    """One line such as "Revenue by day moved and resized, 2 widgets added"; "Nothing changed" if so."""
    found = difference(before, after)
    parts = [*_changed(found.changed), *_counted(found.added, "added"), *_counted(found.removed, "removed")]
    if found.filters:
        parts.append("filters changed")
    if found.phone:
        parts.append("order on the phone changed")
    if len(parts) > _MOST_PARTS:
        left = len(parts) - _MOST_PARTS + 1
        parts = [*parts[: _MOST_PARTS - 1], f"{left} more changes"]
    text = ", ".join(parts) or "Nothing changed"
    return text[0].upper() + text[1:]


def name_of(placed: Placed) -> str:
    """What a person calls the widget: its title, else the words of its kind ("Revenue by day")."""
    name = placed.title or placed.widget.replace("-", " ").replace("_", " ").strip().capitalize()
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


def _changed(changes: Iterable[Change]) -> list[str]:
    """One part for all widgets to which the same happened; one widget is named, more are counted."""
    alike: dict[tuple[Verb, ...], list[Change]] = {}
    for change in changes:
        alike.setdefault(change.verbs, []).append(change)
    parts = []
    for verbs, group in alike.items():
        subject = name_of(group[0].before) if len(group) == 1 else f"{len(group)} widgets"
        parts.append(f"{subject} {_and([_phrase(verb, group) for verb in verbs])}")
    return parts


def _phrase(verb: Verb, group: list[Change]) -> str:
    """A verb says what came of it where there is one widget to say it of."""
    if len(group) > 1 or verb not in ("replaced", "renamed"):
        return verb
    after = group[0].after
    return f"replaced by {name_of(after)}" if verb == "replaced" else f"renamed to {name_of(after)}"


def _counted(widgets: tuple[Placed, ...], verb: str) -> list[str]:
    if not widgets:
        return []
    return [f"{name_of(widgets[0]) if len(widgets) == 1 else f'{len(widgets)} widgets'} {verb}"]


def _phone_order(widgets: Iterable[Placed]) -> list[str]:
    return [placed.id for placed in sorted(widgets, key=lambda placed: (placed.phone, placed.id))]


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
