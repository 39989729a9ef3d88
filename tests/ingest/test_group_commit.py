"""Shared transactions: everybody is answered after a commit, nobody suffers for a neighbour."""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from data.commit import NotStorable
from data.embedded import postgres_server
from data.engine import Database, DatabaseUnavailable
from data.facts import Verdict
from data.messages import Message, PageView, Scan, message_key
from data.migrations import run
from ingest.group_commit import GroupCommit, OneByOne
from tests.conftest import Tenant, new_tenant

AT = datetime(2026, 11, 20, 20, tzinfo=UTC)
EVENT = UUID("00000000-0000-4000-8000-0000000000bb")


class Listener:
    """Collects what the live path is told; holds up the writer where it is told to."""

    def __init__(self) -> None:
        self.told: list[tuple[UUID, dict[tuple[UUID, UUID], int]]] = []
        self.go_on: dict[UUID, threading.Event] = {}

    def touched(self, tenant_id: UUID, versions: Mapping[tuple[UUID, UUID], int]) -> None:
        self.told.append((tenant_id, dict(versions)))
        if tenant_id in self.go_on:
            assert self.go_on[tenant_id].wait(30)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def writer(database: Database, listener: Listener) -> Iterator[GroupCommit]:
    writer = GroupCommit(database, listener, wait_seconds=0.05)
    yield writer
    writer.close()


def scan(tenant: Tenant, number: int) -> Message:
    fact = Scan(AT, f"T-{number}")
    key = message_key("test", str(number))
    return Message(key, "ticket-scan", "test", tenant.venue_id, EVENT, str(EVENT), AT, "{}", (fact,))


def poison(tenant: Tenant) -> Message:
    """What no door lets pass: PostgreSQL cannot store a NUL character."""
    fact = PageView(AT, "/\0")
    return Message(uuid4(), "page-view", "test", tenant.venue_id, EVENT, str(EVENT), AT, "{}", (fact,))


def entered_and_commits(database: Database, tenant: Tenant) -> tuple[int, int]:
    """People who entered, and the number of transactions it took."""
    with database.tenant(tenant.tenant_id) as connection:
        row = connection.execute(
            "SELECT entered, version FROM event_totals WHERE tenant_id = %s", [tenant.tenant_id]
        ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def test_messages_that_arrive_together_share_transactions(
    database: Database, tenant: Tenant, writer: GroupCommit, listener: Listener
) -> None:
    busy = listener.go_on[tenant.tenant_id] = threading.Event()
    with ThreadPoolExecutor(32) as threads:
        answers = [threads.submit(writer.write, tenant.tenant_id, scan(tenant, 0))]
        _wait_until(lambda: listener.told)
        answers += [threads.submit(writer.write, tenant.tenant_id, scan(tenant, n)) for n in range(1, 32)]
        _wait_until(lambda: writer.waiting() == 31)
        busy.set()
        assert [answer.result() for answer in answers] == ["accepted"] * 32
    assert entered_and_commits(database, tenant) == (32, 2)
    assert listener.told == [(tenant.tenant_id, {(tenant.venue_id, EVENT): commit}) for commit in (1, 2)]


def test_a_tenant_that_is_held_up_does_not_hold_up_another(
    tenant: Tenant, other_tenant: Tenant, writer: GroupCommit, listener: Listener
) -> None:
    blocked = listener.go_on[tenant.tenant_id] = threading.Event()
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(writer.write, tenant.tenant_id, scan(tenant, 1))
        _wait_until(lambda: listener.told)
        second = threads.submit(writer.write, tenant.tenant_id, scan(tenant, 2))
        _wait_until(lambda: writer.waiting() == 1)
        for number in range(5):
            other = threads.submit(writer.write, other_tenant.tenant_id, scan(other_tenant, number))
            assert other.result(20) == "accepted"
        assert not first.done()
        assert writer.waiting() == 1  # One thread at a time writes a tenant's messages.
        blocked.set()
        assert (first.result(), second.result()) == ("accepted", "accepted")


def test_every_answer_comes_after_its_own_commit(
    database: Database, tenant: Tenant, writer: GroupCommit
) -> None:
    def write_and_look(number: int) -> bool:
        message = scan(tenant, number)
        writer.write(tenant.tenant_id, message)
        with database.tenant(tenant.tenant_id) as connection:
            found = connection.execute(
                "SELECT 1 FROM message_keys WHERE tenant_id = %s AND message_key = %s",
                [tenant.tenant_id, message.key],
            ).fetchone()
        return found is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(write_and_look, range(80)))


