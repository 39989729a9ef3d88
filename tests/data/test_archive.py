"""Months of facts leave to files and come back as they were, whatever happens in between."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import REAL, BigInteger, Boolean, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from data import archive_columns, archive_manifest, archive_restore, partitions
from data.archive_files import is_whole
from data.archive_manifest import Busy
from data.archive_parquet import Damaged, File
from data.archive_restore import Unknown
from data.archived import STAYING, TABLES
from data.engine import Database
from data.erasure import as_owner
from data.folder import Urls
from data.keys import MasterKeys
from data.partitions import PARTITIONED
from data.schema import metadata
from tests.conftest import MASTER_KEY, Tenant, fresh_database, new_tenant
from tests.data.archiving import (
    MARCH,
    archive,
    archiving,
    emptied,
    entries,
    everything,
    files,
    left_behind,
    of_march,
    restore,
    tell,
)

MASTER = MasterKeys([MASTER_KEY])
STEPS = ["written", "verified", "noted", "leaving", "detached", "compared", "dropped"]


@pytest.fixture(scope="module")
def postgres_url(server_urls: Urls) -> Iterator[str]:
    """A database of our own: archiving takes the months of all tenants."""
    with fresh_database(server_urls.database_url) as url:
        yield url


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    """The application's, on that database."""
    database = Database(postgres_url, master=MASTER, max_size=4)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def nothing_is_archived(postgres_url: str) -> None:
    """Every test starts with tables of its own."""
    emptied(postgres_url)


def sent_in_march(database: Database, owner_url: str, tenant: Tenant, **options: Any) -> None:
    """Facts and messages of March 2019, and one of April."""
    assert set(tell(database, tenant, *of_march(**options))) == {"accepted"}
    with as_owner(owner_url, MASTER, tenant.tenant_id) as owner:
        owner.execute("UPDATE messages SET received_at = occurred_at WHERE received_at > '2020-01-01'")


def test_all_months_of_facts_are_archived_but_those_that_have_a_reason() -> None:
    assert set(TABLES) | set(STAYING) == set(PARTITIONED)
    assert len(TABLES) == 8
    assert set(STAYING) == {"audit_log", "venue_updates"}


