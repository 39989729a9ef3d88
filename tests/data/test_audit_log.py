"""The audit log is a chain: whatever happens to an entry shows, and nothing that writers do breaks it."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from data import audit_retention, partitions
from data.audit_anchors import FILE, Anchor, Anchors, heads, newest
from data.audit_entry import HOUSE, Actor, Entry, Keys
from data.audit_log import LANES, AuditLog, write_entries
from data.audit_verify import Counted, Finding, verify
from data.engine import Database, DatabaseUnavailable
from tests.conftest import Tenant

ROOT = Path(__file__).parents[2]
KEYS = Keys(["the key of these tests, long enough"])
_COPIED = (
    "tenant_id, lane, actor_kind, actor_id, session_id, door, action, outcome, object, venue_id, event_id,"
    " request_id, detail, key_id, previous, hash"
)
COPY = (
    f"INSERT INTO audit_log ({_COPIED}, recorded_at, seq) SELECT {_COPIED},"
    " recorded_at + interval '1 second', {} FROM audit_log WHERE seq = {}"
)
"""A copy of an entry, under which number, and of which."""
ADA = Actor("person", UUID(int=7), UUID(int=8))


def read(number: int) -> Entry:
    """The `number`-th entry of a test: somebody looked at a board."""
    return Entry(
        ADA,
        "rest",
        "see-boards",
        "done",
        f"dashboard:{number}",
        request_id=f"r{number}",
        detail={"n": number},
    )


def write(database: Database, tenant: Tenant, count: int) -> None:
    log = AuditLog(database, KEYS)
    for number in range(1, count + 1):
        log.record(tenant.tenant_id, read(number))


def found(
    database: Database, tenant: Tenant, anchors: dict[tuple[UUID, int], Anchor] | None = None
) -> list[tuple[str, int, int]]:
    """Kind, first and last number of what is wrong in lane 0, where an only writer writes."""
    findings: list[Finding] = list(verify(database, tenant.tenant_id, KEYS, anchors))
    assert {finding.lane for finding in findings} <= {0}
    return [(finding.kind, finding.seq, finding.last) for finding in findings]


@contextmanager
def owner_of(postgres_url: str, tenant: Tenant) -> Iterator[psycopg.Connection]:
    """The tables' owner, who can do anything but know the key."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.tenant_id)])
        yield connection


def test_a_log_that_nobody_touched_is_whole(database: Database, tenant: Tenant) -> None:
    write(database, tenant, 12)
    counted = Counted()
    assert list(verify(database, tenant.tenant_id, KEYS, counted=counted)) == []
    assert (counted.entries, counted.lanes) == (12, LANES)


