"""Text from outside never becomes part of a query: it is bound, or looked up in what we wrote ourselves.

Statements are put together from fragments inside data/. What is followed here is text that a function is
given: through local names, concatenation and formatting, into a string that reads like SQL, and from one
function of data/ into the next. Where that ends in a parameter that somebody outside data/ fills, the
query could be theirs. Looking text up (`COLUMNS[name]`), comparing it and handing it to a function that
does not put it into SQL end the trail, and so does keeping it in an object.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import package, production

SQL = re.compile(
    r"\b(SELECT|FROM|WHERE|INSERT|INTO|UPDATE|DELETE|SET|VALUES|JOIN|ORDER BY|GROUP BY|HAVING|LIMIT|AND|OR|AS"
    r"|IN|ANY|CASE|WHEN|THEN|UNION|CREATE|ALTER|DROP|coalesce|sum|max|min|count)\b|::"
)
PASSING = {"join", "format", "strip", "removeprefix", "removesuffix", "lower", "upper", "replace", "sub"}
"""Methods whose result still holds the text they were given."""

COLLECTIONS = {*dir(list), *dir(dict), *dir(set), *dir(str)}
"""Methods that are ours only when called on one of our modules."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Builders = dict[str, tuple[list[str], set[str]]]
"""Function → its parameters by position, and those of them that become part of a query."""


def test_no_text_from_outside_data_is_put_into_a_query() -> None:
    modules = production()
    written = builders({path: tree for path, tree in modules.items() if package(path) == "data"})
    assert written.keys() >= {"rows_of_days", "increment", "sale_value"}  # It sees those that do.
    outside = {path: tree for path, tree in modules.items() if package(path) != "data"}
    assert [*calls_from(outside, written)] == []


@pytest.mark.parametrize(
    ("body", "caught"),
    [
        ('db.execute(f"SELECT * FROM events WHERE name = {name}")', True),
        ("db.execute(\"SELECT * FROM events WHERE name = '%s'\" % name)", True),
        ('db.execute("SELECT * FROM events ORDER BY " + name)', True),
        ('db.execute("SELECT * FROM {}".format(name))', True),
        ('told = name.strip()\n    db.execute(f"SELECT 1 WHERE {told}")', True),
        ("return _deeper(name)", True),
        ('parts = []\n    parts.append(name)\n    db.execute("SELECT " + ", ".join(parts))', True),
        ('db.execute("SELECT * FROM events WHERE name = %s", [name])', False),
        ('db.execute(f"SELECT {COLUMNS[name]} FROM events")', False),
        ('db.execute(f"SELECT {TABLE} FROM events WHERE name = %s", [name])', False),
        ('raise ValueError(f"no event {name}")', False),
    ],
)
def test_the_trail_is_followed(body: str, caught: bool) -> None:
    ours = ast.parse(
        f"def find(db: object, name: str) -> None:\n    {body}\n"
        'def _deeper(part: str) -> str:\n    return f"SELECT {part}"\n'
    )
    theirs = ast.parse('from data.events import find\nfind(db, request.args["name"])\nfind(db, "fixed")')
    found = calls_from({Path("api/events.py"): theirs}, builders({Path("data/events.py"): ours}))
    assert [*found] == (["api/events.py:2 puts text into the SQL of find(name)"] if caught else [])


def builders(modules: dict[Path, ast.Module]) -> Builders:
    """Those of the functions that put text they are given into a query, by `called` names."""
    functions = [
        (path, tree, node)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]
    found: Builders = {}
    grown = True
    while grown:  # What one puts into SQL is put there by whoever calls it, too.
        grown = False
        for path, tree, function in functions:
            name = called(function.name, path)
            positions, texts = parameters(function)
            known = found.get(name, (positions, set()))[1]
            reached = texts & names_in_queries(function, found, path, imports(tree))
            if reached - known:
                found[name] = (positions, known | reached)
                grown = True
    return found


def parameters(function: Function) -> tuple[list[str], set[str]]:
    """All parameters by position (those by keyword after them), without self; and those that take text."""
    spec = function.args
    given = [
        one for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs) if one.arg not in ("self", "cls")
    ]
    texts = {
        one.arg
        for one in given
        if one.annotation is not None and re.search(r"\bstr\b", ast.unparse(one.annotation))
    }
    return [one.arg for one in given], texts


def names_in_queries(function: Function, found: Builders, path: Path, modules: frozenset[str]) -> set[str]:
    """Every name whose text gets into a query in this function, directly or by way of a local name."""
    sources: defaultdict[str, set[str]] = defaultdict(set)
    wanted: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    sources[target.id] |= carried(node.value)
        elif isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name):
            sources[node.target.id] |= carried(node.iter)
        if isinstance(node, ast.expr) and reads_like_sql(node):
            wanted |= carried(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "extend"):
                sources[ast.unparse(node.func.value)].update(*map(carried, node.args))
            for argument in filled(node, found, path, modules):
                wanted |= carried(argument)
    while more := {name for one in wanted for name in sources[one]} - wanted:
        wanted |= more
    return wanted


@cache
def reads_like_sql(node: ast.expr) -> bool:
    """Whether a text is put together here, by any of the ways there are, around pieces of SQL."""
    formatted = (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod))
        or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        )
    )
    own = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)] if formatted else []
    return any(isinstance(text, str) and SQL.search(text) for text in own)


@cache
def carried(node: ast.expr) -> set[str]:
    """The names whose text is in the value of an expression."""
    match node:
        case ast.Name():
            return {node.id}
        case ast.Subscript():
            return carried(node.value)
        case ast.Compare() | ast.Lambda():
            return set()
        case ast.IfExp():
            return carried(node.body) | carried(node.orelse)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in PASSING:
            return {
                name
                for part in (owner, *node.args, *(k.value for k in node.keywords))
                for name in carried(part)
            }
        case ast.Call():
            return set()
        case ast.Attribute():
            return set()
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
            return carried(node.elt)
    return {
        name for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr) for name in carried(part)
    }


def called(name: str, path: Path) -> str:
    """Public functions go by their bare name, private ones belong to their module."""
    return f"{path}:{name}" if name.startswith("_") else name


@cache
def imports(tree: ast.Module) -> frozenset[str]:
    """The modules of data/ by the names they have here."""
    return frozenset(
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "data"
        for alias in node.names
    )


@cache
def called_as(call: ast.Call) -> tuple[str, str]:
    """What stands before the dot of a call, and behind it."""
    owner, _, name = ast.unparse(call.func).rpartition(".")
    return owner, name


def filled(call: ast.Call, found: Builders, path: Path, modules: frozenset[str]) -> Iterator[ast.expr]:
    """What is given for those parameters of a builder that become part of a query."""
    owner, name = called_as(call)
    if name in COLLECTIONS and owner and owner not in modules:
        return
    positions, reached = found.get(called(name, path), ([], set()))
    yield from (argument for place, argument in zip(positions, call.args, strict=False) if place in reached)
    yield from (keyword.value for keyword in call.keywords if keyword.arg in reached)


def calls_from(modules: dict[Path, ast.Module], found: Builders) -> Iterator[str]:
    """Where a module fills such a parameter with anything but a literal."""
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and any(
                not isinstance(argument, ast.Constant)
                for argument in filled(node, found, path, imports(tree))
            ):
                name = called_as(node)[1]
                parts = ", ".join(sorted(found[name][1]))
                yield f"{path}:{node.lineno} puts text into the SQL of {name}({parts})"
