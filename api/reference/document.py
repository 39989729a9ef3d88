"""The OpenAPI 3.1 document of the API, made of the descriptions, the rules and the types of bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from api.reference.components import schema_of, schemas
from api.reference.operation import UUID, Content, Operation, Subject
from api.reference.problems import codes_of, takes_session
from api.reference.subjects import SUBJECTS, operations, rule_named
from api.rules import Rule
from data.permissions import PERMISSIONS

_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
_PATH_SCHEMAS = {
    "uuid": UUID,
    "int": {"type": "integer", "minimum": 0},
    "": {"type": "string", "minLength": 1},
}
_JSON, _PROBLEM = "application/json", "application/problem+json"
_TEXT = """\
Everything the pages show, and the doors by which messages come in. Times are ISO 8601 in UTC; money is in \
minor units of its currency after ISO 4217. Errors are RFC 9457 problems with a `code` for programs. A POST \
with an `Idempotency-Key` that comes again within a day gets its first answer and is not done again; forms \
that open a session refuse one. Lists that can grow are read page by page: `nextCursor` of one page is \
`cursor` of the next."""
_HEADERS = {
    "ETag": "The version.",
    "Location": "Where it is from now on.",
    "Retry-After": "Seconds.",
    "WWW-Authenticate": "How to sign in.",
}


@cache
def document() -> Mapping[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for subject, operation, path in operations():
        described = _operation(subject, operation, path)
        paths.setdefault(openapi_path(path), {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Housecount", "version": "1", "description": _TEXT},
        "servers": [{"url": "/"}],
        "tags": [{"name": subject.name, "description": subject.text} for subject in SUBJECTS],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token of one organisation, `hc_…`, for some of its scopes, or a "
                    "JSON Web Token of the installation's issuer. A request may be signed instead, without "
                    "a token (HTTP Message Signatures): docs/programs.md.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "housecount",
                    "description": "Of somebody signed in. What changes something is taken from our own "
                    "pages: `Origin` or `Sec-Fetch-Site` must say so.",
                },
            },
        },
    }


def openapi_path(path: str) -> str:
    """`/x/{id}` of `/x/<uuid:id>`."""
    return _CONVERTER.sub(r"{\2}", path)


def _operation(subject: Subject, operation: Operation, path: str) -> dict[str, Any]:
    rule = rule_named(subject.rule_of(operation))
    described: dict[str, Any] = {
        "operationId": operation.name + ("" if path == operation.path else "Unversioned"),
        "summary": operation.summary,
        "tags": [subject.name],
        "security": _security(operation, rule),
        "responses": dict(_responses(operation, rule)),
    }
    if operation.text:
        described["description"] = operation.text
    if path != operation.path:
        described["description"] = f"The same as {openapi_path(operation.path)}."
    parameters = [*_parameters(operation, path), *_headers(operation, rule)]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    permission = rule.permission(operation.method) if rule.way == "permitted" else None
    if permission is not None:
        described["x-permission"] = permission
    return described


def _security(operation: Operation, rule: Rule) -> list[dict[str, list[str]]]:
    if rule.way == "anyone" or rule.way == "own":
        return []
    permission = rule.permission(operation.method)
    scope = PERMISSIONS[permission].scope if permission is not None else None
    ways: list[dict[str, list[str]]] = []
    if permission is None or scope is not None:  # Some permissions are for no token.
        ways.append({"token": [scope] if scope is not None else []})
    if takes_session(operation, rule):
        ways.append({"session": []})
    return ways


def _parameters(operation: Operation, path: str) -> Iterator[dict[str, Any]]:
    known = {parameter.name: parameter for parameter in operation.parameters}
    for kind, name in _CONVERTER.findall(path):
        own = known.pop(name, None)
        schema = own.schema if own is not None and not kind else _PATH_SCHEMAS[kind]
        yield {"name": name, "in": "path", "required": True, "schema": schema} | (
            {"description": own.text} if own is not None else {}
        )
    for parameter in known.values():
        yield {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required,
            "schema": parameter.schema,
            "description": parameter.text,
        }


def _headers(operation: Operation, rule: Rule) -> Iterator[dict[str, Any]]:
    if operation.method == "POST":
        text = "A word of your choice: the same request under it is done once in a day."
        yield _header("Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,255}$"}, text, False)
    if operation.versioned:
        yield _header(
            "If-Match", {"type": "string", "pattern": '^"[0-9]{1,9}"$'}, "The version you saw.", True
        )


def _header(name: str, schema: Mapping[str, Any], text: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": text}


def _body(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.body, Content):
        content = {
            kind: {} if schema is None else {"schema": schema}
            for kind, schema in operation.body.kinds.items()
        }
    else:
        content = {_JSON: {"schema": schema_of(operation.body)}}
    first: dict[str, Any] = next(iter(content.values()))
    if operation.examples:
        first["examples"] = {str(i): {"value": value} for i, value in enumerate(operation.examples, 1)}
    return {"required": operation.body_needed, "content": content}


def _responses(operation: Operation, rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    codes = codes_of(operation, rule)
    for status in sorted({*operation.answers, *codes}):
        content: dict[str, Any] = {}
        if status in operation.answers:
            body = operation.answers[status]
            if isinstance(body, Content):
                content |= {
                    kind: {} if schema is None else {"schema": schema} for kind, schema in body.kinds.items()
                }
            elif body is not None:
                content[_JSON] = {"schema": schema_of(body)}
        if status in codes:
            content[_PROBLEM] = {"schema": _problem(status, codes[status])}
        names = operation.headers.get(status, ())
        yield str(status), _response(operation, status, names) | ({"content": content} if content else {})


def _response(operation: Operation, status: int, names: tuple[str, ...]) -> dict[str, Any]:
    headers = {
        name: {"description": _HEADERS[name], "required": True, "schema": {"type": "string"}}
        for name in names
    }
    return {"description": _MEANING[status]} | ({"headers": headers} if headers else {})


def _problem(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    own = {"status": {"const": status}, "code": {"enum": list(codes)}}
    return {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "object", "properties": own}]}


_MEANING = {
    101: "The socket is open.",
    200: "Done.",
    201: "Made.",
    202: "Taken.",
    204: "Done; there is nothing to say.",
    206: "A part of it.",
    304: "You have this version.",
    400: "The request cannot be read.",
    401: "Nobody we know asks.",
    403: "Not for you.",
    404: "Not there, or not for you.",
    409: "Not as things are.",
    410: "Gone.",
    412: "Somebody else saved meanwhile.",
    413: "Too large.",
    415: "Of no kind that is taken here.",
    416: "Not within the file.",
    422: "Read, and wrong.",
    428: "Say which version you saw.",
    429: "Too often.",
    501: "Not with this server.",
    503: "Not now: try again shortly.",
}