def test_an_entry_is_kept_in_bounds_whatever_it_is_told(database: Database, tenant: Tenant) -> None:
    many = [f"{number} {'é' * 900}" for number in range(41)]
    entry = Entry(ADA, "rest", "see-figures", object="o" * 5_000, detail={"text": "t" * 5_000, "names": many})
    AuditLog(database, KEYS).record(tenant.tenant_id, entry)
    with database.tenant(tenant.tenant_id) as connection:
        [row] = connection.rows(
            "SELECT object, detail FROM audit_log WHERE tenant_id = %s", [tenant.tenant_id]
        )
    assert (len(row["object"]), len(row["detail"]["text"])) == (200, 200)
    assert re.fullmatch(r"\d{5} bytes, too many to keep", row["detail"]["names"])
    assert found(database, tenant) == []


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit_log SET object = 'dashboard:99' WHERE seq = 3"], [("changed", 3, 3)]),
        (["UPDATE audit_log SET actor_id = NULL WHERE seq = 3"], [("changed", 3, 3)]),
        (["UPDATE audit_log SET detail = '{\"n\": 4}' WHERE seq = 3"], [("changed", 3, 3)]),
        (["UPDATE audit_log SET outcome = 'refused' WHERE seq = 8"], [("changed", 8, 8)]),
        (
            ["UPDATE audit_log SET recorded_at = recorded_at - interval '1 second' WHERE seq = 3"],
            [("changed", 3, 3)],
        ),
        # Whoever changes an entry cannot make its hash.
        (
            ["UPDATE audit_log SET action = 'sign-in', hash = sha256('mine') WHERE seq = 3"],
            [("changed", 3, 3)],
        ),
        (["DELETE FROM audit_log WHERE seq = 5"], [("removed", 5, 5)]),
        (["DELETE FROM audit_log WHERE seq IN (1, 2)"], [("removed", 1, 2)]),
        (["DELETE FROM audit_log WHERE seq > 6"], [("removed", 7, 8)]),
        (["DELETE FROM audit_log WHERE seq > 0"], [("removed", 1, 8)]),
        # Two entries change places.
        (
            ["UPDATE audit_log SET seq = CASE seq WHEN 3 THEN 4 ELSE 3 END WHERE seq IN (3, 4)"],
            [("moved", 3, 3), ("moved", 4, 4)],
        ),
        # One is taken out and the others move up.
        (
            [
                "DELETE FROM audit_log WHERE seq = 6",
                "UPDATE audit_log SET seq = seq - 1 WHERE seq > 6",
                "UPDATE audit_heads SET seq = seq - 1 WHERE lane = 0",
            ],
            [("moved", 6, 6), ("moved", 7, 7)],
        ),
        # A copy of an entry is put in again.
        ([COPY.format("seq", 2)], [("inserted", 2, 2)]),
        (
            [COPY.format("seq + 1", 8)],
            [("changed", 9, 9), ("inserted", 9, 9), ],
        ),
        (["UPDATE audit_heads SET seq = 7 WHERE lane = 0"], [("inserted", 8, 8)]),
        (["UPDATE audit_heads SET hash = sha256('mine') WHERE lane = 0"], [("head", 8, 8)]),
        (["DELETE FROM audit_heads WHERE lane < 4"], [("head", 8, 8)]),
        (
            [
                "DELETE FROM audit_log WHERE seq < 4",
                "UPDATE audit_heads SET floor_seq = 3, floor_hash = hash WHERE lane = 0",
            ],
            [("floor", 1, 3), ("removed", 1, 3)],
        ),
    ],
)  # fmt: skip
def test_whatever_the_owner_of_the_tables_does_to_an_entry_is_found(
    database: Database,
    postgres_url: str,
    tenant: Tenant,
    statements: list[str],
    expected: list[tuple[str, int, int]],
) -> None:
    write(database, tenant, 8)
    with owner_of(postgres_url, tenant) as connection:
        for statement in statements:
            # The embedded owner is a superuser, for whom row-level security does not hold.
            mine = f"WHERE tenant_id = '{tenant.tenant_id}' AND"
            connection.execute(statement.replace("WHERE", mine))
    assert found(database, tenant) == expected


def test_a_tail_that_went_with_its_head_is_found_by_an_anchor(
    database: Database, postgres_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    write(database, tenant, 8)
    Anchors(database, tmp_path).write()
    with owner_of(postgres_url, tenant) as connection:
        mine = [tenant.tenant_id]
        connection.execute("DELETE FROM audit_log WHERE tenant_id = %s AND seq > 5", mine)
        connection.execute(
            "UPDATE audit_heads SET seq = 5, hash = last.hash FROM audit_log last WHERE last.seq = 5"
            " AND audit_heads.tenant_id = last.tenant_id AND audit_heads.lane = 0 AND last.tenant_id = %s",
            mine,
        )
    assert found(database, tenant) == []
    known = newest([tmp_path / FILE])
    assert found(database, tenant, known) == [("cut", 6, 8)]
    write(database, tenant, 4)  # The log goes on, and there are as many entries as before.
    assert found(database, tenant, known) == [("cut", 8, 8)]


def test_a_tenant_of_whom_nothing_is_left_is_found_by_an_anchor(
    database: Database, postgres_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    write(database, tenant, 3)
    Anchors(database, tmp_path).write()
    with owner_of(postgres_url, tenant) as connection:
        for table in ("audit_log", "audit_heads"):
            connection.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.tenant_id])
    assert found(database, tenant, newest([tmp_path / FILE])) == [("cut", 1, 3)]


