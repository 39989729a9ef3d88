from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from api import oidc
from config import Settings
from data.engine import Database
from data.users import Role, add_user
from tests.conftest import Tenant
from tests.oidc.running import SECRET, Browser, Provider, Site, free_port, site_of

PASSWORD = "a long and quiet night"


@pytest.fixture(scope="session")
def settings_of(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Settings]:
    """Settings of an application at this port that signs people in by this provider."""

    def make(port: int, provider: Provider, **more: Any) -> Settings:
        return Settings(
            _env_file=None,
            database_url=postgres_url,
            redis_url=redis_url,
            redis_prefix=f"{redis_prefix}-oidc-{port}",
            data_dir=tmp_path_factory.mktemp("oidc"),
            public_url=f"http://127.0.0.1:{port}",
            port=port,
            **{
                "oidc_issuer": provider.issuer,
                "oidc_client_id": "housecount",
                "oidc_client_secret": SECRET,
                "oidc_name": "Linden ID",
                **more,
            },
        )

    return make


@pytest.fixture(scope="session")
def running(settings_of: Callable[..., Settings]) -> Iterator[tuple[Site, Provider]]:
    """The application and its provider, each on a port of its own."""
    port, provider = free_port(), Provider(free_port())
    provider.start(f"http://127.0.0.1:{port}")
    try:
        with site_of(settings_of(port, provider), port) as site:
            yield site, provider
    finally:
        provider.stop()


@pytest.fixture
def site(running: tuple[Site, Provider]) -> Site:
    return running[0]


@pytest.fixture
def provider(running: tuple[Site, Provider]) -> Provider:
    return running[1]


@pytest.fixture(autouse=True)
def many_from_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "PER_MINUTE", 10_000)


@pytest.fixture
def added(database: Database) -> Callable[..., str]:
    """Adds a person to a tenant as an owner does, and gives the e-mail back."""

    def add(tenant: Tenant, email: str = "", role: Role = "analyst") -> str:
        email = email or f"ada-{uuid4().hex[:12]}@example.org"
        with database.tenant(tenant.tenant_id) as connection:
            add_user(connection, email, "Ada Byron", role, PASSWORD)
        return email

    return add


@pytest.fixture
def browser(site: Site, provider: Provider) -> Iterator[Callable[..., Browser]]:
    """A new browser of somebody who signs in as this, at this site and its provider or at others."""
    opened: list[Browser] = []

    def new(typed: str, at: Site = site, by: Provider = provider) -> Browser:
        opened.append(Browser(at.url, by.issuer, typed))
        return opened[-1]

    yield new
    for each in opened:
        each.client.close()
