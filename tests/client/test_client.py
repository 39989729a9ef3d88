"""What the client logs arrives once: with the server away, busy or forgetful, and the client killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from housecount_client import Client, Full, InUse
from housecount_client.spool import Disk

from data.access import Access
from data.engine import Database
from data.ticket_stats import Placed, counts
from tests.client.conftest import Front
from tests.conftest import Tenant

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 21, 19, 4, tzinfo=UTC)


def scans(database: Database, tenant: Tenant, event: str = "gala") -> int:
    placed = Placed(tenant.venue_id, uuid5(tenant.tenant_id, event))
    with database.tenant(tenant.tenant_id) as connection:
        return int(counts(connection, Access(tenant.tenant_id), placed)["scan_count"])


def test_each_call_becomes_its_message(front: Front, token: str, database: Database, tenant: Tenant) -> None:
    with Client(front.url, token) as client:
        ids = [
            client.log_ticket_scan(
                "T-1", "gala", scanned_at=AT, entry_point="North", scanner_id="N-3",
                device_info={"model": "TC52"}, is_valid=False, reason="used", direction="exit",
            ),
            client.log_ticket_transfer(
                "T-1", "gala", "ann", "bo", transferred_at=AT.isoformat(), reason="gift", is_successful=False,
                ip_address="203.0.113.7", user_agent="Mozilla",
            ),
            client.log_invalid_attempt(
                "validation", "gala", ticket_id="T-9", reason="forged", entry_point="South", attempted_at=AT,
                ip_address="203.0.113.7",
            ),
        ]  # fmt: skip
        assert client.flush(10)
    assert len(set(ids)) == 3
    with database.tenant(tenant.tenant_id) as connection:
        kept = {
            table: connection.rows(f"SELECT * FROM {table}")[0]
            for table in ("ticket_scans", "ticket_transfers", "invalid_attempts")
        }
        raw = str(connection.rows("SELECT payload FROM messages"))
    scan, transfer, attempt = kept.values()
    assert {row["occurred_at"] for row in kept.values()} == {AT}
    assert {row["event_id"] for row in kept.values()} == {uuid5(tenant.tenant_id, "gala")}
    assert [scan[name] for name in ("ticket_id", "effect", "direction", "gate", "scanner", "reason")] == [
        "T-1", 0, "exit", "North", "N-3", "used",
    ]  # fmt: skip
    assert scan["metadata"]["device_info"] == {"model": "TC52"}
    assert [transfer[name] for name in ("ticket_id", "reason", "successful")] == ["T-1", "gift", False]
    assert isinstance(transfer["from_customer"], UUID)
    assert transfer["from_customer"] != transfer["to_customer"]
    assert [attempt[name] for name in ("attempt_type", "ticket_id", "reason", "gate")] == [
        "validation", "T-9", "forged", "South",
    ]  # fmt: skip
    assert "203.0.113" not in raw
    assert "Mozilla" not in raw


def test_without_a_time_it_is_when_the_call_was_made(
    front: Front, token: str, database: Database, tenant: Tenant
) -> None:
    front.shut()
    with Client(front.url, token, longest_wait=0.2) as client:
        before = datetime.now(UTC)
        client.log_ticket_scan("T-1", "gala")
        after = datetime.now(UTC)
        time.sleep(0.3)
        front.open()
        assert client.flush(10)
    with database.tenant(tenant.tenant_id) as connection:
        (row,) = connection.rows("SELECT occurred_at FROM ticket_scans")
    assert before <= row["occurred_at"] <= after


@pytest.mark.parametrize("on_disk", [True, False])
def test_many_calls_are_few_requests_and_all_of_them_arrive(
    front: Front, token: str, database: Database, tenant: Tenant, tmp_path: Path, on_disk: bool
) -> None:
    with Client(front.url, token, spool=tmp_path if on_disk else None, batch=200) as client:
        front.instead.append(("503 Away", {"Retry-After": "1"}, b""))
        for number in range(450):
            client.log_ticket_scan(f"T-{number}", "gala")
        assert client.flush(30)
    assert front.asked <= 8
    assert scans(database, tenant) == 450


@pytest.mark.parametrize(("status", "after"), [("429 Too Many Requests", "2"), ("503 Away", "2")])
def test_the_server_says_how_long_to_wait(
    front: Front, token: str, database: Database, tenant: Tenant, status: str, after: str
) -> None:
    front.instead.append((status, {"Retry-After": after}, b"{}"))
    with Client(front.url, token, longest_wait=0.1) as client:
        started = time.monotonic()
        client.log_ticket_scan("T-1", "gala")
        assert client.flush(20)
        assert time.monotonic() - started >= 2
    assert (front.asked, scans(database, tenant)) == (2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        ("500 Oh", {}, b"oh"),
        ("200 OK", {}, b"<html>Sign in to our network</html>"),
        ("202 Accepted", {}, b'{"accepted": 0, "duplicates": 0, "rejected": 0, "verdicts": []}'),
        ("302 Found", {"Location": "/elsewhere"}, b""),
        ("401 Unauthorized", {}, b"{}"),
        ("503 Away", {"Retry-After": "Fri, 27 Nov 2020 10:00:00 GMT"}, b""),
        ("503 Away", {"Retry-After": "soon"}, b""),
    ],
    ids=lambda answer: answer[0] + str(len(answer[1]) + len(answer[2])),
)
def test_what_is_no_receipt_is_sent_again(
    front: Front, token: str, database: Database, tenant: Tenant, answer: Any
) -> None:
    front.instead += [answer, answer]
    with Client(front.url, token, longest_wait=0.1) as client:
        client.log_ticket_scan("T-1", "gala")
        assert client.flush(20)
    assert (front.asked, scans(database, tenant)) == (3, 1)


def test_a_lost_answer_counts_nothing_twice(
    front: Front, token: str, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    front.lost = 2
    told: list[Mapping[str, Any]] = []
    with Client(
        front.url, token, spool=tmp_path, timeout=1, longest_wait=0.1, on_rejected=told.append
    ) as client:
        for number in range(5):
            client.log_ticket_scan(f"T-{number}", "gala")
        assert client.flush(20)
    assert front.asked >= 3
    assert (scans(database, tenant), told) == (5, [])


def test_refused_messages_are_told_and_hold_up_no_others(
    front: Front, token: str, database: Database, tenant: Tenant
) -> None:
    told: list[Mapping[str, Any]] = []
    with Client(front.url, token, on_rejected=told.append) as client:
        client.log_ticket_scan("T-1", "gala")
        bad = client.log_ticket_scan("T-2", "gala", scanned_at="yesterday")
        client.log_ticket_scan("T-3", "gala")
        assert client.flush(20)
    assert [(verdict["id"], verdict["code"]) for verdict in told] == [(bad, "bad-timestamp")]
    assert scans(database, tenant) == 2


def test_a_batch_that_is_refused_is_halved_until_the_one_is_found(
    front: Front, token: str, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    told: list[Mapping[str, Any]] = []
    front.shut()
    with Client(front.url, token, spool=tmp_path, longest_wait=0.2, on_rejected=told.append) as client:
        ids = [client.log_ticket_scan(f"T-{number}", "gala") for number in range(4)]
        time.sleep(0.5)
        front.instead += [("413 Too Large", {}, b"large")] * 3
        front.open()
        assert client.flush(20)
    assert [verdict["id"] for verdict in told] == ids[:1]
    assert scans(database, tenant) == 3


KILLED = """
import sys
from pathlib import Path
from housecount_client import Client
client = Client(sys.argv[1], "hc_x", spool=sys.argv[2])
for number in range(1000000):
    client.log_ticket_scan(f"T-{number}", "gala")
    print(number, flush=True)
