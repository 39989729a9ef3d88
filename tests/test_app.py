"""The wired application: what it answers as a whole, whichever part is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient

from app import CLOSE, create_app
from config import ConfigurationError, Settings
from data.folder import Urls
from tests.conftest import fresh_database


@pytest.fixture(scope="module")
def settings(
    postgres_url: str, redis_url: str, redis_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        _env_file=None,
        database_url=postgres_url,
        redis_url=redis_url,
        redis_prefix=redis_prefix,
        data_dir=tmp_path_factory.mktemp("app"),
        demo=False,
    )


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[FlaskClient]:
    server = create_app(settings).server
    yield server.test_client()
    server.extensions[CLOSE]()


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nothing", "/api/v1/ingest/sale/more"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_api_path_is_a_problem_in_json_and_not_a_page(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == "not-found"


def test_a_wrong_method_on_a_known_api_path_is_a_405_that_names_the_right_one(client: FlaskClient) -> None:
    answer = client.get("/api/v1/ingest/sale")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/anything", "/_dash-layout", "/_dash-dependencies"])
def test_a_stranger_sees_nothing_of_the_pages(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (302, 401)
    assert b"dash" not in answer.data.lower()


@pytest.mark.parametrize("path", ["/assets/x", "/assets/x/y", "/assets/../app.py", "/assets/a/b/c.js"])
def test_an_asset_that_is_not_there_is_not_the_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (302, 404)
    assert b"dash" not in answer.data.lower()


def test_two_applications_live_in_one_process_and_close_on_their_own(
    settings: Settings, client: FlaskClient
) -> None:
    second = create_app(settings).server
    assert second.test_client().get("/login").status_code == 200
    second.extensions[CLOSE]()
    assert client.get("/login").status_code == 200


def test_a_closed_application_gives_its_connections_back(settings: Settings, server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url, psycopg.connect(url, autocommit=True) as connection:
        server = create_app(settings.model_copy(update={"database_url": url})).server
        assert server.test_client().get("/login").status_code == 200
        assert connections(connection) > 1
        server.extensions[CLOSE]()
        deadline = time.monotonic() + 10
        while connections(connection) > 1:  # Only ours; a server's process needs a moment to leave.
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_without_servers_the_application_says_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL and REDIS_URL"):
        create_app(Settings(_env_file=None))


def connections(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    ).fetchone()
    assert row is not None
    return row[0]
