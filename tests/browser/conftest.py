"""The real application in a process of its own, and Debian's Chromium looking at it."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from data.engine import Database
from data.tokens import create_token
from data.users import add_user
from tests.conftest import Tenant

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a long and quiet night"
CAPACITY = 10
PATIENCE = 30_000
"""Milliseconds: a speed is measured in bench/, here only whether it happens at all."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Site:
    """The production server; it can be stopped and started again on the same port."""

    port: int
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "app:create_server()"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        self._compress()

    def _compress(self) -> None:
        """Have the largest files compressed before a browser waits for them: on a busy machine that takes
        longer than any page may."""
        for path in re.findall(r"/assets/[0-9a-f]+/[a-z.]+", httpx.get(f"{self.url}/login").text):
            httpx.get(self.url + path, headers={"Accept-Encoding": "br"}, timeout=180)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(15)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing, as a server does whose machine hangs."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        processes = [self.process.pid, *map(int, children)]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(processes):
                os.kill(pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/login", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@dataclass
class Night:
    """An event for ten people under way at the tenant's venue, its manager, and a scanner with a token."""

    site: Site
    database: Database
    tenant: Tenant
    email: str
    token: str
    event_id: UUID = field(default_factory=uuid4)

    def post(self, **message: Any) -> None:
        """One message through the REST door, as any scanner or shop sends it."""
        message = {"eventId": str(self.event_id), "venueId": str(self.tenant.venue_id)} | message
        answer = httpx.post(
            f"{self.site.url}/api/v1/analytics/events",
            json=message,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == 202, answer.text

    def scan(self, ticket: str, **more: Any) -> None:
        """Somebody goes in by gate A."""
        now = datetime.now(UTC).isoformat()
        self.post(
            type="ticket-scan", ticketId=ticket, scannedAt=now, entryPoint="A", direction="entry", **more
        )

    def sell(self, ticket: str, amount: str) -> None:
        """A ticket is sold just now."""
        now = datetime.now(UTC).isoformat()
        self.post(type="ticket-purchase", ticketId=ticket, amount=amount, currency="GBP", timestamp=now)


@pytest.fixture(scope="session")
def site(postgres_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application on this session's database."""
    folder = tmp_path_factory.mktemp("site")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"test-{secrets.token_hex(4)}",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "METRICS_PORT": "0",
        "DEMO": "false",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    site = Site(port, environment, folder / "log")
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless. Only a developer's machine may be without it."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def night(site: Site, database: Database, tenant: Tenant) -> Night:
    """Doors opened an hour ago; nobody has come yet."""
    email = f"ada-{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, email, "Ada Byron", "manager", PASSWORD)
        token = create_token(connection, "scanner", ["send", "read", "write"])
        night = Night(site, database, tenant, email, token)
        connection.execute(
            "INSERT INTO events (tenant_id, venue_id, event_id, external_id, name, status, doors_at,"
            " starts_at, ends_at, physical_capacity, sellable_capacity) VALUES (%s, %s, %s, %s,"
            " 'Northern Lights', 'on_sale', now() - interval '1 hour', now() + interval '1 hour',"
            " now() + interval '4 hours', %s, %s)",
            [tenant.tenant_id, tenant.venue_id, night.event_id, f"n-{night.event_id}", CAPACITY, CAPACITY],
        )
    return night


@dataclass
class Watch:
    """What a browser did beside what we asked: requests to anywhere, complaints of the console."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def elsewhere(self, site: Site) -> list[str]:
        """Requests that left for another host."""
        return [url for url in self.requests if not url.startswith((site.url, "data:", "blob:"))]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def context(browser: Browser, site: Site, watch: Watch) -> Iterator[BrowserContext]:
    """A desk in a light room. Whatever a test does, no request may leave for another host."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    yield context
    context.close()
    assert watch.elsewhere(site) == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_in(page: Page, night: Night) -> None:
    """Through the form, to the board with its chart drawn and its line live."""
    page.goto(f"{night.site.url}/login")
    page.get_by_label("E-mail").fill(night.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    until_live(page)


def until(page: Page, expression: str) -> None:
    """Wait until it is true in the page, which by its policy cannot evaluate it by itself."""
    deadline = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_live(page: Page) -> None:
    page.wait_for_selector("#react-entry-point .js-plotly-plot .main-svg", state="attached")
    page.wait_for_selector('#react-entry-point [data-line="live"]')
