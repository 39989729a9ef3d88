"""The pages of a demo say how much of its history is there; those of a real venue say nothing of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from app import CLOSE, create_app
from config import Settings
from data.demo_handover import HISTORY, tell_history
from data.engine import Database
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant

SCAN = {"id": "scan-1", "eventId": "my-night", "ticketId": "T-1"}


@pytest.fixture(scope="module")
def server(postgres_url: str, redis_url: str, redis_prefix: str, folder: Path) -> Iterator[Flask]:
    settings = Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=f"{redis_prefix}-history",
        data_dir=folder,
    )
    server = create_app(settings).server
    yield server
    server.extensions[CLOSE]()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


def said(page: str) -> list[str]:
    """What the marks of a demo say."""
    return re.findall(r'class="mark demo"[^>]*>([^<]*)<', page)


@pytest.mark.parametrize("demo", [True, False])
def test_every_page_of_a_demo_says_how_much_of_its_history_is_there(
    server: Flask, folder: Path, database: Database, tenant: Tenant, postgres_url: str, demo: bool
) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.tenant_id)])
        connection.execute("UPDATE tenants SET demo = %s WHERE tenant_id = %s", [demo, tenant.tenant_id])
    program = Caller(server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})
    program.json("POST", "/api/v1/ingest/attendance", SCAN)
    ada = person(server, database, tenant, "owner")
    board = ada.json("POST", "/api/v1/dashboards", {"name": "Doors"})["id"]
    paths = ("/", "/sales", "/attendance", f"/dashboards/{board}")

    tell_history(folder, 42)
    assert {path: said(ada("GET", path).text) for path in paths} == {
        path: ["Demo history 42%"] if demo else [] for path in paths
    }
    tell_history(folder, 100)
    assert {path: said(ada("GET", path).text) for path in paths} == {
        path: ["Demo"] if demo else [] for path in paths
    }
    assert not (folder / HISTORY).exists()