def test_a_month_leaves_to_files_and_comes_back_as_it_was(
    database: Database, tenant: Tenant, other_tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    partitions.ensure(postgres_url, MARCH, MARCH)
    for one in (tenant, other_tenant):
        sent_in_march(database, postgres_url, one)
    tell(database, tenant, {"id": "a", "timestamp": "2019-04-01T00:00:00Z", "type": "page-view", "path": "/"})
    before = [everything(database, one) for one in (tenant, other_tenant)]

    made = archive(postgres_url, tmp_path)

    assert sorted({entry.fact_table for entry in made}) == sorted(TABLES)
    assert {entry.state for entry in entries(postgres_url, tenant)} == {"archived"}
    left = everything(database, tenant)
    assert {table for table, rows in left.items() if rows} == {"page_views", "messages"}
    assert [len(left[table]) for table in ("page_views", "messages")] == [1, 1]
    assert left_behind(postgres_url) == []
    assert archive(postgres_url, tmp_path) == [], "nothing is left to do"
    folder = tmp_path / str(tenant.tenant_id)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert len(files(tmp_path, tenant.tenant_id)) == len(TABLES)

    restore(postgres_url, tmp_path, tenant)
    assert everything(database, tenant) == before[0]
    assert everything(database, other_tenant) != before[1], "one tenant alone came back"
    restore(postgres_url, tmp_path)
    assert everything(database, other_tenant) == before[1]
    assert files(tmp_path, tenant.tenant_id) == files(tmp_path, other_tenant.tenant_id) == []
    assert archive(postgres_url, tmp_path) == [], "what was brought back stays for a while"


def test_a_file_says_what_it_is_to_whoever_reads_parquet(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    archive(postgres_url, tmp_path)
    [entry] = [entry for entry in entries(postgres_url, tenant) if entry.fact_table == "ticket_sales"]
    table = pq.read_table(entry.path(tmp_path))
    assert table.schema.field("occurred_at").type.tz == "UTC"
    assert str(table.schema.field("customer").type) == "extension<arrow.uuid>"
    assert table.column("occurred_at").to_pylist() == [datetime(2019, 3, 4, 19, 30, tzinfo=UTC)] * 2
    assert pq.ParquetFile(entry.path(tmp_path)).metadata.row_group(0).column(0).compression == "ZSTD"
    with File(entry.path(tmp_path)) as file:
        said = file.about
    assert (said.tenant_id, said.table, said.month, said.revision) == (
        tenant.tenant_id,
        "ticket_sales",
        MARCH,
        entry.revision,
    )


def test_months_that_nobody_prepared_are_taken_from_the_default_partition(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    before = everything(database, tenant)
    assert len(archive(postgres_url, tmp_path)) == len(TABLES)
    assert not any(everything(database, tenant).values())
    restore(postgres_url, tmp_path)
    assert everything(database, tenant) == before


def test_a_repeated_message_stays_a_duplicate_and_a_late_one_is_kept_and_counted_once(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    archive(postgres_url, tmp_path)
    assert set(tell(database, tenant, *of_march())) == {"duplicate"}
    assert not any(everything(database, tenant).values())

    late: dict[str, Any] = {"id": "late", "timestamp": "2019-03-09T12:00:00Z", "type": "ticket-purchase"}
    late |= {"ticketId": "t-late", "amount": 7, "quantity": 1}
    assert tell(database, tenant, late) == ["accepted"]
    assert tell(database, tenant, late) == ["duplicate"]
    assert len(everything(database, tenant)["ticket_sales"]) == 1
    assert archive(postgres_url, tmp_path) == [], "one row is not worth the locks"
    with database.tenant(tenant.tenant_id) as own:
        assert own.execute("SELECT sold FROM event_totals").fetchall() == [(3,)]
    restore(postgres_url, tmp_path)
    assert len(everything(database, tenant)["ticket_sales"]) == 3


def test_what_came_late_leaves_in_a_file_of_its_own_and_both_come_back(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    archive(postgres_url, tmp_path)
    sent_in_march(database, postgres_url, tenant, who="bo@example.org", name="late")
    partitions.ensure(postgres_url, strays=1)
    made = archive(postgres_url, tmp_path)
    assert {entry.part for entry in made} == {2}
    assert not any(everything(database, tenant).values())
    restore(postgres_url, tmp_path)
    assert len(everything(database, tenant)["ticket_sales"]) == 4


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=5, phases=[Phase.generate])
@given(data=st.data())
def test_any_value_a_column_can_have_comes_back(
    database: Database, postgres_url: str, tmp_path_factory: pytest.TempPathFactory, table: str, data: Any
) -> None:
    emptied(postgres_url)
    tenant = new_tenant(postgres_url)
    rows = data.draw(st.lists(row_of(table), min_size=1, max_size=5))
    names = [column.name for column in metadata.tables[table].c if column.name != "tenant_id"]
    with as_owner(postgres_url, MASTER, tenant.tenant_id) as owner:
        insert = sql.SQL("INSERT INTO {} (tenant_id, {}) VALUES (%s, {})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join([sql.SQL("%s")] * len(names)),
        )
        for row in rows:
            owner.connection.execute(insert, [tenant.tenant_id, *row])
    before = everything(database, tenant, (table,))
    folder = tmp_path_factory.mktemp("archive")
    archive(postgres_url, folder)
    assert everything(database, tenant, (table,)) == {table: []}
    restore(postgres_url, folder, tenant)
    assert everything(database, tenant, (table,)) == before


def row_of(table: str) -> st.SearchStrategy[list[Any]]:
    """A row of March 2019 with whatever its columns can hold."""
    time = PARTITIONED[table]
    within = st.integers(0, 31 * 86_400_000_000 - 1).map(
        lambda microseconds: datetime(2019, 3, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    )
    columns = [column for column in metadata.tables[table].c if column.name != "tenant_id"]
    values = [within if column.name == time else _values(column) for column in columns]
    return st.tuples(*values).map(list)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
_BY_TYPE: list[tuple[type[Any], st.SearchStrategy[Any]]] = [
    (JSONB, _JSON.map(Jsonb)),
    (
        TIMESTAMP,
        st.datetimes(timezones=st.just(UTC)).map(str)
        | st.sampled_from(["0044-03-15 12:00+00 BC", "290000-01-01 00:00:00.000001+00"]),
    ),
    (Uuid, st.uuids()),
    (SmallInteger, st.sampled_from([-(2**15), 2**15 - 1, 0])),
    (BigInteger, st.sampled_from([-(2**63), 2**63 - 1, 0])),
    (Integer, st.sampled_from([-(2**31), 2**31 - 1, 0])),
    (Boolean, st.booleans()),
    (REAL, st.floats(width=32)),
    (Text, TEXT),
]


def _values(column: Any) -> st.SearchStrategy[Any]:
    values = next(strategy for kind, strategy in _BY_TYPE if isinstance(column.type, kind))
    return values | st.none() if column.nullable else values


@pytest.mark.parametrize(
    ("step", "occurrence"), [*((step, 1) for step in STEPS), ("written", 3), ("dropped", 3)]
)
def test_a_process_that_is_killed_at_any_step_loses_and_repeats_nothing(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path, step: str, occurrence: int
) -> None:
    sent_in_march(database, postgres_url, tenant)
    before = everything(database, tenant)
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.data.archiving import archive\n"
        "seen = []\n"
        "def step(name):\n"
        "    seen.append(name)\n"
        f"    if seen.count({step!r}) == {occurrence}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "archive(sys.argv[1], Path(sys.argv[2]), step=step)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, postgres_url, str(tmp_path)], timeout=120)
    assert ended.returncode == -signal.SIGKILL

    archive(postgres_url, tmp_path)
    assert not any(everything(database, tenant).values())
    assert left_behind(postgres_url) == []
    known = entries(postgres_url, tenant)
    assert [(entry.state, entry.part) for entry in known] == [("archived", 1)] * len(TABLES)
    assert files(tmp_path, tenant.tenant_id) == sorted(entry.file_name for entry in known)
    restore(postgres_url, tmp_path)
    assert everything(database, tenant) == before


@pytest.mark.parametrize("step", ["made", "loaded"])
def test_bringing_back_may_be_killed_too(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path, step: str
) -> None:
    sent_in_march(database, postgres_url, tenant)
    before = everything(database, tenant)
    archive(postgres_url, tmp_path)

    class Killed(BaseException):
        pass

    def end(name: str) -> None:
        if name == step:
            raise Killed

    with pytest.raises(Killed), archiving(postgres_url, tmp_path, end) as archiver:
        list(archive_restore.restore(archiver, archive_manifest.entries(archiver.connection)))
    restore(postgres_url, tmp_path)
    assert everything(database, tenant) == before
    assert files(tmp_path, tenant.tenant_id) == []


@pytest.mark.parametrize("moment", ["noted", "leaving"])
def test_what_is_written_into_a_month_while_it_leaves_is_in_its_file(
    database: Database,
    tenant: Tenant,
    other_tenant: Tenant,
    postgres_url: str,
    tmp_path: Path,
    moment: str,
) -> None:
    sent_in_march(database, postgres_url, tenant)
    told = threading.Event()

    def write(step: str) -> None:
        if step == moment and not told.is_set():
            told.set()
            for one in (tenant, other_tenant):  # Of the second one there was nothing yet.
                sent_in_march(database, postgres_url, one, who="bo@example.org", name="meanwhile")

    archive(postgres_url, tmp_path, step=write)
    for one in (tenant, other_tenant):
        assert not any(everything(database, one).values())
    restore(postgres_url, tmp_path)
    found = [len(everything(database, one)["ticket_sales"]) for one in (tenant, other_tenant)]
    assert found == [4, 2]


def test_writers_go_on_beside_an_archiver_and_nothing_is_lost(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    accepted = []

    def send() -> None:
        for number in range(40):
            at = f"2019-03-{number % 28 + 1:02}T10:00:00Z"
            view = {"id": f"v-{number}", "timestamp": at, "type": "page-view", "path": "/"}
            accepted.extend(tell(database, tenant, view))

    writer = threading.Thread(target=send)
    writer.start()
    archive(postgres_url, tmp_path)
    writer.join()
    archive(postgres_url, tmp_path)
    restore(postgres_url, tmp_path)
    assert accepted == ["accepted"] * 40
    assert len(everything(database, tenant)["page_views"]) == 41


def test_a_damaged_a_missing_and_another_tenants_file_are_refused_by_name(
    database: Database, tenant: Tenant, other_tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    for one in (tenant, other_tenant):
        sent_in_march(database, postgres_url, one)
    archive(postgres_url, tmp_path)
    [own] = [entry for entry in entries(postgres_url, tenant) if entry.fact_table == "ticket_sales"]
    [strange] = [entry for entry in entries(postgres_url, other_tenant) if entry.fact_table == "ticket_sales"]
    path = own.path(tmp_path)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(damaged) // 4] ^= 1
    for content in (bytes(damaged), whole[:-100], b"", strange.path(tmp_path).read_bytes(), None):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Damaged, match=own.file_name):
            restore(postgres_url, tmp_path, tenant)
        assert everything(database, tenant)["ticket_sales"] == []
        with archiving(postgres_url, tmp_path) as archiver:
            assert not is_whole(archiver, own)
        path.touch()
    path.write_bytes(whole)
    restore(postgres_url, tmp_path, tenant)
    assert len(everything(database, tenant)["ticket_sales"]) == 2


def test_a_file_that_is_damaged_before_its_month_has_gone_is_written_again(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)

    damaged: list[Path] = []

    def damage(step: str) -> None:
        if step == "detached" and not damaged:
            for path in tmp_path.glob("*/*.parquet"):
                damaged.append(path)
                path.write_bytes(path.read_bytes()[:-50])

    archive(postgres_url, tmp_path, step=damage)
    assert damaged
    assert not any(path.exists() for path in damaged)
    with archiving(postgres_url, tmp_path) as archiver:
        assert all(is_whole(archiver, entry) for entry in entries_of(archiver.connection, tenant))
    restore(postgres_url, tmp_path)
    assert len(everything(database, tenant)["ticket_sales"]) == 2


def entries_of(connection: Any, tenant: Tenant) -> list[archive_manifest.Entry]:
    return archive_manifest.entries(connection, tenant.tenant_id)


def test_a_full_disk_leaves_everything_where_it_was(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    before = everything(database, tenant)
    program = (
        "import resource, signal, sys; from pathlib import Path; from tests.data.archiving import archive\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))\n"
        "archive(sys.argv[1], Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, postgres_url, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "OSError" in ended.stderr
    assert everything(database, tenant) == before
    assert files(tmp_path, tenant.tenant_id) == []
    assert left_behind(postgres_url) == []
    archive(postgres_url, tmp_path)
    restore(postgres_url, tmp_path)
    assert everything(database, tenant) == before


def test_one_archives_at_a_time(postgres_url: str, tmp_path: Path) -> None:
    with archiving(postgres_url, tmp_path), pytest.raises(Busy), archiving(postgres_url, tmp_path):
        pass


def test_files_of_an_older_revision_come_back_with_defaults_and_of_a_newer_one_not_with_a_loss(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    sent_in_march(database, postgres_url, tenant)
    archive(postgres_url, tmp_path)
    before = entries(postgres_url, tenant)
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE ticket_scans ADD COLUMN lane text NOT NULL DEFAULT 'one'")
        owner.execute("ALTER TABLE ticket_sales RENAME COLUMN kind TO sort")
    columns = archive_columns.columns
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("data.archive_restore.columns", lambda table: _changed(columns(table), table))
            with pytest.raises(Unknown, match=r"no longer has: \['kind'\]"):
                restore(postgres_url, tmp_path)
            assert everything(database, tenant)["ticket_sales"] == []
            with archiving(postgres_url, tmp_path) as archiver:
                known = [entry for entry in before if entry.fact_table == "ticket_scans"]
                assert [lacking for _, lacking in archive_restore.restore(archiver, known)] == [["lane"]]
            with database.tenant(tenant.tenant_id) as own:
                assert own.execute("SELECT lane FROM ticket_scans").fetchall() == [("one",)]
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as owner:
            owner.execute("ALTER TABLE ticket_scans DROP COLUMN lane")
            owner.execute("ALTER TABLE ticket_sales RENAME COLUMN sort TO kind")


def _changed(columns: dict[str, Any], table: str) -> dict[str, Any]:
    """The columns of a later revision: scans have a lane, the kind of sales has another name."""
    if table == "ticket_scans":
        return columns | {"lane": "text"}
    return {("sort" if name == "kind" else name): kind for name, kind in columns.items()}


def test_a_large_month_is_written_and_read_in_little_memory(
    database: Database, tenant: Tenant, postgres_url: str, tmp_path: Path
) -> None:
    with as_owner(postgres_url, MASTER, tenant.tenant_id) as owner:
        owner.execute(
            "INSERT INTO page_views (tenant_id, venue_id, event_id, occurred_at, message_key, line, path)"
            " SELECT %s, gen_random_uuid(), gen_random_uuid(), '2019-03-02', gen_random_uuid(), 0,"
            " repeat(md5(n::text), 40) FROM generate_series(1, 60000) n",
            [tenant.tenant_id],
        )
    program = (
        "import resource, sys; from pathlib import Path; from tests.data.archiving import archive, restore\n"
        "from datetime import date\n"
        "archive(sys.argv[1], Path(sys.argv[2]).parent / 'none', before=date(2019, 1, 1))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "archive(sys.argv[1], Path(sys.argv[2])); restore(sys.argv[1], Path(sys.argv[2]))\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    command = [sys.executable, "-c", program, postgres_url, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert int(ended.stdout) < 120, "of 77 MB of texts"
    assert len(everything(database, tenant)["page_views"]) == 60_000
