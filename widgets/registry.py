"""Every widget there is: the modules of this package that define WIDGET."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

import widgets
from widgets.widget import Widget


def _found() -> dict[str, Widget[Any]]:
    """The widgets by name; two of one name are a mistake that stops the start."""
    named: dict[str, Widget[Any]] = {}
    for module in sorted(info.name for info in iter_modules(widgets.__path__)):
        if module in ("registry", "draw", "cross_filter", "documents", "sample", "__main__"):
            continue  # They ask this module and have no widget.
        widget = getattr(import_module(f"widgets.{module}"), "WIDGET", None)
        if isinstance(widget, Widget):
            if widget.name in named:
                raise RuntimeError(f"two widgets are called {widget.name}")
            named[widget.name] = widget
    return dict(sorted(named.items(), key=lambda item: (GROUPS.index(item[1].group), item[1].label)))


GROUPS = ("tonight", "sales", "money", "events", "doors", "audience", "marketing", "custom", "layout")
"""Groups in the order of the gallery."""

GROUP_LABELS = {
    "tonight": "Tonight",
    "sales": "Sales",
    "money": "Money",
    "events": "Events",
    "doors": "Attendance and doors",
    "audience": "Audience",
    "marketing": "Marketing",
    "custom": "Your own",
    "layout": "Text and pictures",
}

WIDGETS: Mapping[str, Widget[Any]] = MappingProxyType(_found())
"""Name → widget, group by group."""


def get(name: str) -> Widget[Any]:
    """The widget of this name. Raises KeyError, which names the nearest one there is."""
    if name not in WIDGETS:
        near = get_close_matches(name, WIDGETS, 1)
        raise KeyError(f"there is no widget “{name}”" + (f", but there is “{near[0]}”" if near else ""))
    return WIDGETS[name]
