"""The data folder of the embedded servers: who holds it, and the notes kept in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

URLS_FILE = "urls.json"
HANDOVER_SECONDS = 20.0


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


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[int]:
    """The folder's lock, as an open descriptor to be handed to the servers.

    Raises AlreadyRunning when another living process holds it.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + HANDOVER_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(descriptor, 20, 0).decode().strip()
                # A holder that was killed leaves servers that shut down by themselves: worth waiting for.
                if _is_alive(holder) or time.monotonic() > deadline:
                    raise AlreadyRunning(
                        f"Housecount already runs in {folder} (process {holder or 'unknown'}). Stop it, "
                        "or set DATA_DIR to another folder.",
                        read_urls(folder),
                    ) from None
                time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def published(folder: Path, urls: Urls) -> Iterator[None]:
    """Let other commands on this folder find the servers for the length of the block."""
    note = folder / URLS_FILE
    write_private(note, json.dumps(asdict(urls)))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from the first moment on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def read_urls(folder: Path) -> Urls | None:
    """The published addresses, or None when nothing (readable) is published."""
    try:
        return Urls(**json.loads((folder / URLS_FILE).read_text()))
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
