"""Messages that wait: one JSON line each, on disk or in memory, until the server has them.

On disk a line is synced before the call that made it returns. A directory holds `N.ndjson`, to which lines
are appended; `done`, which says how many bytes of which file are sent; and `lock`, held by the one process
that may use it. Whoever is killed at any moment loses nothing that was taken; some of it is sent again.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_WORTH_COMPACTING = 1 << 20


class Full(Exception):
    """Too much is waiting; the message was not taken."""


class InUse(Exception):
    """Another process, or another client, has this directory."""


class Memory:
    """Lines that end with the process."""

    def __init__(self, most_bytes: int) -> None:
        self._lines: list[bytes] = []
        self._most, self.waiting = most_bytes, 0

    def add(self, line: bytes) -> None:
        """Keep a line. Raises Full."""
        if self.waiting + len(line) > self._most:
            raise Full("Too many messages wait to be sent.")
        self._lines.append(line)
        self.waiting += len(line)

    def first(self, lines: int) -> list[bytes]:
        """The oldest lines, so many at most."""
        return self._lines[:lines]

    def done(self, lines: list[bytes]) -> None:
        """The oldest lines, as `first` gave them, are sent."""
        del self._lines[: len(lines)]
        self.waiting -= sum(map(len, lines))

    def close(self) -> None:
        """Nothing is held."""


class Disk:
    """Lines in a directory. Raises InUse, OSError."""

    def __init__(self, directory: Path, most_bytes: int) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory, self._most = directory, most_bytes
        self._lock = (directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise InUse(f"{directory} is used by another process.") from None
        done = directory / "done"
        number, sent = done.read_text().split() if done.exists() else ("0", "0")
        self._number, self._sent = int(number), int(sent)
        for other in {*directory.glob("*.ndjson")} - {self._path}:  # Not in use yet, or no longer.
            other.unlink()
        self._file = _opened(self._path)
        self._sync()
        self._size = self._path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(self._file, self._size)  # A line that was cut off: its call did not return.

    @property
    def waiting(self) -> int:
        """How many bytes are not sent."""
        return self._size - self._sent

    @property
    def _path(self) -> Path:
        return self._directory / f"{self._number}.ndjson"

    def add(self, line: bytes) -> None:
        """Keep a line for good. Raises Full, OSError."""
        if self.waiting + len(line) > self._most:
            raise Full(f"{self._directory} is full: too many messages wait to be sent.")
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(f"{self._directory}: no space left")
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(line)

    def first(self, lines: int) -> list[bytes]:
        """The oldest lines, so many at most."""
        with self._path.open("rb") as file:
            file.seek(self._sent)
            return [line for line, _ in zip(file, range(lines), strict=False)]

    def done(self, lines: list[bytes]) -> None:
        """The oldest lines, as `first` gave them, are sent. Raises OSError."""
        sent = self._sent + sum(map(len, lines))
        if sent == self._size or sent > max(_WORTH_COMPACTING, self._size // 2):
            self._begin_anew(sent)
        else:
            self._note(self._number, sent)
            self._sent = sent
            self._sync()

    def close(self) -> None:
        """Let others use the directory."""
        os.close(self._file)
        self._lock.close()

    def _begin_anew(self, sent: int) -> None:
        """Go on in a new file that has what is left. Until `done` names it, the old one holds."""
        old, number = self._path, self._number + 1
        with old.open("rb") as file:
            file.seek(sent)
            rest = file.read()
        _write(self._directory / f"{number}.ndjson", rest)
        self._sync()
        new = _opened(self._directory / f"{number}.ndjson")
        self._note(number, 0)
        os.close(self._file)
        self._file, self._number, self._sent, self._size = new, number, 0, len(rest)
        self._sync()
        old.unlink()

    def _note(self, number: int, sent: int) -> None:
        _write(self._directory / "done.new", f"{number} {sent}".encode())
        (self._directory / "done.new").replace(self._directory / "done")

    def _sync(self) -> None:
        """The directory's own entries."""
        descriptor = os.open(self._directory, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
