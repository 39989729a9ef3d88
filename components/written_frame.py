"""Frames as text: the browser puts them in and draws their charts, and React looks after one element each."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.markup import WRITTEN, markup


def written(content: Component) -> html.Div:
    """The same content of a slot with its inside as HTML, for `assets/frames.js`; its attributes stay."""
    properties: dict[str, Any] = dict(content.to_plotly_json()["props"])  # type: ignore[no-untyped-call]
    inside = markup(properties.pop("children", None), charts=True, ids=True)
    properties[WRITTEN] = inside
    return html.Div(**properties)
