"""Questions to the metric catalogue by REST, and the catalogue itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, request

from api import board_problems
from api.answers import LARGEST_BODY, answer
from api.bodies import read_object
from api.viewers import viewers_of
from data import audit_note, query
from data.answers import Answer
from data.export_privacy import leaving
from data.instants import iso
from data.metric_dimensions import DIMENSIONS
from data.metric_query import MetricQuery
from data.metrics import CATALOGUE
from data.query_error import QueryError, unknown
from data.query_parse import parse
from data.services import Services

MOST_QUERIES = 40


def register(server: Flask, services: Services) -> None:
    """Add POST /api/v1/analytics/query and GET /api/v1/analytics/metrics, also without the version."""
    viewers = viewers_of(services)
    routes = Blueprint("queries", __name__)
    board_problems.register(routes)

    def run() -> Response:
        access = viewers.access()
        queries, single, explained = _asked(read_object(request.environ, LARGEST_BODY))
        _note(queries)
        now = datetime.now(UTC)
        with services.database.tenant(access.tenant_id, snapshot=True) as tenant:
            answers = leaving(tenant, _answered(query.attempt(tenant, access, queries, now), single), now)
            found = [shown(own) for own in answers]
            if explained:
                for body, plan in zip(found, query.explain(tenant, access, queries, now), strict=True):
                    body["explain"] = [_explained(part) for part in plan]
        return answer(found[0] if single else {"answers": found})

    def metrics() -> Response:
        return answer(catalogue())

    for prefix in ("/api/v1", "/api"):
        for method, path, view in (("POST", "query", run), ("GET", "metrics", metrics)):
            name = f"{prefix}/analytics/{path}"
            routes.add_url_rule(name, name, view, methods=[method])
    server.register_blueprint(routes)


def _asked(body: dict[str, Any]) -> tuple[list[MetricQuery], bool, bool]:
    """The questions, whether it is a single one, and whether to explain. Raises QueryError."""
    rest = dict(body)
    explained = rest.pop("explain", False)
    if not isinstance(explained, bool):
        raise QueryError("bad-value", "true or false.", field="explain", value=str(explained)[:80])
    if "queries" not in rest:
        return [parse(rest)], True, explained
    queries = rest.pop("queries")
    if rest:
        name = next(iter(rest))
        raise unknown("field", name, name, ("queries", "explain"))
    if not isinstance(queries, list) or not 1 <= len(queries) <= MOST_QUERIES:
        raise QueryError("bad-value", f"A list of 1 to {MOST_QUERIES} questions.", field="queries")
    return [parse(own, f"queries.{index}") for index, own in enumerate(queries)], False, explained


def _answered(found: Sequence[Answer | QueryError], single: bool) -> list[Answer]:
    """The answers. Raises the QueryError of the first question that has none; of several it says which."""
    answers = []
    for index, each in enumerate(found):
        if isinstance(each, QueryError):
            if not single:
                each.field = ".".join(filter(None, (f"queries.{index}", each.field)))
            raise each
        answers.append(each)
    return answers


def _note(queries: list[MetricQuery]) -> None:
    """What is asked for, without what it is filtered by: that may name a customer, and so may a name that is
    none of the catalogue's."""
    audit_note.told(
        metrics=[metric for query in queries for metric in query.metrics if metric in CATALOGUE],
        dimensions=[name for query in queries for name in query.dimensions if name in DIMENSIONS],
    )


def shown(found: Answer) -> dict[str, Any]:
    """An answer as JSON; `truncated` says whether `limit` cut rows off."""
    return {
        "columns": found.columns,
        "rows": found.rows,
        "totalRows": found.total_rows,
        "truncated": found.truncated,
        "asOf": iso(found.as_of),
        "zone": found.zone,
        "start": iso(found.start),
        "end": iso(found.end),
        "sources": found.sources,
        "masked": sorted(found.masked),
        "suppressed": found.suppressed,
        "names": found.names,
    }


def _explained(part: query.Explained) -> dict[str, Any]:
    return asdict(part) | {"start": iso(part.start), "end": iso(part.end)}


@cache
def catalogue() -> dict[str, Any]:
    """Every metric and every dimension, as JSON."""
    return {
        "metrics": [
            {
                "name": metric.name,
                "label": metric.label,
                "unit": metric.unit,
                "group": metric.group,
                "description": metric.description,
                "additivity": metric.additivity,
                "money": metric.money,
                "dimensions": metric.dimensions,
                "grains": metric.grains,
            }
            for metric in CATALOGUE.values()
        ],
        "dimensions": [
            {
                "name": dimension.name,
                "label": dimension.label,
                "kind": dimension.kind,
                "description": dimension.description,
            }
            for dimension in DIMENSIONS.values()
        ],
    }
