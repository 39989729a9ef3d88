"""The menu of a widget: its table view, its downloads, and what an editor can do with it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from widgets.attributes import marks
from widgets.draw import Drawn, Placed
from widgets.icon import icon
from widgets.registry import WIDGETS
from widgets.tables import ON_PAPER
from widgets.time_zones import NO_ZONE
from widgets.widget import Table

EXPORTS = (("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "PDF"), ("png", "Picture (PNG)"))
SHEETS = frozenset({"csv", "xlsx"})
"""The formats of rows: what has none cannot become one."""


class Extent(NamedTuple):
    """The rows of a widget's longest table: `here` of the `total` that there are."""

    here: int = 0
    total: int = 0


def extent(drawn: Drawn) -> Extent:
    """How long its longest table is."""
    return max((_extent(table) for table in drawn.tables), key=lambda one: one.total, default=Extent())


def _extent(table: Table) -> Extent:
    return Extent(len(table.rows), max(table.total_rows, len(table.rows)))


def menu(placed: Placed, drawn: Drawn, rows: Extent, *, editable: bool) -> Component:
    """All that can be done with a widget. What cannot be downloaded stays in its place and says why."""
    title, why = drawn.title, f"w-{placed.id}-why"
    items = [_item("View as table", "view", placed.id)] if drawn.tables else []
    reason, without = _reason(placed, drawn)
    if reason:
        items.append(html.Li(reason, id=why, className="w-why muted small"))
    for kind, label in EXPORTS:
        if kind in without:
            items.append(_closed(f"Download {label}", why))
        else:
            items.append(_item(f"Download {label}", "export", placed.id, kind, _limit(kind, rows)))
    if editable:
        items += [
            _item("Configure…", "configure", placed.id),
            _item("Duplicate", "duplicate", placed.id),
            _item("Remove", "remove", placed.id),
        ]
    if drawn.as_of is not None:
        words = f"As of {clock(drawn)} · {drawn.zone or NO_ZONE}"
        moment = marks(data_as_of=drawn.as_of.isoformat(), data_zone=drawn.zone)
        items.append(html.Li(words, className="w-as-of muted small", **moment))
    return _details(title, items)


def downloads(title: str, placed: str) -> Component:
    """The menu of a part of a page that is not drawn as a widget, and is taken away as the one `placed`."""
    return _details(title, [_item(f"Download {label}", "export", placed, kind) for kind, label in EXPORTS])


def _details(title: str, items: list[Component]) -> Component:
    return html.Details(
        [
            html.Summary(icon("more"), className="icon-button bare", **marks(aria_label=f"Menu of {title}")),
            html.Ul(items, className="w-menu"),
        ],
        className="w-more",
    )


def clock(drawn: Drawn) -> str:
    """Of when the figures are, in their zone; in UTC where they have several."""
    return _local(drawn.as_of, drawn.zone) if drawn.as_of else "an unknown time"


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone or NO_ZONE)):%H:%M:%S}"


def _reason(placed: Placed, drawn: Drawn) -> tuple[str, frozenset[str]]:
    """Why some formats cannot be had, and which."""
    if drawn.error:
        return f"Nothing to download. {drawn.error}", frozenset(kind for kind, _ in EXPORTS)
    widget = WIDGETS.get(placed.widget)
    if widget is not None and widget.no_rows:
        return widget.no_rows, SHEETS
    return "", frozenset()


def _limit(kind: str, rows: Extent) -> str:
    """How much of the rows a format holds, where that is not all of them."""
    if kind == "png":
        return ""  # It is what is on the screen.
    here = min(rows.here, ON_PAPER) if kind == "pdf" else rows.here
    return f"The first {here:,} of {rows.total:,} rows" if here < rows.total else ""


def _item(text: str, name: str, placed: str, value: str = "", sub: str = "") -> Component:
    hook = {f"data-{name}": value, "data-widget-id": placed}
    words = html.Span([text, html.Span(sub, className="muted small")], className="menu-name") if sub else text
    return html.Li(html.Button(words, type="button", className="menu-item", **hook))  # type: ignore[arg-type]


def _closed(text: str, why: str) -> Component:
    """An entry that can be found but not used; it can be reached by the keyboard, to be told why."""
    closed = marks(aria_disabled="true", aria_describedby=why)
    return html.Li(html.Button(text, type="button", className="menu-item", **closed))
