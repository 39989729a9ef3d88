"""Whether the audit log is what was written: every lane is walked from its first entry to its last.

Found is an entry that was changed, moved, removed or put in, in the middle and at either end; what an owner
of the tables cut off together with the head shows by an anchor (`data/audit_anchors.py`). One snapshot is
read, so that writers may go on, and a few thousand entries are in memory at a time.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import dict_row

from data.audit_anchors import Anchor
from data.audit_entry import GENESIS, Kept, Keys
from data.audit_rows import COLUMNS, kept
from data.engine import Database, TenantConnection

AT_A_TIME = 2_000
NEAR = 200
"""How far from its place a moved entry is looked for."""

Kind = Literal["changed", "moved", "removed", "inserted", "head", "floor", "cut", "unknown-key"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: entries `seq` to `last` of a lane, and what about them."""

    kind: Kind
    lane: int
    seq: int
    last: int
    text: str


@dataclass(slots=True)
class Counted:
    """How much was walked."""

    entries: int = 0
    lanes: int = 0


def verify(
    database: Database,
    tenant_id: UUID,
    keys: Keys,
    anchors: Mapping[tuple[UUID, int], Anchor] | None = None,
    counted: Counted | None = None,
) -> Iterator[Finding]:
    """What is wrong with a tenant's audit log, in the order of lanes and entries; nothing when it is whole.
    Raises DatabaseUnavailable."""
    own = {lane: anchor for (tenant, lane), anchor in (anchors or {}).items() if tenant == tenant_id}
    with database.tenant(tenant_id, snapshot=True) as tenant:
        found = tenant.execute("SELECT DISTINCT lane FROM audit_log WHERE tenant_id = %s", [tenant_id])
        lanes = {lane for (lane,) in found}
        heads = {row["lane"]: row for row in tenant.rows(_HEADS, [tenant_id])}
        for lane in sorted(lanes | heads.keys() | own.keys()):
            yield from _Walk(tenant, keys, lane, heads.get(lane), own.get(lane), counted or Counted()).all()


_HEADS = (
    "SELECT lane, seq, hash, floor_seq, floor_hash, floor_seal FROM audit_heads WHERE tenant_id = %s"
    " ORDER BY lane"
)
_ENTRIES = (
    f"SELECT {COLUMNS} FROM audit_log WHERE tenant_id = %s AND lane = %s ORDER BY seq, recorded_at, hash"
)


class _Walk:
    """Along one lane."""

    def __init__(
        self,
        tenant: TenantConnection,
        keys: Keys,
        lane: int,
        head: Mapping[str, Any] | None,
        anchor: Anchor | None,
        counted: Counted,
    ) -> None:
        self._tenant, self._keys, self._lane = tenant, keys, lane
        self._head, self._anchor, self._counted = head, anchor, counted
        self._next = 1
        self._previous: bytes | None = GENESIS
        """The hash of the entry before; None while that is not known."""
        self._floor, self._floor_hash = 0, b""
        self._strange_keys: set[str] = set()

    def all(self) -> Iterator[Finding]:
        """Everything that is wrong."""
        self._counted.lanes += 1
        yield from self._take_floor()
        for entry in self._entries():
            self._counted.entries += 1
            yield from self._entry(entry)
        yield from self._end()

    def _take_floor(self) -> Iterator[Finding]:
        head = self._head
        if head is None or not head["floor_seq"]:
            return
        seq, last, seal = (
            head["floor_seq"],
            bytes(head["floor_hash"] or b""),
            bytes(head["floor_seal"] or b""),
        )
        if self._keys.is_floor(self._tenant.tenant_id, self._lane, seq, last, seal):
            self._floor, self._floor_hash = seq, last
        else:
            yield self._found("floor", 1, seq, "said to be too old to keep, but not by us")

    def _entries(self) -> Iterator[Kept]:
        name = f"audit_lane_{self._lane}"
        with self._tenant.connection.cursor(name=name, row_factory=dict_row) as cursor:
            cursor.itersize = AT_A_TIME
            cursor.execute(_ENTRIES, [self._tenant.tenant_id, self._lane])
            for row in cursor:
                yield kept(row)

    def _entry(self, entry: Kept) -> Iterator[Finding]:
        if entry.seq < self._next:
            yield self._found("inserted", entry.seq, entry.seq, "there is another one of this number")
            return
        if entry.seq > self._next:
            yield from self._gap(entry.seq)
        made, holds = self._keys.hash(entry), True
        if made is None:
            if entry.key_id not in self._strange_keys:
                self._strange_keys.add(entry.key_id)
                text = f"made with a key that is not here ({entry.key_id}): cannot be checked from here on"
                yield self._found("unknown-key", entry.seq, entry.seq, text)
        elif not hmac.compare_digest(made, entry.hash):
            holds = False  # What follows it cannot be held against it.
            yield self._not_as_written(entry)
        elif self._previous is not None and entry.previous != self._previous:
            yield self._found("changed", entry.seq, entry.seq, "does not follow the one before it")
        if entry.seq == self._floor and entry.hash != self._floor_hash:
            yield self._found("changed", entry.seq, entry.seq, "not the one up to which entries were removed")
        anchor = self._anchor
        if anchor is not None and entry.seq == anchor.seq and entry.hash != anchor.hash:
            text = f"not the one that the anchor of {anchor.at} knows: what followed was written anew"
            yield self._found("cut", entry.seq, entry.seq, text)
        self._next, self._previous = entry.seq + 1, entry.hash if holds else None

    def _gap(self, seq: int) -> Iterator[Finding]:
        """From the entry awaited up to `seq`: old ones may be gone, all or part of them."""
        first = self._next
        if first == 1 and self._floor:
            if seq - 1 <= self._floor:
                self._previous = self._floor_hash if seq - 1 == self._floor else None
                return
            first = self._floor + 1
        yield self._found("removed", first, seq - 1, "not there")
        self._previous = None

    def _not_as_written(self, entry: Kept) -> Finding:
        """Whether it was written at another place near by, or is another one altogether."""
        for seq in range(max(1, entry.seq - NEAR), entry.seq + NEAR):
            made = self._keys.hash(replace(entry, seq=seq))
            if made is not None and hmac.compare_digest(made, entry.hash):
                return self._found("moved", entry.seq, entry.seq, f"was written as number {seq}")
        return self._found("changed", entry.seq, entry.seq, "not what was written")

    def _end(self) -> Iterator[Finding]:
        last, head, anchor = self._next - 1, self._head, self._anchor
        if head is None:
            if last:
                yield self._found("head", last, last, "the count of this lane is gone")
        elif head["seq"] > last:
            if head["seq"] > self._floor:
                yield self._found("removed", max(last, self._floor) + 1, head["seq"], "not there, at the end")
        elif head["seq"] < last:
            yield self._found("inserted", head["seq"] + 1, last, "beyond the count of this lane")
        elif last and self._previous not in (None, bytes(head["hash"])):
            yield self._found("head", last, last, "not the entry that was counted last")
        known = max(last, self._floor)
        if anchor is not None and anchor.seq > known and (head is None or head["seq"] < anchor.seq):
            text = f"not there, at the end: the anchor of {anchor.at} knows them"
            yield self._found("cut", known + 1, anchor.seq, text)

    def _found(self, kind: Kind, seq: int, last: int, text: str) -> Finding:
        return Finding(kind, self._lane, seq, last, text)
