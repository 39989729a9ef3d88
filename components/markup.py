"""Components as HTML, for the very first paint: the figures are on the screen before any script has come."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from dash import dcc
from dash.development.base_component import Component

_NAMES = {
    "className": "class",
    "dateTime": "datetime",
    "colSpan": "colspan",
    "tabIndex": "tabindex",
    "htmlFor": "for",
}
_VOID = frozenset({"img", "br", "hr", "link", "meta", "input"})
_EMPTY = frozenset({"id", "children", "style", "n_clicks", "disable_n_clicks", "key"})


WRITTEN = "data-html"
"""The attribute of an element whose inside is HTML already (`components/written_frame.py`)."""


def markup(node: object, *, charts: bool = False, links: bool = True, ids: bool = False) -> str:
    """The HTML of a component tree.

    Ids are left out unless wanted, because the same elements come again with their ids a moment later. A
    graph is an empty frame of its size; with `charts` it carries its figure for `assets/still.js` to draw, on
    pages where nothing else will. Without `links` their words stay and lead nowhere. Text and
    attributes are escaped.
    """
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(markup(child, charts=charts, links=links, ids=ids) for child in node)
    if isinstance(node, dcc.Graph):
        return _element("div", {"class": "fill"} | (_figure(node) if charts else {}), "")
    if isinstance(node, dcc.Store | dcc.Interval):
        return ""
    if not isinstance(node, Component):
        return escape(str(node))
    attributes = dict(_attributes(node))
    if WRITTEN in attributes:
        inside = attributes.pop(WRITTEN)
        return _element("div", attributes, inside)
    if ids and isinstance(getattr(node, "id", None), str):
        attributes["id"] = node.id  # type: ignore[attr-defined]
    tag = node._type.lower()
    if isinstance(node, dcc.Link):
        tag = "a"
        attributes = {name: attributes[name] for name in ("href", "class") if name in attributes}
    if tag == "a" and not links:
        tag = "span"
        attributes.pop("href", None)
    inside = markup(getattr(node, "children", None), charts=charts, links=links, ids=ids)
    return _element(tag, attributes, inside)


def _figure(graph: dcc.Graph) -> dict[str, str]:
    figure = json.dumps(getattr(graph, "figure", {}), default=str, ensure_ascii=False, separators=(",", ":"))
    return {"data-figure": figure}


def _attributes(node: Component) -> Iterator[tuple[str, Any]]:
    # What `to_plotly_json` gives and in its order, without trying every name that HTML knows on the object.
    own = vars(node)
    names = [name for name in own["_prop_names"] if name in own]
    # Dash takes names with a dash from a set: sorted, one page is the same text in every process.
    for name in [*names, *sorted(name for name in own if "-" in name)]:
        value = own[name]
        if name not in _EMPTY and value is not None and value is not False:
            yield _NAMES.get(name, name), value
    style: dict[str, Any] | None = getattr(node, "style", None)
    if style:
        yield "style", ";".join(f"{name}:{value}" for name, value in style.items())


def _element(tag: str, attributes: dict[str, Any], inside: str) -> str:
    written = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{inside}</{tag}>"
