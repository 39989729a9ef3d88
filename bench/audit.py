"""What the audit log adds to the load of a dashboard: a board of eight widgets, with the log and without it.

Two applications in this process ask the same PostgreSQL and Redis, in turn, one load each: the page with all
its figures drawn, and the callback by which the browser takes it over. Only one writes entries, each of
which is committed before the answer is there. Figures are read anew for each load, and in a second round come
from the cache, where the log weighs most.
"""

from __future__ import annotations

import argparse
import gc
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from app import CLOSE, create_app
from bench.board_page import Board, board_of
from bench.dashboard_data import UNTIL, DataSet, Size, fill
from bench.dashboard_rollups import fill_rollups
from bench.harness import percentile, print_result
from config import Settings
from data import embedded
from data.audit_entry import Entry, Keys
from data.audit_verify import Counted, verify
from data.engine import Database
from data.migrations import run

TENANT = UUID(int=0xA0D17)
SIZE = Size(20_000, 12_000)
BAR = "overhead ≤ 0.10"
OUTPUT = ".._pages_content.children..._pages_store.data.."


class Silent:
    """Where entries go that nobody keeps."""

    def record(self, tenant_id: UUID, entry: Entry) -> None:
        """Nothing."""


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-audit", description=__doc__)
    parser.add_argument("--loads", type=int, default=100, help="loads of each application in a round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="housecount-bench-") as folder, applications(folder) as two:
        fresh = measure(two, options.loads, cached=False)
        cached = measure(two, options.loads, cached=True)
        two.check()
    print(f"bars: {BAR}")
    print_result({"overhead": round(fresh, 4), "overhead_cached": round(cached, 4)})


class Two:
    """The application with the log and the one without, and somebody signed in to each."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url is not None
        assert settings.redis_url is not None
        self._settings = settings
        self._database = Database(settings.database_url, max_size=2)
        self._redis = Redis.from_url(settings.redis_url)
        self.board = board_of(self._database, DataSet(TENANT, UNTIL))
        self.servers = {
            "with": create_app(settings).server,
            "without": create_app(settings, trail=lambda _: Silent()).server,
        }
        self.clients = {name: signed_in(server, self.board) for name, server in self.servers.items()}

    def forget(self) -> None:
        """Nothing that was answered is remembered."""
        self._redis.flushdb()

    def check(self) -> None:
        """Stops the benchmark unless the one wrote a whole log, and the other nothing."""
        counted = Counted()
        found = list(verify(self._database, TENANT, Keys(self._settings.audit_keys()), counted=counted))
        if found or not counted.entries:
            raise SystemExit(f"The log is not whole: {found[:3]}")
        print(f"{counted.entries:,} entries were written, and verify")

    def close(self) -> None:
        """End both."""
        for server in self.servers.values():
            server.extensions[CLOSE]()
        self._database.close()
        self._redis.close()


@contextmanager
def applications(folder: str) -> Iterator[Two]:
    """Both, over a small data set on servers of their own."""
    with embedded.servers(Path(folder)) as urls:
        run.upgrade(urls.database_url)
        fill(urls.database_url, TENANT, SIZE)
        fill_rollups(urls.database_url, TENANT)
        settings = Settings(
            _env_file=None,
            database_url=urls.database_url,
            redis_url=urls.redis_url,
            data_dir=Path(folder),
            demo=False,
        )
        two = Two(settings)
        try:
            yield two
        finally:
            two.close()


def signed_in(server: Flask, board: Board) -> FlaskClient:
    """A client of the board's owner."""
    client = server.test_client()
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert form is not None
    answer = client.post("/login", data={"email": board.email, "password": board.password, "csrf": form[1]})
    assert answer.status_code == 303
    return client


def load(client: FlaskClient, board: Board) -> float:
    """The seconds that one load takes."""
    path = f"/dashboards/{board.board_id}"
    began = time.perf_counter()
    page = client.get(path)
    taken = client.post(
        "/_dash-update-component", json=callback(path), headers={"Origin": "http://localhost"}
    )
    took = time.perf_counter() - began
    if (page.status_code, taken.status_code) != (200, 200):
        raise SystemExit(f"The load failed: {page.status_code}, {taken.status_code}")
    return took


def callback(path: str) -> dict[str, Any]:
    """What Dash sends from the browser to take a page over."""
    location = "_pages_location"
    return {
        "output": OUTPUT,
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": location, "property": "pathname", "value": path},
            {"id": location, "property": "search", "value": ""},
        ],
        "state": [],
        "changedPropIds": [f"{location}.pathname"],
    }


def measure(two: Two, loads: int, *, cached: bool) -> float:
    """By what part of it the log lengthens a load: the median of the differences of neighbours, over the
    median load without the log."""
    took: dict[str, list[float]] = {"with": [], "without": []}
    for number in range(loads + 10):
        order = ("with", "without") if number % 2 else ("without", "with")
        gc.collect()
        for name in order:
            if not cached:
                two.forget()
            seconds = load(two.clients[name], two.board)
            if number >= 10:
                took[name].append(1000 * seconds)
    kind = "from the cache" if cached else "read anew"
    for name, own in took.items():
        print(f"{kind}, {name} the log: p50 {statistics.median(own):.1f}, p95 {percentile(own, 95):.1f} ms")
    differences = [one - other for one, other in zip(took["with"], took["without"], strict=True)]
    return statistics.median(differences) / statistics.median(took["without"])


if __name__ == "__main__":
    main()
