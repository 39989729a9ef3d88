"""The schemas of the document: bodies from their pydantic models, answers from the types in `api/shapes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.reference import messages
from api.reference.operation import Content
from api.reference.subjects import SUBJECTS
from ingest.message import KINDS

_REF = "#/components/schemas/{}"
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` is for programs, `detail` for people; `field` and "
    "`value` name what is at fault.",
    "required": ["type", "title", "status", "code", "detail", "requestId"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "value": {"type": "string"},
        "requestId": {"type": "string"},
        "nearest": {"type": "string", "description": "The valid name that was probably meant."},
        "faults": {
            "type": "array",
            "description": "Everything that is wrong with a body.",
            "items": {
                "type": "object",
                "required": ["field", "value", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "value", "detail")},
            },
        },
        "version": {"type": "integer", "description": "The present version, where somebody saved meanwhile."},
        "savedBy": {"type": "string"},
        "savedAt": {"type": "string", "format": "date-time"},
        "changes": {"type": ["array", "string"]},
    },
}


def schema_of(of: Any) -> Mapping[str, Any]:
    """The schema of a body or an answer: a reference, or one of several."""
    if isinstance(of, tuple):
        return {"anyOf": [schema_of(one) for one in of]}
    return {"$ref": _REF.format(of.__name__)}


@cache
def schemas() -> Mapping[str, Any]:
    """All schemas by name."""
    models = [of for of in _types("body") if issubclass(of, BaseModel)]
    _, defined = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, ref_template=_REF.format("{model}")
    )
    _, shapes = msgspec.json.schema_components(tuple(_types("answers")), ref_template=_REF.format("{name}"))
    found: dict[str, Any] = dict(defined["$defs"])
    twice = found.keys() & shapes.keys()
    assert not twice, twice
    found |= shapes | {"Problem": PROBLEM}
    found |= {messages.component(kind): messages.schema_of(kind) for kind in KINDS.values()}
    return dict(sorted(found.items()))


def _types(side: str) -> Iterator[Any]:
    seen: set[Any] = set()
    for subject in SUBJECTS:
        for operation in subject.operations:
            sides = [operation.body] if side == "body" else list(operation.answers.values())
            for of in sides:
                for one in of if isinstance(of, tuple) else (of,):
                    if one is not None and not isinstance(one, Content) and one not in seen:
                        seen.add(one)
                        yield one
