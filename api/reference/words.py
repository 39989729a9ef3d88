"""The reference in words: who may ask, and what a schema is, for the page and the short document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from api.reference.operation import Operation
from api.rules import Rule
from data.permissions import PERMISSIONS


class Part(NamedTuple):
    """A piece of a type's name; `to` is the shape that it leads to, "" for none."""

    text: str
    to: str = ""


def who(operation: Operation, rule: Rule) -> str:
    """Who may ask, in a few words."""
    permission = rule.permission(operation.method)
    if rule.way == "permitted" and permission is not None:
        grant = PERMISSIONS[permission]
        roles = sorted(grant.roles)
        token = [f"tokens with `{grant.scope}`"] if grant.scope is not None else []
        return "; ".join([*([", ".join(roles)] if roles else []), *token])
    words = {
        "anyone": "anyone",
        "known": "whoever is signed in, and any token",
        "session": "whoever is signed in",
    }
    return words.get(rule.way, rule.why)


def type_of(schema: Mapping[str, Any]) -> list[Part]:
    """What a value is, in words that lead to the shapes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [Part(name, name)]
    if "const" in schema:
        return [Part(repr(schema["const"]).replace("'", '"'))]
    if "enum" in schema:
        return [Part(" | ".join(f'"{value}"' for value in schema["enum"]))]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _either([type_of(one) for one in schema[several]])
    kind = schema.get("type", "any value")
    if kind == "array":
        return [Part("list of "), *type_of(schema.get("items", {}))]
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return [Part("map to "), *type_of(schema["additionalProperties"])]
    if isinstance(kind, list):
        return [Part(" | ".join(kind))]
    return [Part(schema.get("format", kind))]


def _either(ways: list[list[Part]]) -> list[Part]:
    found: list[Part] = []
    for way in ways:
        found += [Part(" | "), *way] if found else way
    return found
