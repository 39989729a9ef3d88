"""Widgets by REST: which there are and what they can be set to, and the figures of one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response

from api import board_problems
from api.answers import answer
from api.viewers import Viewers
from data.board_rights import require_boards
from data.services import Services
from widgets.registry import GROUP_LABELS, WIDGETS
from widgets.widget import Widget

PATH = "/api/v1/widgets"


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/widgets."""
    viewers = Viewers(services.database, services.settings)
    routes = Blueprint("widgets", __name__)
    board_problems.register(routes)

    @routes.get(PATH)
    def catalogue() -> Response:
        require_boards(viewers.access())
        return answer({"widgets": [described(name) for name in WIDGETS]})

    server.register_blueprint(routes)


@cache
def described(name: str) -> Mapping[str, Any]:
    """A widget as the catalogue has it; `settings` is the JSON schema of what it can be set to."""
    widget: Widget[Any] = WIDGETS[name]
    return {
        "name": widget.name,
        "label": widget.label,
        "group": widget.group,
        "groupLabel": GROUP_LABELS[widget.group],
        "description": widget.description,
        "size": dict(zip("wh", widget.size, strict=True)),
        "smallest": dict(zip("wh", widget.smallest, strict=True)),
        "live": bool(widget.live),
        "settings": widget.settings.model_json_schema(),
        "example": widget.example,
    }
