"""One entry of the audit log, and the bytes and hash by which it is chained to the one before it.

A hash is an HMAC-SHA-256 with a key that the database never sees (`Settings.audit_keys`): whoever may write
to the tables, their owner included, can neither change an entry nor make one that holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, cast
from uuid import UUID

from data.access import Access

Kind = Literal["person", "token", "link", "job", "command", "stranger"]
Door = Literal["page", "callback", "rest", "socket", "export", "link", "job", "command"]
Outcome = Literal["begun", "done", "refused", "failed"]
"""Begun is what changes something, before it does: then the same request's done, refused or failed follows,
unless the process ended in between."""
Told = str | int | bool | list[str]

HOUSE = UUID(int=0)
"""The chain of what belongs to no tenant: tries to sign in by nobody we know."""
GENESIS = bytes(32)
"""What stands before the first entry of a lane."""
LONGEST_TEXT = 200
MOST_DETAIL_BYTES = 8_000
"""Of an entry's object and of each text in its detail, and of the whole detail: what is kept for years and
can never be taken out must not be filled by whoever asks."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user's, token's or link's id; a job or command has its name in `detail`."""

    kind: Kind
    id: UUID | None = None
    session_id: UUID | None = None


STRANGER = Actor("stranger")


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened. `object` reads `kind:id`; `detail` has names and numbers of things, never a figure, a
    text that people wrote, or who they are."""

    actor: Actor
    door: Door
    action: str
    outcome: Outcome = "done"
    object: str = ""
    venue_id: UUID | None = None
    event_id: UUID | None = None
    request_id: str = ""
    detail: Mapping[str, Told] = field(default_factory=dict)


def storable(entry: Entry) -> Entry:
    """The entry without characters that PostgreSQL cannot keep, and no larger than an entry may be: a sender
    may put anything into a name."""
    detail = {
        name: [_plain(each) for each in value] if isinstance(value, list) else _plain(value)
        for name, value in entry.detail.items()
    }
    bounded = _bounded(cast("dict[str, Told]", detail))
    return replace(entry, object=str(_plain(entry.object)), detail=bounded)


def _plain(value: object) -> object:
    """A text without NUL and halves of surrogate pairs, cut where it is too long; anything else as it is."""
    if not isinstance(value, str):
        return value
    text = value if len(value) <= LONGEST_TEXT else f"{value[: LONGEST_TEXT - 1]}…"
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _bounded(detail: dict[str, Told]) -> dict[str, Told]:
    """The detail; of one that is too large, its largest values give way to how large they were."""
    sizes = {name: len(canonical({name: value}).encode()) for name, value in detail.items()}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if len(canonical(detail).encode()) <= MOST_DETAIL_BYTES:
            break
        detail[name] = f"{sizes[name]} bytes, too many to keep"
    return detail


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry where it stands: the `seq`-th of its lane, recorded at the database's time."""

    tenant_id: UUID
    lane: int
    seq: int
    recorded_at: datetime
    entry: Entry
    previous: bytes
    """The hash of the entry before it."""
    key_id: str
    hash: bytes = b""


class Keys:
    """The keys of the chain: the first one is used, all are known. Raises ValueError for none."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("the audit log needs a key")
        self._keys = {key_id(key): key.encode() for key in keys}
        self.current = key_id(keys[0])

    def hash(self, kept: Kept) -> bytes | None:
        """The hash of an entry under the key that it names; None when that key is not here."""
        return self._sealed(kept.key_id, _bytes_of(kept))

    def floor(self, tenant_id: UUID, lane: int, seq: int, last: bytes) -> bytes:
        """What proves that we ourselves removed a lane's entries up to `seq`, whose hash was `last`."""
        seal = self._sealed(self.current, _floor(tenant_id, lane, seq, last))
        assert seal is not None
        return seal

    def is_floor(self, tenant_id: UUID, lane: int, seq: int, last: bytes, seal: bytes) -> bool:
        """Whether `seal` was made by `floor`, with any key that is here."""
        text = _floor(tenant_id, lane, seq, last)
        return any(hmac.compare_digest(_mac(key, text), seal) for key in self._keys.values())

    def _sealed(self, name: str, text: bytes) -> bytes | None:
        key = self._keys.get(name)
        return None if key is None else _mac(key, text)


def key_id(key: str) -> str:
    """By which an entry names the key of its hash: it tells nothing about the key."""
    return hashlib.sha256(b"housecount audit key\0" + key.encode()).hexdigest()[:8]


def actor_of(access: Access, session_id: UUID | None = None) -> Actor:
    """Who looks through these eyes."""
    if access.linked:
        return Actor("link", access.user_id)
    if access.scopes is not None:
        return Actor("token", access.user_id)
    return Actor("person", access.user_id, session_id)


def canonical(detail: Mapping[str, Told]) -> str:
    """The one way in which a detail is written."""
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _bytes_of(kept: Kept) -> bytes:
    entry = kept.entry
    parts = [
        str(kept.tenant_id),
        kept.lane,
        kept.seq,
        kept.previous.hex(),
        kept.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor.kind,
        _text(entry.actor.id),
        _text(entry.actor.session_id),
        entry.door,
        entry.action,
        entry.outcome,
        entry.object,
        _text(entry.venue_id),
        _text(entry.event_id),
        entry.request_id,
        canonical(entry.detail),
        kept.key_id,
    ]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()


def _floor(tenant_id: UUID, lane: int, seq: int, last: bytes) -> bytes:
    return f"floor {tenant_id} {lane} {seq} {last.hex()}".encode()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")
