"""Refused messages read again: by the rules of the doors, with nothing lost that was taken out, and once.

What is kept of a refused message names people by their keyed hashes and counts as the sender's: it has his
id, else the key that it would have had, else that of the letter. So however often it is replayed, or sent and
replayed, it counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from data import letter_jobs, letters
from data.directory import Directory
from data.engine import REFUSALS, Database, TenantConnection
from data.facts import Verdict
from data.letters import Letter
from data.messages import Message, message_key
from data.pretix import queue, sources
from data.services import Live
from ingest.decoding import message_object
from ingest.kinds import Kind, camel
from ingest.message import MessageReader, kind_of
from ingest.refusal import Refused

PIECE = 200
"""Letters of a job in one transaction."""
_PING = "pretix-ping"
_HASHES = ("customer_hash", "from_customer_hash", "to_customer_hash", "author_hash", "visitor_hash")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one letter: `gone` is one that somebody had handled already."""

    letter_id: UUID
    outcome: Literal["accepted", "duplicate", "asked", "refused", "gone", "discarded"]
    refusal: Refused | None = None


def message_of(directory: Directory, tenant_id: UUID, letter: Letter, payload: str | None = None) -> Message:
    """The message that a letter states, or that it states after an edit. Raises Refused,
    DatabaseUnavailable."""
    kept = _object(letter.payload)
    if kept is None and payload is None:
        raise Refused("not-json", "Not enough of it was kept: have it sent again.")
    raw = dict(kept or {}) if payload is None else message_object(payload.encode(errors="replace"))
    kind = kind_of(raw)
    if payload is not None and kept is not None:
        _require_unlost(kept, raw, kind)
    if not any(kind.names.get(name) in kind.times and value is not None for name, value in raw.items()):
        raw["timestamp"] = letter.received_at.astimezone(UTC).isoformat()
    message = MessageReader(directory, tenant_id, datetime.now(UTC), letter.source).read(raw, kind)
    if any(kind.names.get(name) == "message_id" and value not in (None, "") for name, value in raw.items()):
        return message
    key = letter.identity or message_key(letter.source, f"dead-letter {letter.letter_id}")
    return msgspec.structs.replace(message, key=key)


def can_be_replayed(letter: Letter) -> bool:
    """Whether what was kept of it says enough."""
    return letter.code == _PING or _object(letter.payload) is not None


def _object(payload: str) -> dict[str, Any] | None:
    """What was kept, where it is the message; None for one that was cut, or of which the names alone are
    there."""
    try:
        found = message_object(payload.encode(errors="replace"))
    except Refused:
        return None
    return None if not found or found.keys() == {"fields"} else found


def _require_unlost(kept: Mapping[str, Any], edited: Mapping[str, Any], kind: Kind) -> None:
    """Raises Refused for an edit that changes what tells the message or its people apart."""
    names = kind.names

    def of(raw: Mapping[str, Any], wanted: str) -> Any:
        return next((value for name, value in raw.items() if names.get(name, name) == wanted), None)

    for wanted in ("message_id", "source", *_HASHES):
        before, now = of(kept, wanted), of(edited, wanted)
        if before != now:
            who = "names a person" if wanted in _HASHES else "keeps the message from counting twice"
            raise Refused("contradiction", f"This {who}: leave it as it was.", camel(wanted), now)
    for person, hashed in kind.people.items():
        if of(kept, hashed) is not None and of(edited, person) is not None:
            raise Refused("contradiction", f"{camel(hashed)} says who it is already.", camel(person))


