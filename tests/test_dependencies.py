"""What we run on: every file of every library is pinned by its hash, and every licence is a permitted one.

Known weaknesses change from day to day and are asked for online: `make audit-dependencies`.
"""

from __future__ import annotations

import re
import runpy
import socket
import threading
import tomllib
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
LOCK: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text())
PACKAGES: dict[str, dict[str, Any]] = {package["name"]: package for package in LOCK["package"]}
PERMITTED = frozenset(
    (
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",  # dnspython, which MongoDB's driver brings: as free as MIT.
        "LGPL-3.0-only",  # psycopg, used as the library it is and not changed.
        "MIT",
        "MIT-0",
        "MPL-2.0",  # certifi, likewise.
        "PSF-2.0",
        "Zlib",
    )
)
WRITTEN = {
    "2-clause BSD": "BSD-2-Clause",
    "Apache 2": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Older ways of writing a licence."""
ELSEWHERE = {"async-timeout"}
"""For Pythons older than ours: in the lock, never installed."""


def runtime() -> set[str]:
    """The names of all libraries that running needs."""
    found: set[str] = set()
    waiting = [
        (each["name"], tuple(each.get("extra", ()))) for each in PACKAGES["housecount"]["dependencies"]
    ]
    while waiting:
        name, extras = waiting.pop()
        package = PACKAGES[name]
        optional = package.get("optional-dependencies", {})
        needed = [each for extra in extras for each in optional.get(extra, ())]
        needed += [] if name in found else package.get("dependencies", [])
        found.add(name)
        waiting += [(each["name"], tuple(each.get("extra", ()))) for each in needed]
    return found


def unpinned(packages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The libraries that are not from PyPI, or of which a file has no hash."""
    for package in packages:
        if package["source"] == {"virtual": "."}:
            continue
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        hashed = all(re.fullmatch(r"sha256:[0-9a-f]{64}", file.get("hash", "")) for file in files)
        if package["source"] != {"registry": "https://pypi.org/simple"} or not files or not hashed:
            yield package["name"]


def licences(name: str) -> list[str]:
    """What a library says it may be used under, as SPDX names where we know them."""
    told = metadata.metadata(name)
    classifiers = [each.rpartition("::")[2].strip() for each in told.get_all("Classifier") or ()]
    known = [each for each in classifiers if each in WRITTEN]
    text = told.json.get("license_expression") or (known[0] if known else told.json.get("license") or "")
    parts = re.split(r" AND | OR ", str(text))
    return [WRITTEN.get(part, part) for part in parts]


def refused(name: str, found: Iterable[str]) -> list[str]:
    """The licences of a library that are not on the list."""
    return [f"{name}: {licence[:40]}" for licence in found if licence not in PERMITTED]


def test_every_file_of_every_library_is_pinned_by_its_hash() -> None:
    assert list(unpinned(PACKAGES.values())) == []


def test_a_library_without_a_hash_or_from_elsewhere_is_found() -> None:
    good = PACKAGES["flask"]
    bare = good | {"wheels": [{"url": good["wheels"][0]["url"]}]}
    git = good | {"source": {"git": "https://example.org/flask"}}
    assert list(unpinned([good, bare, git])) == ["flask", "flask"]


@pytest.mark.parametrize("name", sorted(runtime() - ELSEWHERE))
def test_every_library_that_running_needs_has_a_permitted_licence(name: str) -> None:
    assert refused(name, licences(name)) == []


def test_a_licence_that_is_not_permitted_is_found_and_so_is_none() -> None:
    assert refused("x", ["MIT", "AGPL-3.0-only", ""]) == ["x: AGPL-3.0-only", "x: "]


def test_nothing_is_excused_that_is_there() -> None:
    installed = {name for name in ELSEWHERE if list(metadata.distributions(name=name))}
    assert installed == set()
    assert runtime() >= ELSEWHERE


def test_a_service_that_knows_of_no_weaknesses_is_told_from_a_library_that_has_none() -> None:
    script = runpy.run_path(str(ROOT / ".ci" / "known_weaknesses.py"))

    class Mirror(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/simple") else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Mirror) as mirror:
        threading.Thread(target=mirror.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{mirror.server_port}"
        assert script["lacking"](f"{here}/simple/pip/", None) is None
        assert script["lacking"](f"{here}/pypi/pip/24.0/json", None).startswith("answers 404: ")
        mirror.shutdown()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert script["lacking"](url, None).startswith("cannot be reached: ")
