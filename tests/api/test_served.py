"""The door behind the production server: what only a real connection can do wrong."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.embedded import postgres_server
from data.engine import Database
from data.keys import MasterKeys
from data.migrations import run
from tests.api.door import Sender, build, token_of
from tests.conftest import MASTER_KEY, Tenant, new_tenant

ROOT = Path(__file__).parents[2]
SALE = b'{"ticketId": "T-1", "eventId": "gala", "amount": 12.5, "timestamp": "2026-11-21T19:30:00Z"}'


@pytest.fixture(scope="module")
def port(postgres_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gunicorn with threads, as in production."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "/dev/null", "--threads", "4"]
    command += ["-k", "api.arrival.ArrivalWorker", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command += ["tests.api.door:serve()"]
    environment = os.environ | {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url}
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 20
        while True:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def token(database: Database, tenant: Tenant) -> str:
    return token_of(database, tenant)


def test_chunks_without_a_length_are_read_to_their_end(port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(
        "POST", "/api/v1/ingest/sale", iter([SALE[:20], SALE[20:]]), headers, encode_chunked=True
    )
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (202, "accepted")
    # The connection serves the next request as well.
    connection.request("POST", "/api/v1/ingest/sale", SALE, headers)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (202, "duplicate")
    connection.close()


def test_endless_chunks_are_cut_off(port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/ingest/sale", iter([b"x" * 20_000] * 5), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "body-too-large")
    connection.close()


def test_a_body_shorter_than_its_length_is_refused(port: int, token: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = (
            f"POST /api/v1/ingest/sale HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(SALE) + 10}\r\n\r\n"
        )
        connection.sendall(head.encode() + SALE)
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["code"]) == (400, "incomplete-body")


def test_while_postgresql_is_away_the_door_says_so_and_opens_again(
    tmp_path: Path, redis_url: str, redis_prefix: str
) -> None:
    postgres = postgres_server(tmp_path)
    postgres.start()
    run.upgrade(postgres.url)
    tenant = new_tenant(postgres.url)
    database = Database(postgres.url, master=MasterKeys([MASTER_KEY]))
    house = build(database, redis_url, redis_prefix)
    sender = Sender(house.server.test_client(), token_of(database, tenant))
    lines = b"\n".join(json.dumps(json.loads(SALE) | {"type": "sale", "id": n}).encode() for n in range(3))
    try:
        assert sender.post("/api/v1/ingest/sale", SALE).status_code == 202
        postgres.stop()
        for path, body in [("/api/v1/ingest/sale", SALE), ("/api/v1/ingest/batch", lines)]:
            answer = sender.post(path, body, {"X-Request-Id": "r"})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert answer.json == {
                "type": "/problems/database-unavailable",
                "title": "Database unavailable",
                "status": 503,
                "code": "database-unavailable",
                "detail": "The database cannot be reached. Send it again shortly.",
                "requestId": "r",
            }
        postgres.start()
        deadline = time.monotonic() + 20
        while (answer := sender.post("/api/v1/ingest/batch?verdicts=errors", lines)).status_code == 503:
            assert time.monotonic() < deadline
        assert answer.json == {"accepted": 3, "duplicates": 0, "rejected": 0, "verdicts": []}
        assert sender.post("/api/v1/ingest/sale", SALE).json["status"] == "duplicate"  # type: ignore[index]
    finally:
        house.close()
        database.close()
        postgres.stop()


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "bad-request"),
        (b"GET /login HTTP/1.1\r\nno header\r\n\r\n", 400, "bad-request"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long"),
        (
            b"GET /login HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 9_000 + b"\r\n\r\n",
            431,
            "request-header-fields-too-large",
        ),
    ],
)
def test_what_is_no_request_is_told_so_as_a_problem(port: int, head: bytes, status: int, code: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        told = json.loads(answer.read())
    assert (answer.status, told["status"], told["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"] == told["requestId"]
    assert "<html" not in str(told)
