"""Figures in the HTML itself: a page is on the screen before React, Dash or plotly have arrived."""

from collections.abc import Callable
from html import escape
from typing import Any

from dash import Dash
from dash._pages import _path_to_page
from flask import g, request

from components.document import app_script, inline, with_first_paint
from components.markup import markup


def register(app: Dash, scripts: str) -> None:
    """Draw the requested page into the document that Dash sends for it, and have it load the one file at the
    address `scripts` in place of Dash's own."""
    plain: Callable[..., str] = app.interpolate_index

    def interpolate(**parts: Any) -> str:
        g.dash_document = True  # Its scripts and styles may be inline (`api/headers.py`).
        title, drawn = _page()
        parts |= {"scripts": inline(parts["scripts"]), "renderer": app_script(scripts)}
        # A board may be named like one of Dash's placeholders, which are filled in after the title.
        parts |= {"title": escape(title).replace("{", "&#123;")} if title else {}
        return with_first_paint(plain(**parts), markup(drawn))

    # Dash offers this method to be overridden; per app, so that no subclass has to know our pages.
    setattr(app, "interpolate_index", interpolate)  # noqa: B010


def _page() -> tuple[str, object]:
    """The title and the layout of the requested page."""
    page, variables = _path_to_page(request.path.strip("/"))  # type: ignore[no-untyped-call]
    if not page:
        return "", None
    query = {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}
    layout = page["layout"](**{**query, **(variables or {})})
    title = page["title"]
    return title(**(variables or {})) if callable(title) else title, layout