def test_the_same_message_from_many_senders_is_accepted_once(
    database: Database, tenant: Tenant, writer: GroupCommit
) -> None:
    with ThreadPoolExecutor(16) as threads:
        verdicts = list(threads.map(lambda _: writer.write(tenant.tenant_id, scan(tenant, 1)), range(64)))
    assert sorted(verdicts) == ["accepted"] + ["duplicate"] * 63
    assert entered_and_commits(database, tenant)[0] == 1


def test_tenants_never_share_a_transaction(
    database: Database, tenant: Tenant, other_tenant: Tenant, writer: GroupCommit
) -> None:
    both = [tenant, other_tenant]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda n: writer.write(both[n % 2].tenant_id, scan(both[n % 2], n)), range(64)))
    assert [entered_and_commits(database, one)[0] for one in both] == [32, 32]


def test_a_poison_message_fails_alone(database: Database, tenant: Tenant, writer: GroupCommit) -> None:
    def write(number: int) -> Verdict | str:
        try:
            message = poison(tenant) if number % 20 == 7 else scan(tenant, number)
            return writer.write(tenant.tenant_id, message)
        except NotStorable:
            return "not storable"

    with ThreadPoolExecutor(40) as threads:
        verdicts = list(threads.map(write, range(40)))
    assert verdicts == ["not storable" if number % 20 == 7 else "accepted" for number in range(40)]
    assert entered_and_commits(database, tenant)[0] == 38


def test_a_sender_that_is_alone_does_not_wait_for_others(
    database: Database, tenant: Tenant, listener: Listener
) -> None:
    writer = GroupCommit(database, listener, wait_seconds=30)
    began = time.monotonic()
    for number in range(5):
        writer.write(tenant.tenant_id, scan(tenant, number))
    writer.close()
    assert time.monotonic() - began < 10


def test_a_stop_writes_what_waits_and_takes_nothing_more(
    database: Database, tenant: Tenant, listener: Listener
) -> None:
    writer = GroupCommit(database, listener, wait_seconds=0.01)
    verdicts: list[str] = []

    def write(number: int) -> None:
        try:
            verdicts.append(writer.write(tenant.tenant_id, scan(tenant, number)))
        except DatabaseUnavailable:
            verdicts.append("refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    writer.close()
    for thread in threads:
        thread.join(10)
    assert len(verdicts) == 50
    assert entered_and_commits(database, tenant)[0] == verdicts.count("accepted")
    with pytest.raises(DatabaseUnavailable):
        writer.write(tenant.tenant_id, scan(tenant, 99))


def test_without_group_commit_every_message_has_a_transaction_of_its_own(
    database: Database, tenant: Tenant, listener: Listener
) -> None:
    writer = OneByOne(database, listener)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: writer.write(tenant.tenant_id, scan(tenant, n)), range(12)))
    assert entered_and_commits(database, tenant) == (12, 12)
    with pytest.raises(NotStorable):
        writer.write(tenant.tenant_id, poison(tenant))


def test_a_lost_server_is_reported_to_all_and_found_again_without_a_restart(
    tmp_path: Path, listener: Listener
) -> None:
    server = postgres_server(tmp_path)
    server.start()
    run.upgrade(server.url)
    tenant = new_tenant(server.url)
    database = Database(server.url)
    writer = GroupCommit(database, listener, wait_seconds=0.005)
    acknowledged: list[int] = []
    unavailable: list[int] = []
    stop = threading.Event()

    def send(start: int) -> None:
        for number in range(start, start + 100_000):
            if stop.is_set():
                return
            try:
                writer.write(tenant.tenant_id, scan(tenant, number))
                acknowledged.append(number)
            except DatabaseUnavailable:
                unavailable.append(number)

    threads = [threading.Thread(target=send, args=(n * 100_000,)) for n in range(8)]
    try:
        for thread in threads:
            thread.start()
        _wait_until(lambda: len(acknowledged) > 50)
        server.stop()
        _wait_until(lambda: len(unavailable) >= 8)
        server.start()
        seen = len(acknowledged)
        _wait_until(lambda: len(acknowledged) > seen + 50)
        stop.set()
        for thread in threads:
            thread.join(30)
        with database.tenant(tenant.tenant_id) as connection:
            kept = {row[0] for row in connection.execute("SELECT ticket_id FROM ticket_scans").fetchall()}
        assert {f"T-{number}" for number in acknowledged} <= kept
        # Sending again what was not acknowledged leaves nothing out and nothing twice.
        for number in unavailable:
            writer.write(tenant.tenant_id, scan(tenant, number))
        assert entered_and_commits(database, tenant)[0] == len(acknowledged) + len(unavailable)
    finally:
        stop.set()
        writer.close()
        database.close()
        server.stop()


def _wait_until(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
