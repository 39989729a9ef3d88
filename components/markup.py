"""Components as HTML, for the very first paint: the figures are on the screen before any script has come."""

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
_EMPTY = frozenset({"id", "children", "style", "n_clicks", "disable_n_clicks", "key"})


def markup(node: object) -> str:
    """The HTML of a component tree.

    Ids are left out, because the same elements come again with their ids a moment later. A graph
    is an empty frame of its size. Text and attributes are escaped.
    """
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(markup(child) for child in node)
    if isinstance(node, dcc.Link):
        link = dict(_attributes(node))
        return _element("a", {"href": link["href"], "class": link["class"]}, node.children)
    if isinstance(node, dcc.Graph):
        return '<div class="fill"></div>'
    if isinstance(node, Component):
        return _element(node._type.lower(), dict(_attributes(node)), getattr(node, "children", None))
    return escape(str(node))


def _attributes(node: Component) -> Iterator[tuple[str, Any]]:
    properties: dict[str, Any] = node.to_plotly_json()["props"]  # type: ignore[no-untyped-call]
    for name, value in properties.items():
        if name not in _EMPTY and value is not None and value is not False:
            yield _NAMES.get(name, name), value
    if properties.get("style"):
        yield "style", ";".join(f"{name}:{value}" for name, value in properties["style"].items())


def _element(tag: str, attributes: dict[str, Any], children: object) -> str:
    written = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{markup(children)}</{tag}>"
