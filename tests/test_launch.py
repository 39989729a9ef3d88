"""The supervisor: one command starts it all, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from data.folder import Urls
from launch import Kept
from processes import Process
from tests.conftest import fresh_database

ROOT = Path(__file__).parents[1]


class Housecount:
    """A running `python app.py` with its output."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port, metrics_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = folder.with_suffix(".log")
        defaults = {"DATA_DIR": str(folder), "PORT": str(self.port), "METRICS_PORT": str(metrics_port)}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=os.environ | {"DEMO": "false"} | defaults | settings,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_ready(self) -> None:
        wait_until(lambda: "Housecount is ready" in self.output or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.output

    def tree(self) -> list[psutil.Process]:
        """Every process below the supervisor, and itself."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def find(self, words: str) -> psutil.Process | None:
        """The first process below the supervisor whose command line contains `words`."""
        for process in self.tree()[1:]:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if words in " ".join(process.cmdline()):
                    return process
        return None


@contextlib.contextmanager
def housecount(folder: Path, **settings: str) -> Iterator[Housecount]:
    """Housecount for the length of the block; whatever a failing test leaves of it is killed."""
    running = Housecount(folder, **settings)
    known: list[psutil.Process] = []
    try:
        running.wait_until_ready()
        known = running.tree()
        yield running
    finally:
        running.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(30)
        for process in known:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Housecount]:
    """A Housecount on embedded servers that several tests look at."""
    with housecount(tmp_path_factory.mktemp("house") / "data") as started:
        yield started


def test_a_start_says_where_it_is_and_what_is_embedded(running: Housecount) -> None:
    assert re.search(rf"ready after [\d.]+ s:  {running.url}\n", running.output)
    assert "PostgreSQL   embedded, in" in running.output
    assert "Redis        embedded, in" in running.output
    assert "Demo login" not in running.output


def test_the_pages_are_served_and_lead_a_stranger_to_the_sign_in(running: Housecount) -> None:
    assert httpx.get(f"{running.url}/livez").status_code == 200
    page = httpx.get(f"{running.url}/", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/login")


def test_passwords_do_not_show_in_the_output_or_the_process_list(running: Housecount) -> None:
    folder = running._output.with_suffix("")
    password = (folder / "postgres.password").read_text()
    assert password not in running.output
    assert not any(password in " ".join(process.cmdline()) for process in running.tree())


def test_the_web_process_holds_no_password_of_the_owner(running: Housecount) -> None:
    secret = (running._output.with_suffix("") / "postgres.password").read_text()
    holders = {
        words: secret in (found.environ().get("DATABASE_URL") or "")
        for words in ("gunicorn", "jobs worker")
        if (found := running.find(words)) is not None
    }
    assert holders == {"gunicorn": False, "jobs worker": True}


def test_logs_of_servers_are_for_their_owner_alone(running: Housecount) -> None:
    folder = running._output.with_suffix("")
    logs = [folder / "postgres.log", folder / "redis.log"]
    assert [oct(log.stat().st_mode & 0o777) for log in logs] == ["0o600", "0o600"]


def test_a_second_start_on_the_same_folder_says_what_is_wrong_and_harms_nothing(running: Housecount) -> None:
    second = Housecount(running._output.with_suffix(""))
    second._output = running._output
    assert second.process.wait(30) == 1
    assert (
        f"already runs in {running._output.with_suffix('')} (process {running.process.pid})" in running.output
    )
    assert httpx.get(f"{running.url}/readyz").status_code == 200


def test_a_second_start_on_the_same_port_says_where_the_first_one_is(
    running: Housecount, tmp_path: Path
) -> None:
    second = Housecount(tmp_path / "other", PORT=str(running.port))
    assert second.process.wait(30) == 1
    assert second.output == (
        f"Housecount already runs at {running.url}: open it there, or set PORT, METRICS_PORT and DATA_DIR"
        " to start another one.\n"
    )


@pytest.mark.parametrize("victim", ["gunicorn", "jobs worker", "redis-server", "bin/postgres"])
def test_a_process_that_is_killed_is_started_again(running: Housecount, victim: str) -> None:
    before = running.find(victim)
    assert before is not None
    before.kill()
    wait_until(lambda: running.find(victim) not in (before, None))
    wait_until(lambda: answers(f"{running.url}/readyz"), 30)


def test_ctrl_c_stops_every_process_in_order_and_leaves_with_0(tmp_path: Path) -> None:
    with housecount(tmp_path / "data") as running:
        tree = running.tree()
        assert len(tree) > 5
        assert "Stopping …" not in running.output
        running.process.send_signal(signal.SIGINT)
        wait_until(lambda: running.output.count("\nStopping …\n") == 1, 2)
        assert running.process.wait(30) == 0
        assert running.output.count("Stopping …") == 1
        assert [process for process in tree if process.is_running()] == []
        assert "database system is shut down" in (tmp_path / "data" / "postgres.log").read_text()


def test_when_the_supervisor_is_killed_nothing_stays_and_the_next_start_works(tmp_path: Path) -> None:
    with housecount(tmp_path / "data") as running:
        tree = running.tree()
        running.process.kill()
        running.process.wait()
        wait_until(lambda: not any(process.is_running() for process in tree), 30)
    with housecount(tmp_path / "data") as again:
        assert httpx.get(f"{again.url}/readyz").status_code == 200


def test_a_stop_during_the_start_is_obeyed(tmp_path: Path) -> None:
    starting = Housecount(tmp_path / "data")
    wait_until(lambda: (tmp_path / "data" / "urls.json").exists(), 30)
    tree = starting.tree()
    starting.process.terminate()
    assert starting.process.wait(30) == 0
    assert starting.output.count("Stopping …") == 1
    assert [process for process in tree if process.is_running()] == []
    assert "Housecount is ready" not in starting.output


def test_given_servers_are_used_instead_of_embedded_ones(tmp_path: Path, server_urls: Urls) -> None:
    with fresh_database(server_urls.database_url) as url:
        settings = {"DATABASE_URL": url, "REDIS_URL": server_urls.redis_url}
        with housecount(tmp_path / "data", **settings) as running:
            assert httpx.get(f"{running.url}/readyz").status_code == 200
            assert "PostgreSQL   from DATABASE_URL" in running.output
            assert "Redis        from REDIS_URL" in running.output
            assert not {"postgres", "redis-server"} & {process.name() for process in running.tree()}
        assert not (tmp_path / "data" / "postgres").exists()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_wrong_settings_stop_the_start_with_the_whole_list(tmp_path: Path) -> None:
    failing = Housecount(tmp_path / "data", LOG_LEVEL="loud", GROUP_COMMIT_MS="soon")
    assert failing.process.wait(30) == 1
    assert "LOG_LEVEL: " in failing.output
    assert "GROUP_COMMIT_MS: " in failing.output
    assert "Traceback" not in failing.output
    assert not (tmp_path / "data").exists()


def test_a_given_database_that_cannot_be_reached_stops_the_start_with_a_reason(tmp_path: Path) -> None:
    url = "postgresql://owner:s3cret@127.0.0.1:1/house"
    failing = Housecount(tmp_path / "data", DATABASE_URL=url)
    assert failing.process.wait(30) == 1
    assert "The database of DATABASE_URL cannot be used: connection failed" in failing.output
    assert "The migrations failed" in failing.output
    assert "Traceback" not in failing.output
    assert "s3cret" not in failing.output


def test_a_port_in_use_stops_the_start_with_a_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failing = Housecount(tmp_path / "data", PORT=str(port))
        assert failing.process.wait(30) == 1
    assert f"127.0.0.1:{port} cannot be used (Address already in use)" in failing.output


def test_a_process_that_keeps_failing_is_started_ever_more_slowly() -> None:
    process = Process("failing", ["false"])
    process.start()
    kept, now, starts = Kept(process), time.monotonic(), []
    for tenth in range(100):
        wait_until(lambda: process.exit_code is not None)
        before = process.pid
        kept.look_after(now + tenth / 10)
        if process.pid != before:
            starts.append(tenth / 10)
    assert starts == [0.5, 1.6, 3.7, 7.8]


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
