"""How an operation is described: what it takes, what it answers, and what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Schema = Mapping[str, Any]
Codes = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is not one JSON value of a type: its media types, each with its schema (None for bytes)."""

    kinds: Mapping[str, Schema | None]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the address; `place` is where it stands."""

    name: str
    schema: Schema
    text: str
    place: Literal["query", "path", "header"] = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of an address does.

    `path` is written as Flask writes it. `answers` has for each good status the type of its body (from
    `api/shapes`), a `Content`, or None without one. `problems` are the codes of this operation's own, by
    status; those of signing in, of reading a body and of keys come on top (`api/reference/problems.py`).
    `examples` are bodies that work. `versioned` operations take the version in If-Match.
    """

    method: Method
    path: str
    name: str
    summary: str
    answers: Mapping[int, Any]
    text: str = ""
    rule: str = ""
    body: type[BaseModel] | tuple[type[BaseModel], ...] | Content | None = None
    body_needed: bool = True
    examples: tuple[Any, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    problems: Codes = field(default_factory=dict)
    headers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    versioned: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Operations that belong together. `rule` names their rule in `api/rules.py`, unless one has its own."""

    name: str
    text: str
    rule: str
    operations: tuple[Operation, ...]

    def rule_of(self, operation: Operation) -> str:
        """The name of an operation's rule."""
        return operation.rule or self.rule


TEXT: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "format": "uuid"}
FLAG: Schema = {"enum": ["0", "1", "false", "true"]}
LIMIT = Parameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 200}, "How many at most; 50 when not said."
)
CURSOR = Parameter("cursor", TEXT, "The `nextCursor` of the page before.")
