"""The live routes with sign-in and the REST door, served for real: in this process or by gunicorn."""

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from flask import Flask
from werkzeug.serving import make_server

from api import audit, gate, health, ingest, login, problems, realtime, stream
from api.hub import Hub
from config import Settings
from data.audit_entry import Keys
from data.audit_log import AuditLog
from data.counters import Counters
from data.directory import Directory
from data.engine import Database
from data.keys import MasterKeys
from data.live_publisher import LivePublisher
from data.live_redis import LiveStore
from data.permissions import SCOPES
from data.services import Services
from data.telemetry import Telemetry
from data.tokens import create_token
from data.users import Role, add_user
from ingest.group_commit import OneByOne
from tests.conftest import Tenant

LARGE = 20_000_000
"""Bytes of an answer that no buffer of the kernel holds."""


@dataclass
class House:
    """An application and what stands behind it."""

    server: Flask
    services: Services
    hub: Hub
    stack: contextlib.ExitStack

    def close(self) -> None:
        self.stack.close()


def build(
    database_url: str, redis_url: str, *, tempo: dict[str, float] | None = None, **options: Any
) -> House:
    """The application on these servers, with threads of its own."""
    settings = Settings(_env_file=None, secret_key="k" * 32, demo=False, **options)
    stack = contextlib.ExitStack()
    database = Database(database_url, max_size=6, master=MasterKeys(settings.master_keys()))
    stack.callback(database.close)
    store = LiveStore(redis_url, settings.redis_prefix)
    stack.callback(store.close)
    live = LivePublisher(database, store, Telemetry())
    stack.callback(live.close)
    counters = Counters(redis_url, settings.redis_prefix, "k" * 32)
    stack.callback(counters.close)
    services = Services(
        settings,
        database,
        Directory(database),
        OneByOne(database, live),
        live,
        counters,
        AuditLog(database, Keys(["k" * 32])),
    )
    server = Flask("live", template_folder="api/templates")
    server.jinja_env.globals["asset_url"] = lambda name: f"/assets/{name}"
    login.register(server, services)
    gate.register(server, services)
    problems.register(server)
    stack.callback(ingest.register(server, services).close)
    realtime.register(server, services)
    hub = stream.register(server, services, **(tempo or {}))
    stack.callback(hub.close)
    health.register(server, services, hub)
    audit.register(server, services.trail)
    # As open as an asset: the gate closes what has no rule.
    server.add_url_rule("/api/large", "asset.large", lambda: "x" * LARGE)
    server.add_url_rule("/api/fail", "asset.fail", lambda: str(1 / 0))
    return House(server, services, hub, stack)


def serve() -> Flask:
    """For gunicorn: the servers are in the environment."""
    house = build(
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"], redis_prefix=os.environ["REDIS_PREFIX"]
    )
    return house.server


@dataclass(frozen=True)
class Served:
    """Where it is."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        return f"ws://127.0.0.1:{self.port}{stream.PATH}"


@contextlib.contextmanager
def served_here(house: House) -> Iterator[Served]:
    """Werkzeug's threaded server in this process."""
    server = make_server("127.0.0.1", 0, house.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        until(lambda: house.hub.there, "the hub to find Redis")
        yield Served(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def served_by_gunicorn(
    database_url: str, redis_url: str, redis_prefix: str, *options: str
) -> Iterator[Served]:
    """A process of its own, by gunicorn with the configuration of production, four threads and `options`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "tests.live.served:serve()", *options]
    command += ["--threads=4", f"--bind=127.0.0.1:{port}", "--graceful-timeout=2"]
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": redis_prefix,
    }
    process = subprocess.Popen(command, env=environment)
    served = Served(port)
    try:
        until(lambda: _answers(served), "gunicorn to serve", seconds=20)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=15)


def until(true: Any, what: str, seconds: float = 10.0) -> float:
    """Wait until `true()` and return how many seconds that took."""
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)
    return time.monotonic() - started


def token_of(database: Database, tenant: Tenant) -> str:
    """A fresh API token of the tenant."""
    with database.tenant(tenant.tenant_id) as connection:
        return create_token(connection, "test", SCOPES)


def fresh_prefix() -> str:
    """A Redis prefix that nobody else uses."""
    return f"test-{secrets.token_hex(4)}"


def _answers(served: Served) -> bool:
    try:
        return httpx.get(f"{served.url}/ws-health", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def sign_in(database: Database, served: Served, tenant: Tenant, role: Role = "manager") -> str:
    """The session cookie of somebody who has signed in with the form."""
    email = f"{role}-{tenant.tenant_id}@example.com"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Somebody", role, "a long password")
    with httpx.Client(base_url=served.url) as browser:
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get("/login").text)
        assert csrf is not None
        browser.post("/login", data={"email": email, "password": "a long password", "csrf": csrf[1]})
        return f"housecount={browser.cookies['housecount']}"
