"""The whole application as it runs in production, and what it weighs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from data.engine import Database
from data.tokens import create_token
from tests.conftest import Tenant, new_tenant
from tests.live.served import fresh_prefix, until

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A served application, and a tenant with a token for everything."""

    port: int
    process: subprocess.Popen[bytes]
    database: Database
    tenant: Tenant
    token: str
    client: httpx.Client

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()

    def weight(self) -> int:
        """Bytes of memory of all of them."""
        return sum(worker.memory_info().rss for worker in self.workers())

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """The answer to these bytes."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
        return self.client.post(path, content=body, headers=raw)

    def letters(self) -> int:
        """How many refused messages of the tenant are kept."""
        with self.database.tenant(self.tenant.tenant_id) as connection:
            rows = connection.rows(
                "SELECT count(*) AS many FROM dead_letters WHERE tenant_id = %s", [self.tenant.tenant_id]
            )
        return int(rows[0]["many"])


@pytest.fixture(scope="session")
def running(
    postgres_url: str, redis_url: str, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The application behind gunicorn, with its configuration of production."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": fresh_prefix(),
        "DATA_DIR": str(tmp_path_factory.mktemp("fuzz")),
        "METRICS_PORT": "0",
        "PORT": str(port),
        "DEMO": "false",
    }
    tenant = new_tenant(postgres_url)
    with database.tenant(tenant.tenant_id) as connection:
        token = create_token(connection, "fuzz", ["send", "read", "write"])
    command = [sys.executable, "-m", "gunicorn", "app:create_server()"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        until(answers(f"http://127.0.0.1:{port}/health"), "the application to serve", seconds=90)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Running(port, process, database, tenant, token, client)
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(url: str) -> Callable[[], Any]:
    """Whether the address is there and well."""

    def ask() -> bool:
        try:
            return bool(httpx.get(url, timeout=5).json()["status"] == "ok")
        except (httpx.TransportError, ValueError):
            return False

    return ask
