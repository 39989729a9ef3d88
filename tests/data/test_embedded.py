"""The embedded servers keep their data, guard their folder and never outlive their starter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from data.embedded import postgres_server, redis_server, running_or_started, servers
from data.folder import AlreadyRunning, EmbeddedError, Urls

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from data.embedded import servers
with servers(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs both servers in `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_both_servers_keep_their_data_over_a_restart_and_answer_at_the_same_address(tmp_path: Path) -> None:
    with servers(tmp_path) as first:
        with psycopg.connect(first.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with redis.Redis.from_url(first.redis_url) as client:
            client.set("kept", "yes")
    with servers(tmp_path) as second:
        assert second == first
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        with redis.Redis.from_url(second.redis_url) as client:
            assert client.get("kept") == b"yes"


def test_nothing_is_left_running_after_the_block(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    with servers(tmp_path):
        started = set(psutil.Process().children(recursive=True)) - before
        assert {"postgres", "redis-server"} <= {process.name() for process in started}
    assert [process for process in started if process.is_running()] == []


def test_postgresql_is_durable_small_and_closed_to_the_network(tmp_path: Path) -> None:
    expected = {
        "fsync": ("on",),
        "full_page_writes": ("on",),
        "synchronous_commit": ("on",),
        "listen_addresses": ("",),
        "shared_buffers": ("12MB",),
        "max_connections": ("40",),
        "jit": ("off",),
    }
    with servers(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in expected}
    assert settings == expected


def test_postgresql_refuses_a_wrong_password(tmp_path: Path) -> None:
    with servers(tmp_path) as urls:
        password = (tmp_path / "postgres.password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(urls.database_url.replace(password, "guess"))


def test_secrets_and_sockets_are_closed_to_other_users(tmp_path: Path) -> None:
    with servers(tmp_path) as urls:
        sockets = Path(urls.redis_url.removeprefix("unix://")).parent
        closed = [sockets, tmp_path / "postgres", tmp_path / "postgres.password", tmp_path / "urls.json"]
        assert [oct(path.stat().st_mode & 0o077) for path in closed] == ["0o0"] * 4


def test_a_second_start_on_the_same_folder_is_refused_and_names_the_first(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    began = time.monotonic()
    with (
        pytest.raises(AlreadyRunning, match=rf"already runs in {tmp_path} \(process {holder.pid}\)"),
        servers(tmp_path),
    ):
        pass
    assert time.monotonic() - began < 2


def test_a_command_beside_a_running_housecount_uses_its_servers(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with running_or_started(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert holder.poll() is None
    with psycopg.connect(urls.database_url) as connection:
        assert connection.execute("SELECT 2").fetchone() == (2,)


def test_a_command_beside_it_still_uses_the_servers_that_it_is_given(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    given = "postgresql://ada@db.example/other"
    with running_or_started(tmp_path, given) as urls:
        assert (urls.database_url, urls.redis_url[:7]) == (given, "unix://")
    with running_or_started(tmp_path, None, "redis://cache.example") as urls:
        assert (urls.redis_url, urls.database_url[:13]) == ("redis://cache.example", "postgresql://")


def test_when_the_starter_is_killed_its_servers_stop_and_the_next_start_recovers(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with running_or_started(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE committed AS SELECT 7 AS seven")
    started = psutil.Process(holder.pid).children(recursive=True)
    holder.kill()
    wait_until(lambda: not any(process.is_running() for process in started))
    with servers(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        assert connection.execute("SELECT seven FROM committed").fetchone() == (7,)


def test_after_kill_9_of_everything_a_reused_process_number_does_not_stop_the_recovery(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with running_or_started(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE committed AS SELECT 7 AS seven")
    started = psutil.Process(holder.pid).children(recursive=True)
    # The holder last: at its end the servers would be asked to stop in order, and remove their files.
    for process in [*started, psutil.Process(holder.pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # Gone with the process that started it.
            process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(process.is_running() for process in started))
    stale = tmp_path / "postgres" / "postmaster.pid"
    assert stale.exists()
    user = "nobody" if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as unrelated:
        stale.write_text("\n".join([str(unrelated.pid), *stale.read_text().splitlines()[1:]]))
        with servers(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
            assert connection.execute("SELECT seven FROM committed").fetchone() == (7,)
        unrelated.kill()


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    draft = tmp_path / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with servers(tmp_path) as urls, psycopg.connect(urls.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_with_a_long_path_still_gets_sockets(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 25)
    with servers(deep) as urls, psycopg.connect(urls.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "dump.rdb").write_text("this is not a snapshot")
    with pytest.raises(EmbeddedError, match=r"(?s)Redis did not start; its log .*Wrong signature"):
        redis_server(tmp_path).start()


def test_a_server_can_be_stopped_and_started_again_at_the_same_address(tmp_path: Path) -> None:
    server = postgres_server(tmp_path)
    with server.running():
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_given_servers_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    given = Urls("postgresql://elsewhere/db", "redis://elsewhere")
    with servers(tmp_path / "untouched", given.database_url, given.redis_url) as urls:
        assert urls == given
    assert not (tmp_path / "untouched").exists()


def test_beside_a_given_postgresql_only_redis_is_embedded(tmp_path: Path) -> None:
    with servers(tmp_path, "postgresql://elsewhere/db") as urls:
        assert urls.database_url == "postgresql://elsewhere/db"
        with redis.Redis.from_url(urls.redis_url) as client:
            assert client.ping()
    assert not (tmp_path / "postgres").exists()


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
