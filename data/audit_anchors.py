"""Anchors: how far each lane of the audit log had come, kept where no database role reaches.

Whoever owns the tables can cut a lane short and set its head back, and what is left is a chain without a
fault. An anchor says that there was more. The worker writes them to a file and to the log; ship either
elsewhere, and not even whoever has this machine can take back what they say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog

from data.engine import Database

log = structlog.stdlib.get_logger("audit")
FILE = "audit-anchors.jsonl"
EVENT = "audit anchor"
_PARTS = ("tenant", "lane", "seq", "hash", "at")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The `seq`-th entry of a lane had this hash, `at` a moment of ISO 8601."""

    tenant_id: UUID
    lane: int
    seq: int
    hash: bytes
    at: str


Lane = tuple[UUID, int]


def heads(database: Database) -> list[Anchor]:
    """The last entry of every lane of every tenant. Raises DatabaseUnavailable."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with database.job("audit_heads") as connection:
        rows = connection.execute(
            "SELECT tenant_id, lane, seq, hash FROM audit_heads WHERE seq > 0 ORDER BY tenant_id, lane"
        )
        return [Anchor(tenant_id, lane, seq, bytes(last), at) for tenant_id, lane, seq, last in rows]


class Anchors:
    """Writes anchors of the lanes that have grown since they were last written."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._path = database, folder / FILE
        self._written: dict[Lane, int] = {}

    def write(self) -> int:
        """How many were written: each a line of the file, which is on the disk on return, and of the log.
        Raises DatabaseUnavailable, OSError."""
        grown = [
            anchor
            for anchor in heads(self._database)
            if self._written.get((anchor.tenant_id, anchor.lane)) != anchor.seq
        ]
        if grown:
            with self._path.open("a") as file:
                file.writelines(line(anchor) + "\n" for anchor in grown)
                file.flush()
                os.fsync(file.fileno())
        for anchor in grown:
            log.info(EVENT, **_parts(anchor))
            self._written[anchor.tenant_id, anchor.lane] = anchor.seq
        return len(grown)


def line(anchor: Anchor) -> str:
    """An anchor as JSON."""
    return json.dumps(_parts(anchor))


def newest(paths: Iterable[Path]) -> dict[Lane, Anchor]:
    """Of every lane the anchor with the most entries, of files with one JSON object a line: those that
    `Anchors` writes, or whole logs, of which the other lines are passed over. Raises OSError."""
    found: dict[Lane, Anchor] = {}
    for path in paths:
        with path.open(errors="replace") as file:
            for text in file:
                anchor = _read(text)
                if anchor is None:
                    continue
                known = found.get((anchor.tenant_id, anchor.lane))
                if known is None or anchor.seq > known.seq:
                    found[anchor.tenant_id, anchor.lane] = anchor
    return found


def _read(text: str) -> Anchor | None:
    try:
        parts = json.loads(text)
    except ValueError:
        return None
    if not isinstance(parts, Mapping) or not all(name in parts for name in _PARTS):
        return None
    try:
        return Anchor(
            UUID(parts["tenant"]),
            int(parts["lane"]),
            int(parts["seq"]),
            bytes.fromhex(parts["hash"]),
            str(parts["at"]),
        )
    except (TypeError, ValueError, AttributeError):
        return None


def _parts(anchor: Anchor) -> dict[str, str | int]:
    return {
        "tenant": str(anchor.tenant_id),
        "lane": anchor.lane,
        "seq": anchor.seq,
        "hash": anchor.hash.hex(),
        "at": anchor.at,
    }
