"""Imports in words: what they are, how far they are, and what can be done with them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from data.imports import WORK, Import, Kind, RowError, Status

KINDS: Mapping[Kind, str] = {
    "sales": "Sales",
    "scans": "Scans",
    "events": "Events",
    "competitors": "Competitors’ events",
}
_STATES: Mapping[Status, tuple[str, str]] = {
    "draft": ("Not checked yet", "warn"),
    "checking": ("Being checked", ""),
    "checked": ("Checked, not imported", "warn"),
    "running": ("Being imported", ""),
    "done": ("Imported", "good"),
    "cancelled": ("Stopped", "warn"),
    "failed": ("Failed", "bad"),
    "undoing": ("Being undone", ""),
    "undone": ("Undone", ""),
}
STEPS = ("Upload", "Columns", "Check", "Import")


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with its label; `tone` colours it where it means something."""

    label: str
    value: str
    hint: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An import on its page and in the list. `step` is the number of the step that is on, from 0."""

    import_id: UUID
    status: Status
    name: str
    kind: str
    source: str
    size: str
    at: datetime
    state: str
    mark: str
    step: int
    busy: bool
    waiting: bool
    progress: int
    summary: str
    figures: Sequence[Figure]
    errors: Sequence[RowError]
    refused: int
    why: str
    new: int
    can_go_on: bool
    can_be_undone: bool
    taken: int


def shown(found: Import, zone: ZoneInfo, errors: Sequence[RowError]) -> Shown:
    """An import for people, with the times of this zone and the first of its errors."""
    state, mark = _STATES[found.status]
    written = found.rows_done > 0 or found.status in ("running", "done", "undoing", "undone")
    refused = found.rejected if written else found.checked_rejected
    figures = _written(found) if written else _checked(found)
    return Shown(
        found.import_id,
        found.status,
        found.file_name,
        KINDS[found.kind],
        found.source,
        size_words(found.bytes),
        found.created_at.astimezone(zone),
        state,
        mark,
        {"draft": 1, "checking": 2, "checked": 2}.get(found.status, 3),
        found.status in WORK,
        found.status in WORK and found.started_at is None,
        found.progress,
        _summary(found),
        figures if written or found.checked_rows else (),
        errors,
        refused,
        found.error or "",
        max(0, found.checked_new - (found.accepted if written else 0)),
        found.can_go_on,
        found.can_be_undone,
        found.accepted - found.undone,
    )


def _checked(found: Import) -> list[Figure]:
    return [
        Figure(
            "New", f"{found.checked_new:,}", "Rows that would be imported", "pos" if found.checked_new else ""
        ),
        Figure("Known already", f"{found.checked_known:,}", "Rows that are there and change nothing"),
        Figure("Repeated", f"{found.checked_repeated:,}", "Rows with the id of a row above them: left out"),
        Figure(
            "Refused",
            f"{found.checked_rejected:,}",
            "Rows with something wrong: left out",
            "neg" if found.checked_rejected else "",
        ),
    ]


def _written(found: Import) -> list[Figure]:
    figures = [
        Figure("Imported", f"{found.accepted:,}", "Rows that were new", "pos" if found.accepted else ""),
        Figure("Known already", f"{found.duplicates:,}", "Rows that were there, and changed nothing"),
        Figure(
            "Refused",
            f"{found.rejected:,}",
            "Rows with something wrong, which were left out",
            "neg" if found.rejected else "",
        ),
    ]
    if found.undone:
        figures.append(Figure("Undone", f"{found.undone:,}", "Rows that were taken back"))
    return figures


def _summary(found: Import) -> str:
    """One line for the list."""
    if found.status == "undone":
        return f"{found.undone:,} rows taken back"
    if found.status in ("running", "done", "cancelled", "undoing") or found.accepted:
        refused = f", {found.rejected:,} refused" if found.rejected else ""
        return f"{found.accepted:,} rows imported{refused}"
    if found.checked_rows:
        refused = f", {found.checked_rejected:,} refused" if found.checked_rejected else ""
        return f"{found.checked_new:,} new rows{refused}"
    return size_words(found.bytes)


def size_words(size: int) -> str:
    """A file's size."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000)):,} kB"
    return f"{size / 1_000_000:,.1f} MB"
