"""Notes on the time axis of a figure: at each moment an upright line with words above it.

A figure says in `layout.meta.time` which time its axis shows (`widgets.figures.TimeAxis.meta`), and gets its
notes by that alone, whatever widget it belongs to. On an axis of days and coarser a note stands at the bucket
that its business day belongs to; on a finer one at its minute; on the way to the doors of one event at its
number of days.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from data.noted import Noted as Noted
from widgets.answered import after
from widgets.figures import ROW_PX, Figure, escape, upright_lines
from widgets.values import when

_LINE, _MOST_TOLD, _LONGEST_WORD = 60, 6, 24
_MOST_SAID, _SAID = 3, 80


def with_notes(drawn: Figure, notes: Sequence[Noted]) -> Figure:
    """The figure with the notes that lie on its axis, several of one place as one mark."""
    layout = drawn["layout"]
    axis, groups = _axis(drawn), _groups(drawn, notes)
    if not groups:
        return drawn
    places = list(groups)
    share = [_share(place, axis) for place in places]
    taken = [(_share(each["x"], axis), each["text"]) for each in layout.get("annotations", [])]
    zone = layout["meta"].get("zone", "")
    marked = upright_lines(
        [(place, _label(groups[place])) for place in places],
        share,
        [_told(groups[place], zone) for place in places],
        taken,
    )
    meta, seen = layout["meta"], [0 <= each <= 1 for each in share]
    if axis.get("grows"):
        meta = meta | {"notes": [_kept(mark, axis) for mark in marked["annotations"]]}
    lines = [mark for mark, shown in zip(marked["shapes"], seen, strict=True) if shown]
    words = [mark for mark, shown in zip(marked["annotations"], seen, strict=True) if shown]
    top = max((8 + ROW_PX + mark["yshift"] for mark in words), default=0)
    margin = layout.get("margin", {})
    return drawn | {
        "layout": layout
        | {
            "meta": meta,
            "margin": margin | {"t": max(margin.get("t", 0), top)},
            "shapes": [*layout.get("shapes", []), *lines],
            "annotations": [*layout.get("annotations", []), *words],
        }
    }


def notes_said(drawn: Figure, notes: Sequence[Noted]) -> str:
    """The notes on the axis in words, for those who do not see them; empty without any."""
    axis = _axis(drawn)
    groups = _groups(drawn, notes)
    seen = [note for place, group in groups.items() if 0 <= _share(place, axis) <= 1 for note in group]
    if not seen:
        return ""
    zone = drawn["layout"]["meta"].get("zone", "")
    said = [f"{when(note.at, zone)}, {_short(note.text, _SAID)}" for note in seen[:_MOST_SAID]]
    more = [f"{len(seen) - _MOST_SAID} more"] if len(seen) > _MOST_SAID else []
    return f"Noted: {'; '.join([*said, *more])}"


def _axis(drawn: Figure) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (drawn["layout"].get("meta") or {}).get("time") or {}
    return found


def _groups(drawn: Figure, notes: Sequence[Noted]) -> dict[Any, list[Noted]]:
    """Place on the axis → its notes."""
    axis = _axis(drawn)
    groups: dict[Any, list[Noted]] = {}
    for note in notes if axis else ():
        place = _place(note, axis)
        if place is not None:
            groups.setdefault(place, []).append(note)
    return groups


def _place(note: Noted, axis: Mapping[str, Any]) -> Any:
    """Where a note stands; None where it is not on the axis."""
    if axis["grain"] == "days_to_doors":
        days = note.days_to_doors
        return -days if days is not None and axis["from"] <= -days <= axis["to"] else None
    if "T" not in axis["from"]:
        return _bucket(note.day, axis)
    first, until = (datetime.fromisoformat(axis[edge]) for edge in ("from", "until"))
    minutes = (note.at - first) / timedelta(minutes=1)
    if axis.get("grows"):
        return minutes
    return min(minutes, axis["to"]) if first <= note.at < until else None


def _bucket(day: date, axis: Mapping[str, Any]) -> str | None:
    bucket, until = (date.fromisoformat(axis[edge]) for edge in ("from", "until"))
    if not bucket <= day < until:
        return None
    while (following := after(bucket, axis["grain"])) <= day:
        bucket = following
    return bucket.isoformat()


def _share(place: Any, axis: Mapping[str, Any]) -> float:
    """How far along the axis a place is, from 0 to 1."""
    if isinstance(place, str):
        first, last, at = (date.fromisoformat(each).toordinal() for each in (axis["from"], axis["to"], place))
    else:
        first, last, at = (0 if isinstance(axis["from"], str) else axis["from"]), axis["to"], place
    return float((at - first) / (last - first)) if last > first else 0.5


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _label(group: Sequence[Noted]) -> str:
    more = f" +{len(group) - 1}" if len(group) > 1 else ""
    return _short(group[0].text, _LONGEST_WORD - len(more)) + more


def _told(group: Sequence[Noted], zone: str) -> str:
    """What the pointer is told: moment and text of each, in lines that fit."""
    lines = []
    for note in group[:_MOST_TOLD]:
        text = f"{when(note.at, zone)}: {' '.join(note.text.split())}"
        lines += [escape(line) for line in textwrap.wrap(text, _LINE)]
    if len(group) > _MOST_TOLD:
        lines.append(f"and {len(group) - _MOST_TOLD} more")
    return "<br>".join(lines)


def _kept(mark: Mapping[str, Any], axis: Mapping[str, Any]) -> dict[str, Any]:
    """A mark for `assets/charts.js`, which places it by its moment when the axis has grown."""
    at = datetime.fromisoformat(axis["from"]) + timedelta(minutes=mark["x"])
    return {"at": at.isoformat()} | {name: mark[name] for name in ("text", "hovertext", "xanchor", "yshift")}