class Replayer:
    """Replays letters of any tenant. All methods raise DatabaseUnavailable."""

    def __init__(self, database: Database, directory: Directory, live: Live) -> None:
        self._database, self._directory, self._live = database, directory, live

    def one(self, tenant_id: UUID, letter: Letter, by: UUID | None, payload: str | None = None) -> Result:
        """Replay one letter, as it is or with another payload. Raises Refused."""
        if letter.code == _PING and payload is None:
            with self._database.tenant(tenant_id) as tenant:
                return _ask_pretix(tenant, letter, by)
        message = message_of(self._directory, tenant_id, letter, payload)
        try:
            done = letters.replay(
                self._database, tenant_id, [(letter.letter_id, message)], by, edited=payload is not None
            )
        except REFUSALS:
            raise Refused("not-storable", "The database refused this message.") from None
        if done.versions:
            self._live.touched(tenant_id, done.versions)
        return _result(letter, done.verdicts)

    def check(self, tenant_id: UUID, letter: Letter, payload: str) -> None:
        """Look whether an edited letter would be taken. Raises Refused."""
        message_of(self._directory, tenant_id, letter, payload)

    def some(self, tenant_id: UUID, chosen: Sequence[Letter], by: UUID | None) -> list[Result]:
        """Replay these, each for itself: a few that somebody chose."""
        results = []
        for letter in chosen:
            try:
                results.append(self.one(tenant_id, letter, by))
            except Refused as refusal:
                results.append(Result(letter.letter_id, "refused", refusal))
        return results

    def work(self, tenant_id: UUID, job_id: UUID, size: int = PIECE) -> bool:
        """Do the next piece of a job; whether there is more to do. A piece that PostgreSQL does not store as
        a whole is done letter by letter."""
        try:
            return self._piece(tenant_id, job_id, size)
        except REFUSALS:
            if size > 1:
                return all(self.work(tenant_id, job_id, 1) for _ in range(size))
            return self._piece(tenant_id, job_id, 1, skip=True)

    def _piece(self, tenant_id: UUID, job_id: UUID, size: int, *, skip: bool = False) -> bool:
        with letter_jobs.piece(self._database, tenant_id, job_id) as found:
            if found is None:
                return False
            tenant, job = found
            chosen = letters.next_after(tenant, job.wanted, job.after, size)
            if not chosen:
                letter_jobs.note(tenant, job, {}, None)
                return False
            last = (chosen[-1].received_at, chosen[-1].letter_id)
            counts: Counter[str] = Counter(done=len(chosen))
            versions = {}
            if job.action == "discard":
                counts["discarded"] = letters.discard(
                    tenant, [each.letter_id for each in chosen], job.created_by
                )
            elif skip:
                counts["refused"] = len(chosen)
            else:
                versions = self._replay(tenant, chosen, job.created_by, counts)
            letter_jobs.note(tenant, job, counts, last)
        if versions:
            self._live.touched(tenant_id, versions)
        return True

    def _replay(
        self, tenant: TenantConnection, chosen: Iterable[Letter], by: UUID | None, counts: Counter[str]
    ) -> dict[tuple[UUID, UUID], int]:
        messages = []
        for letter in chosen:
            try:
                if letter.code == _PING:
                    counts[_COUNTED[_ask_pretix(tenant, letter, by).outcome]] += 1
                else:
                    messages.append((letter.letter_id, message_of(self._directory, tenant.tenant_id, letter)))
            except Refused:
                counts["refused"] += 1
        done = letters.replay_within(tenant, messages, by)
        counts.update(_COUNTED[verdict] for verdict in done.verdicts.values())
        return done.versions


_COUNTED = {
    "accepted": "accepted",
    "asked": "accepted",
    "duplicate": "duplicates",
    "other_venue": "refused",
    "refused": "refused",
    "gone": "gone",
}


def _result(letter: Letter, verdicts: Mapping[UUID, Verdict]) -> Result:
    verdict = verdicts.get(letter.letter_id)
    if verdict is None:
        return Result(letter.letter_id, "gone")
    if verdict == "other_venue":
        raise Refused("other-venue", "This event is at another venue.", "venueId")
    return Result(letter.letter_id, verdict)


def _ask_pretix(tenant: TenantConnection, letter: Letter, by: UUID | None) -> Result:
    """Have pretix asked again for what it told of. Raises Refused where that pretix is gone."""
    source = sources.by_name(tenant, letter.source.removeprefix("pretix:"))
    asked = _object(letter.payload) or {}
    event, subject = asked.get("event"), asked.get("subject")
    if source is None or type(event) is not str or type(subject) is not str:
        raise Refused("not-storable", "This pretix is not connected any more.")
    if not letters.lock(tenant, [letter.letter_id]):
        return Result(letter.letter_id, "gone")
    queue.put(tenant, source.source_id, event, subject)
    letters.mark(tenant, [letter.letter_id], by, "asked")
    return Result(letter.letter_id, "asked")
