"""Pages that the server draws whole, without Dash: screens on a wall and promoters' links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dash import Dash
from dash.development.base_component import Component
from flask import Response, g

from components.still import document


class Answer(Protocol):
    """The page of this title and content, as an answer; `hidden` ones are for no search engine."""

    def __call__(
        self,
        title: str,
        content: Component,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        hidden: bool = False,
    ) -> Response: ...


def answers(app: Dash) -> Answer:
    """What makes such answers of an app."""
    globals_ = app.server.jinja_env.globals
    url, boot_script = globals_["asset_url"], str(globals_["boot_script"])
    assert callable(url)

    def answer(
        title: str,
        content: Component,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        hidden: bool = False,
    ) -> Response:
        g.has_charts = True  # Their styles are inline (`api/headers.py`).
        page = document(url, boot_script, f"{title} · Housecount", content, hidden=hidden)
        return Response(page, status, headers, mimetype="text/html")

    return answer
