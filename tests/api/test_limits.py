"""Whoever asks too often is told so, by every door, and nobody else suffers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.auth import Callers
from app import CLOSE, create_app
from config import Settings
from data.engine import Database
from tests.api.caller import Caller, person
from tests.api.door import token_of
from tests.conftest import Tenant

HOURLY = {"rate_address_per_minute": 0, "rate_caller_per_minute": 0, "rate_tenant_per_minute": 0}


@pytest.fixture
def make(postgres_url: str, redis_url: str, redis_prefix: str, tmp_path: Path) -> Iterator[Any]:
    """Makes an application with rates of a test's own."""
    made: list[Flask] = []

    def server(**options: Any) -> Flask:
        settings = Settings(
            _env_file=None,
            database_url=postgres_url,
            redis_url=options.pop("redis_url", redis_url),
            redis_prefix=f"{redis_prefix}-limits-{tmp_path.name}",
            data_dir=tmp_path,
            **(HOURLY | options),
        )
        made.append(create_app(settings).server)
        return made[-1]

    yield server
    for one in made:
        one.extensions[CLOSE]()


def program(server: Flask, database: Database, tenant: Tenant) -> Caller:
    return Caller(server.test_client(), {"Authorization": f"Bearer {token_of(database, tenant)}"})


@pytest.mark.parametrize("redis", ["there", "away"])
def test_a_caller_who_asks_too_often_is_told_when_to_ask_again_and_others_are_answered(
    make: Any, database: Database, tenant: Tenant, redis: str
) -> None:
    away = {"redis_url": "redis://127.0.0.1:1/0"} if redis == "away" else {}
    server = make(rate_caller_per_minute=3, **away)
    busy, other = program(server, database, tenant), program(server, database, tenant)
    answers = [busy("GET", "/api/v1/dashboards") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"caller";q=3;w=60'
    assert answers[0].headers["RateLimit"] == '"caller";r=2'
    refused = answers[3]
    problem = refused.get_json()
    assert (refused.content_type, problem["code"]) == ("application/problem+json", "too-many-requests")
    assert problem["detail"] == "At most 3 requests in 60 seconds for each caller."
    assert 15 < int(refused.headers["Retry-After"]) <= 20
    assert re.fullmatch(r'"caller";r=0;t=\d+', refused.headers["RateLimit"])
    assert other("GET", "/api/v1/dashboards").status_code == 200


def test_a_tenant_is_held_to_its_rate_whoever_of_it_asks(
    make: Any, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    server = make(rate_tenant_per_minute=3)
    statuses = [program(server, database, tenant)("GET", "/api/v1/dashboards").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert program(server, database, other_tenant)("GET", "/api/v1/dashboards").status_code == 200


def test_an_address_is_held_to_its_rate_before_anybody_is_looked_up(make: Any) -> None:
    server = make(rate_address_per_minute=3)
    client = server.test_client()
    paths = ["/api/v1/dashboards", "/login", "/api/none", "/sales", "/api/v1/dashboards"]
    assert [client.get(path).status_code for path in paths] == [401, 200, 404, 429, 429]
    assert client.get("/livez").status_code == 200
    assert client.get("/favicon.ico").status_code == 302
    other = {"REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/login", environ_base=other).status_code == 200


def test_pages_and_callbacks_of_a_person_count_as_well(make: Any, database: Database, tenant: Tenant) -> None:
    server = make(rate_caller_per_minute=2)
    ada = person(server, database, tenant, "owner")
    assert [ada("GET", "/gallery").status_code for _ in range(3)] == [200, 200, 429]


def test_who_sends_messages_has_a_rate_of_their_own(make: Any, database: Database, tenant: Tenant) -> None:
    server = make(rate_ingest_per_second=1)
    sender = program(server, database, tenant)
    statuses = [sender("POST", "/api/v1/ingest/batch", [{}]).status_code for _ in range(8)]
    assert statuses[0] == 202
    assert 429 in statuses
    refused = next(
        answer
        for _ in range(9)
        if (answer := sender("POST", "/api/v1/ingest/batch", [{}])).status_code == 429
    )
    assert (refused.get_json()["code"], refused.headers["Retry-After"]) == ("too-many-requests", "1")


def test_every_answer_has_the_id_of_its_request(make: Any, database: Database, tenant: Tenant) -> None:
    server = make()
    client = server.test_client()
    ours = ["/login", "/livez", "/favicon.ico", "/assets/none", "/sales", "/api/none", "/api/v1/dashboards"]
    made = [client.get(path).headers["X-Request-Id"] for path in ours]
    assert len({*made}) == len(ours)
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in made)
    sent = {"X-Request-Id": "from-the-proxy-1"}
    assert {client.get(path, headers=sent).headers["X-Request-Id"] for path in ours} == {"from-the-proxy-1"}
    strange = {"X-Request-Id": "a" * 65}
    assert client.get("/login", headers=strange).headers["X-Request-Id"] != "a" * 65


def test_another_process_finds_out_with_one_look_up_who_has_to_wait(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    looks_up = Callers.sender

    def counted(*arguments: Any) -> Any:
        looked.append(arguments)
        return looks_up(*arguments)

    one, other = make(rate_address_per_minute=2), make(rate_address_per_minute=2)

    def statuses(server: Flask, times: int) -> list[int]:
        client = server.test_client()
        unknown = {"Authorization": "Bearer hc_" + "x" * 43}
        return [
            client.post("/api/v1/ingest/sale", json={}, headers=unknown).status_code for _ in range(times)
        ]

    assert statuses(one, 3) == [401, 401, 429]
    monkeypatch.setattr(Callers, "sender", counted)
    assert statuses(other, 3) == [429, 429, 429]
    assert len(looked) == 1
