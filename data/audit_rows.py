"""Rows of the audit log as entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.audit_entry import Actor, Entry, Kept

COLUMNS = (
    "tenant_id, recorded_at, lane, seq, actor_kind, actor_id, session_id, door, action, outcome, object,"
    " venue_id, event_id, request_id, detail, key_id, previous, hash"
)


def kept(row: Mapping[str, Any]) -> Kept:
    """A row of `COLUMNS`. What stands there is taken as it is, whoever wrote it."""
    return Kept(
        row["tenant_id"],
        row["lane"],
        row["seq"],
        row["recorded_at"],
        Entry(
            Actor(row["actor_kind"], row["actor_id"], row["session_id"]),
            row["door"],
            row["action"],
            row["outcome"],
            row["object"],
            row["venue_id"],
            row["event_id"],
            row["request_id"],
            row["detail"],
        ),
        bytes(row["previous"]),
        row["key_id"],
        bytes(row["hash"]),
    )