"""


def test_what_was_taken_before_a_kill_arrives_once_and_torn_lines_do_not(
    front: Front, token: str, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    front.shut()
    command = [sys.executable, "-c", KILLED, front.url, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "client")}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    for _ in range(50):
        process.stdout.readline()
    with pytest.raises(InUse):
        Client(front.url, token, spool=tmp_path)
    process.send_signal(signal.SIGKILL)
    taken = 50 + len(process.stdout.readlines())
    process.stdout.close()
    process.wait()
    (file,) = tmp_path.glob("*.ndjson")
    with file.open("ab") as torn:
        torn.write(b'{"type":"ticket-scan","id":"to')
    front.open()
    with Client(front.url, token, spool=tmp_path) as client:
        client.log_ticket_scan("T-late", "gala")
        assert client.flush(30)
    assert scans(database, tenant) in (taken + 1, taken + 2)  # One was perhaps taken and not yet printed.
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir() if path.name != "lock"} == {0}


def test_a_kill_at_any_step_of_going_on_in_a_new_file_loses_nothing(tmp_path: Path) -> None:
    steps = 0
    for died_at in range(100):
        folder = tmp_path / str(died_at)
        spool = Disk(folder, 1 << 20)
        lines = [f"{number}\n".encode() for number in range(6)]
        for line in lines:
            spool.add(line)
        spool.done(lines[:2])
        left = _die(spool, lines[2:], died_at)
        steps += left
        spool.close()
        again = Disk(folder, 1 << 20)
        assert again.first(9) in ([], lines[2:])
        again.add(b"more\n")
        assert again.first(9)[-1] == b"more\n"
        again.close()
        if not left:
            break
    assert steps > 4


def _die(spool: Disk, lines: list[bytes], at: int) -> bool:
    """Mark these lines as sent, and stop before the so-manieth change of files; whether it was reached."""
    count = 0
    names = ("fsync", "replace", "unlink", "rename")
    whole = {name: getattr(os, name) for name in names}

    class Died(Exception):
        pass

    def stops(name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            if count == at:
                raise Died
            count += 1
            return whole[name](*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(os, name, stops(name))
        try:
            spool.done(lines)
        except Died:
            return True
    return False


def log_many(client: Client) -> None:
    for number in range(100):
        client.log_ticket_scan(f"T-{number}", "gala")


def test_a_full_spool_takes_nothing_more_and_goes_on_when_there_is_room(
    tmp_path: Path, front: Front, token: str
) -> None:
    for folder in (tmp_path, None):
        front.shut()
        with Client(front.url, token, spool=folder, spool_bytes=1_000, longest_wait=0.1) as client:
            with pytest.raises(Full):
                log_many(client)
            front.open()
            assert client.flush(20)
            client.log_ticket_scan("T-again", "gala")
            assert client.flush(20)


def test_a_disk_that_fails_takes_nothing_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Disk(tmp_path, 1 << 20)
    spool.add(b"one\n")

    def fails(_: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="No space"):
            spool.add(b"two\n")
    spool.add(b"three\n")
    assert spool.first(9) == [b"one\n", b"three\n"]
    spool.close()
    again = Disk(tmp_path, 1 << 20)
    assert again.first(9) == [b"one\n", b"three\n"]
    again.close()


def test_closing_says_what_is_left_and_the_next_client_sends_it(
    front: Front, token: str, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    front.shut()
    client = Client(front.url, token, spool=tmp_path)
    client.log_ticket_scan("T-1", "gala")
    assert not client.flush(0.1)
    assert not client.close(0.1)
    assert not client.close(0.1)
    with pytest.raises(ValueError, match="closed"):
        client.log_ticket_scan("T-2", "gala")
    front.open()
    with Client(front.url, token, spool=tmp_path) as client:
        assert client.flush(20)
    assert scans(database, tenant) == 1
    assert [path.read_bytes() for path in tmp_path.glob("*.ndjson")] == [b""]


@pytest.mark.parametrize("url", ["housecount.example", "ftp://housecount.example", "http://"])
def test_what_is_no_address_of_a_server_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the address"):
        Client(url, "hc_x", spool=tmp_path)
    Disk(tmp_path, 1).close()
