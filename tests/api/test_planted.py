"""What is secret or personal, sent through every door of a running server, is in neither of its logs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from flask import Flask, request
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from api.callback_door import PATH
from app import create_server
from bench.harness import free_port
from data.audit_entry import HOUSE
from data.engine import Database
from data.users import add_user
from tests.api.caller import PASSWORD
from tests.api.door import token_of
from tests.conftest import Tenant
from tests.live.served import until

ROOT = Path(__file__).parents[2]
EMAIL = "planted.guest@mail.example"
PLANTED = (
    EMAIL,
    EMAIL.replace("@", "%40"),
    "+44 20 7946 0958",
    "020 7946 0958",
    "203.0.113.77",
    "2001:db8:7:7:7:7:7:77",
    "hc_plantedPlantedPlantedPlanted",
    "planted-password-nobody-has",
    "planted-secret-of-a-webhook",
    "eyJplanted.eyJplanted.planted",
)


@dataclass(frozen=True)
class Running:
    """The server and where its log goes."""

    url: str
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def running(postgres_url: str, redis_url: str, redis_prefix: str, tmp_path: Path) -> Iterator[Running]:
    """The production server, which logs all there is to log; its callbacks fail."""
    port, log = free_port(), tmp_path / "log"
    environment = os.environ | {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"{redis_prefix}-planted",
        "DATA_DIR": str(tmp_path),
        "PORT": str(port),
        "METRICS_PORT": "0",
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "gunicorn", "tests.api.test_planted:create_failing_server()"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        running = Running(f"http://127.0.0.1:{port}", log)
        try:
            until(lambda: answers(running), "the server", 60)
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def answers(running: Running) -> bool:
    try:
        return httpx.get(f"{running.url}/livez").status_code == 200
    except httpx.HTTPError:
        return False


def test_nothing_planted_is_in_the_log_and_every_line_of_a_request_has_its_id_and_tenant(
    running: Running, database: Database, tenant: Tenant
) -> None:
    token, all_of_it = token_of(database, tenant), " / ".join(PLANTED)
    with httpx.Client(base_url=running.url, timeout=30) as client:
        ours = {"Authorization": f"Bearer {token}"}
        hostile = {
            "X-Forwarded-For": "203.0.113.77",
            "User-Agent": all_of_it,
            "Referer": f"http://x/?email={EMAIL}",
            "Cookie": f"housecount={PLANTED[9]}; other={EMAIL}",
        }
        body = {
            "id": EMAIL,
            "venueId": tenant.venue_ref,
            "eventId": all_of_it[:60],
            "customer": {"email": EMAIL, "phone": "+44 20 7946 0958", "note": all_of_it},
            "metadata": {"password": PLANTED[7]},
        }
        for path in ("sale", "revenue", "attendance", "social"):
            client.post(f"/api/v1/ingest/{path}", json=body, headers=ours | hostile)
        client.post("/api/v1/analytics/events", json=body, headers=ours | hostile)
        client.post("/api/v1/ingest/batch", json=[body, all_of_it], headers=ours | hostile)
        question = {"metrics": [EMAIL], "where": {"dimension": "customer", "values": [all_of_it]}}
        client.post("/api/v1/analytics/query", json=question, headers=ours)
        client.post("/api/v1/analytics/rows", json={"kind": EMAIL}, headers=ours)
        client.post("/api/v1/exports", json={"format": "csv", "title": all_of_it}, headers=ours)
        client.post("/api/v1/notes", json={"text": all_of_it, "at": EMAIL}, headers=ours)
        client.get(f"/api/v1/widgets/{EMAIL}?venue={EMAIL}", headers=ours)
        client.get(f"/api/v1/realtime/state/{EMAIL}", headers=ours)
        client.get("/api/v1/dashboards", headers={"Authorization": f"Bearer {PLANTED[6]}"} | hostile)
        client.post(f"/api/v1/webhooks/pretix/{uuid4()}/{PLANTED[8]}", json={"email": EMAIL}, headers=hostile)
        client.get(f"/shared/{PLANTED[6]}", headers={"User-Agent": all_of_it})
        sign_in(client, database, tenant)
        client.get(f"/sales?event={EMAIL}&who={all_of_it}")
        crash(client, all_of_it)
    for sent in (all_of_it, json.dumps({"type": EMAIL, "eventId": all_of_it})):
        follow(running, token, sent)
    text = running.log.read_text()
    assert [one for one in (*PLANTED, token, PASSWORD) if one in text] == []
    entries = audit_log(database, tenant)
    assert '"see-figures"' in entries
    assert [one for one in (*PLANTED, token, PASSWORD) if one in entries] == []
    failed = [line for line in running.lines() if "Exception on" in line["event"]]
    whose = str(tenant.tenant_id)
    assert {(line["request"], line["tenant"]) for line in failed} == {
        ("the-crash", whose),
        ("[hidden]", whose),
    }


def audit_log(database: Database, tenant: Tenant) -> str:
    """Every entry of the tenant and of no tenant, whole."""
    found = ""
    for chain in (tenant.tenant_id, HOUSE):
        with database.tenant(chain) as connection:
            rows = connection.rows(
                "SELECT to_jsonb(l)::text AS entry FROM audit_log l WHERE tenant_id = %s", [chain]
            )
        found += "\n".join(row["entry"] for row in rows)
    return found


def sign_in(client: httpx.Client, database: Database, tenant: Tenant) -> None:
    """Fail to, and then sign in as an owner."""
    address = f"{uuid4().hex}@example.org"
    with database.tenant(tenant.tenant_id) as connection:
        add_user(connection, address, "Ada", "owner", PASSWORD)
    for email, password in ((EMAIL, PLANTED[7]), (address, PLANTED[7]), (address, PASSWORD)):
        form = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
        assert form is not None
        answer = client.post("/login", data={"email": email, "password": password, "csrf": form[1]})
    assert answer.status_code == 303


def create_failing_server() -> Flask:
    """The server, whose callbacks fail over what is sent to them."""
    server = create_server()

    def fail() -> str:
        return str(request.get_json()["nothing"])

    server.view_functions[PATH] = fail
    return server


def crash(client: httpx.Client, text: str) -> None:
    """Let a callback fail over what was planted in it."""
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    inputs = [{"id": "_pages_location", "property": each, "value": text} for each in ("pathname", "search")]
    output = ".._pages_content.children..._pages_store.data.."
    for request_id in ("the-crash", PLANTED[6]):
        body = {"output": output, "inputs": inputs, "state": [], "outputs": outputs}
        headers = {"Origin": str(client.base_url).rstrip("/"), "X-Request-Id": request_id}
        assert client.post(PATH, json=body, headers=headers).status_code == 500


def follow(running: Running, token: str, sent: str) -> None:
    """Open a socket and send this."""
    address = running.url.replace("http", "ws") + "/api/v1/analytics/real-time/stream"
    try:
        with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as live:
            assert live.response is not None
            assert "X-Request-Id" in live.response.headers
            live.send(sent)
            live.recv(timeout=10)
    except WebSocketException:
        pass
