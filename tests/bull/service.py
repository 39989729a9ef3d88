"""A service that uses Bull itself (`tests/clients`), and jobs for it to publish."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import Redis

CLIENTS = Path(__file__).parents[1] / "clients"
HOW = "needs Node.js, and npm ci --prefix tests/clients"


def is_there() -> bool:
    """Whether the libraries are installed."""
    return shutil.which("node") is not None and (CLIENTS / "node_modules" / "bull").exists()


def purchase(number: int, **more: Any) -> dict[str, Any]:
    """What a shop publishes of a ticket for 10 pounds."""
    at = datetime.now(UTC).isoformat()
    return {"ticketId": f"T-{number}", "eventId": "gala", "amount": 10, "timestamp": at} | more


class Service:
    """A process of Node.js with queues under a prefix that only one test uses."""

    def __init__(self, url: str, program: str, prefix: str | None, settings: Mapping[str, object]) -> None:
        self.url = url
        self.prefix = prefix or f"test-{secrets.token_hex(5)}"
        node = shutil.which("node")
        assert node is not None
        self._process = subprocess.Popen(
            [node, program, url, self.prefix, json.dumps(settings)],
            cwd=CLIENTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, method: str, *given: Any) -> Any:
        """What a method of the program answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([method, *given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{method} ended the service"
        return json.loads(line)

    def publish(self, queue: str, numbers: range, **options: Any) -> None:
        """Add a purchase for each number, without a name, as a queue for each type has them."""
        self("addBulk", queue, [[None, purchase(number), options] for number in numbers])

    def counts(self, queue: str) -> dict[str, int]:
        """Bull's own counts that are not 0."""
        found: Mapping[str, int] = self("counts", queue)
        return {name: count for name, count in found.items() if count}

    def hashes(self, queue: str) -> int:
        """Jobs of which anything is kept."""
        with Redis.from_url(self.url) as redis:
            return sum(1 for _ in redis.scan_iter(f"{self.prefix}:{queue}:[0-9]*", 1000))

    def locks(self, queue: str) -> int:
        """Jobs that somebody works on."""
        with Redis.from_url(self.url) as redis:
            return sum(1 for _ in redis.scan_iter(f"{self.prefix}:{queue}:*:lock", 1000))

    def readers(self) -> int:
        """Connections of ours to this Redis."""
        with Redis.from_url(self.url) as redis:
            return sum(each["name"] == "housecount" for each in redis.client_list())

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def service(
    url: str, program: str = "bull.mjs", prefix: str | None = None, **settings: object
) -> Iterator[Service]:
    """A service for the length of the block, its workers with such settings; its queues go with it."""
    made = Service(url, program, prefix, settings)
    try:
        yield made
    finally:
        made.kill()
        with Redis.from_url(url) as redis:
            keys = list(redis.scan_iter(f"{made.prefix}:*", 1000))
            for at in range(0, len(keys), 1000):
                redis.delete(*keys[at : at + 1000])
