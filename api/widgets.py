"""Widgets by REST: which there are and what they can be set to, and the figures of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, request
from pydantic import Field

from api import board_problems
from api.answers import answer, asked
from api.looks import scope_of
from api.problems import problem
from api.viewers import viewers_of
from data import audit_note, needs
from data.board_document import Placed
from data.board_filters import Filters
from data.instants import iso
from data.metric_dimensions import DIMENSIONS
from data.metric_query import Frozen
from data.metrics import CATALOGUE
from data.services import Services
from ingest.decoding import plain_object
from ingest.refusal import printable
from widgets import documents, draw
from widgets.registry import GROUP_LABELS, WIDGETS
from widgets.widget import Table, Widget

PATH = "/api/v1/widgets"


class Question(Frozen):
    """The settings of a widget, and what it looks at, by the names of a board's address."""

    settings: dict[str, Any] = Field(default_factory=dict)
    look: Filters = Field(default_factory=dict)


def register(server: Flask, services: Services) -> None:
    """Add /api/v1/widgets, /api/v1/widgets/<name> and …/check."""
    viewers = viewers_of(services)
    routes = Blueprint("widgets", __name__)
    board_problems.register(routes)

    @routes.get(PATH)
    def catalogue() -> Response:
        return answer({"widgets": [described(name) for name in WIDGETS], **choices()})

    def figures(name: str) -> Response:
        access = viewers.access()
        question = _by_parameters() if request.method == "GET" else asked(Question, empty=True)
        placed = _placed(name, question)
        if isinstance(placed, Response):
            return placed
        scope = scope_of(services.directory, access, question.look, datetime.now(UTC))
        audit_note.told(widgets=[placed.widget])
        wanted = draw.needs(placed, scope)
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            found = needs.answer(tenant, access, list(wanted.values()), scope.now)
        answers = dict(zip(wanted, found, strict=True))
        for failure in found:
            if isinstance(failure, Exception):
                raise failure
        return _drawn(placed, draw.draw(placed, scope, answers))

    def check(name: str) -> Response:
        placed = _placed(name, asked(Question, empty=True))
        return placed if isinstance(placed, Response) else Response(status=204)

    routes.add_url_rule(f"{PATH}/<name>", "figures", figures, methods=["GET", "POST"])
    routes.add_url_rule(f"{PATH}/<name>/check", "check", check, methods=["POST"])
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
        "icon": widget.icon,
        "size": dict(zip("wh", widget.size, strict=True)),
        "smallest": dict(zip("wh", widget.smallest, strict=True)),
        "live": bool(widget.live),
        "settings": widget.settings.model_json_schema(),
        "example": widget.example,
    }


@cache
def choices() -> Mapping[str, Any]:
    """The metrics and dimensions that settings choose from, where their schema has a `picker` for one."""
    return {
        "metrics": [
            {
                "name": name,
                "label": metric.label,
                "group": metric.group,
                "unit": metric.unit,
                "description": metric.description,
                "dimensions": sorted(metric.dimensions),
            }
            for name, metric in CATALOGUE.items()
        ],
        "dimensions": [
            {"name": name, "label": dimension.label, "description": dimension.description}
            for name, dimension in DIMENSIONS.items()
        ],
    }


def _placed(name: str, question: Question) -> Placed | Response:
    """The widget with these settings, or the problem that there is none. Raises InvalidDocument."""
    try:
        return documents.settings_of(name, question.settings)
    except KeyError as unknown:
        text = str(unknown.args[0])
        detail = f"{text[0].upper()}{text[1:]}."
        return problem(404, "widget-not-found", detail, field="name", value=printable(name))


def _by_parameters() -> Question:
    """The question in the address: `settings` is JSON, the rest is what the widget looks at."""
    look = {name: values for name, values in request.args.lists() if name != "settings"}
    given = request.args.get("settings")
    settings = plain_object(given.encode("utf-8", "surrogatepass")) if given else {}
    return Question(settings=settings, look=look)


def _drawn(placed: Placed, drawn: draw.Drawn) -> Response:
    if drawn.state not in ("drawn", "empty"):
        return problem(500, "widget-failed", drawn.error or drawn.summary, field="name", value=placed.widget)
    return answer(
        {
            "widget": placed.widget,
            "state": drawn.state,
            "title": drawn.title,
            "sub": drawn.sub,
            "summary": drawn.summary,
            "asOf": iso(drawn.as_of),
            "zone": drawn.zone,
            "tables": [_table(table) for table in drawn.tables],
        }
    )


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "zone": table.zone,
        "columns": [asdict(column) for column in table.columns],
        "rows": table.rows,
        "totalRows": max(table.total_rows, len(table.rows)),
    }
