"""Figures in the HTML itself: a page is on the screen before React, Dash or plotly have arrived."""

from collections.abc import Callable
from typing import Any

from dash import Dash
from dash._pages import _path_to_page
from flask import request

from components.document import app_script, inline, with_first_paint
from components.markup import markup


def register(app: Dash, scripts: str) -> None:
    """Draw the requested page into the document that Dash sends for it, and have it load the one file at the
    address `scripts` in place of Dash's own."""
    plain: Callable[..., str] = app.interpolate_index

    def interpolate(**parts: Any) -> str:
        parts |= {"scripts": inline(parts["scripts"]), "renderer": app_script(scripts)}
        return with_first_paint(plain(**parts), markup(_page()))

    # Dash offers this method to be overridden; per app, so that no subclass has to know our pages.
    setattr(app, "interpolate_index", interpolate)  # noqa: B010


def _page() -> object:
    page, variables = _path_to_page(request.path.strip("/"))  # type: ignore[no-untyped-call]
    if not page:
        return None
    query = {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}
    return page["layout"](**{**query, **(variables or {})})
