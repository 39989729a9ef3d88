"""How far each demo evening has been published, kept over a restart in a small file, and told the pages.

Losing the file costs time only: whatever is published again is a duplicate to the server.
"""

import hashlib
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from data.demo_handover import tell_history

FILE = "simulator.json"


class _Kept(msgspec.Struct):
    """The file. `token` is a digest: another token means another database, in which nothing is published."""

    token: str
    events: dict[str, tuple[datetime, datetime]]


class Progress:
    """Up to which moment the messages of an evening are published; safe to share between threads."""

    def __init__(self, data_dir: Path, token: str) -> None:
        self._file = data_dir / FILE
        self._digest = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._events = self._read()
        self._lock = threading.Lock()
        self._changed = False

    def until(self, ref: str, doors_at: datetime) -> datetime | None:
        """The moment, None when nothing is published or when the evening has been moved since."""
        doors, until = self._events.get(ref, (None, None))
        return until if doors == doors_at else None

    def reached(self, ref: str, doors_at: datetime, until: datetime) -> None:
        """Remember that everything up to `until` is committed."""
        with self._lock:
            self._events[ref] = (doors_at, until)
            self._changed = True

    def save(self) -> None:
        """Write the file if anything changed."""
        with self._lock:
            if not self._changed:
                return
            self._changed = False
            text = msgspec.json.encode(_Kept(self._digest, self._events))
        draft = self._file.with_name(f"{FILE}.new")
        draft.write_bytes(text)
        draft.replace(self._file)

    def _read(self) -> dict[str, tuple[datetime, datetime]]:
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return {}
        return kept.events if kept.token == self._digest else {}


class History:
    """How many of the evenings have all their past, told the pages whenever the percentage changes."""

    def __init__(self, data_dir: Path, evenings: int, behind: Iterable[str]) -> None:
        """`behind` are the references of those of the `evenings` that have yet to be published."""
        self._data_dir = data_dir
        self._evenings = evenings
        self._behind = set(behind)
        self._tell()

    def published(self, ref: str) -> None:
        """This evening is there up to now."""
        if ref in self._behind:
            self._behind.remove(ref)
            self._tell()

    def _tell(self) -> None:
        there = self._evenings - len(self._behind)
        tell_history(self._data_dir, there * 100 // self._evenings if self._behind else 100)
