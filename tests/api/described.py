"""Whether an answer is one that the reference describes: its status, type of content, body and code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, WebsocketMismatch
from werkzeug.test import TestResponse

from api.ingest import SINGLE
from api.reference.document import document, openapi_path

DOOR = {f"{prefix}{name}" for prefix in ("/api/v1/", "/api/") for name in (*SINGLE, "ingest/batch", "batch")}


@cache
def closed() -> Mapping[str, Any]:
    """The document, in which an answer may have no member that is not described.

    Readers have to pass over members they do not know; here such a member was forgotten.
    """
    described: dict[str, Any] = dict(document())
    schemas = dict(described["components"]["schemas"])
    for name in answered(described):
        if "properties" in schemas[name] and name != "Problem":
            schemas[name] = schemas[name] | {"additionalProperties": False}
    return described | {"components": described["components"] | {"schemas": schemas}}


def answered(described: Mapping[str, Any]) -> set[str]:
    """The names of all schemas that answers lead to."""
    found: set[str] = set()
    waiting: list[Any] = [
        response
        for path in described["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
    ]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(described["components"]["schemas"][name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


def require_described(server: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Raises AssertionError for an answer of the API that the reference knows nothing of."""
    address = address_of(server, method, path)
    if address is None:
        return
    operation = closed()["paths"][openapi_path(address)].get(method.lower())
    assert operation is not None, f"{method} {address} is not described"
    responses = operation["responses"]
    status = str(answer.status_code)
    assert status in responses, f"{method} {address} answers {status}: {answer.text[:300]}"
    content = responses[status].get("content", {})
    for name in responses[status].get("headers", {}):
        assert name in answer.headers, f"{method} {address} answers {status} without {name}"
    if not content:
        assert answer.get_data() == b"", f"{method} {address} answers {status} with a body"
        return
    assert answer.mimetype is not None
    assert answer.mimetype in content, f"{method} {address} answers {status} as {answer.mimetype}"
    if answer.is_json and "schema" in content[answer.mimetype]:
        validate(content[answer.mimetype]["schema"], answer.json)


def validate(schema: Mapping[str, Any], value: Any) -> None:
    """Raises AssertionError for a value that this schema of the document does not describe."""
    whole = dict(schema) | {"components": closed()["components"]}
    errors = list(jsonschema_rs.Draft202012Validator(whole, validate_formats=True).iter_errors(value))
    assert errors == [], "\n".join(f"{error.instance_path}: {error.message[:500]}" for error in errors)


def address_of(server: Flask, method: str, path: str) -> str | None:
    """The address of the API that this path leads to, as Flask writes it; None for none and for pages."""
    path = path.partition("?")[0]
    if path in DOOR:
        return path
    try:
        found, _ = server.url_map.bind("localhost").match(path, method, return_rule=True)
    except (HTTPException, RequestRedirect, WebsocketMismatch):
        return None
    rule = found.rule
    assert isinstance(rule, str)
    known = openapi_path(rule) in closed()["paths"]
    assert known or not rule.startswith("/api/") or found.endpoint == "unknown", f"{rule} is not described"
    return rule if known else None
