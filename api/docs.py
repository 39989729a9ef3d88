"""The reference of the API, served: as OpenAPI 3.1 and as a page."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, render_template

from api.headers import plain_policy
from api.reference.components import schemas
from api.reference.document import document, openapi_path
from api.reference.operation import Operation, Subject
from api.reference.own import DOCUMENT, PAGE
from api.reference.subjects import SUBJECTS, rule_named
from api.reference.words import type_of, who

CACHED = {"Cache-Control": "private, max-age=300"}


def register(server: Flask) -> None:
    """Add /api/openapi.json and /api/docs."""
    routes = Blueprint("reference", __name__, template_folder="templates")
    encoded = msgspec.json.encode(document())

    @routes.get(DOCUMENT)
    def openapi() -> Response:
        return Response(encoded, headers=CACHED, content_type="application/json")

    @routes.get(PAGE)
    def page() -> Response:
        subjects = [(subject, [_shown(subject, each) for each in subject.operations]) for subject in SUBJECTS]
        html = render_template(
            "docs.html", about=document()["info"], subjects=subjects, shapes=schemas(), type_of=type_of
        )
        policy = {"Content-Security-Policy": plain_policy(str(server.jinja_env.globals["boot_script"]))}
        return Response(html, headers=CACHED | policy, mimetype="text/html")

    server.register_blueprint(routes)


def _shown(subject: Subject, operation: Operation) -> dict[str, Any]:
    """An operation as the page shows it."""
    path = openapi_path(operation.path)
    described: dict[str, Any] = document()["paths"][path][operation.method.lower()]
    content = described.get("requestBody", {}).get("content", {})
    return described | {
        "method": operation.method,
        "path": path,
        "aliases": [openapi_path(alias) for alias in operation.aliases],
        "who": who(operation, rule_named(subject.rule_of(operation))),
        "bodies": [(kind, type_of(of["schema"]) if "schema" in of else []) for kind, of in content.items()],
        "sent": [msgspec.json.format(msgspec.json.encode(each)).decode() for each in operation.examples],
        "told": [_told(status, response) for status, response in described["responses"].items()],
    }


def _told(status: str, response: dict[str, Any]) -> dict[str, Any]:
    """One status of the answers: the type of a good one, the codes of a problem."""
    content = dict(response.get("content", {}))
    problem = content.pop("application/problem+json", None)
    kinds = [(kind, type_of(of["schema"]) if "schema" in of else []) for kind, of in content.items()]
    codes = problem["schema"]["allOf"][1]["properties"]["code"]["enum"] if problem else []
    return {"status": status, "description": response["description"], "kinds": kinds, "codes": codes}
