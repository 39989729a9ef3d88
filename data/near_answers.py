"""The answers a process used last, read already: what Redis has need not be fetched and read again.

A key names the version of the data that its answer was read from, so an answer here is never wrong. Answers
that name customers are not kept: an erasure has to reach every copy of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from data.answers import Answer
from data.export_privacy import CUSTOMER

MOST_BYTES = 2_000_000
"""Of all answers as Redis keeps them; read, they take some six times as much memory."""


class NearAnswers:
    """Answers by key; the ones not used for longest make room. Safe to use from any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[Answer, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, keys: Iterable[str]) -> dict[str, Answer]:
        """Those that are here."""
        found = {}
        with self._lock:
            for key in keys:
                kept = self._kept.get(key)
                if kept is not None:
                    self._kept.move_to_end(key)
                    found[key] = kept[0]
        return found

    def keep(self, key: str, answer: Answer, size: int) -> None:
        """Keep an answer of so many bytes, as long as there is room."""
        if size > self._most_bytes // 4 or any(column.name == CUSTOMER for column in answer.columns):
            return
        with self._lock:
            self._bytes += size - self._kept.pop(key, (answer, 0))[1]
            self._kept[key] = answer, size
            while self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1][1]
