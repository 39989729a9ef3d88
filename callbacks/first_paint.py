"""Figures in the HTML itself: a page is on the screen before React, Dash or plotly have arrived."""

from collections.abc import Callable
from typing import Any

import dash
from dash import Dash
from flask import request

from components.document import needed, with_first_paint
from components.markup import markup


def register(app: Dash) -> None:
    """Draw the requested page into the document that Dash sends for it, and leave out what it never uses."""
    plain: Callable[..., str] = app.interpolate_index

    def interpolate(**parts: Any) -> str:
        parts["scripts"] = needed(parts["scripts"])
        return with_first_paint(plain(**parts), markup(_page()))

    # Dash offers this method to be overridden; per app, so that no subclass has to know our pages.
    setattr(app, "interpolate_index", interpolate)  # noqa: B010


def _page() -> object:
    page = next((page for page in dash.page_registry.values() if page["path"] == request.path), None)
    return page["layout"](**request.args.to_dict()) if page is not None else None