def test_anchors_are_written_for_lanes_that_have_grown_and_read_from_whole_logs(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    anchors = Anchors(database, tmp_path)
    write(database, tenant, 2)
    assert anchors.write() >= 1
    assert anchors.write() == 0
    write(database, tenant, 1)
    assert anchors.write() == 1
    log = tmp_path / "log"
    log.write_text(
        'plain words\n{"event": "request", "lane": 1}\n{"tenant": 1}\n' + (tmp_path / FILE).read_text()
    )
    head = next(anchor for anchor in heads(database) if anchor.tenant_id == tenant.tenant_id)
    known = newest([log])[tenant.tenant_id, 0]
    assert (known.seq, known.hash) == (3, head.hash) == (head.seq, head.hash)


def test_an_entry_made_with_another_key_does_not_pass_for_ours(database: Database, tenant: Tenant) -> None:
    write(database, tenant, 2)
    other = Keys(["somebody else's key, long enough too"])
    with database.tenant(tenant.tenant_id) as connection:
        write_entries(connection, other, [read(3), read(4)])
    assert found(database, tenant) == [("unknown-key", 3, 3)]
    both = Keys(["somebody else's key, long enough too", "the key of these tests, long enough"])
    assert list(verify(database, tenant.tenant_id, both)) == []


def test_the_application_can_neither_change_nor_remove_an_entry_nor_a_head(
    database: Database, tenant: Tenant
) -> None:
    write(database, tenant, 1)
    for statement in ("UPDATE audit_log SET seq = 2", "DELETE FROM audit_log", "DELETE FROM audit_heads"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            database.tenant(tenant.tenant_id) as connection,
        ):
            connection.execute(statement)


def test_a_tenant_sees_no_entry_of_another(database: Database, tenant: Tenant, other_tenant: Tenant) -> None:
    write(database, other_tenant, 3)
    with database.tenant(tenant.tenant_id) as connection:
        assert connection.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM audit_heads").fetchone() == (0,)


def test_what_belongs_to_no_tenant_has_a_chain_of_its_own(database: Database, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as owner:  # Others of this database wrote into it, with other keys.
        for table in ("audit_log", "audit_heads"):
            owner.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [HOUSE])
    AuditLog(database, KEYS).record(HOUSE, Entry(Actor("stranger"), "page", "sign-in", "refused"))
    assert list(verify(database, HOUSE, KEYS)) == []
    with database.tenant(HOUSE) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM audit_log").fetchone() == (True,)


def test_an_entry_of_a_transaction_that_fails_was_never_there(database: Database, tenant: Tenant) -> None:
    write(database, tenant, 1)
    with contextlib.suppress(ZeroDivisionError), database.tenant(tenant.tenant_id) as connection:
        write_entries(connection, KEYS, [read(2)])
        raise ZeroDivisionError
    write(database, tenant, 1)
    counted = Counted()
    assert list(verify(database, tenant.tenant_id, KEYS, counted=counted)) == []
    assert counted.entries == 2


def test_a_writer_does_not_wait_for_another_ones_transaction(database: Database, tenant: Tenant) -> None:
    write(database, tenant, 1)
    with database.tenant(tenant.tenant_id) as slow:
        write_entries(slow, KEYS, [read(2)])
        write(database, tenant, 3)  # It would wait here for ever if there were one lane.
        lanes = slow.execute("SELECT lane, count(*) FROM audit_log GROUP BY lane ORDER BY lane").fetchall()
    assert lanes == [(0, 2), (1, 3)]
    assert found(database, tenant) == []


WRITER = """
import sys, threading
from uuid import UUID
from data.audit_log import AuditLog
from data.engine import Database
from tests.data.test_audit_log import KEYS, read
log = AuditLog(Database(sys.argv[1], max_size=4), KEYS)
def write(thread):
    for number in range(int(sys.argv[3])):
        log.record(UUID(sys.argv[2]), read(thread * 1000 + number))
        print(thread, number, flush=True)
threads = [threading.Thread(target=write, args=(thread,)) for thread in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def writer(postgres_url: str, tenant: Tenant, each: int) -> subprocess.Popen[str]:
    """A process whose sixteen threads write `each` entries and say so after each."""
    command = [sys.executable, "-c", WRITER, postgres_url, str(tenant.tenant_id), str(each)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_three_processes_of_sixteen_threads_some_of_them_killed_leave_a_whole_log_and_lose_nothing(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    reported = 0
    lasting = [writer(postgres_url, tenant, 15) for _ in range(2)]
    for kill_after in (40, 90):
        killed = writer(postgres_url, tenant, 200)
        assert killed.stdout is not None
        for _ in itertools.islice(killed.stdout, kill_after):
            reported += 1
        killed.kill()
        reported += len(killed.communicate()[0].splitlines())
        assert list(verify(database, tenant.tenant_id, KEYS)) == []  # While the others write.
    for process in lasting:
        reported += len(process.communicate()[0].splitlines())
        assert process.returncode == 0
    counted = Counted()
    assert list(verify(database, tenant.tenant_id, KEYS, counted=counted)) == []
    assert reported >= 2 * 16 * 15 + 130
    assert counted.entries >= reported


def test_a_thread_that_cannot_write_says_so_and_the_next_one_can(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(database, KEYS)
    with monkeypatch.context() as broken:
        broken.setattr(database, "tenant", _away)
        with pytest.raises(DatabaseUnavailable):
            log.record(tenant.tenant_id, read(1))
    log.record(tenant.tenant_id, read(2))
    assert found(database, tenant) == []


def _away(tenant_id: UUID) -> None:
    raise DatabaseUnavailable("away")


def test_entries_of_threads_that_come_together_share_transactions(database: Database, tenant: Tenant) -> None:
    log, begun = AuditLog(database, KEYS), threading.Barrier(16)

    def work(number: int) -> None:
        begun.wait()
        log.record(tenant.tenant_id, read(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.tenant(tenant.tenant_id) as connection:
        rows = connection.execute("SELECT count(*), count(DISTINCT recorded_at) FROM audit_log").fetchall()
    assert rows[0][0] == 16
    assert rows[0][1] < 16
    assert found(database, tenant) == []


def test_old_months_leave_and_what_stays_is_verified(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    partitions.ensure(
        postgres_url, datetime(2019, 3, 1, tzinfo=UTC).date(), datetime(2019, 4, 1, tzinfo=UTC).date()
    )
    for month, number in ((1, 1), (3, 2), (3, 3), (4, 4), (4, 5)):
        _write_at(database, tenant, datetime(2019, month, 5, tzinfo=UTC), number)
    write(database, tenant, 2)
    assert found(database, tenant) == []
    april = datetime(2019, 4, 1, tzinfo=UTC)
    assert audit_retention.forget(database, postgres_url, KEYS, april) == ["audit_log_2019_03"]
    assert found(database, tenant) == []
    with database.tenant(tenant.tenant_id) as own:
        kept = own.execute("SELECT seq FROM audit_log ORDER BY seq").fetchall()
    assert kept == [(4,), (5,), (6,), (7,), (8,)]  # The last one says what was removed.
    assert audit_retention.forget(database, postgres_url, KEYS, april) == []
    with owner_of(postgres_url, tenant) as connection:
        connection.execute("DELETE FROM audit_log WHERE tenant_id = %s AND seq = 4", [tenant.tenant_id])
    assert found(database, tenant) == [("removed", 4, 4)]


def test_a_retention_that_ended_half_way_leaves_a_whole_log(
    database: Database, postgres_url: str, tenant: Tenant
) -> None:
    for month in (1, 2, 3):
        _write_at(database, tenant, datetime(2018, month, 5, tzinfo=UTC), month)
    write(database, tenant, 1)
    with database.tenant(tenant.tenant_id) as own:
        audit_retention._set_floors(own, tenant.tenant_id, KEYS, datetime(2018, 4, 1, tzinfo=UTC))
    assert found(database, tenant) == []
    with owner_of(postgres_url, tenant) as connection:
        connection.execute("DELETE FROM audit_log WHERE tenant_id = %s AND seq = 1", [tenant.tenant_id])
    assert found(database, tenant) == []
    with owner_of(postgres_url, tenant) as connection:
        connection.execute("DELETE FROM audit_log WHERE tenant_id = %s AND seq < 4", [tenant.tenant_id])
    assert found(database, tenant) == []


def _write_at(database: Database, tenant: Tenant, at: datetime, number: int) -> None:
    """An entry with the time it would have had then."""
    real = Database.tenant
    with real(database, tenant.tenant_id) as own:
        execute = own.execute

        class Then:
            """The connection with its clock put back."""

            tenant_id, connection = own.tenant_id, own.connection
            cursor = own.cursor

            @staticmethod
            def execute(query: str, parameters: object = None) -> object:
                text = f"timestamptz '{at.isoformat()}'"
                return execute(query.replace("clock_timestamp()", text), parameters)  # type: ignore[arg-type]

        write_entries(Then, KEYS, [read(number)])  # type: ignore[arg-type]


def test_the_oldest_month_that_is_kept_is_so_many_before_this_one() -> None:
    now = datetime(2026, 11, 26, 21, tzinfo=UTC)
    assert audit_retention.first_kept(now, 1) == datetime(2026, 10, 1, tzinfo=UTC)
    assert audit_retention.first_kept(now, 24) == datetime(2024, 11, 1, tzinfo=UTC)
    assert audit_retention.first_kept(datetime(2026, 1, 1, tzinfo=UTC), 1) == datetime(
        2025, 12, 1, tzinfo=UTC
    )


def test_a_long_log_is_verified_in_little_memory(database: Database, tenant: Tenant) -> None:
    def peak() -> int:
        tracemalloc.start()
        try:
            assert list(verify(database, tenant.tenant_id, KEYS)) == []
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def fill(count: int) -> None:
        for start in range(0, count, 500):
            with database.tenant(tenant.tenant_id) as own:
                write_entries(own, KEYS, [read(start + number) for number in range(500)])

    fill(4_000)
    few = peak()
    fill(7_000)
    assert peak() < 1.3 * few
