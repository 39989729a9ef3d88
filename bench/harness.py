"""What every benchmark needs: a fresh production server, a tenant of its own, and who took how much CPU."""

import json
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import psycopg

from data.demo_house import HALL
from data.engine import Database
from data.folder import read_urls
from data.tokens import create_token
from data.users import add_user

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A running Housecount: supervisor, gunicorn, worker, embedded PostgreSQL and Redis, no demo."""

    port: int
    database_url: str
    redis_url: str
    supervisor: psutil.Process

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds used so far by kind of process (web, postgres, redis, …), with those that ended."""
        used: dict[str, float] = {}
        for process in [self.supervisor, *self.supervisor.children(recursive=True)]:
            try:
                times = process.cpu_times()
                name = _kind(process)
            except psutil.NoSuchProcess:
                continue
            ended = times.children_user + times.children_system if name == "postgres" else 0.0
            used[name] = used.get(name, 0.0) + times.user + times.system + ended
        return used


@dataclass(frozen=True)
class Meter:
    """CPU seconds since it was made: of the server by kind of process, and of everything that is not ours."""

    server: Server
    at: float
    ours: dict[str, float]
    everything: float

    @classmethod
    def start(cls, server: Server) -> "Meter":
        """From now on."""
        return cls(server, time.perf_counter(), server.cpu_seconds(), _busy_seconds())

    def used(self) -> dict[str, float]:
        """CPU seconds of the server's processes."""
        return {name: spent - self.ours.get(name, 0.0) for name, spent in self.server.cpu_seconds().items()}

    def others(self) -> float:
        """Cores kept busy meanwhile by neither the server nor the benchmark: 0 on a quiet machine."""
        seconds = time.perf_counter() - self.at
        spent = _busy_seconds() - self.everything - sum(self.used().values())
        return max(0.0, spent / seconds)


def _busy_seconds() -> float:
    """CPU seconds of the whole machine, less those of this process and the children it has waited for."""
    machine, own = psutil.cpu_times(), os.times()
    busy = machine.user + machine.nice + machine.system + machine.irq + machine.softirq
    return busy - (own.user + own.system + own.children_user + own.children_system)


@dataclass(frozen=True)
class Tenant:
    """A tenant with one venue, a user and a token."""

    tenant_id: UUID
    token: str
    email: str
    password: str


MASTER_KEY = "the-master-key-of-every-benchmark-server"
"""So that a benchmark can add tenants itself."""


@contextmanager
def server(kept: Path | None = None, **settings: object) -> Iterator[Server]:
    """A fresh server in a folder of its own, stopped and deleted afterwards; `settings`: see .env.example.

    With `kept`, a server on the data in this folder, which stays.
    """
    with _folder(kept) as folder:
        port = free_port()
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "PYTHONPATH")
        }
        environment |= {
            "DATA_DIR": folder,
            "PORT": str(port),
            "METRICS_PORT": "0",
            "DEMO": "false",
            "LOG_LEVEL": "warning",
            "MASTER_KEY": MASTER_KEY,
        }
        environment |= {name.upper(): str(value) for name, value in settings.items()}
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
        try:
            wait_until_it_answers(process, f"http://127.0.0.1:{port}/livez")
            urls = read_urls(Path(folder))
            assert urls is not None
            yield Server(port, urls.database_url, urls.redis_url, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@contextmanager
def _folder(kept: Path | None) -> Iterator[str]:
    if kept is not None:
        yield str(kept)
        return
    with tempfile.TemporaryDirectory(prefix="housecount-bench-") as folder:
        yield folder


def new_tenant(running: Server) -> Tenant:
    """A tenant nobody else uses; its venue is called like the demo's main hall, without zones and gates."""
    tenant_id, venue_id, email = uuid4(), uuid4(), f"bench-{secrets.token_hex(4)}@housecount.example"
    password = secrets.token_urlsafe(12)
    database = Database(running.database_url, max_size=1)
    try:
        with database.tenant(tenant_id) as tenant:
            tenant.execute(
                "INSERT INTO tenants (tenant_id, slug, name, customer_key) VALUES (%s, %s, 'Bench', %s)",
                [tenant_id, f"bench-{tenant_id.hex}", secrets.token_bytes(32)],
            )
            tenant.execute(
                "INSERT INTO venues (tenant_id, venue_id, external_id, name, zone, currency, capacity)"
                " VALUES (%s, %s, %s, 'The Hall', 'Europe/London', 'GBP', %s)",
                [tenant_id, venue_id, HALL.ref, HALL.capacity],
            )
            token = create_token(tenant, "bench", ["send", "read", "write"])
            add_user(tenant, email, "Bench", "owner", password)
    finally:
        database.close()
    return Tenant(tenant_id, token, email, password)


def scalar(running: Server, tenant: Tenant, query: str) -> Any:
    """The single value of a query on the tenant's rows; `%(tenant)s` stands for its id."""
    database = Database(running.database_url, max_size=1)
    try:
        with database.tenant(tenant.tenant_id) as connection:
            row = connection.execute(query, {"tenant": tenant.tenant_id}).fetchone()
    finally:
        database.close()
    assert row is not None
    return row[0]


def print_machine(running: Server) -> None:
    """Processor, cores, memory, system, Python and PostgreSQL, and how busy the machine is already."""
    with psycopg.connect(running.database_url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
        durable = connection.execute("SHOW synchronous_commit").fetchone()
    assert row is not None
    assert durable is not None
    processor = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release()}"
    print(f"machine: {processor}, {os.cpu_count()} cores, {memory:.0f} GB, {system}")
    print(f"software: Python {platform.python_version()}, PostgreSQL {row[0]}, commits durable: {durable[0]}")
    print(f"load before: {', '.join(f'{one:.2f}' for one in os.getloadavg())}, {time.strftime('%F %T %Z')}")


def print_result(result: Mapping[str, float | int]) -> None:
    """The last line: one JSON object."""
    print(json.dumps(result), flush=True)


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(process: subprocess.Popen[bytes], address: str) -> None:
    """Raises RuntimeError when the process ends, or says nothing for a minute."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not answer at {address}; its output is above.")


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline()[:6])
    for name in ("postgres", "redis-server", "gunicorn", "jobs worker"):
        if name in command:
            return {"redis-server": "redis", "gunicorn": "web", "jobs worker": "worker"}.get(name, name)
    return "supervisor"
